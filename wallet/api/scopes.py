"""What a token may be given for."""

from django.utils.translation import gettext_lazy as _

from accounts.api.organizations import scopes as organizations

ACCOUNTS_READ = "accounts:read"
TRANSACTIONS_READ = "transactions:read"
TRANSFERS_WRITE = "transfers:write"
DEPOSITS_WRITE = "deposits:write"

SCOPES = {
    ACCOUNTS_READ: _("See accounts and their balances"),
    TRANSACTIONS_READ: _("See transactions, transfers and deposits"),
    TRANSFERS_WRITE: _("Send money"),
    DEPOSITS_WRITE: _("Start adding money"),
    **organizations.SCOPES,
}
