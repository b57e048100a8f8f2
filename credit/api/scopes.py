"""What an app may be given for."""

from django.utils.translation import gettext_lazy as _

from core.api.scopes import declare

CREDIT_READ = "credit:read"
CREDIT_WRITE = "credit:write"

SCOPES = {
    CREDIT_READ: _("See loans on offer, your applications and your loans"),
    CREDIT_WRITE: _("Apply for loans, accept and sign offers, pay loans back and ask for help with them"),
}

declare(SCOPES, moving_money=(CREDIT_WRITE,))
