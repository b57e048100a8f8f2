"""The record of a decision, and playing it again."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from decimal import ROUND_UP, Context, Decimal, localcontext
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credit.card_data import card_data, card_hash, card_of
from credit.decisions import Input, NotItsCard, Outcome, decide, replay
from credit.scorecard import CannotScore, Card
from credit.tests.cards import CARD, LATE, NOON, PAY, inputs, with_one
from credit.tests.fuzz import fuzz

FACTS = {
    "pay_to_income": st.none() | st.decimals(-5, 100, allow_nan=False, allow_infinity=False),
    "months_saving": st.none() | st.decimals(0, 40, places=2),
    "late_repayments": st.none() | st.integers(0, 9).map(Decimal),
    "home": st.none() | st.text(max_size=8).filter(lambda text: text.isprintable()),
    "inquiries": st.none() | st.integers(0, 9).map(Decimal),
    "age": st.none() | st.integers(10, 90).map(Decimal),
    "bureau_status": st.none() | st.sampled_from(["CLEAR", "DEFAULT"]),
}


def test_a_record_holds_all_that_the_decision_stands_on() -> None:
    found = decide(CARD, inputs(age=Decimal(17), home=None))
    data = json.loads(found.record)
    assert data["card"] == {"name": "house", "version": 3, "sha256": card_hash(CARD)}
    assert [one["name"] for one in data["inputs"]] == sorted(CARD.inputs)
    assert data["inputs"][0] == {
        "name": "age",
        "number": "17",
        "text": None,
        "source": "test",
        "at": "2027-03-01T12:00:00.000000+00:00",
    }
    assert data["hits"][3] == {"name": "home", "bin": "HOME0", "points": "112"}
    assert (data["points"], data["score"], data["cut_off"]) == ("667.25", 667, 600)
    assert data["rules_hit"] == [{"name": "too_young", "bin": "AGE"}]
    assert data["pd"] == str(found.score.pd) == "0.0019407650"
    assert data["outcome"] == "DECLINED" and [one["name"] for one in data["reasons"]] == ["too_young"]


@pytest.mark.parametrize(
    ("change", "outcome"),
    [
        ({}, Outcome.PASSED),
        ({"age": Decimal(17)}, Outcome.DECLINED),
        ({"pay_to_income": Decimal(50)}, Outcome.DECLINED),
        ({"bureau_status": None}, Outcome.DECLINED),
    ],
)
def test_who_reaches_the_cut_off_passes_unless_a_rule_declines(
    change: dict[str, Any], outcome: Outcome
) -> None:
    assert decide(CARD, inputs(**change)).outcome == outcome


def test_the_score_that_is_shown_is_the_one_that_decides() -> None:
    """599.5 is shown as 600, so 600 passes; a hair less is shown as 599 and does not."""
    for points, outcome in (("69.5", Outcome.PASSED), ("69.4999", Outcome.DECLINED)):
        first = replace(PAY.bins[0], points=Decimal(points))
        card = with_one(replace(PAY, bins=(first, *PAY.bins[1:])))
        found = decide(card, inputs())
        assert found.outcome == outcome
        assert (found.score.rounded >= 600) == (outcome == Outcome.PASSED)


@fuzz
@given(st.fixed_dictionaries(FACTS), st.datetimes(timezones=st.just(UTC)))
def test_a_record_played_again_is_the_same_byte_for_byte(facts: dict[str, Any], at: datetime) -> None:
    given_ = [Input(name, value, "wallet", at) for name, value in facts.items()]
    first = decide(CARD, given_)
    with localcontext(Context(prec=6, rounding=ROUND_UP)):
        again = replay(first.record, card_of(json.loads(json.dumps(card_data(CARD)))))
    assert again.record.encode() == first.record.encode()
    assert (again.sha256, again.outcome, again.reasons, again.score) == (
        first.sha256,
        first.outcome,
        first.reasons,
        first.score,
    )


def test_the_spelling_of_a_record_is_pinned() -> None:
    """Records are kept for years: another spelling needs another form, and the old one must still play."""
    found = decide(CARD, inputs(pay_to_income=Decimal(34), age=Decimal(17)))
    assert found.sha256 == "bc2d55013de1b5e08715c8c447d7caaa301654f476dd127ddd9351e4ce139271"


def test_the_order_that_inputs_come_in_changes_nothing() -> None:
    assert decide(CARD, inputs()).record == decide(CARD, inputs()[::-1]).record


def test_a_moment_is_the_same_in_any_zone() -> None:
    lagos = timezone(timedelta(hours=1))
    moved = [replace(one, at=one.at.astimezone(lagos)) for one in inputs()]
    assert decide(CARD, moved).record == decide(CARD, inputs()).record


def test_a_number_and_a_text_of_the_same_letters_are_two_values() -> None:
    record = json.loads(decide(CARD, inputs(home="1")).record)
    home = next(one for one in record["inputs"] if one["name"] == "home")
    assert (home["number"], home["text"]) == (None, "1")


def test_digits_are_kept_as_they_were_given() -> None:
    for written in ("34", "34.00", "3E+2"):
        record = decide(CARD, inputs(pay_to_income=Decimal(written))).record
        assert f'"number":"{written}"' in record
        assert replay(record, CARD).record == record


@pytest.mark.parametrize(
    "change",
    [
        {"version": 4},
        {"name": "another"},
        {"cut_off": 601},
        {
            "characteristics": (
                *CARD.characteristics[:-1],
                replace(CARD.characteristics[-1], average=Decimal(1)),
            )
        },
        {"rules": CARD.rules[:1]},
    ],
)
def test_a_record_is_played_again_only_with_its_own_card(change: dict[str, Any]) -> None:
    with pytest.raises(NotItsCard):
        replay(decide(CARD, inputs()).record, replace(CARD, **change))


@pytest.mark.parametrize(
    ("was", "becomes"),
    [
        ('"score":680', '"score":700'),
        ('"points":"680.25"', '"points":"680.2500"'),
        ('"outcome":"PASSED"', '"outcome":"DECLINED"'),
        ('"number":"4.5"', '"number":"44.5"'),
        ('"cut_off":600', '"cut_off": 600'),
        ('"rules_hit":[]', '"rules_hit":[{"bin":"AGE","name":"too_young"}]'),
    ],
)
def test_a_record_that_was_changed_does_not_play_again(was: str, becomes: str) -> None:
    record = decide(CARD, inputs()).record
    assert was in record
    changed = record.replace(was, becomes)
    assert replay(changed, CARD).record != changed


def test_an_input_given_twice_is_refused() -> None:
    with pytest.raises(CannotScore, match="twice"):
        decide(CARD, [*inputs(), Input("age", Decimal(40), "elsewhere", NOON)])


def test_a_time_without_a_zone_is_refused() -> None:
    naive = [replace(one, at=datetime(2027, 3, 1, 12)) for one in inputs()]  # noqa: DTZ001
    with pytest.raises(ValueError, match="no zone"):
        decide(CARD, naive)


# Cards as data


def test_a_card_comes_back_from_its_data_as_it_was() -> None:
    data = json.loads(json.dumps(card_data(CARD)))
    assert card_of(data) == CARD and card_hash(card_of(data)) == card_hash(CARD)


def test_any_change_of_a_card_is_another_hash() -> None:
    changed: list[Card] = [
        replace(CARD, version=4),
        replace(CARD, scale=replace(CARD.scale, pdo=Decimal(21))),
        with_one(replace(PAY, label="Pay against income")),
        with_one(replace(PAY, unit="")),
        with_one(replace(PAY, weight=Decimal("1.3"))),
        with_one(replace(PAY, counts_inquiries=True)),
        with_one(replace(LATE, bins=(replace(LATE.bins[0], high=Decimal(2)), *LATE.bins[1:]))),
        with_one(replace(LATE, bins=(replace(LATE.bins[0], points=Decimal("140.0000001")), *LATE.bins[1:]))),
    ]
    assert len({card_hash(card) for card in [CARD, *changed]}) == len(changed) + 1


@pytest.mark.parametrize("wrong", [600.0, Decimal("NaN"), 600, "six", None])
def test_a_card_holds_no_number_that_is_not_exact(wrong: Any) -> None:
    with pytest.raises((TypeError, ValueError)):
        card_data(with_one(replace(PAY, average=wrong)))


@pytest.mark.parametrize("wrong", [1.5, 600, "NaN", "six", True])
def test_data_with_a_number_that_is_not_exact_is_no_card(wrong: Any) -> None:
    data = card_data(CARD)
    data["scale"]["pdo"] = wrong
    with pytest.raises((TypeError, ValueError)):
        card_of(data)
