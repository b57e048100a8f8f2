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

# What a lender's own programs may be given for.
BIDS_READ = "bids:read"
BIDS_WRITE = "bids:write"
LENDING_READ = "lending:read"

LENDING_SCOPES = {
    BIDS_READ: _("See applications that take offers, what was released of them, and the lender's offers"),
    BIDS_WRITE: _(
        "Make and take back offers, keep rules for automatic ones, and sign agreements or refuse to"
    ),
    LENDING_READ: _("See the lender's products, agreements, loans and how its money does"),
}

declare(LENDING_SCOPES, moving_money=(BIDS_WRITE,))
