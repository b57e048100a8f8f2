"""What a saving will come to if nothing changes, and what breaking it would cost: the arithmetic of the daily roll.

Pure: no database and no clock. Amounts are minor units (kobo), rates and penalties percent.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from savings import interest, penalties
from savings.interest import DAY, Day, Every, Standing, Terms
from savings.penalties import Ending
from savings.yields import apy, effective_yield_upfront
from wallet import rhythm

YEAR = 365


@dataclass(frozen=True)
class Outcome:
    """Days that were closed ahead: what was saved in them, earned before tax, withheld, and is there at their end.

    `up_front` is what of the interest, and of its tax, is paid to the wallet on the first day and not to the saving.
    """

    saved: int
    interest: int
    tax: int
    balance: int
    rows: Sequence[Day]
    up_front: "UpFront"

    @property
    def net(self) -> int:
        """The interest after tax."""
        return self.interest - self.tax

    @property
    def comes_to(self) -> int:
        """All there is at the end, what was paid at the start included."""
        return self.balance + self.up_front.net


@dataclass(frozen=True)
class UpFront:
    """Interest for a whole term, paid on its first day: before tax, and the tax withheld of it."""

    interest: int = 0
    tax: int = 0

    @property
    def net(self) -> int:
        return self.interest - self.tax


@dataclass(frozen=True)
class Penalty:
    """What is lost by breaking early: see `PlanTerms.Penalty`."""

    kind: str = "NONE"
    percent: Decimal = Decimal(0)


def payments(*, first: int, monthly: int, start: date, end: date) -> dict[date, int]:
    """Return what is paid in by its days: once on the first, then on the same day of each month before the end."""
    moves = {start: first} if first else {}
    if monthly:
        for day in _months(start, end):
            moves[day] = monthly
    return moves


def _months(start: date, end: date) -> Iterator[date]:
    number = 1
    while (day := rhythm.nth(rhythm.MONTHLY, start, number)) is not None and day < end:
        yield day
        number += 1


def ahead(
    terms: Mapping[date, Terms],
    *,
    start: date,
    end: date,
    moves: Mapping[date, int],
    standing: Standing | None = None,
    is_up_front: bool = False,
) -> Outcome:
    """Close the days from `start` on, before `end`; on the last one all that was earned is paid.

    `terms` is by the first day of each version, as for `close_days`.
    """
    begun, early = standing or Standing(0), UpFront()
    if is_up_front:
        early = up_front(terms[start], start=start, end=end, amount=moves.get(start, 0))
        begun = replace(begun, carry=begun.carry - early.interest)
    last = end - DAY
    now, rows = interest.close_days(terms, start=start, end=last, moves=moves, standing=begun)
    rule = terms[max(first for first in terms if first <= last)]
    now, row = interest.close_day(rule, now, last, moved=moves.get(last, 0), last=True)
    rows.append(row)
    return Outcome(
        saved=sum(amount for day, amount in moves.items() if start <= day < end),
        interest=sum(row.paid for row in rows) + early.interest,
        tax=sum(row.tax for row in rows) + early.tax,
        balance=now.balance,
        rows=rows,
        up_front=early,
    )


def up_front(rule: Terms, *, start: date, end: date, amount: int) -> UpFront:
    """Return what a rule that pays for the whole term at once pays on the first day."""
    standing, _rows = interest.close_days({start: rule}, start=start, end=end, moves={start: amount})
    gross = interest.whole(standing.carry, rule.rounding)
    return UpFront(gross, interest.tax_on(gross, rule.tax))


def broken(
    rule: Terms,
    penalty: Penalty,
    *,
    start: date,
    on: date,
    moves: Mapping[date, int],
    early: UpFront | None = None,
) -> Ending:
    """Return what breaking on a day comes to, once the days before it are closed: what a quote of that day says."""
    before, paid_early = {day: amount for day, amount in moves.items() if day < on}, early or UpFront()
    standing, rows = interest.close_days({start: rule}, start=start, end=on, moves=before)
    balance = standing.balance + moves.get(on, 0)
    paid = sum(row.paid for row in rows)
    earned = allowed = standing.carry + paid
    if penalty.kind == "LOWER_RATE":
        lower = penalties.lowered(rule, penalty.percent)
        allowed = min(penalties.earned_at({start: lower}, start=start, end=on, moves=before), earned)
    return penalties.settle(
        balance=balance,
        earned=earned,
        allowed=allowed,
        paid=paid + paid_early.interest,
        withheld=sum(row.tax for row in rows) + paid_early.tax,
        tax=rule.tax,
        rounding=rule.rounding,
        lost=penalties.share(balance, penalty.percent) if penalty.kind == "SHARE" else 0,
    )


def yield_of(
    rule: Terms, *, amount: int, start: date, days: int | None, is_up_front: bool = False
) -> Decimal:
    """Return the percent a year that an amount really earns before tax, unrounded: over its term, else over a year.

    Regulation DD (12 CFR 1030), Appendix A; for interest paid on the first day, on the money that is really tied up.
    """
    if days is None:
        gross, days = interest.interest_of_a_year(rule, amount, start), YEAR
    else:
        whole = (
            replace(rule, paid=Every.END, tax=Decimal(0)) if is_up_front else replace(rule, tax=Decimal(0))
        )
        standing, rows = interest.close_days(
            {start: whole}, start=start, end=start + days * DAY, moves={start: amount}
        )
        gross = standing.carry + sum(row.paid for row in rows)
    if is_up_front:
        paid = interest.whole(gross, rule.rounding)
        return effective_yield_upfront(interest=paid, principal=amount, days=days)
    return apy(interest=gross, principal=Decimal(amount), days=days)
