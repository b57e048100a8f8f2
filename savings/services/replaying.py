"""Entries that become known after their day. In open months the days are closed anew, as if the entry had been there.

The money itself moves today, between the saving and its owner's wallet: a correction is never the operator's money.
Why is written for staff: what is posted bears the saving's name, which its owner may read.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Max, Sum
from django.utils.translation import gettext_lazy as _

from accounts import audit
from accounts.models import Approval
from core.actors import acting_as_service, current_actor
from core.ids import posting_id as new_posting_id
from core.ids import uuid7
from savings import events, interest
from savings.interest import Standing
from savings.models import Accrual, Move, Position, Replay, UserSavings
from savings.refusals import (
    BeforeOpening,
    BeingLookedInto,
    DayToCome,
    MovementReused,
    NotEnoughThatDay,
    SavingFrozen,
    SavingInvalid,
    SavingOver,
    StateRefused,
)
from savings.services.closing import close_saving
from savings.services.days import standing_at, terms_by_day
from savings.services.holding import Held, hold, wallet_of
from savings.services.wishes import wishes_of
from savings.states import GIVES_MONEY
from wallet import services as wallet
from wallet.models import ClosedPeriod, Transaction
from wallet.services import Line, periods, posting


@dataclass(frozen=True)
class Correction:
    """Where days are closed anew from, how the saving stands there, and what closed months should have paid more."""

    since: date
    standing: Standing
    is_adjusted: bool = False
    interest: int = 0
    tax: int = 0


@dataclass(frozen=True)
class Entry:
    """What became known: `amount` (minor units, below zero for what left) on `day`."""

    posting_id: UUID
    amount: int
    day: date
    reason: str
    at: datetime
    approval: Approval | None


def enter_backdated(
    *,
    saving_id: UUID,
    amount: int,
    value_date: date,
    reason: str,
    posting_id: UUID,
    at: datetime,
    approval: Approval | None = None,
) -> Replay:
    """Move `amount` (minor units, below zero out of the saving) so that it counts from a day that is over.

    Days of open months are closed anew: what was paid on them is taken back and paid as it should have been. Days of
    closed months stay, and what they should have paid more, or less, is posted today and tied to the month.

    A repeat returns the first replay. Raises SavingNotFound, SavingFrozen, SavingOver, StateRefused, BeingLookedInto,
    SavingInvalid, BeforeOpening, DayToCome, NotEnoughThatDay, MovementReused, and a LedgerRefusal; and then nothing was
    done.
    """
    entry = Entry(posting_id, amount, value_date, reason, at, approval)
    with acting_as_service(), transaction.atomic():
        held = hold(saving_id, user_id=None, at=at)
        found = Replay.objects.filter(posting_id=posting_id).first()
        if found is not None:
            return _same(found, saving_id, entry)
        _check(held, entry)
        replay = _enter(held, entry)
        audit.record(
            action="savings.saving.replayed",
            target=held.saving,
            replay=str(replay.pk),
            since=str(value_date),
            amount=amount,
            reason=reason,
        )
    return replay


def _same(found: Replay, saving_id: UUID, entry: Entry) -> Replay:
    move = Move.objects.get(pk=entry.posting_id)
    if (found.saving_id, found.since, move.amount) != (saving_id, entry.day, entry.amount):
        raise MovementReused
    return found


def _check(held: Held, entry: Entry) -> None:
    saving = held.saving
    if saving.state == "FROZEN":
        raise SavingFrozen
    if saving.state not in GIVES_MONEY or saving.opened_on is None:
        raise StateRefused(state=saving.state, event="enter")
    if held.is_over:
        raise SavingOver
    if held.position.parked_at is not None:
        raise BeingLookedInto
    if not entry.amount:
        raise SavingInvalid(_("Say how much came or went."), field="amount")
    if Move.objects.filter(pk=entry.posting_id).exists():
        raise MovementReused
    if entry.day > held.today:
        raise DayToCome(today=str(held.today))
    if entry.day < saving.opened_on:
        raise BeforeOpening(opened_on=str(saving.opened_on))


def _enter(held: Held, entry: Entry) -> Replay:
    saving = held.saving
    correction = _correction(held, entry)
    replay = _write(saving, entry, correction)
    with connection.cursor() as cursor:
        cursor.execute("select savings.replace_days(%s)", [replay.pk])
    kind = Move.Kind.CONTRIBUTION if entry.amount > 0 else Move.Kind.REVERSAL
    move = Move.objects.create(
        posting_id=entry.posting_id, saving=saving, kind=kind, amount=entry.amount, value_date=entry.day
    )
    standing = correction.standing
    Position.objects.filter(pk=saving.pk).update(
        next_day=correction.since,
        balance=standing.balance,
        carry=standing.carry,
        capital=standing.capital,
    )
    position = close_saving(saving_id=saving.pk, until=held.today)
    _refuse_debt(saving, position, correction)
    _post(held, entry, correction, replay)
    events.moved(saving, move)
    return replay


def _correction(held: Held, entry: Entry) -> Correction:
    saving, first_open = held.saving, _first_open_day(held.saving)
    if first_open is None or entry.day >= first_open:
        return Correction(entry.day, standing_at(saving, entry.day))
    assert saving.opened_on is not None  # see _check
    rows = list(Accrual.objects.of(saving, since=saving.opened_on, before=first_open).order_by("pk"))
    moves = {entry.day: entry.amount}
    for day, amount in Move.objects.filter(saving=saving).values_list("value_date", "amount"):
        moves[day] = moves.get(day, 0) + amount
    standing, days = interest.close_days(
        terms_by_day(rows, term=held.position.term, wishes=wishes_of(saving.pk)),
        start=saving.opened_on,
        end=first_open,
        moves=moves,
        standing=Standing(0, interest.ZERO - saving.paid_at_start),
    )
    _refuse_owing(days)
    before = saving.replays.aggregate(interest=Sum("interest"), tax=Sum("tax"))
    was_paid = sum(row.paid for row in rows) + (before["interest"] or 0)
    was_taxed = sum(row.tax for row in rows) + (before["tax"] or 0)
    return Correction(
        first_open,
        standing,
        is_adjusted=True,
        interest=sum(row.paid for row in days) - was_paid,
        tax=sum(row.tax for row in days) - was_taxed,
    )


def _first_open_day(saving: UserSavings) -> date | None:
    """Return the first day that may be closed anew: where the open months begin, or a correction had it stand anew."""
    month = ClosedPeriod.objects.closed().aggregate(last=Max("month"))["last"]
    stands = saving.replays.aggregate(last=Max("stands_from"))["last"]
    days = [periods.month_after(month)] if month else []
    return max([*days, *([stands] if stands else [])], default=None)


def _write(saving: UserSavings, entry: Entry, correction: Correction) -> Replay:
    actor = current_actor()
    stands = correction.standing
    adjusted = {
        "stands_from": correction.since,
        "balance": stands.balance,
        "carry": stands.carry,
        "capital": stands.capital,
        "interest": correction.interest,
        "tax": correction.tax,
        "adjusting_id": new_posting_id() if correction.interest or correction.tax else None,
    }
    return Replay.objects.create(
        id=uuid7(),
        saving=saving,
        posting_id=entry.posting_id,
        approval=entry.approval,
        since=entry.day,
        reason=entry.reason,
        actor_id=actor.user_id if actor else None,
        **(adjusted if correction.is_adjusted else {}),
    )


def _refuse_debt(saving: UserSavings, position: Position, correction: Correction) -> None:
    """Raise NotEnoughThatDay where the saving would have owed on a day. Raises BeingLookedInto where one stays open."""
    if position.parked_at is not None or position.next_day is None:
        raise BeingLookedInto
    days = Accrual.objects.of(saving, since=correction.since, before=position.next_day)
    _refuse_owing(days.filter(balance__lt=0).order_by("pk"))
    balance = position.balance
    later = Move.objects.filter(saving=saving, value_date__gte=position.next_day).order_by("value_date")
    for day, amount in later.values_list("value_date").annotate(amount=Sum("amount")):
        balance += amount
        if balance < 0:
            raise NotEnoughThatDay(day=str(day))


def _refuse_owing(days: Iterable[interest.Day | Accrual]) -> None:
    for row in days:
        if row.balance < 0:
            raise NotEnoughThatDay(day=str(row.day))


def _post(held: Held, entry: Entry, correction: Correction, replay: Replay) -> None:
    """What adds comes before what takes, so that nothing is refused for the order in which it is told."""
    saving = held.saving
    if entry.amount > 0:
        _move_money(saving, entry)
    if correction.interest > 0:
        _adjust(saving, entry, replay)
    _take_back(replay)
    if replay.adjusting_id and correction.interest <= 0:
        _adjust(saving, entry, replay)
    if entry.amount < 0:
        _move_money(saving, entry)


def _move_money(saving: UserSavings, entry: Entry) -> None:
    source = wallet_of(saving.user_id, saving.plan.currency_id)
    line = Line("SAVING", source.pk, saving.account_id, entry.amount)
    if entry.amount < 0:
        line = Line("UNSAVING", saving.account_id, source.pk, -entry.amount)
    wallet.post(posting_id=entry.posting_id, lines=[line], description=saving.name)


def _take_back(replay: Replay) -> None:
    """Take back what the replaced days were paid and taxed, with the dates it had; the tax first, since that adds."""
    rows = replay.replaced.order_by("day")
    for field_name, kind in (("tax_posting_id", "TAX_BACK"), ("posting_id", "INTEREST_BACK")):
        ids = [pk for pk in rows.values_list(field_name, flat=True) if pk is not None]
        dated = dict(Transaction.objects.filter(pk__in=ids).values_list("pk", "effective_at"))
        for pk in ids:
            posting.reverse(
                posting_id=new_posting_id(),
                reverses=pk,
                description=replay.saving.name,
                kind=kind,
                effective_at=dated.get(pk),
            )


def _adjust(saving: UserSavings, entry: Entry, replay: Replay) -> None:
    """Post what closed months should have paid more, or less, and tie it to the month of the entry."""
    assert replay.adjusting_id is not None  # the caller asked
    month = entry.day.replace(day=1)
    if ClosedPeriod.objects.closed().filter(month=month).exists():
        periods.link(
            posting_id=replay.adjusting_id, month=month, adjusts=None, reason=entry.reason, at=entry.at
        )
    wallet.post(
        posting_id=replay.adjusting_id, lines=_adjusting_lines(saving, replay), description=saving.name
    )


def _adjusting_lines(saving: UserSavings, replay: Replay) -> list[Line]:
    own, currency = saving.account_id, saving.plan.currency_id
    expense = wallet.system_account("INTEREST_EXPENSE", currency)
    taxes = wallet.system_account("WITHHOLDING_TAX", currency)
    lines = [
        Line("INTEREST", expense, own, replay.interest),
        Line("TAX_BACK", taxes, own, -replay.tax),
        Line("WITHHOLDING_TAX", own, taxes, replay.tax),
        Line("INTEREST_BACK", own, expense, -replay.interest),
    ]
    return [line for line in lines if line.amount > 0]
