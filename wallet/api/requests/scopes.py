"""What an app may be given for."""

from django.utils.translation import gettext_lazy as _

from core.api.scopes import declare

REQUESTS_READ = "payment_requests:read"
REQUESTS_WRITE = "payment_requests:write"

SCOPES = {
    REQUESTS_READ: _("See requests for money"),
    REQUESTS_WRITE: _("Ask for money, and decline requests"),
}

declare(SCOPES)
