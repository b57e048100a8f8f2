"""The ledger in four words.

An **account** holds one currency and has a normal side: CREDIT for what we owe (a customer's wallet), DEBIT for what we
own (money at a gateway). A **transaction** moves one amount from a debit account to a credit account. A **posting** is
one or more transactions that stand or fall together. An **entry** is a transaction seen from one of its accounts.

Rows of the ledger are written by the SQL functions of `wallet/sql/` alone; these models read them.
"""

from wallet.models.archives import ArchivedRun, Recall
from wallet.models.bank_settlements import BankSettlement
from wallet.models.breaks import Break, BreakChange, ReconciledDay, SuspenseItem
from wallet.models.bulk import BulkPayout, BulkPayoutRow
from wallet.models.claims import Dispute, Refund
from wallet.models.deposits import Case, Payment, PaymentGateway, WebhookEvent
from wallet.models.documents import Document
from wallet.models.fees import FeeRule, FeeSchedule
from wallet.models.history import PaymentGatewayHistory, TierRuleHistory
from wallet.models.ledger import (
    Account,
    Checkpoint,
    Currency,
    Entry,
    Hold,
    PartReversal,
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
from wallet.models.merchants import Merchant, PaymentLink
from wallet.models.money_in import DedicatedAccount, SavedCard, SuspendedDeposit
from wallet.models.payouts import Bank, BankAccount, Payout
from wallet.models.periods import Adjustment, ClosedPeriod
from wallet.models.reconciliation import ColumnMapping, GatewayRow, Match, MatchingRule, RowImport
from wallet.models.requests import (
    PayLink,
    PaymentRequest,
    PaymentRequestChange,
    RequestBlock,
    SplitBill,
)
from wallet.models.sales import MerchantPayment, MerchantRefund, MerchantSettlement
from wallet.models.scheduled import ScheduledRun, ScheduledTransfer
from wallet.models.settling import SettlementRun
from wallet.models.statements import Statement

__all__ = [
    "Account",
    "Adjustment",
    "ArchivedRun",
    "Bank",
    "BankAccount",
    "BankSettlement",
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
    "DedicatedAccount",
    "Dispute",
    "Document",
    "Entry",
    "FeeRule",
    "FeeSchedule",
    "GatewayRow",
    "Hold",
    "LimitCounter",
    "LimitRaise",
    "Match",
    "MatchingRule",
    "Merchant",
    "MerchantPayment",
    "MerchantRefund",
    "MerchantSettlement",
    "PartReversal",
    "PausedTransfer",
    "PayLink",
    "Payment",
    "PaymentGateway",
    "PaymentGatewayHistory",
    "PaymentLink",
    "PaymentRequest",
    "PaymentRequestChange",
    "Payout",
    "Recall",
    "ReconciledDay",
    "Refund",
    "RequestBlock",
    "Reversal",
    "ReversalRule",
    "RowImport",
    "SavedCard",
    "ScheduledRun",
    "ScheduledTransfer",
    "Seal",
    "SettlementRun",
    "SplitBill",
    "Statement",
    "SuspendedDeposit",
    "SuspenseItem",
    "TierRule",
    "TierRuleHistory",
    "Transaction",
    "WebhookEvent",
]
