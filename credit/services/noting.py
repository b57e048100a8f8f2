"""Whatever happens to a loan is noted in one place: its row, the shares' parts, the schedule, where it stands now."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from accounts import audit
from core.actors import current_actor
from credit import events, lender_events
from credit.allocation import Paid
from credit.models import Instalment, LoanTransaction, Payout, ScheduleVersion, Share
from credit.refusals import DayGone, NotPossible
from credit.replay import Event, PayOff, Repay, happen, pay
from credit.schedule import plan
from credit.services.folding import Kind, data_of, fold, write
from credit.services.held import Held

# After these the agreement itself is another one.
CHANGES_SCHEDULE = frozenset(
    {Kind.DISBURSEMENT, Kind.RATE_CHANGE, Kind.RESCHEDULE, Kind.RE_AGE, Kind.CAPITALISATION}
)


@dataclass(frozen=True)
class Part:
    """What one share gave or got; minor units, below zero for what it paid out."""

    share: Share
    posting_id: UUID
    principal: int = 0
    interest: int = 0
    charges: int = 0


def try_event(held: Held, event: Event) -> Paid | None:
    """Say where a payment would go (None for what is no payment), or why an event cannot happen; nothing is written.

    Raises DayGone, NotPossible.
    """
    if event.on < held.standing.day:
        raise DayGone(since=held.standing.day.isoformat())
    try:
        if isinstance(event, Repay | PayOff):
            return pay(held.standing, event)[1]
        happen(held.standing, event)
    except ValueError as error:
        raise NotPossible(why=str(error)) from error
    return None


def enter(
    held: Held,
    event: Event,
    *,
    kind: str,
    amount: int = 0,
    posting_id: UUID | None = None,
    parts: Iterable[Part] = (),
    reason: str = "",
    data: dict[str, Any] | None = None,
) -> LoanTransaction:
    """Let an event happen to a loan: it is written with its posting, and the loan stands elsewhere.

    `amount` (minor units) is what the posting moved; a payment must be that of its event. Raises DayGone, NotPossible.
    """
    paid = try_event(held, event)
    before = held.standing
    after = happen(before, event)
    row = _write(
        held,
        kind=kind,
        on=event.on,
        amount=amount,
        paid=paid or Paid(),
        posting_id=posting_id,
        reason=reason,
        data={**data_of(event), **(data or {})},
    )
    _write_parts(row, parts)
    newly = [one for one in after.rows if one.number >= before.number]
    _go_on(held, row, after, charged=held.position.charged + sum(one.charged for one in newly))
    if kind in CHANGES_SCHEDULE or (paid is not None and paid.ahead and after.balance):
        write_schedule(held, row, reason)
    return row


def take_back(
    held: Held,
    transaction: LoanTransaction,
    *,
    kind: str = Kind.REVERSAL,
    amount: int | None = None,
    posting_id: UUID | None = None,
    parts: Iterable[Part] = (),
    reason: str,
    data: dict[str, Any] | None = None,
) -> LoanTransaction:
    """Take a transaction back: all that followed is worked out again without it. Raises NotPossible.

    `amount` (minor units) is what the posting moved, where that is another than before.
    """
    row = _write(
        held,
        kind=kind,
        on=held.today,
        amount=transaction.amount if amount is None else amount,
        posting_id=posting_id,
        reverses=transaction,
        reason=reason,
        data=data,
    )
    _write_parts(row, parts)
    try:
        folded = fold(held.loan, on=held.today)
    except ValueError as error:
        raise NotPossible(why=str(error)) from error
    _go_on(held, row, folded.standing, charged=folded.charged)
    write_schedule(held, row, reason)
    return row


def note(
    held: Held,
    *,
    kind: str,
    amount: int = 0,
    posting_id: UUID | None = None,
    parts: Iterable[Part] = (),
    reason: str = "",
    data: dict[str, Any] | None = None,
    on: date | None = None,
    paid: Paid | None = None,
) -> LoanTransaction:
    """Write down what is no event of the schedule: a write-off, a recovery, a refund."""
    row = _write(
        held,
        kind=kind,
        on=on or held.today,
        amount=amount,
        paid=paid or Paid(),
        posting_id=posting_id,
        reason=reason,
        data=data or {},
    )
    _write_parts(row, parts)
    held.record.transactions = row.number
    held.record.save(update_fields=["transactions"])
    return row


def write_rows(rows: Sequence[LoanTransaction], *, kind: str, reason: str = "") -> None:
    """Write what happened to loans, all of one kind, with the trail and the events: as many queries as for one.

    Who acts is put into the rows. The loans' standings count them: `transactions`.
    """
    actor = current_actor()
    for row in rows:
        row.kind, row.reason, row.actor_id = kind, reason[:300], actor.user_id if actor else None
    LoanTransaction.objects.bulk_create(rows)
    told = [
        (
            row.loan,
            {
                "amount": row.amount,
                "posting": str(row.posting_id) if row.posting_id else None,
                "reason": reason,
            },
        )
        for row in rows
    ]
    audit.record_each(action=f"credit.loan.{kind.lower()}", targets=told)
    events.happened(rows)


def write_schedule(held: Held, row: LoanTransaction, reason: str) -> ScheduleVersion:
    """Keep the schedule as it is from now on: the rows that are still to come, those before stay where they were."""
    last = ScheduleVersion.objects.filter(loan=held.loan).order_by("-number").first()
    version = ScheduleVersion.objects.create(
        loan=held.loan,
        number=last.number + 1 if last else 1,
        transaction=row,
        on=row.on,
        reason=reason[:300],
    )
    rows = [one for one in plan(held.standing, held.standing.day) if one.due > row.on]
    Instalment.objects.bulk_create(
        Instalment(
            version=version,
            number=one.number,
            start=one.start,
            due=one.due,
            opening=one.opening,
            interest=one.interest,
            principal=one.principal,
        )
        for one in rows
    )
    return version


def _go_on(held: Held, row: LoanTransaction, standing: Any, *, charged: int) -> None:
    held.standing = standing
    held.record.transactions = row.number
    write(held.position, held.record, held.loan, standing, charged=charged)


def _write(
    held: Held,
    *,
    kind: str,
    on: date,
    amount: int,
    paid: Paid | None = None,
    posting_id: UUID | None,
    reason: str,
    data: dict[str, Any] | None = None,
    reverses: LoanTransaction | None = None,
) -> LoanTransaction:
    paid = paid or Paid()
    row = LoanTransaction(
        loan=held.loan,
        number=held.record.transactions + 1,
        on=on,
        amount=amount,
        interest=paid.interest,
        principal=paid.principal,
        fees=paid.fees,
        penalties=paid.penalties,
        ahead=paid.ahead,
        overpaid=paid.overpaid,
        data=data or {},
        posting_id=posting_id,
        reverses=reverses,
    )
    write_rows([row], kind=kind, reason=reason)
    return row


def _write_parts(row: LoanTransaction, parts: Iterable[Part]) -> Sequence[Payout]:
    payouts = Payout.objects.bulk_create(
        Payout(
            transaction=row,
            share=part.share,
            principal=part.principal,
            interest=part.interest,
            charges=part.charges,
            posting_id=part.posting_id,
        )
        for part in parts
    )
    lender_events.moved(row, payouts)
    return payouts
