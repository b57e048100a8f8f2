"""What somebody reads before they sign: every figure of a contract, its schedule, and what being late or early costs.

Pure. Amounts are minor units (kobo), rates percent a year. All of it follows from what was agreed, by the same road as
the offer's own figures (`credit/pricing.py`); where it would come to others, nothing is shown.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _

from core.errors import DomainError
from credit.penalties import LateCharge, late_charge
from credit.pricing import Priced, price
from credit.product_rules import ProductRules
from credit.replay import Disburse, Event, Repay, quote, replay
from credit.schedule import roll

PLACES = Decimal("0.01")
LATE_BY = 10  # days beyond those that cost nothing, in the example


class FiguresDiffer(DomainError):
    """What was agreed does not come to what was offered; staff are to look at it."""

    code = "credit_figures_differ"
    kind = "unavailable"
    message = _(
        "We are looking into the figures of this agreement. Nothing can be signed until they are right."
    )


@dataclass(frozen=True)
class Agreed:
    """What a contract says of its price. `days` are those on which it may have been reckoned, the likeliest first."""

    amount: int
    count: int
    rate: Decimal
    apr: Decimal
    fees: int
    received: int
    total_payable: int
    rules: ProductRules
    late: LateCharge
    days: tuple[date, ...]


@dataclass(frozen=True)
class LateExample:
    """An instalment (minor units) that is so many days late, and what is charged for it."""

    instalment: int
    due: date
    days: int
    charge: int


@dataclass(frozen=True)
class EarlyExample:
    """Paying off with the instalment of this number: what is paid that day, instead of what, and what that saves."""

    number: int
    on: date
    total: int
    instead: int

    @property
    def saves(self) -> int:
        return self.instead - self.total


@dataclass(frozen=True)
class KeyFacts:
    """`on` is the day as of which days are given, as if the money came then."""

    on: date
    priced: Priced
    late: LateExample | None
    early: EarlyExample | None

    @property
    def schedule(self) -> list[list[Any]]:
        """Each row as number, due day, interest, principal, instalment, and the principal left after it."""
        rows, left = [], sum(row.principal for row in self.priced.rows)
        for row in self.priced.rows:
            left -= row.principal
            rows.append([row.number, row.due.isoformat(), row.interest, row.principal, row.payment, left])
        return rows


def key_facts(agreed: Agreed) -> KeyFacts:
    """Work out the facts on the first of the days on which they come to what was offered. Raises FiguresDiffer."""
    for on in dict.fromkeys(agreed.days):
        priced = price(
            agreed.rules,
            amount=agreed.amount,
            count=agreed.count,
            rate=agreed.rate,
            start=on,
            fee_fixed=agreed.fees,
        )
        if comes_to(agreed, priced):
            return KeyFacts(on, priced, _late(agreed, priced, on), _early(agreed, priced, on))
    raise FiguresDiffer


def comes_to(agreed: Agreed, priced: Priced) -> bool:
    """Whether a price is the one that was offered: to the kobo, and the yearly rate as it is shown."""
    found = priced.cost
    is_same = (found.received, found.payable) == (agreed.received, agreed.total_payable)
    return is_same and shown(found.aprc) == shown(agreed.apr)


def shown(rate: Decimal) -> Decimal:
    """A rate as it is disclosed: two places, half up."""
    return rate.quantize(PLACES, ROUND_HALF_UP)


def _late(agreed: Agreed, priced: Priced, on: date) -> LateExample | None:
    """The first that asks for something, not paid for some days longer than is free. None where nothing is charged."""
    if not agreed.late.percent:
        return None
    first, days = next(row for row in priced.rows if row.payment), agreed.late.days_free + LATE_BY
    lent = replay(priced.terms, [Disburse(on, agreed.amount)])
    standing = roll(lent, first.due + timedelta(days=days))
    return LateExample(
        instalment=first.payment,
        due=first.due,
        days=days,
        charge=late_charge(agreed.late, standing, first.number, charged_before=0),
    )


def _early(agreed: Agreed, priced: Priced, on: date) -> EarlyExample | None:
    """Half way: all instalments up to then paid on their days, and the rest at once. None for a single instalment."""
    rows = priced.rows
    if len(rows) < 2:
        return None
    half = rows[len(rows) // 2 - 1]
    before = [row for row in rows if row.number < half.number and row.payment > 0]
    events: Iterable[Event] = [Disburse(on, agreed.amount), *(Repay(row.due, row.payment) for row in before)]
    found = quote(replay(priced.terms, events), half.due)
    instead = sum(row.payment for row in rows if row.number >= half.number)
    return EarlyExample(half.number, half.due, found.total, instead)
