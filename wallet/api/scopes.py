"""What a key or an app may be given for."""

from django.utils.translation import gettext_lazy as _

from core.api.scopes import declare

ACCOUNTS_READ = "accounts:read"
TRANSACTIONS_READ = "transactions:read"
TRANSFERS_WRITE = "transfers:write"
DEPOSITS_WRITE = "deposits:write"

SCOPES = {
    ACCOUNTS_READ: _("See accounts and their balances"),
    TRANSACTIONS_READ: _("See transactions, transfers, deposits and refunds"),
    TRANSFERS_WRITE: _("Send money"),
    DEPOSITS_WRITE: _("Start adding money"),
}

declare(SCOPES, moving_money=(TRANSFERS_WRITE, DEPOSITS_WRITE))
