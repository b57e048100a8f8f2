"""What a key or an app may be given for."""

from django.utils.translation import gettext_lazy as _

from core.api.scopes import declare

ACCOUNTS_READ = "accounts:read"
TRANSACTIONS_READ = "transactions:read"
TRANSFERS_WRITE = "transfers:write"
DEPOSITS_WRITE = "deposits:write"
STATEMENTS_READ = "statements:read"
STATEMENTS_WRITE = "statements:write"
BANK_ACCOUNTS_READ = "bank_accounts:read"
BANK_ACCOUNTS_WRITE = "bank_accounts:write"
WITHDRAWALS_WRITE = "withdrawals:write"
REFUNDS_WRITE = "refunds:write"
SCHEDULED_TRANSFERS_READ = "scheduled_transfers:read"
SCHEDULED_TRANSFERS_WRITE = "scheduled_transfers:write"

SCOPES = {
    ACCOUNTS_READ: _("See accounts and their balances"),
    TRANSACTIONS_READ: _("See transactions, transfers, deposits and refunds"),
    TRANSFERS_WRITE: _("Send money"),
    DEPOSITS_WRITE: _("Start adding money"),
    STATEMENTS_READ: _("See and download statements"),
    STATEMENTS_WRITE: _("Make statements"),
    BANK_ACCOUNTS_READ: _("See your bank accounts"),
    BANK_ACCOUNTS_WRITE: _("Add and remove bank accounts"),
    WITHDRAWALS_WRITE: _("Withdraw money to your bank accounts"),
    REFUNDS_WRITE: _("Have added money paid back to where it came from"),
    SCHEDULED_TRANSFERS_READ: _("See scheduled transfers"),
    SCHEDULED_TRANSFERS_WRITE: _("Schedule transfers, and pause or cancel them"),
}

declare(
    SCOPES,
    moving_money=(
        TRANSFERS_WRITE,
        DEPOSITS_WRITE,
        BANK_ACCOUNTS_WRITE,
        WITHDRAWALS_WRITE,
        REFUNDS_WRITE,
        SCHEDULED_TRANSFERS_WRITE,
    ),
)
