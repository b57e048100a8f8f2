"""The scorecard: which bin takes a value, what is refused, and what is rounded when."""

from dataclasses import replace
from decimal import ROUND_DOWN, Context, Decimal, localcontext
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credit.scorecard import CannotScore, Characteristic, Scale, bin_of, points_of, score
from credit.tests.cards import (
    CARD,
    GOOD,
    HOME,
    INQUIRIES,
    PAY,
    SCALE,
    band,
    missing,
    only,
    values,
)
from credit.tests.fuzz import fuzz

FINITE = st.decimals(min_value=-10_000, max_value=10_000, places=4)


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("-1", "PTI1"),
        ("4.9999999999999999999999999999999999", "PTI1"),
        ("5", "PTI2"),
        ("5.000", "PTI2"),
        ("19.99", "PTI2"),
        ("20", "PTI3"),
        ("1E+30", "PTI3"),
        (None, "PTI0"),
    ],
)
def test_a_bin_takes_its_lower_bound_and_not_its_upper(value: str | None, code: str) -> None:
    number = None if value is None else Decimal(value)
    assert bin_of(PAY.name, PAY.bins, number).code == code
    assert [one.code for one in PAY.bins if one.takes(number)] == [code]


@pytest.mark.parametrize(
    ("value", "code"),
    [("OWN", "HOME1"), ("MORTGAGE", "HOME1"), ("RENT", "HOME2"), ("own", "HOME9"), (None, "HOME0")],
)
def test_a_named_value_that_no_bin_names_is_another_answer_and_not_a_missing_one(
    value: str | None, code: str
) -> None:
    assert bin_of(HOME.name, HOME.bins, value).code == code


@fuzz
@given(FINITE)
def test_every_number_is_in_one_bin(value: Decimal) -> None:
    assert sum(one.takes(value) for one in PAY.bins) == 1


@pytest.mark.parametrize(
    "wrong", ["5", 5, 4.5, True, Decimal("NaN"), Decimal("Infinity"), Decimal("sNaN"), b"5", []]
)
def test_a_number_is_a_finite_decimal_and_nothing_else(wrong: Any) -> None:
    with pytest.raises(CannotScore):
        score(CARD, values(pay_to_income=wrong))


@pytest.mark.parametrize("wrong", [Decimal(1), 1, True, ["OWN"], b"OWN"])
def test_a_named_value_is_a_text_and_nothing_else(wrong: Any) -> None:
    with pytest.raises(CannotScore):
        score(CARD, values(home=wrong))
    with pytest.raises(CannotScore):
        score(CARD, values(bureau_status=wrong))


def test_a_missing_value_without_a_bin_is_refused_and_not_zero() -> None:
    card = only(Characteristic("months", "Months", (band("M1", "10", None, "3"), band("M2", "20", "3"))))
    with pytest.raises(CannotScore, match="a missing value"):
        score(card, {"months": None})


def test_a_missing_value_is_not_another_answer() -> None:
    with pytest.raises(CannotScore, match="a missing value"):
        score(only(replace(HOME, bins=HOME.bins[:-1])), {"home": None})


def test_a_value_in_a_gap_is_refused_and_not_zero() -> None:
    card = only(Characteristic("months", "Months", (band("M1", "10", None, "3"), band("M2", "20", "4"))))
    with pytest.raises(CannotScore, match="no bin for 3"):
        score(card, {"months": Decimal(3)})


@pytest.mark.parametrize("left_out", sorted(GOOD))
def test_an_input_that_was_not_given_is_not_a_missing_value(left_out: str) -> None:
    given_ = {name: value for name, value in GOOD.items() if name != left_out}
    with pytest.raises(CannotScore, match=left_out):
        score(CARD, given_)
    assert score(CARD, {**given_, left_out: None}).hits


def test_an_input_that_the_card_does_not_ask_for_is_refused() -> None:
    with pytest.raises(CannotScore, match="tribe"):
        score(CARD, {**GOOD, "tribe": "x"})


def test_the_points_of_the_bins_make_the_score() -> None:
    found = score(CARD, GOOD)
    assert [(hit.bin.code, str(hit.bin.points)) for hit in found.hits] == [
        ("PTI1", "150.25"),
        ("SAV3", "140"),
        ("LATE1", "140"),
        ("HOME1", "125"),
        ("INQ1", "125"),
    ]
    assert (found.points, found.rounded, found.rules_hit) == (Decimal("680.25"), 680, ())


def test_points_are_rounded_once_and_both_are_kept() -> None:
    """Three bins of a third each: rounded one by one they come to nothing, rounded together to one."""
    third = Decimal("0.34")
    card = only(
        *(
            Characteristic(name, name, (band(f"{name}1", str(third)), missing(f"{name}0", "0")))
            for name in "abc"
        )
    )
    found = score(card, dict.fromkeys("abc", Decimal(1)))
    assert (found.points, found.rounded) == (Decimal("1.02"), 1)


@pytest.mark.parametrize(
    ("points", "rounded"), [("599.4999", 599), ("599.5", 600), ("600.5", 601), ("0.5", 1), ("-0.4", 0)]
)
def test_a_half_is_rounded_up(points: str, rounded: int) -> None:
    card = only(Characteristic("a", "a", (band("A", points), missing("A0", "0"))))
    assert score(card, {"a": Decimal(1)}).rounded == rounded


def test_the_callers_context_changes_no_digit() -> None:
    exact = score(CARD, GOOD)
    arguments: dict[str, Any] = {
        "intercept": Decimal("-1.3"),
        "coefficient": Decimal("0.7"),
        "woe": Decimal("0.123456789"),
        "among": 7,
    }
    points = points_of(SCALE, **arguments)
    with localcontext(Context(prec=5, rounding=ROUND_DOWN)):
        assert score(CARD, GOOD) == exact
        assert points_of(SCALE, **arguments) == points
        assert str(SCALE.factor) == "28.85390081777926814719849362003784"


def test_more_points_stand_for_better_odds() -> None:
    assert SCALE.default_probability(Decimal(600)) == Decimal("0.0196078431")  # 1 in 51
    assert SCALE.default_probability(Decimal(620)) == Decimal("0.0099009901")  # 1 in 101
    assert SCALE.default_probability(Decimal(580)) == Decimal("0.0384615385")  # 1 in 26


@fuzz
@given(st.decimals(min_value=-3_000, max_value=3_000, places=2), st.decimals(0, 500, places=2))
def test_a_chance_lies_between_nothing_and_one_and_never_rises_with_the_points(
    points: Decimal, more: Decimal
) -> None:
    lower, higher = SCALE.default_probability(points), SCALE.default_probability(points + more)
    assert 0 <= higher <= lower <= 1


@pytest.mark.parametrize(("points", "pd"), [("1E+12", 0), ("-1E+12", 1)])
def test_no_score_is_too_great_to_have_a_chance(points: str, pd: int) -> None:
    assert SCALE.default_probability(Decimal(points)) == pd


@fuzz
@given(st.decimals(min_value=Decimal("0.001"), max_value=10**6, places=3))
def test_points_and_odds_are_two_ways_of_saying_one_thing(odds: Decimal) -> None:
    chance = SCALE.default_probability(SCALE.points_at(odds))
    assert abs(chance - 1 / (1 + odds)) <= Decimal("1e-10")


@pytest.mark.parametrize(
    "wrong", [{"odds": Decimal(0)}, {"odds": Decimal(-5)}, {"pdo": Decimal(0)}, {"pdo": Decimal("NaN")}]
)
def test_a_scale_has_odds_and_steps_above_zero(wrong: dict[str, Decimal]) -> None:
    with pytest.raises(ValueError):
        replace(SCALE, **wrong)


def test_a_scale_is_no_float() -> None:
    with pytest.raises(TypeError):
        Scale(points=600.0, odds=Decimal(50), pdo=Decimal(20))  # type: ignore[arg-type]


# Hard rules


@pytest.mark.parametrize(
    ("change", "hit"),
    [
        ({"age": Decimal("17.99")}, ["AGE"]),
        ({"age": Decimal(18)}, []),
        ({"age": None}, []),
        ({"bureau_status": "DEFAULT"}, ["DEFAULT"]),
        ({"bureau_status": None}, ["NO_FILE"]),
        ({"bureau_status": "SOMETHING_ELSE"}, []),
        ({"age": Decimal(3), "bureau_status": "DEFAULT"}, ["AGE", "DEFAULT"]),
    ],
)
def test_a_hard_rule_hits_where_one_of_its_bins_takes_the_value(
    change: dict[str, Any], hit: list[str]
) -> None:
    found = score(CARD, values(**change))
    assert [one.bin.code for one in found.rules_hit] == hit
    assert found.points == score(CARD, GOOD).points


def test_the_best_band_is_one_of_a_known_value() -> None:
    assert PAY.best.code == "PTI1" and INQUIRIES.best.code == "INQ1"
    generous = replace(PAY, bins=(*PAY.bins[:-1], missing("PTI0", "999")))
    assert generous.best.code == "PTI1"
