"""Why somebody was declined: the factors furthest below those who just pass, in the words of their bins."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credit.reasons import Cause, Reason, factors_below, reasons_of, sentence, with_averages
from credit.scorecard import Card, Characteristic, score
from credit.tests.cards import CARD, INQUIRIES, PAY, band, missing, only, values
from credit.tests.fuzz import fuzz

BAD = {
    "pay_to_income": Decimal(34),
    "months_saving": Decimal(1),
    "late_repayments": Decimal(2),
    "home": "RENT",
}


def named(card: Card, **changes: Any) -> list[str]:
    return [reason.name for reason in reasons_of(card, score(card, values(**changes)))]


def factor(name: str, points: str, average: str, weight: str = "1", **more: Any) -> Characteristic:
    """A factor whose only known band gives these points; the missing one gives what is best."""
    bins = (band(f"{name}1", points, words="any"), missing(f"{name}0", "100"))
    return Characteristic(name, name, bins, Decimal(weight), Decimal(average), **more)


def reasons_among(*factors: Characteristic) -> list[str]:
    card = only(*factors, cut_off=10_000)
    scored = score(card, {one.name: Decimal(1) for one in factors})
    return [reason.name for reason in reasons_of(card, scored)]


def test_the_furthest_below_those_who_just_pass_comes_first() -> None:
    """Short by 65, 40, 32 and 3; loans asked for by 2, so they are the fifth."""
    found = reasons_of(CARD, score(CARD, values(**BAD, inquiries=Decimal(4))))
    assert [(one.name, one.code, str(one.shortfall)) for one in found] == [
        ("pay_to_income", "PTI3", "65"),
        ("late_repayments", "LATE2", "40"),
        ("months_saving", "SAV1", "32"),
        ("home", "HOME2", "3"),
        ("inquiries", "INQ2", "2"),
    ]


def test_inquiries_are_no_reason_where_they_did_not_count_against_anybody() -> None:
    assert named(CARD, **BAD, inquiries=Decimal(1)) == [
        "pay_to_income",
        "late_repayments",
        "months_saving",
        "home",
    ]


def test_inquiries_among_the_first_four_are_named_once_and_the_fifth_is_left_out() -> None:
    factors = [factor(name, "0", str(60 - place)) for place, name in enumerate("abcde")]
    inquiries = factor("i", "0", "59.5", counts_inquiries=True)
    assert reasons_among(*factors, inquiries) == ["a", "i", "b", "c"]


def test_four_are_named_however_many_fall_short() -> None:
    assert reasons_among(*(factor(name, "0", "50") for name in "hgfedcba")) == ["a", "b", "c", "d"]


def test_equal_factors_go_by_weight_then_by_name() -> None:
    tied = [
        factor("d", "10", "50", "2"),
        factor("c", "20", "60", "3"),
        factor("b", "30", "70", "2"),
        factor("a", "5", "45", "1"),
    ]
    assert reasons_among(*tied) == ["c", "b", "d", "a"]
    assert reasons_among(*reversed(tied)) == ["c", "b", "d", "a"]


def test_what_is_at_or_above_the_average_is_no_reason() -> None:
    assert reasons_among(factor("a", "50", "50"), factor("b", "51", "50"), factor("c", "49.99", "50")) == [
        "c"
    ]


def test_who_passes_has_no_reasons_and_still_has_key_factors() -> None:
    scored = score(CARD, values(months_saving=Decimal(5), home="RENT"))
    assert scored.rounded >= CARD.cut_off
    assert reasons_of(CARD, scored) == ()
    assert [hit.characteristic.name for hit in factors_below(scored)] == ["home", "months_saving"]


def test_a_rule_that_declines_by_itself_is_the_reason() -> None:
    """The score was good enough, so nothing in it is a reason."""
    found = reasons_of(CARD, score(CARD, values(age=Decimal(17), home="RENT")))
    assert [(one.cause, one.name, one.code) for one in found] == [(Cause.RULE, "too_young", "AGE")]


def test_rules_come_first_and_factors_fill_the_four() -> None:
    found = reasons_of(CARD, score(CARD, values(**BAD, age=Decimal(17), bureau_status="DEFAULT")))
    assert [one.name for one in found] == ["too_young", "in_default", "pay_to_income", "late_repayments"]


def test_every_rule_that_was_hit_is_named_and_inquiries_still_are() -> None:
    rules = tuple(replace(CARD.rules[0], name=f"rule{n}") for n in range(6))
    card = replace(CARD, rules=rules)
    facts = {**values(**BAD, inquiries=Decimal(4), age=Decimal(3))}
    del facts["bureau_status"]
    found = reasons_of(card, score(card, facts))
    assert [one.name for one in found] == [rule.name for rule in rules] + ["inquiries"]


@fuzz
@given(
    st.fixed_dictionaries(
        {
            "pay_to_income": st.none() | st.decimals(0, 100, places=1),
            "months_saving": st.none() | st.decimals(0, 40, places=0),
            "late_repayments": st.none() | st.decimals(0, 9, places=0),
            "home": st.none() | st.sampled_from(["OWN", "MORTGAGE", "RENT", "ELSEWHERE"]),
            "inquiries": st.none() | st.decimals(0, 9, places=0),
        }
    )
)
def test_who_is_declined_is_told_why_and_who_passes_is_not(facts: dict[str, Any]) -> None:
    scored = score(CARD, values(**facts))
    found = reasons_of(CARD, scored)
    assert bool(found) == (scored.rounded < CARD.cut_off)
    assert len(found) <= 5 and len(set(found)) == len(found)
    short = [one.shortfall for one in found[:4]]
    assert short == sorted(short, reverse=True) and all(one > 0 for one in short)
    # None of the main ones is left out.
    below = [hit.characteristic.average - hit.bin.points for hit in scored.hits]
    assert not found or max(below) == short[0]


# In words


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"pay_to_income": Decimal("34.00")}, "Pay to income: 34 %. Best: under 5 %"),
        ({"pay_to_income": Decimal("34.5")}, "Pay to income: 34.5 %. Best: under 5 %"),
        ({"pay_to_income": Decimal("3E+2")}, "Pay to income: 300 %. Best: under 5 %"),
        ({"pay_to_income": None}, "Pay to income: not known. Best: under 5 %"),
    ],
)
def test_a_reason_says_the_applicants_own_figure_and_the_best_band(
    changes: dict[str, Any], said: str
) -> None:
    found = reasons_of(CARD, score(CARD, values(**{**BAD, **changes})))
    assert said in [sentence(one) for one in found]


def test_a_named_value_is_said_in_the_words_of_its_bin() -> None:
    found = reasons_of(CARD, score(CARD, values(**BAD)))
    assert sentence(found[-1]) == "Home: rented. Best: your own"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"age": Decimal(17)}, "Age: 17 years, which alone declines an application"),
        (
            {"bureau_status": "DEFAULT"},
            "Standing at the credit bureau: a loan in default, which alone declines an application",
        ),
        (
            {"bureau_status": None},
            "Standing at the credit bureau: not known, which alone declines an application",
        ),
    ],
)
def test_a_rule_says_what_it_found(changes: dict[str, Any], said: str) -> None:
    assert [sentence(one) for one in reasons_of(CARD, score(CARD, values(**changes)))] == [said]


def test_no_reason_speaks_of_the_score_or_the_cut_off() -> None:
    found = reasons_of(CARD, score(CARD, values(**BAD, inquiries=Decimal(9), age=Decimal(9))))
    said = " ".join(sentence(one) for one in found).lower()
    assert "score" not in said and "cut-off" not in said and "policy" not in said


def test_a_reason_read_back_from_its_facts_is_the_same() -> None:
    for one in reasons_of(CARD, score(CARD, values(**BAD, age=Decimal(9)))):
        assert Reason.from_facts(one.facts()) == one


# The averages that reasons are measured by


def test_averages_are_of_those_at_or_just_above_the_cut_off() -> None:
    """Of scores 9, 10, 12, 15 and 16, with a cut-off of 10 and a reach of 5: those of 10, 12 and 15."""
    one = Characteristic(
        "n", "n", tuple(band(f"N{n}", str(n), str(n), str(n + 1)) for n in (9, 10, 12, 15, 16))
    )
    card = only(one, cut_off=10)
    found = with_averages(card, [{"n": Decimal(n)} for n in (9, 10, 12, 15, 16)], reach=5)
    assert str(found.characteristics[0].average) == "12.33333333333333333333333333333333"
    assert replace(found, characteristics=card.characteristics) == card


def test_averages_of_nobody_are_refused() -> None:
    with pytest.raises(ValueError, match="nobody"):
        with_averages(only(PAY, INQUIRIES, cut_off=10_000), [], reach=20)


def test_averages_add_up_to_a_passing_score() -> None:
    people = [values(months_saving=Decimal(n % 20), pay_to_income=Decimal(n % 30)) for n in range(200)]
    found = with_averages(CARD, people, reach=30)
    total = sum(one.average for one in found.characteristics)
    assert CARD.cut_off - Decimal("0.5") <= total <= CARD.cut_off + 31
