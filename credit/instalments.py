"""How large an instalment is: the one that leaves nothing after the last row, if each is paid on its day.

Pure. Row by row, what is owed grows by its interest and shrinks by the instalment. Both sides are carried along at
once, `owed` as money and `paid` as a number of instalments of weight 1; their quotient is the instalment.
"""

from dataclasses import replace
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Decimal, localcontext
from fractions import Fraction
from functools import lru_cache

from credit.standing import NOTHING, Standing, stretches_until
from credit.terms import MOST_ROWS, Method, Rounding, To

PRECISION = 34
_MODES = {To.NEAREST: ROUND_HALF_EVEN, To.UP: ROUND_CEILING, To.DOWN: ROUND_FLOOR}
Rows = list[tuple[int, Decimal, Decimal]]  # numbers of rows, their weights, and what one kobo earns in each
BY_PRINCIPAL = (Method.EQUAL_PRINCIPAL, Method.INTEREST_ONLY)


class TooSmall(ValueError):
    """An instalment would not cover its own interest, and the contract does not say that the rest becomes principal."""


def to_multiple(amount: Decimal, rounding: Rounding) -> int:
    """Round an instalment (kobo) as the contract says."""
    steps = (amount / rounding.multiple).to_integral_value(_MODES[rounding.to])
    return int(steps) * rounding.multiple


def asked(standing: Standing, number: int) -> int:
    """Return what a row's instalment asks, interest included; of principal alone where that is what is agreed."""
    return to_multiple(standing.unit * standing.terms.weight(number), standing.terms.rounding)


def work_out(standing: Standing) -> Standing:
    """Return the loan with the instalment that, from the running row on, leaves nothing. Raises TooSmall."""
    terms = standing.terms
    if terms.method is Method.INTEREST_ONLY:
        return standing
    with localcontext(prec=PRECISION):
        rows = _amortising(standing)
        if terms.instalment is not None:
            unit = Decimal(terms.instalment)
        elif terms.method is Method.EQUAL_PRINCIPAL:
            unit = Decimal(standing.to_ask) / _rows_with_principal(standing)
        elif terms.method is Method.FLAT:
            unit = _flat(standing)
        else:
            unit = _annuity(standing, rows)
        worked_out = replace(standing, unit=unit)
        if terms.method is not Method.EQUAL_PRINCIPAL and not terms.capitalise_unpaid:
            _check_interest_is_covered(worked_out, rows)
        return worked_out


def rows_needed(standing: Standing) -> int:
    """Return how many rows there are in all if the instalment stays what it is. Raises TooSmall."""
    terms = standing.terms
    if terms.method in BY_PRINCIPAL:
        return standing.count
    with localcontext(prec=PRECISION):
        owed = Decimal(standing.to_ask)
        for number in range(max(standing.number, terms.grace.no_principal + 1), MOST_ROWS + 1):
            earning = standing.lent if terms.method is Method.FLAT else owed
            owed += earning * _factor(standing, number) - asked(standing, number)
            if owed <= terms.balloon:
                return number
        raise TooSmall("At this rate the instalment never pays the loan back.")


def _rows_with_principal(standing: Standing) -> int:
    return standing.count - max(standing.number - 1, standing.terms.grace.no_principal)


def _flat(standing: Standing) -> Decimal:
    rows = range(standing.count - _rows_with_principal(standing) + 1, standing.count + 1)
    interest = standing.lent * sum((_rate_of(standing, number) for number in rows), Decimal(0))
    return (standing.to_ask + interest) / len(rows)


def _annuity(standing: Standing, rows: Rows) -> Decimal:
    owed, paid = Decimal(standing.to_ask), Decimal(0)
    for _number, weight, factor in rows:
        growth = 1 + factor
        owed *= growth
        paid = paid * growth + weight
    unit = (owed - standing.terms.balloon) / paid
    if unit < 0:
        raise ValueError("The balloon is more than is owed.")
    return unit


def _check_interest_is_covered(standing: Standing, rows: Rows) -> None:
    """Raise TooSmall where the debt would grow. It cannot where interest is flat, however little is paid."""
    terms = standing.terms
    if terms.method is Method.FLAT:
        return
    owed, unit = Decimal(standing.left), standing.unit
    for number, weight, factor in rows:
        grows = owed * factor - unit * weight
        # The instalment is not rounded yet: less than a kobo is nothing.
        if grows >= 1 and terms.grace.no_principal < number < standing.count:
            raise TooSmall(f"Instalment {number} would be less than its interest.")
        owed += grows


def _amortising(standing: Standing) -> Rows:
    """The rows from the running one on in which the debt changes: not those in which interest is paid and no more."""
    terms, grace = standing.terms, standing.terms.grace
    return [
        (number, terms.weight(number), _factor(standing, number))
        for number in range(standing.number, standing.count + 1)
        if number > grace.no_principal or (grace.capitalised and number <= grace.interest_later)
    ]


def _factor(standing: Standing, number: int) -> Decimal:
    """What one kobo, owed at a row's beginning, earns in it; in the running row with what it has earned so far."""
    if number != standing.number or standing.left == 0:
        return _rate_of(standing, number)
    running = stretches_until(replace(standing, earning=standing.left), standing.period.due)
    return _decimal(sum((stretch.interest for stretch in running), NOTHING) / standing.left)


def _rate_of(standing: Standing, number: int) -> Decimal:
    if number <= standing.terms.grace.interest_free:
        return Decimal(0)
    years = standing.calendar.period(number).years
    return standing.rate * _quotient(years.numerator, years.denominator) / 100


@lru_cache(maxsize=64)
def _quotient(above: int, below: int) -> Decimal:
    """A part of a year; most periods of a loan are the same."""
    with localcontext(prec=PRECISION):
        return Decimal(above) / below


def _decimal(fraction: Fraction) -> Decimal:
    return Decimal(fraction.numerator) / fraction.denominator
