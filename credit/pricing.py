"""What an offer comes to: its schedule, what it costs and the yearly rate of that. Pure.

One road for the calculator, an offer, its contract and the loan, so that all show the same numbers. Amounts are minor
units (kobo), rates percent a year.
"""

from dataclasses import dataclass
from datetime import date
from decimal import ROUND_DOWN, Decimal

from credit.cost import Cost, cost
from credit.product_rules import ProductRules
from credit.schedule import schedule
from credit.standing import Row
from credit.terms import Terms


@dataclass(frozen=True)
class Priced:
    """`fees` are kept back from what is paid out; the first row is due one period after that."""

    terms: Terms
    rows: tuple[Row, ...]
    cost: Cost
    fees: int


def price(
    rules: ProductRules,
    *,
    amount: int,
    count: int,
    rate: Decimal,
    start: date,
    fee_percent: Decimal = Decimal(0),
    fee_fixed: int = 0,
) -> Priced:
    """Work out a loan of `amount` (minor units) in `count` instalments, paid out on `start`.

    Raises ValueError for what cannot be lent, NoRate where the fees eat up the loan.
    """
    terms = rules.terms(amount=amount, rate=rate, count=count, start=start)
    rows = schedule(terms, [(start, amount)])
    fees = fee_of(amount, percent=fee_percent, fixed=fee_fixed)
    charged = [(start, fees)] if fees else []
    return Priced(terms, rows, cost(rows, terms.calendar, [(start, amount)], charged), fees)


def fee_of(amount: int, *, percent: Decimal, fixed: int) -> int:
    """Percent of what is lent, rounded down, and a fixed part; minor units."""
    return int((amount * percent / 100).to_integral_value(ROUND_DOWN)) + fixed
