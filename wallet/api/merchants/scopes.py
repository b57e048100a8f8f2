"""What a key or an app may be given for."""

from django.utils.translation import gettext_lazy as _

from core.api.scopes import declare

LINKS_READ = "payment_links:read"
LINKS_WRITE = "payment_links:write"
PAYMENTS_READ = "merchant_payments:read"
REFUNDS_WRITE = "merchant_refunds:write"
SETTLEMENTS_READ = "settlements:read"
SETTLEMENTS_WRITE = "settlements:write"

SCOPES = {
    LINKS_READ: _("See payment links"),
    LINKS_WRITE: _("Make, pause and open payment links"),
    PAYMENTS_READ: _("See what customers paid, and the merchant's balance"),
    REFUNDS_WRITE: _("Pay customers back"),
    SETTLEMENTS_READ: _("See what was sent to the organisation's bank accounts"),
    SETTLEMENTS_WRITE: _("Have money sent to the organisation's bank accounts"),
}

declare(SCOPES, moving_money=(REFUNDS_WRITE, SETTLEMENTS_WRITE))
