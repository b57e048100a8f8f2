"""The scorecard's scaling and points against figures that others published."""

import json
from decimal import Decimal, localcontext
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from core.tests.published import cases
from credit.scorecard import Bin, Characteristic, Kind, Scale, bin_of, points_of, score
from credit.tests.cards import only

CASES = cases(__file__, "scorecard_scaling")
# Another card's own table, with the points of each bin: beside this test only.
TABLE = json.loads((Path(__file__).parent / "vectors" / "scorecard_points.json").read_text())


def scale_of(inputs: dict[str, Any]) -> Scale:
    if "odds_bad_good" in inputs:
        odds = 1 / Fraction(inputs["odds_bad_good"])
    else:
        odds = Fraction(inputs.get("odds_good_bad") or inputs["odds"])
    number = Decimal(odds.numerator) / odds.denominator
    return Scale(points=Decimal(inputs["points"]), odds=number, pdo=Decimal(inputs["pdo"]))


def figures_of(inputs: dict[str, Any]) -> dict[str, Decimal]:
    """Every figure that a case may ask for, under the names that the sources give them."""
    scale = scale_of(inputs)
    found = {
        "factor": scale.factor,
        "B": scale.factor,
        "offset": scale.offset,
        "A": scale.offset,
        "offset_over_8": scale.offset / 8,
    }
    if "ask_odds" in inputs:
        found["points"] = scale.points_at(Decimal(inputs["ask_odds"]))
    if "intercept" in inputs:
        # That source's model gives the log odds of turning good.
        nothing = Decimal(0)
        found["base_score"] = points_of(
            scale, intercept=-Decimal(inputs["intercept"]), coefficient=nothing, woe=nothing, among=1
        )
    return found


@pytest.mark.parametrize("case", [case for case in CASES if "pdo" in case.values[0]["inputs"]])
def test_scaling(case: dict[str, Any]) -> None:
    found = figures_of(case["inputs"])
    assert case["expected"]
    for name, wanted in case["expected"].items():
        assert abs(found[name] - Decimal(wanted)) <= Decimal(case["tolerance"]), name


def bins_of(rows: dict[str, int]) -> tuple[Bin, ...]:
    return tuple(bin_from(written, Decimal(points)) for written, points in rows.items())


def bin_from(written: str, points: Decimal = Decimal(0)) -> Bin:
    """A bin as the sources write it: `[3, 5)`, `A,B`, `[OTHER, RENT]`, `missing`, `else`."""
    if written.lower() == "missing":
        return Bin(written, written, Kind.MISSING, points)
    if written == "else":
        return Bin(written, written, Kind.OTHER, points)
    if written.endswith(")"):
        ends = [Decimal(end.strip()) for end in written.strip("[()").split(",")]
        low, high = (end if end.is_finite() else None for end in ends)
        return Bin(written, written, Kind.RANGE, points, low, high)
    values = tuple(value.strip() for value in written.strip("[]").split(","))
    return Bin(written, written, Kind.VALUES, points, values=values)


@pytest.mark.parametrize("case", [case for case in CASES if "card" in case.values[0]["inputs"]])
def test_looking_up_a_card(case: dict[str, Any]) -> None:
    card = only(*(Characteristic(name, name, bins_of(rows)) for name, rows in case["inputs"]["card"].items()))
    found = [
        score(card, {name: Decimal(one) if isinstance(one, int) else one for name, one in row.items()}).points
        for row in case["inputs"]["rows"]
    ]
    assert case["tolerance"] == "exact"
    assert found == case["expected"]["scores"]


def test_no_published_case_is_left_out() -> None:
    left = [case.id for case in CASES if not {"pdo", "card"} & case.values[0]["inputs"].keys()]
    assert not left, f"No test reads cases of this form: {left}"


# Points per bin


@pytest.mark.parametrize("row", TABLE["bins"], ids=lambda row: f"{row['characteristic']}-{row['bin']}")
def test_points_of_a_published_card(row: dict[str, str]) -> None:
    found = points_of(
        scale_of(TABLE["scale"]),
        intercept=Decimal(TABLE["intercept"]),
        coefficient=Decimal(row["coefficient"]),
        woe=Decimal(row["woe"]),
        among=TABLE["characteristics"],
    )
    assert abs(found - Decimal(row["points"])) <= Decimal(TABLE["tolerance"])


def test_the_published_card_has_57_bins_that_count_and_a_neutral_one() -> None:
    counting = [row for row in TABLE["bins"] if Decimal(row["woe"])]
    assert len(counting) == 57 and len(TABLE["bins"]) == 58


def test_the_published_card_takes_each_value_in_one_bin() -> None:
    rates = [bin_from(row["bin"]) for row in TABLE["bins"] if row["characteristic"] == "loan_int_rate"]
    for value, wanted in (("6.459", "(-inf, 6.46)"), ("6.46", "[6.46, 7.46)"), ("15.28", "[15.28, inf)")):
        assert [one.code for one in rates if one.takes(Decimal(value))] == [wanted]
        assert bin_of("loan_int_rate", rates, Decimal(value)).code == wanted


def test_the_best_and_the_worst_that_the_published_card_gives() -> None:
    """The document says: approximately 317 (all worst bins) to 688 (all best bins)."""
    names = {row["characteristic"] for row in TABLE["bins"]}
    points = {
        name: [Decimal(row["points"]) for row in TABLE["bins"] if row["characteristic"] == name]
        for name in names
    }
    assert round(sum(min(one) for one in points.values())) == 317
    assert round(sum(max(one) for one in points.values())) == 688


def test_the_points_of_all_characteristics_together_are_the_score_of_the_models_odds() -> None:
    """The offset and the intercept are carried in equal parts, and come together again in the sum."""
    scale, intercept = scale_of(TABLE["scale"]), Decimal(TABLE["intercept"])
    chosen = {row["characteristic"]: row for row in TABLE["bins"]}.values()
    parts = [
        points_of(
            scale,
            intercept=intercept,
            coefficient=Decimal(row["coefficient"]),
            woe=Decimal(row["woe"]),
            among=8,
        )
        for row in chosen
    ]
    bad = intercept + sum(Decimal(row["coefficient"]) * Decimal(row["woe"]) for row in chosen)
    with localcontext(prec=40):
        total = sum(parts)
        assert abs(total - scale.points_at((-bad).exp())) < Decimal("1e-28")
        assert abs(scale.default_probability(total) - 1 / (1 + bad.exp()) * bad.exp()) <= Decimal("1e-10")
