"""The life of a loan: what happens to it, one thing after the other.

Pure: no database and no clock. The same events in the same order always come to the same standing, so a loan can be
worked out again from its events, and a payment that was taken back is left out and all that followed is worked out
again. Whoever keeps schedules asks for `plan` after each event and keeps the one before.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from credit.allocation import Paid, allocate
from credit.instalments import rows_needed
from credit.periods import Calendar
from credit.schedule import advance, earn_at_once, roll, work_out_anew
from credit.standing import Row, Standing, accrue, begin, earn_anew, interest_by
from credit.terms import Effect, Terms, check_count, check_rate


@dataclass(frozen=True)
class Disburse:
    on: date
    amount: int


@dataclass(frozen=True)
class Repay:
    """A payment. `effect` is what the borrower chose for what is more than asked for, here and from now on."""

    on: date
    amount: int
    effect: Effect | None = None


@dataclass(frozen=True)
class PayOff:
    """A payment of exactly what is owed on that day."""

    on: date


@dataclass(frozen=True)
class Charge:
    """A fee, or a penalty. Neither ever earns interest, and no penalty is worked out on a penalty."""

    on: date
    amount: int
    is_penalty: bool = False


@dataclass(frozen=True)
class ChangeRate:
    """From this day on another rate. The instalments change, or else how many there are."""

    on: date
    rate: Decimal
    keeps_instalment: bool = False


@dataclass(frozen=True)
class Reschedule:
    """From the running row on `count` rows, the first of them due on `first_due`. What is overdue stays due."""

    on: date
    count: int
    first_due: date | None = None


@dataclass(frozen=True)
class ReAge:
    """As Reschedule, and what is overdue is asked for anew: principal with all rows to come, interest with the first.

    None of the interest becomes principal; that is `Capitalise`.
    """

    on: date
    count: int
    first_due: date | None = None


@dataclass(frozen=True)
class Capitalise:
    """Interest that is due and unpaid, or waits for the end of a grace, becomes principal."""

    on: date


Event = Disburse | Repay | PayOff | Charge | ChangeRate | Reschedule | ReAge | Capitalise


@dataclass(frozen=True)
class Quote:
    """What it takes to pay a loan off on a day."""

    on: date
    principal: int
    interest: int
    fees: int
    penalties: int

    @property
    def total(self) -> int:
        return self.principal + self.interest + self.fees + self.penalties


def replay(terms: Terms, events: Iterable[Event]) -> Standing:
    """Return where a loan stands after all that happened to it. Raises ValueError for what cannot have happened."""
    standing = begin(terms)
    for event in events:
        standing = happen(standing, event)
    return standing


def happen(standing: Standing, event: Event) -> Standing:
    """Return where a loan stands after one more event. Raises ValueError for what cannot happen then."""
    if isinstance(event, Disburse):
        return advance(roll(standing, event.on), event.on, event.amount)
    if not standing.lent:
        raise ValueError("Nothing was lent yet.")
    standing = roll(standing, event.on)
    match event:
        case Repay() | PayOff():
            return pay(standing, event)[0]
        case Charge():
            return _charge(standing, event)
        case ChangeRate():
            return _change_rate(standing, event)
        case Reschedule():
            return _reschedule(standing, event)
        case ReAge():
            return _reschedule(_ask_anew(standing, event.on), event)
        case Capitalise():
            return _capitalise(standing, event.on)


def pay(standing: Standing, event: Repay | PayOff) -> tuple[Standing, Paid]:
    """Return where a loan stands after a payment, and where the money went. Raises ValueError."""
    standing = roll(standing, event.on)
    if isinstance(event, PayOff):
        return allocate(standing, event.on, quote(standing, event.on).total)
    if event.amount <= 0:
        raise ValueError("A payment is above zero.")
    if event.effect is not None:
        standing = replace(standing, effect=event.effect)
    return allocate(standing, event.on, event.amount)


def quote(standing: Standing, on: date) -> Quote:
    """Return what pays the loan off on a day, if nothing happens before."""
    standing = roll(standing, on)
    unpaid = sum(row.unpaid_interest for row in standing.rows)
    return Quote(on, standing.balance, unpaid + interest_by(standing, on), standing.fees, standing.penalties)


def _charge(standing: Standing, event: Charge) -> Standing:
    if event.amount <= 0:
        raise ValueError("A charge is above zero.")
    if event.is_penalty:
        return replace(standing, penalties=standing.penalties + event.amount)
    return replace(standing, fees=standing.fees + event.amount)


def _change_rate(standing: Standing, event: ChangeRate) -> Standing:
    check_rate(event.rate)
    changed = replace(accrue(standing, event.on), rate=event.rate)
    if not changed.left:  # what is overdue goes on at the new rate
        return changed
    if not event.keeps_instalment:
        return work_out_anew(changed)
    return replace(changed, count=rows_needed(changed))


def _reschedule(standing: Standing, event: Reschedule | ReAge) -> Standing:
    """The running row and all after it take other days. What it has earned so far, it has earned."""
    count, grace = standing.number + event.count - 1, standing.terms.grace
    check_count(event.count)
    if not standing.left:
        raise ValueError("No instalment is to come.")
    if count <= max(grace.no_principal, grace.interest_later):
        raise ValueError("A grace ends before the loan does.")
    standing = accrue(standing, event.on)
    old = standing.calendar
    if event.first_due is not None and event.first_due <= event.on:
        raise ValueError("An instalment is due after the day on which it is agreed.")
    calendar = Calendar(
        standing.start,
        first_due=event.first_due or standing.period.due,
        every=old.every,
        rhythm=old.rhythm,
        day_count=old.day_count,
        first=standing.number,
    )
    period = calendar.period(standing.number)
    return work_out_anew(replace(standing, calendar=calendar, count=count, period=period))


def _ask_anew(standing: Standing, on: date) -> Standing:
    """Take what is overdue out of its rows: each has then asked for no more than was paid."""
    rows: list[Row] = []
    interest = 0
    for row in standing.rows:
        interest += row.unpaid_interest
        rows.append(
            row._replace(
                opening=rows[-1].closing if rows else row.opening,
                principal=row.principal - row.unpaid_principal,
                interest=row.interest - row.unpaid_interest,
            )
        )
    moved = replace(
        standing,
        rows=tuple(rows),
        opening=rows[-1].closing if rows else standing.opening,
        carried=standing.carried + interest,
    )
    return earn_anew(moved, on)


def _capitalise(standing: Standing, on: date) -> Standing:
    due = sum(row.unpaid_interest for row in standing.rows)
    amount = due + standing.carried
    if not amount or standing.number > standing.count:
        raise ValueError(
            "There is no interest to become principal, or no instalment to come that could ask for it."
        )
    rows = tuple(row._replace(capitalised=row.capitalised + row.unpaid_interest) for row in standing.rows)
    grown = replace(
        standing,
        rows=rows,
        carried=0,
        converted=standing.converted + amount,
        balance=standing.balance + amount,
    )
    return work_out_anew(earn_at_once(grown, on, amount))
