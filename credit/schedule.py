"""The schedule of a loan: what is asked when, if everything is paid on its day from now on.

Pure. Amounts are minor units (kobo). One way of closing a row serves plan and life alike: a plan is a life in which
everybody pays on time. Each change makes a new schedule; who asked keeps the old one.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from decimal import Decimal

from credit.instalments import BY_PRINCIPAL, asked, work_out
from credit.standing import NOTHING, Row, Standing, accrue, begin, earn_anew, whole
from credit.terms import Effect, Method, Terms


def schedule(terms: Terms, advances: Iterable[tuple[date, int]]) -> tuple[Row, ...]:
    """Return the rows of a loan whose advances are known (day, minor units), all paid on their days.

    A later advance changes the instalments from its own period on. Raises ValueError for what cannot be lent, and
    TooSmall (one of them) where an instalment would not cover its interest.
    """
    standing = replace(begin(terms), planned=True)
    for on, amount in sorted(advances, key=lambda advance: advance[0]):
        while standing.period.due <= on and standing.number <= standing.count:
            standing = as_if_paid(close(standing), standing.period.due)
        standing = advance(standing, on, amount)
    return plan(standing, standing.day)


def advance(standing: Standing, on: date, amount: int) -> Standing:
    """Pay out so much (minor units), and work out the instalments anew from the running row on. Raises ValueError."""
    if amount <= 0:
        raise ValueError("What is lent is above zero.")
    if on < standing.day or standing.number > standing.count:
        raise ValueError("Money is lent in the order of days, and before the last instalment.")
    grown = replace(
        standing,
        day=on,
        advanced=standing.advanced + amount,
        balance=standing.balance + amount,
        lent=standing.lent + amount,
    )
    return work_out_anew(earn_at_once(grown, on, amount))


def earn_at_once(standing: Standing, on: date, amount: int) -> Standing:
    """Let what was added to a debt earn from its day on, also where payments wait for the next due day."""
    accrued = accrue(standing, on)
    return earn_anew(replace(accrued, earning=accrued.earning + amount), on)


def plan(standing: Standing, on: date) -> tuple[Row, ...]:
    """Return the rows that are due, as they are, and those to come if all that is overdue is paid on this day."""
    planned = as_if_paid(replace(roll(standing, on), planned=True), on)
    while not planned.is_over:
        planned = as_if_paid(close(planned), planned.period.due)
    return planned.rows


def roll(standing: Standing, on: date) -> Standing:
    """Close each row that is due by this day. Raises ValueError for a day before the last."""
    if on < standing.day:
        raise ValueError("A loan goes on from day to day, not back.")
    while standing.period.due <= on:
        standing = close(standing)
    return replace(standing, day=on)


def as_if_paid(standing: Standing, on: date) -> Standing:
    return earn_anew(replace(standing, balance=standing.left - standing.ahead_principal), on)


def close(standing: Standing) -> Standing:
    """Close the running row: what it earned is rounded and asked for, and the next row begins on its due day."""
    due = standing.period.due
    if standing.is_over:
        return replace(standing, number=standing.number + 1, start=due, since=due, ahead_interest=0)
    standing = accrue(standing, due)
    charged = whole(standing.accrued, standing.terms.rounding.interest)
    row = _row(standing, due, charged)
    used = min(standing.ahead_principal, row.unpaid_principal)
    row = replace(
        row,
        paid_interest=standing.ahead_interest,
        paid_principal=used,
        paid_ahead=standing.ahead_interest + used,
    )
    following = replace(
        standing,
        rows=(*standing.rows, row),
        number=standing.number + 1,
        start=due,
        since=due,
        day=max(due, standing.day),
        opening=row.closing,
        advanced=0,
        converted=0,
        accrued=NOTHING,
        carried=standing.carried + charged - row.interest,
        balance=standing.balance + row.capitalised,
        ahead_interest=0,
        ahead_principal=standing.ahead_principal - used,
    )
    following = earn_anew(following, due)
    # More was paid ahead than the row asked for: the rest of them may be smaller now.
    if row.paid_ahead > _agreed(standing, charged) and standing.effect is Effect.SMALLER and following.left:
        return work_out_anew(following)
    return following


def _row(standing: Standing, due: date, charged: int) -> Row:
    terms, number = standing.terms, standing.number
    interest, capitalised = standing.carried + charged, 0
    principal = _principal(standing, charged)
    if number <= terms.grace.interest_later:
        if terms.grace.capitalised:
            interest, principal, capitalised = charged, -charged, charged
        else:
            interest = standing.ahead_interest
    elif number >= standing.count:
        principal = standing.left
    elif principal < 0:
        capitalised = -principal
    if standing.effect is not Effect.POSTPONED:
        principal = (
            min(max(principal, standing.ahead_principal), standing.left) if principal >= 0 else principal
        )
    return Row(
        number,
        standing.start,
        due,
        standing.opening,
        standing.advanced,
        charged,
        interest,
        principal,
        standing.converted,
        capitalised,
    )


def _principal(standing: Standing, charged: int) -> int:
    """The principal that the contract asks of the running row, were it not the last."""
    terms = standing.terms
    if standing.number <= terms.grace.no_principal or terms.method is Method.INTEREST_ONLY:
        return 0
    principal = asked(standing, standing.number)
    if terms.method not in BY_PRINCIPAL:
        principal -= charged
    # Interest on what is overdue can outgrow an instalment. It is asked for, and becomes principal by agreement only.
    return min(principal if terms.capitalise_unpaid else max(principal, 0), standing.left)


def _agreed(standing: Standing, charged: int) -> int:
    """What the running row asks for by contract, interest included."""
    return _principal(standing, charged) + charged + standing.carried


def work_out_anew(standing: Standing) -> Standing:
    """Work out the instalment from the running row on. Raises TooSmall."""
    found = work_out(standing)
    if not found.terms.rounding.smoothed or found.terms.method is not Method.LEVEL:
        return found
    rows = found.count - found.number + 1
    before = _last_step(found)
    if rows < 2 or abs(before) <= rows // 2:
        return found
    moved = replace(found, unit=Decimal(asked(found, found.count)) + Decimal(before) / rows)
    return moved if abs(_last_step(moved)) < abs(before) else found


def _last_step(standing: Standing) -> int:
    """How much the last instalment differs from the one before, in kobo."""
    rows = plan(standing, standing.day)
    return rows[-1].payment - rows[-2].payment if len(rows) > 1 else 0
