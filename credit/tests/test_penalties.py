"""What being late costs: percent of what is overdue, capped, and never on a penalty."""

from datetime import date
from decimal import Decimal

import pytest

from credit.penalties import LateCharge, late_charge
from credit.periods import Calendar
from credit.replay import Charge, Disburse, Repay, replay
from credit.schedule import roll
from credit.standing import Standing
from credit.terms import Terms

START, FEBRUARY = date(2026, 1, 1), date(2026, 2, 1)
LATE = date(2026, 2, 4)
ROW = 26_262  # 1,000 at 2 % a month in four
FIVE = LateCharge(Decimal(5))


def overdue(*events: Repay | Charge, on: date = LATE) -> Standing:
    return roll(replay(Terms(Decimal(24), Calendar(START), 4), [Disburse(START, 100_000), *events]), on)


def test_a_late_charge_is_percent_of_what_is_unpaid_rounded_down() -> None:
    assert late_charge(FIVE, overdue(), 1, charged_before=0) == 1_313
    assert late_charge(FIVE, overdue(Repay(FEBRUARY, 20_000)), 1, charged_before=0) == 313
    assert late_charge(FIVE, overdue(Repay(FEBRUARY, ROW)), 1, charged_before=0) == 0


def test_no_penalty_is_worked_out_on_a_penalty() -> None:
    standing = overdue(Charge(FEBRUARY, 50_000, is_penalty=True))
    assert late_charge(FIVE, standing, 1, charged_before=0) == 1_313


def test_a_late_charge_has_its_caps() -> None:
    assert late_charge(LateCharge(Decimal(5), most=1_000), overdue(), 1, charged_before=0) == 1_000
    two = LateCharge(Decimal(5), cap=Decimal(2))
    assert late_charge(two, overdue(), 1, charged_before=1_500) == 500
    assert late_charge(two, overdue(), 1, charged_before=2_500) == 0


def test_the_first_days_are_free() -> None:
    lenient = LateCharge(Decimal(5), days_free=3)
    assert late_charge(lenient, overdue(), 1, charged_before=0) == 0
    assert late_charge(lenient, overdue(on=date(2026, 2, 5)), 1, charged_before=0) == 1_313
    assert late_charge(FIVE, overdue(on=FEBRUARY), 1, charged_before=0) == 0


def test_a_row_that_is_not_due_is_refused() -> None:
    with pytest.raises(ValueError, match="not due"):
        late_charge(FIVE, overdue(), 2, charged_before=0)


@pytest.mark.parametrize("rule", [{"percent": Decimal(-1)}, {"percent": Decimal(1), "most": -1}])
def test_a_late_charge_is_not_negative(rule: dict[str, Decimal]) -> None:
    with pytest.raises(ValueError, match="negative"):
        LateCharge(**rule)
