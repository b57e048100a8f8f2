"""What an app may be given for."""

from django.utils.translation import gettext_lazy as _

from core.api.scopes import declare

SAVINGS_READ = "savings:read"
SAVINGS_WRITE = "savings:write"

SCOPES = {
    SAVINGS_READ: _("See savings plans, your savings and what they earn"),
    SAVINGS_WRITE: _("Open savings, save money, take it out, and end savings"),
}

declare(SCOPES, moving_money=(SAVINGS_WRITE,))
