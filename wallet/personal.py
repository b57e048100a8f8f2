"""The wallet's part in the life of a person's account: what is exported, what keeps it open, and its end."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts import life
from accounts.life import Blocker
from accounts.models import User
from wallet import services
from wallet.models import (
    Account,
    BankAccount,
    BulkPayout,
    BulkPayoutRow,
    DedicatedAccount,
    Dispute,
    Document,
    Entry,
    Hold,
    PausedTransfer,
    Payment,
    Payout,
    Refund,
    SavedCard,
    ScheduledRun,
    ScheduledTransfer,
    Statement,
)
from wallet.services import dedicated_accounts
from wallet.services.archives import recalls
from wallet.services.bank_accounts import number_of
from wallet.services.scheduled import cancel_schedule

ACCOUNT = ("id", "kind", "currency_id", "balance", "held", "state", "opened_at", "closed_at")
ENTRY = (
    "transaction_id",
    "posting_id",
    "account_id",
    "side",
    "change",
    "balance",
    "currency",
    "kind",
    "description",
    "effective_at",
)
HOLD = (
    *("id", "account_id", "amount", "committed", "state", "reason"),
    *("created_at", "expires_at", "closed_at"),
)
PAUSED = (
    *("id", "source_id", "amount", "note", "state"),
    *("created_at", "offered_at", "ended_at", "posting_id"),
)
STATEMENT = (
    *("id", "account_id", "since", "until", "monthly", "state", "first_version", "last_version"),
    *("opening", "money_in", "money_out", "closing", "by_kind", "asked_at", "made_at"),
)
DOCUMENT = ("id", "code", "kind", "subject_id", "account_id", "sha256", "issued_at")
BANK_ACCOUNT = ("id", "bank_name", "holder_name", "is_default", "saved", "added_at", "removed_at")
PAYOUT = (
    *(
        "id",
        "reference",
        "bank_account_id",
        "purpose",
        "amount",
        "fee",
        "currency_id",
        "note",
        "state",
        "reason",
    ),
    *("created_at", "ordered_at", "settled_at", "returned_at", "session"),
)
SCHEDULED = (
    *("id", "name", "amount", "note", "rhythm", "first_date", "last_date", "next_date", "state"),
    *("created_at", "ended_at"),
)
RUN = ("id", "schedule_id", "due_date", "state", "posting_id", "payout_id", "reason", "made_at", "ended_at")
BULK = (
    "id",
    "file_name",
    "sha256",
    "rows",
    "amount",
    "fee",
    "state",
    "uploaded_at",
    "confirmed_at",
    "ended_at",
)
BULK_LINE = (
    *("id", "bulk_id", "number", "bank_name", "last_four", "holder_name", "amount", "fee", "note"),
    *("problems", "state", "reason", "payout_id"),
)
PAYMENT = ("id", "reference", "amount", "fee", "currency_id", "state", "method", "created_at", "settled_at")
CARD = ("id", "brand", "last4", "bank", "expires_month", "expires_year", "created_at", "used_at")
NUMBER = (
    *("id", "account_id", "state", "account_number", "account_name", "bank_name"),
    *("requested_at", "opened_at", "closed_at"),
)
REFUND = (
    "id",
    "payment_id",
    "amount",
    "currency_id",
    "state",
    "note",
    "created_at",
    "settled_at",
    "bank_account_id",
    "posting_id",
)
DISPUTE = (
    *("id", "payment_id", "amount", "held", "currency_id", "category", "state", "opened_at", "resolved_at"),
    "posting_id",
)


def export(user: User) -> Iterator[life.File]:
    """A person's accounts, what moved or was set aside on them, and what they paid in. Amounts in minor units."""
    accounts = Account.objects.visible_to(user).order_by("pk")
    yield "accounts", accounts.values(*ACCOUNT)
    yield "transactions", _entries(list(accounts))
    yield "holds", _rows(Hold.objects.visible_to(user), *HOLD)
    yield "reports", _reports(user)
    yield "paused_transfers", _rows(PausedTransfer.objects.visible_to(user), *PAUSED)
    yield "statements", _rows(Statement.objects.visible_to(user), *STATEMENT)
    yield "documents", _rows(Document.objects.visible_to(user), *DOCUMENT)
    yield "payments", _rows(Payment.objects.visible_to(user), *PAYMENT)
    yield "bank_accounts", _bank_accounts(user)
    yield "withdrawals", _rows(Payout.objects.visible_to(user), *PAYOUT)
    yield "scheduled_transfers", _rows(ScheduledTransfer.objects.visible_to(user), *SCHEDULED)
    yield "scheduled_runs", _rows(ScheduledRun.objects.visible_to(user), *RUN)
    yield "payout_files", _rows(BulkPayout.objects.visible_to(user), *BULK)
    yield "payout_file_lines", _rows(BulkPayoutRow.objects.visible_to(user), *BULK_LINE)
    yield "saved_cards", _rows(SavedCard.objects.visible_to(user), *CARD)
    yield "account_numbers", _rows(DedicatedAccount.objects.visible_to(user), *NUMBER)
    yield "refunds", _rows(Refund.objects.visible_to(user), *REFUND)
    yield "disputes", _rows(Dispute.objects.visible_to(user), *DISPUTE)


def blockers(user: User) -> Iterator[Blocker]:
    """What of a person's money must be settled before they may go."""
    # What is in a saving cannot be sent: savings say themselves what keeps an account open.
    accounts = list(Account.objects.filter(owner=user).exclude(kind=Account.Kind.SAVINGS))
    if any(account.balance for account in accounts):
        yield Blocker(
            _("There is still money in your account"),
            _("Send it to somebody, or to another account of yours, until nothing is left."),
            reverse("send"),
        )
    if Hold.objects.filter(account__in=accounts).open().exists():
        yield Blocker(
            _("Some of your money is on hold"),
            _("It is given back or paid out when what it waits for is settled."),
            reverse("home"),
        )
    waiting = (*Payment.OPEN_STATES, Payment.State.REVIEW)
    if Payment.objects.filter(account__in=accounts, state__in=waiting).exists():
        yield Blocker(
            _("A payment of yours is still open"),
            _("Wait until it is received, declined or expired: the money may be on its way."),
            reverse("activity"),
        )


def _bank_accounts(user: User) -> Iterator[dict[str, Any]]:
    """With their numbers, which are the person's own."""
    for account in BankAccount.objects.visible_to(user).order_by("pk"):
        facts = {name: getattr(account, name) for name in BANK_ACCOUNT}
        yield {**facts, "number": number_of(account)}


def close(*, user: User, at: datetime, **_signal: Any) -> None:
    """Cancel the plans of a person who leaves, forget their cards, give up their number, close every account.

    Raises AccountNotEmpty for money that came in meanwhile.
    """
    going_on = (ScheduledTransfer.State.ACTIVE, ScheduledTransfer.State.PAUSED)
    for schedule in ScheduledTransfer.objects.filter(owner=user, state__in=going_on):
        cancel_schedule(schedule=schedule, at=at)
    for card_id in SavedCard.objects.filter(owner=user).values_list("pk", flat=True):
        services.forget_card(card_id=card_id, user=user)
    dedicated_accounts.close_accounts(user=user, at=at)
    for account in Account.objects.filter(owner=user).exclude(state=Account.State.CLOSED).order_by("pk"):
        services.set_state(account=account, state=Account.State.CLOSED, reason="account closed by its owner")


def register() -> None:
    life.exporters.append(export)
    life.blockers.append(blockers)
    life.closing.connect(close, dispatch_uid="wallet.personal.close")


def _entries(accounts: list[Account]) -> Iterator[dict[str, Any]]:
    for account in accounts:
        for months in recalls.read_away(account=account):
            yield from ({name: row[name] for name in ENTRY} for row in months)
        entries = Entry.objects.of(account).order_by("version")
        yield from entries.values(*ENTRY).iterator(chunk_size=500)


def _reports(user: User) -> Iterator[dict[str, Any]]:
    for case in services.reports_of(user=user):
        yield {"id": case.pk, "state": case.state, "opened_at": case.opened_at, **case.data}


def _rows(rows: QuerySet[Any], *fields: str) -> Iterator[dict[str, Any]]:
    return rows.order_by("pk").values(*fields).iterator(chunk_size=500)
