"""What is said of a product that is not paid back as most are."""

from decimal import Decimal
from typing import Any

import pytest

from credit.borrowing_words import method
from credit.product_rules import ProductRules
from credit.product_words import unusual
from credit.terms import Bucket, Effect, Grace, Half, Method, Paying, Rounding, To
from wallet.rhythm import DAILY, WEEKLY


def rules(name: str, **changes: Any) -> ProductRules:
    return ProductRules(method=Method(name), **changes)


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (
            rules("BALLOON", balloon=Decimal("30.0000")),
            "Smaller instalments, and 30% of the loan that waits for the last",
        ),
        (
            rules("GRADUATED", growth=Decimal(5)),
            "Each instalment is 5% larger than the one before",
        ),
        (
            rules("GRADUATED", growth=Decimal("-2.5"), growth_every=6),
            "After every 6 instalments they are 2.5% smaller",
        ),
        (
            rules("STEPPED", weights=(Decimal(1), Decimal("1.0"), Decimal("2.50"))),
            "Instalments in the proportion 1 : 1 : 2.5, over and over",
        ),
    ],
)
def test_a_method_is_said_with_its_figures(made: ProductRules, words: str) -> None:
    assert method(made) == words
    assert unusual(made, "NGN") == []


@pytest.mark.parametrize("made", list(Method))
def test_each_method_has_words(made: Method) -> None:
    assert method(ProductRules(method=made, growth=Decimal(1), weights=(Decimal(1),)))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"every": 2}, ["Every 2 months"]),
        ({"rhythm": WEEKLY}, ["Every week"]),
        ({"rhythm": DAILY, "every": 3}, ["Every 3 days"]),
        (
            {"grace": Grace(3, 2, 1)},
            [
                "The first 3 instalments pay back nothing",
                "is asked for all at once",
                "no interest is charged",
            ],
        ),
        ({"grace": Grace(1, 1, capitalised=True)}, ["pays back nothing", "added to the loan, and earns"]),
        ({"capitalise_unpaid": True}, ["you may owe more than you borrowed"]),
        ({"arrears_earn": True}, ["Interest that is overdue earns interest"]),
        ({"rounding": Rounding(10_000, To.UP)}, ["rounded up to ₦100.00; the last takes what is left"]),
        ({"rounding": Rounding(to=To.DOWN)}, ["rounded down to a kobo"]),
        ({"rounding": Rounding(interest=Half.UP, smoothed=True)}, ["Half a kobo", "moved a little"]),
        (
            {"paying": Paying(order=(Bucket.PRINCIPAL, Bucket.INTEREST, Bucket.PENALTY, Bucket.FEE))},
            ["Principal, interest, late charges, fees"],
        ),
        (
            {"paying": Paying(row_by_row=False, accrued_first=False)},
            ["all of one kind", "Pays the loan at once"],
        ),
        ({"paying": Paying(effect=Effect.FEWER)}, ["Ends the loan earlier, unless you choose otherwise"]),
        ({"paying": Paying(effect=Effect.POSTPONED)}, ["Pays the next instalments in advance"]),
    ],
)
def test_each_unusual_rule_is_said_and_no_other(changes: dict[str, Any], said: list[str]) -> None:
    rows = unusual(ProductRules(**changes), "NGN")
    assert len(rows) == len(said)
    for (_title, words), part in zip(rows, said, strict=True):
        assert part in words
