"""Where a loan stands: the rows that are due, the row that runs, and what earns interest meanwhile.

Pure. Amounts are minor units (kobo). Interest on its way is an exact fraction, so that it does not matter where a
period is cut; it is rounded once, when its row is due. A figure is followed by hand so: what earns × rate ÷ 100 × the
part of a year, summed over the row's stretches and rounded to a kobo, is the row's `charged`.
"""

from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from credit.periods import Calendar, Period
from credit.terms import Counts, Effect, Half, Method, Rounding, Terms

NOTHING = Fraction(0)
NO_RATE = Decimal(0)


class Stretch(NamedTuple):
    """Days of one row between two changes: what earned, at which percent a year, for what of a year, and how much."""

    start: date
    end: date
    earning: int
    rate: Decimal
    years: Fraction
    interest: Fraction


class Row(NamedTuple):
    """One line of a schedule.

    `charged` is the interest that its period earned, `interest` what of all interest is asked with it. `principal` is
    below zero where an instalment is less than its interest and the rest becomes principal. `converted` is interest
    that an event turned into principal, `capitalised` what of this row's interest was never paid but became principal.
    """

    number: int
    start: date
    due: date
    opening: int
    advanced: int
    charged: int
    interest: int
    principal: int
    converted: int = 0
    capitalised: int = 0
    paid_interest: int = 0
    paid_principal: int = 0
    paid_ahead: int = 0
    paid_late: int = 0
    stretches: tuple[Stretch, ...] = ()

    @property
    def payment(self) -> int:
        return self.interest + self.principal

    @property
    def closing(self) -> int:
        """What the plan owes once this row is paid."""
        return self.opening + self.advanced + self.converted - self.principal

    @property
    def paid(self) -> int:
        return self.paid_interest + self.paid_principal

    @property
    def unpaid_interest(self) -> int:
        return self.interest - self.capitalised - self.paid_interest

    @property
    def unpaid_principal(self) -> int:
        return max(self.principal, 0) - self.paid_principal


@dataclass(frozen=True)
class Standing:
    """A loan on a day: all that is needed to go on from there, so that nothing before it need be read again.

    `unit` is what an instalment of weight 1 asks (the principal of it, where principal is equal), unrounded. What is
    paid before its row is due is kept in `ahead_*`. `carried` is interest that waits for its row: for the end of a
    grace, or since it is asked for anew. `put_off` is interest whose instalment was paid ahead, with principal in its
    place: later instalments ask for that much less principal. `planned`: overdue rows are taken as paid, for a plan.
    """

    terms: Terms
    rate: Decimal
    calendar: Calendar
    count: int
    period: Period
    day: date
    effect: Effect
    unit: Decimal = Decimal(0)
    rows: tuple[Row, ...] = ()
    number: int = 1
    opening: int = 0
    advanced: int = 0
    converted: int = 0
    since: date = date.min
    stretches: tuple[Stretch, ...] = ()
    earning: int = 0
    balance: int = 0
    carried: int = 0
    put_off: int = 0
    ahead_interest: int = 0
    ahead_principal: int = 0
    lent: int = 0
    fees: int = 0
    penalties: int = 0
    overpaid: int = 0
    planned: bool = False

    @property
    def start(self) -> date:
        return self.period.start

    @property
    def left(self) -> int:
        """The principal that no row has asked for yet."""
        return self.opening + self.advanced + self.converted

    @property
    def to_ask(self) -> int:
        """What the instalments to come ask beside the interest they earn."""
        return self.left + self.put_off

    @property
    def accrued(self) -> Fraction:
        """What the running row earned up to `since`, exactly."""
        return sum((stretch.interest for stretch in self.stretches), NOTHING)

    @property
    def overdue_interest(self) -> int:
        return 0 if self.planned else sum(row.unpaid_interest for row in self.rows)

    @property
    def overdue_principal(self) -> int:
        return sum(row.unpaid_principal for row in self.rows)

    @property
    def is_over(self) -> bool:
        """Whether nothing is owed and nothing earns: no row is to come."""
        return not (self.left or self.balance or self.carried or self.put_off or self.earning or self.accrued)


def begin(terms: Terms) -> Standing:
    """Return a loan of which nothing has been advanced."""
    first, start = terms.calendar.period(1), terms.calendar.start
    return Standing(
        terms, terms.rate, terms.calendar, terms.count, first, start, terms.paying.effect, since=start
    )


def stretches_until(standing: Standing, until: date) -> tuple[Stretch, ...]:
    """Return the stretches of the running row up to a day, with the one that runs."""
    start, earning = standing.since, standing.earning
    if until <= start or not earning:
        return standing.stretches
    free = standing.number <= standing.terms.grace.interest_free
    years = standing.calendar.years(standing.period, start, until)
    rate = NO_RATE if free else standing.rate
    return (*standing.stretches, stretch(start, until, earning, rate, years, standing.terms.rounding))


def stretch(
    start: date, end: date, earning: int, rate: Decimal, years: Fraction, rounding: Rounding
) -> Stretch:
    """Return the days with what so much (minor units) earns in them."""
    above, below = rate.as_integer_ratio()
    interest = Fraction(earning * above * years.numerator, below * years.denominator * 100)
    if rounding.each_slice:
        interest = Fraction(whole(interest, rounding.interest))
    return Stretch(start, end, earning, rate, years, interest)


def accrue(standing: Standing, until: date) -> Standing:
    """End the stretch that runs, because what earns, or at which rate, is about to change."""
    if until <= standing.since:
        return standing
    return replace(standing, stretches=stretches_until(standing, until), since=until)


def earn_anew(standing: Standing, on: date) -> Standing:
    """Let interest be earned from this day on by what is owed now.

    Where payments count only from the next due day, it does not fall before that.
    """
    earning = what_earns(standing, standing.balance, standing.overdue_interest, standing.number)
    if earning == standing.earning:
        return standing
    waits = standing.terms.paying.counts is Counts.PERIOD and on != standing.start
    if waits and earning < standing.earning:
        return standing
    return replace(accrue(standing, on), earning=earning)


def what_earns(standing: Standing, balance: int, overdue_interest: int, number: int) -> int:
    """Return what earns interest in a row if so much is owed."""
    if standing.terms.method is Method.FLAT:
        return standing.lent if balance > 0 and number <= standing.count else 0
    return balance + (overdue_interest if standing.terms.arrears_earn else 0)


def interest_by(standing: Standing, on: date) -> int:
    """Return the interest not yet asked for that a payment on this day would have to settle."""
    until = on
    if standing.terms.paying.counts is Counts.PERIOD and on > standing.start:
        until = standing.period.due
    owed = standing.carried + standing.put_off + charged(standing, stretches_until(standing, until))
    return max(owed - standing.ahead_interest, 0)


def charged(standing: Standing, stretches: tuple[Stretch, ...]) -> int:
    """Return the interest of a row's stretches, rounded once."""
    if len(stretches) == 1:
        return whole(stretches[0].interest, standing.terms.rounding.interest)
    earned = sum((stretch.interest for stretch in stretches), NOTHING)
    return whole(earned, standing.terms.rounding.interest)


def whole(amount: Fraction, half: Half) -> int:
    """Round to a kobo."""
    below = amount.denominator
    kobo, rest = divmod(amount.numerator, below)
    up = 2 * rest > below or (2 * rest == below and (half is Half.UP or kobo % 2 == 1))
    return kobo + up
