"""The schedule of a loan: what is asked when, if everything is paid on its day from now on.

Pure. Amounts are minor units (kobo). One way of closing a row serves plan and life alike: a plan is a life in which
everybody pays on time. Each change makes a new schedule; who asked keeps the old one.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from credit.instalments import BY_PRINCIPAL, asked, work_out
from credit.standing import (
    Row,
    Standing,
    accrue,
    begin,
    charged,
    earn_anew,
    stretch,
    stretches_until,
    what_earns,
    whole,
)
from credit.terms import Effect, Method, Terms


def schedule(terms: Terms, advances: Iterable[tuple[date, int]]) -> tuple[Row, ...]:
    """Return the rows of a loan whose advances are known (day, minor units), all paid on their days.

    A later advance changes the instalments from its own period on. Raises ValueError for what cannot be lent, and
    TooSmall (one of them) where an instalment would not cover its interest.
    """
    standing = replace(begin(terms), planned=True)
    for on, amount in sorted(advances, key=lambda advance: advance[0]):
        while standing.period.due <= on and standing.number <= standing.count:
            standing = close(standing)
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
        planned = close(close_plain(planned))
    return planned.rows


def roll(standing: Standing, on: date) -> Standing:
    """Close each row that is due by this day. Raises ValueError for a day before the last."""
    if on < standing.day:
        raise ValueError("A loan goes on from day to day, not back.")
    while standing.period.due <= on:
        standing = close(standing)
    return changed(standing, day=on)


def as_if_paid(standing: Standing, on: date) -> Standing:
    return earn_anew(changed(standing, balance=standing.left - standing.ahead_principal), on)


def close(standing: Standing) -> Standing:
    """Close the running row: what it earned is rounded and asked for, and the next row begins on its due day."""
    due = standing.period.due
    following = standing.calendar.period(standing.number + 1)
    if standing.is_over:
        return changed(
            standing,
            number=following.number,
            period=following,
            since=due,
            stretches=(),
        )
    if standing.ahead_interest:
        standing = _without_interest_never_earned(standing, due)
    row, agreed, put_off = _row(standing, due)
    rows = (*standing.rows, row)
    ahead = standing.ahead_principal - row.paid_principal
    balance = row.closing - ahead if standing.planned else standing.balance + row.capitalised
    overdue = 0
    if standing.terms.arrears_earn and not standing.planned:
        overdue = sum(one.unpaid_interest for one in rows)
    closed = changed(
        standing,
        rows=rows,
        number=following.number,
        period=following,
        since=due,
        day=max(due, standing.day),
        opening=row.closing,
        advanced=0,
        converted=0,
        stretches=(),
        earning=what_earns(standing, balance, overdue, following.number),
        carried=standing.carried + standing.put_off - put_off + row.charged - row.interest,
        put_off=put_off,
        balance=balance,
        ahead_interest=0,
        ahead_principal=ahead,
    )
    # More was paid ahead than the row asked for: the rest of them may be smaller now.
    if row.paid_ahead > agreed and standing.effect is Effect.SMALLER and closed.left:
        return work_out_anew(closed)
    return closed


def close_plain(planned: Standing) -> Standing:
    """Close all rows of a plan in which nothing happens but that time passes and an instalment is paid.

    The rows are those of `close`, in a quarter of its time, since no standing is made between them. A row that is not
    plain, and always the last, is left to it.
    """
    terms, opening, period = planned.terms, planned.opening, planned.period
    if not _is_plain(planned):
        return planned
    by_principal, rounding = terms.method in BY_PRINCIPAL, terms.rounding
    is_even = terms.method not in (Method.GRADUATED, Method.STEPPED)
    instalment, rows = asked(planned, planned.number), []
    while period.number < planned.count:
        only = stretch(period.start, period.due, opening, planned.rate, period.years, rounding)
        earned = whole(only.interest, rounding.interest)
        if not is_even:
            instalment = asked(planned, period.number)
        principal = instalment if by_principal else instalment - earned
        if not 0 <= principal < opening:
            break
        rows.append(
            Row(
                period.number,
                period.start,
                period.due,
                opening,
                0,
                earned,
                earned,
                principal,
                stretches=(only,),
            )
        )
        opening -= principal
        period = planned.calendar.period(period.number + 1)
    return changed(
        planned,
        rows=planned.rows + tuple(rows),
        number=period.number,
        period=period,
        since=period.start,
        day=max(period.start, planned.day),
        opening=opening,
        earning=opening,
        balance=opening,
    )


def _is_plain(planned: Standing) -> bool:
    """Whether the running row, just begun, owes and earns by what it opened with and nothing else."""
    grace = planned.terms.grace
    return (
        planned.terms.method is not Method.FLAT
        and planned.number > max(grace.no_principal, grace.interest_later, grace.interest_free)
        and planned.since == planned.start
        and planned.opening == planned.left == planned.balance == planned.earning
        and not (planned.stretches or planned.carried or planned.put_off)
        and not (planned.ahead_interest or planned.ahead_principal)
    )


def _without_interest_never_earned(standing: Standing, due: date) -> Standing:
    """Interest that was paid to the end of a period, which then became shorter or cheaper, pays principal instead."""
    earned = charged(standing, stretches_until(standing, due))
    too_much = standing.ahead_interest - standing.carried - standing.put_off - earned
    if too_much <= 0:
        return standing
    principal = min(too_much, standing.balance)
    return changed(
        standing,
        ahead_interest=standing.ahead_interest - too_much,
        ahead_principal=standing.ahead_principal + principal,
        balance=standing.balance - principal,
        overpaid=standing.overpaid + too_much - principal,
    )


def changed(standing: Standing, **changes: Any) -> Standing:
    """What `replace` does, in a tenth of its time, which for 360 rows is half of everything."""
    changed = object.__new__(Standing)
    vars(changed).update(vars(standing), **changes)
    return changed


def _row(standing: Standing, due: date) -> tuple[Row, int, int]:
    """Return the running row as it is asked for, what the contract asks for with it, and the interest put off then."""
    terms, number, left, ahead = standing.terms, standing.number, standing.left, standing.ahead_principal
    stretches = stretches_until(standing, due)
    earned = charged(standing, stretches)
    instalment = _principal(standing, earned)
    agreed = standing.carried + earned + instalment
    asked_late = _asked_late(standing, earned, instalment)
    interest, capitalised = standing.carried + earned + asked_late, 0
    principal = min(instalment - asked_late if instalment < 0 else max(instalment - asked_late, 0), left)
    if number <= terms.grace.interest_later:
        interest = standing.ahead_interest
        if terms.grace.capitalised and earned > interest:
            interest, capitalised = earned, earned - standing.ahead_interest
            principal = -capitalised
    elif number >= standing.count:
        principal = left
    elif principal < 0:
        capitalised = min(-principal, interest - standing.ahead_interest)
        principal = -capitalised
    put_off = _put_off(standing, principal, interest - capitalised)
    interest -= put_off
    if principal >= 0:
        taken = principal + put_off if standing.effect is Effect.POSTPONED else max(principal, ahead)
        principal = min(taken, left)
    paid = min(ahead, max(principal, 0))
    return (
        Row(
            number,
            standing.start,
            due,
            standing.opening,
            standing.advanced,
            earned,
            interest,
            principal,
            standing.converted,
            capitalised,
            paid_interest=standing.ahead_interest,
            paid_principal=paid,
            paid_ahead=standing.ahead_interest + paid,
            stretches=stretches,
        ),
        agreed,
        standing.put_off - asked_late + put_off,
    )


def _principal(standing: Standing, earned: int) -> int:
    """The principal that the contract asks of the running row, were it not the last."""
    terms = standing.terms
    if standing.number <= terms.grace.no_principal or terms.method is Method.INTEREST_ONLY:
        return 0
    principal = asked(standing, standing.number)
    if terms.method not in BY_PRINCIPAL:
        principal -= earned
    # Interest on what is overdue can outgrow an instalment. It is asked for, and becomes principal by agreement only.
    return principal if terms.capitalise_unpaid else max(principal, 0)


def _asked_late(standing: Standing, earned: int, principal: int) -> int:
    """What of the interest that was put off the running row asks, within its instalment; the last one all of it."""
    if standing.number >= standing.count:
        return standing.put_off
    paid = standing.ahead_interest - standing.carried - earned
    return max(min(standing.put_off, principal), paid, 0)


def _put_off(standing: Standing, principal: int, interest: int) -> int:
    """The interest of the running row in whose place principal was paid ahead.

    Who pays an instalment before its day has paid that instalment: what its last days earn meanwhile is not late. Not
    so where the contract says that all paid ahead is principal (`Paying.accrued_first`): interest waits for its day.
    """
    if not standing.terms.paying.accrued_first or principal < 0 or standing.ahead_principal >= standing.left:
        return 0
    return min(max(standing.ahead_principal - principal, 0), max(interest - standing.ahead_interest, 0))


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
