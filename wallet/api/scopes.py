"""What a key or an app may be given for."""

from django.utils.translation import gettext_lazy as _

from core.api.scopes import declare

ACCOUNTS_READ = "accounts:read"
TRANSACTIONS_READ = "transactions:read"
TRANSFERS_WRITE = "transfers:write"
DEPOSITS_WRITE = "deposits:write"
STATEMENTS_READ = "statements:read"
STATEMENTS_WRITE = "statements:write"

SCOPES = {
    ACCOUNTS_READ: _("See accounts and their balances"),
    TRANSACTIONS_READ: _("See transactions, transfers and deposits"),
    TRANSFERS_WRITE: _("Send money"),
    DEPOSITS_WRITE: _("Start adding money"),
    STATEMENTS_READ: _("See and download statements"),
    STATEMENTS_WRITE: _("Make statements"),
}

declare(SCOPES, moving_money=(TRANSFERS_WRITE, DEPOSITS_WRITE))
