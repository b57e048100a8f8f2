"""The ledger in four words.

An **account** holds one currency and has a normal side: CREDIT for what we owe (a customer's wallet), DEBIT for what we
own (money at a gateway). A **transaction** moves one amount from a debit account to a credit account. A **posting** is
one or more transactions that stand or fall together. An **entry** is a transaction seen from one of its accounts.

Rows of the ledger are written by the SQL functions of `wallet/sql/` alone; these models read them.
"""

from wallet.models.breaks import Break, BreakChange, ReconciledDay, SuspenseItem
from wallet.models.bulk import BulkPayout, BulkPayoutRow
from wallet.models.deposits import Case, Payment, PaymentGateway, WebhookEvent
from wallet.models.fees import FeeRule, FeeSchedule
from wallet.models.history import PaymentGatewayHistory, TierRuleHistory
from wallet.models.ledger import (
    Account,
    Checkpoint,
    Currency,
    Entry,
    Hold,
    Reversal,
    Seal,
    Transaction,
)
from wallet.models.limits import (
    CoolingOffRule,
    LimitCounter,
    LimitRaise,
    PausedTransfer,
    ReversalRule,
    TierRule,
)
from wallet.models.payouts import Bank, BankAccount, Payout
from wallet.models.periods import Adjustment, ClosedPeriod
from wallet.models.reconciliation import ColumnMapping, GatewayRow, Match, MatchingRule, RowImport
from wallet.models.scheduled import ScheduledRun, ScheduledTransfer

__all__ = [
    "Account",
    "Adjustment",
    "Bank",
    "BankAccount",
    "Break",
    "BreakChange",
    "BulkPayout",
    "BulkPayoutRow",
    "Case",
    "Checkpoint",
    "ClosedPeriod",
    "ColumnMapping",
    "CoolingOffRule",
    "Currency",
    "Entry",
    "FeeRule",
    "FeeSchedule",
    "GatewayRow",
    "Hold",
    "LimitCounter",
    "LimitRaise",
    "Match",
    "MatchingRule",
    "PausedTransfer",
    "Payment",
    "PaymentGateway",
    "PaymentGatewayHistory",
    "Payout",
    "ReconciledDay",
    "Reversal",
    "ReversalRule",
    "RowImport",
    "ScheduledRun",
    "ScheduledTransfer",
    "Seal",
    "SuspenseItem",
    "TierRule",
    "TierRuleHistory",
    "Transaction",
    "WebhookEvent",
]
