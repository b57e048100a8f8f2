"""What is read before signing follows from what was agreed, and can be followed by hand."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest

from credit.apr import UnitFlow, apr
from credit.key_facts import Agreed, FiguresDiffer, key_facts, shown
from credit.penalties import LateCharge
from credit.periods import MONTH_12_EU
from credit.pricing import price
from credit.product_rules import ProductRules
from credit.tests.world import NAIRA

ON = date(2026, 12, 1)
LATE = LateCharge(percent=Decimal(1), most=500_000, cap=Decimal(10), days_free=3)


def agreed(rules: ProductRules, *, on: date = ON, count: int = 12, late: LateCharge = LATE) -> Agreed:
    amount, rate, fees = 100_000 * NAIRA, Decimal(24), 1_000 * NAIRA
    cost = price(rules, amount=amount, count=count, rate=rate, start=on, fee_fixed=fees).cost
    return Agreed(
        amount=amount,
        count=count,
        rate=rate,
        apr=cost.aprc,
        fees=fees,
        received=cost.received,
        total_payable=cost.payable,
        rules=rules,
        late=late,
        days=(on,),
    )


def test_figures_of_a_loan_that_is_reckoned_by_hand() -> None:
    facts = key_facts(agreed(ProductRules()))
    # 2 % a month on 100,000 in 12 instalments of 9,455.96.
    first, last = facts.schedule[0], facts.schedule[-1]
    assert first == [1, "2027-01-01", 2_000_00, 7_455_96, 9_455_96, 92_544_04]
    assert (last[1], last[5]) == ("2027-12-01", 0)
    assert sum(row[3] for row in facts.schedule) == 100_000_00
    # The law's rate of the EU, and beside it the one of Regulation Z: the same monthly rate, compounded or not.
    flows = [UnitFlow(Decimal(99_000_00), 0)]
    flows += [UnitFlow(Decimal(-row[4]), row[0]) for row in facts.schedule]
    american = apr(flows, periods_a_year=Fraction(12))
    monthly = american / 1200
    assert shown(((1 + monthly) ** 12 - 1) * 100) == shown(facts.priced.cost.aprc)
    assert (shown(american), shown(facts.priced.cost.aprc)) == (Decimal("25.97"), Decimal("29.29"))


def test_being_late_and_being_early_by_example() -> None:
    facts = key_facts(agreed(ProductRules()))
    late, early = facts.late, facts.early
    assert late is not None
    assert early is not None
    # 1 % of the instalment, 13 days late: three are free.
    assert (late.instalment, late.due, late.days, late.charge) == (9_455_96, date(2027, 1, 1), 13, 94_55)
    # With the sixth instalment all that is left after it: the interest of the six that would have followed is saved.
    paid_off = facts.schedule[5]
    assert (early.number, early.on) == (6, date(2027, 6, 1))
    assert early.total == paid_off[4] + paid_off[5]
    assert early.saves == sum(row[2] for row in facts.schedule[6:])


def test_where_nothing_is_charged_there_is_no_example_and_one_instalment_cannot_be_early() -> None:
    free = key_facts(agreed(ProductRules(), late=LateCharge(percent=Decimal(0))))
    assert free.late is None
    assert key_facts(agreed(ProductRules(), count=1)).early is None


def test_it_is_reckoned_on_the_day_that_comes_to_what_was_offered_or_not_at_all() -> None:
    # By actual days another day is other interest; by months it is the same.
    by_days = agreed(ProductRules(day_count="ACT/365F"))
    later = ON + timedelta(days=31)
    assert key_facts(replace(by_days, days=(later, ON))).on == ON
    with pytest.raises(FiguresDiffer):
        key_facts(replace(by_days, days=(later,)))
    assert key_facts(replace(agreed(ProductRules(day_count=MONTH_12_EU)), days=(later, ON))).on == later
    for other in ({"total_payable": by_days.total_payable + 1}, {"apr": by_days.apr + 1}, {"received": 1}):
        with pytest.raises(FiguresDiffer):
            key_facts(replace(by_days, **other))
