"""What a lender may offer: its limits, and that a loan comes of it wherever it is asked for."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from credit.penalties import LateCharge
from credit.product_checks import Offered, ProductInvalid, check
from credit.product_rules import ProductRules
from credit.terms import Grace, Method, Rounding
from wallet.rhythm import DAILY, WEEKLY

NAIRA = 100
OFFERED = Offered(
    least=10_000 * NAIRA,
    most=500_000 * NAIRA,
    shortest=3,
    longest=12,
    lowest_rate=Decimal(18),
    highest_rate=Decimal(36),
    fee_percent=Decimal(1),
    late=LateCharge(Decimal(1), cap=Decimal(10), days_free=3),
)


def rules(method: str = "LEVEL", **changes: Any) -> dict[str, Any]:
    weights = tuple(Decimal(one) for one in changes.pop("weights", ()))
    return {"rules": ProductRules(method=Method(method), weights=weights, **changes)}


def growing(percent: str, **changes: Any) -> dict[str, Any]:
    return rules("GRADUATED", growth=Decimal(percent), **changes)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"least": 0}, "most"),
        ({"most": 1}, "most"),
        ({"least": 1}, "least"),
        ({"longest": 2}, "longest"),
        ({"highest_rate": Decimal(1001)}, "highest_rate"),
        ({"fee_percent": Decimal(100)}, "fee_percent"),
        ({"fee_fixed": 10_000 * NAIRA}, "fee_fixed"),
        ({"late": LateCharge(Decimal(11))}, "late_percent"),
        ({"cooling_off_days": 2}, "cooling_off_days"),
        ({"conditions": ("",)}, "conditions"),
        (rules("BALLOON"), "balloon"),
        (rules("BALLOON", balloon=Decimal("100.01")), "balloon"),
        (rules("BALLOON", balloon=Decimal("0.00001")), "balloon"),
        ({**rules("BALLOON", balloon=Decimal(100)), "lowest_rate": Decimal(0)}, "balloon"),
        (growing("0"), "growth"),
        (growing("101"), "growth"),
        (growing("-100"), "growth"),
        (growing("-90"), "growth"),
        ({**growing("50"), "longest": 60}, "growth"),
        (growing("2", growth_every=12), "growth_every"),
        (rules("STEPPED"), "weights"),
        (rules("STEPPED", weights=[0, 0]), "weights"),
        (rules("STEPPED", weights=[1, -1]), "weights"),
        (rules("STEPPED", weights=[1] * 13), "weights"),
        (rules("STEPPED", weights=[2, 1, 0]), "weights"),
        (rules("STEPPED", weights=["0.01", 1]), "weights"),
        ({**rules("STEPPED", weights=[0, 0, 1]), "shortest": 12}, "weights"),
        (rules(grace=Grace(no_principal=3)), "no_principal"),
        (rules(grace=Grace(interest_free=4)), "interest_free"),
        (rules(grace=Grace(no_principal=1, interest_later=2)), "interest_later"),
        (rules("INTEREST_ONLY", grace=Grace(interest_later=3)), "interest_later"),
        (rules(grace=Grace(capitalised=True)), "capitalised"),
        (rules(every=13), "every"),
        (rules(every=53, rhythm=WEEKLY, day_count="ACT/364"), "every"),
        (rules(rhythm=DAILY), "day_count"),
        (rules(rounding=Rounding(multiple=0)), "multiple"),
        (rules(rounding=Rounding(multiple=1_000 * NAIRA)), "multiple"),
        (rules("FLAT", rounding=Rounding(smoothed=True)), "smoothed"),
    ],
)
def test_what_nobody_may_offer_is_refused_at_its_field(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(ProductInvalid) as refusal:
        check(Offered(**{**vars(OFFERED), **changes}), on=date(2026, 1, 31))
    assert refusal.value.public_data == {"field": field}
    assert str(refusal.value) != str(ProductInvalid.message)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        rules("BALLOON", balloon=Decimal(100)),
        {**growing("10", capitalise_unpaid=True), "longest": 60},
        growing("-10", growth_every=3),
        rules("STEPPED", weights=[1, 1, 2]),
        {**rules("STEPPED", weights=[0, 0, 1], capitalise_unpaid=True), "shortest": 12},
        rules("INTEREST_ONLY", grace=Grace(interest_later=2)),
        rules("FLAT", rhythm=DAILY, every=1, day_count="ACT/365F"),
        rules("EQUAL_PRINCIPAL", rounding=Rounding(multiple=100 * NAIRA)),
    ],
)
def test_what_comes_to_a_loan_everywhere_may_be_offered(changes: dict[str, Any]) -> None:
    check(Offered(**{**vars(OFFERED), **changes}), on=date(2026, 1, 31))
