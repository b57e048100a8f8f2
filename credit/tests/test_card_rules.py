"""What a card may be: its bins take every value once, and nothing banned is asked for."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credit.card_rules import BANNED, Fault, Finding, ban_on, findings
from credit.scorecard import Bin, Card, Characteristic
from credit.tests.cards import (
    CARD,
    HOME,
    IN_DEFAULT,
    KNOWN,
    LATE,
    PAY,
    TOO_YOUNG,
    band,
    missing,
    named,
    only,
    other,
    with_one,
)
from credit.tests.fuzz import fuzz


def faults(card: Card, known: Any = KNOWN) -> set[Fault]:
    return {one.fault for one in findings(card, known=known)}


def with_bins(*bins: Bin) -> Card:
    return with_one(replace(PAY, bins=bins))


def test_a_good_card_has_nothing_wrong() -> None:
    assert findings(CARD, known=KNOWN) == []


NONE = missing("PTI0", "70")
LOW, HIGH = band("P1", "150", None, "5"), band("P3", "60", "20", None)


@pytest.mark.parametrize(
    ("bins", "wrong"),
    [
        ((LOW, HIGH, NONE), {Fault.GAP}),
        ((LOW, band("P2", "100", "5", "19.99"), HIGH, NONE), {Fault.GAP}),
        ((LOW, band("P2", "100", "4.99", "20"), HIGH, NONE), {Fault.OVERLAP}),
        ((LOW, band("P2", "100", "5", "21"), HIGH, NONE), {Fault.OVERLAP}),
        ((band("P1", "150", "0", "20"), HIGH, NONE), {Fault.GAP}),
        ((LOW, band("P3", "60", "5", "1000"), NONE), {Fault.GAP}),
        ((LOW, band("P2", "100", "5", None), HIGH, NONE), {Fault.OVERLAP}),
        ((LOW, band("P2", "100", None, "20"), HIGH, NONE), {Fault.OVERLAP}),
        ((LOW, band("P2", "100", "5", "5"), band("P3", "60", "5"), NONE), {Fault.NO_WIDTH}),
        ((LOW, band("P2", "100", "5", "20"), HIGH), {Fault.NO_MISSING}),
        ((LOW, band("P2", "100", "5", "20"), HIGH, NONE, missing("PTI9", "80")), {Fault.OVERLAP}),
        ((LOW, band("P3", "60", "5"), NONE, other("P9", "80")), {Fault.MIXED}),
        ((LOW, band("P3", "60", "5"), NONE, named("P9", "80", "MANY")), {Fault.MIXED}),
        ((NONE, missing("PTI9", "150")), {Fault.EMPTY, Fault.OVERLAP}),
    ],
)
def test_numbers_have_one_bin_each(bins: tuple[Bin, ...], wrong: set[Fault]) -> None:
    assert faults(with_bins(*bins)) == wrong


def test_the_order_that_bins_are_written_in_does_not_matter() -> None:
    assert faults(with_bins(HIGH, NONE, band("P2", "100", "5", "20"), LOW)) == set()


YOURS, RENTED, ELSE, UNKNOWN = HOME.bins


@pytest.mark.parametrize(
    ("bins", "wrong"),
    [
        ((YOURS, RENTED, UNKNOWN), {Fault.NO_OTHER}),
        ((YOURS, RENTED, ELSE), {Fault.NO_MISSING}),
        ((YOURS, named("H2", "115", "RENT", "OWN"), ELSE, UNKNOWN), {Fault.OVERLAP}),
        ((YOURS, named("H2", "115"), ELSE, UNKNOWN), {Fault.NO_WIDTH}),
        ((YOURS, RENTED, ELSE, other("H8", "110"), UNKNOWN), {Fault.OVERLAP}),
    ],
)
def test_named_values_have_one_bin_each(bins: tuple[Bin, ...], wrong: set[Fault]) -> None:
    assert faults(with_one(replace(HOME, bins=bins))) == wrong


@fuzz
@given(
    st.lists(st.integers(-1000, 1000), min_size=1, max_size=8, unique=True).map(sorted),
    st.decimals(-2000, 2000, places=2),
)
def test_bins_that_pass_take_every_number_once(cuts: list[int], value: Decimal) -> None:
    ends = [None, *map(str, cuts), None]
    bins = [band(f"B{n}", "1", ends[n], ends[n + 1]) for n in range(len(ends) - 1)]
    one = Characteristic("months", "Months", (*bins, missing("B", "0")), average=Decimal(1))
    assert faults(only(one), {"months"}) <= {Fault.OUT_OF_REACH}
    assert sum(each.takes(value) for each in one.bins) == 1


@fuzz
@given(st.integers(0, 3), st.decimals(-50, 50, places=1).filter(bool))
def test_a_bound_that_moves_away_from_its_neighbour_is_found(place: int, by: Decimal) -> None:
    bins = [band(f"B{n}", "1", str(n * 100) if n else None, str((n + 1) * 100)) for n in range(4)]
    bins.append(band("B4", "1", "400", None))
    high = bins[place].high
    assert high is not None
    bins[place] = replace(bins[place], high=high + by)
    one = Characteristic("months", "Months", (*bins, missing("B", "0")), average=Decimal(1))
    assert (Fault.OVERLAP if by > 0 else Fault.GAP) in faults(only(one), {"months"})


# Names


def test_nothing_scored_is_no_card() -> None:
    assert faults(replace(CARD, characteristics=(), rules=())) == {
        Fault.EMPTY,
        Fault.AVERAGES_BELOW,
        Fault.OUT_OF_REACH,
    }


def test_names_and_codes_are_there_once() -> None:
    assert Fault.NAME_TWICE in faults(replace(CARD, characteristics=(*CARD.characteristics, PAY)))
    assert faults(replace(CARD, rules=(TOO_YOUNG, replace(IN_DEFAULT, name="too_young")))) == {
        Fault.NAME_TWICE
    }
    same = replace(LATE, bins=(replace(LATE.bins[0], code="PTI1"), *LATE.bins[1:]))
    assert faults(with_one(same)) == {Fault.CODE_TWICE}


def test_an_input_that_does_not_exist_is_refused() -> None:
    found = findings(CARD, known=KNOWN - {"age", "home"})
    assert found == [Finding(Fault.UNKNOWN_INPUT, "age"), Finding(Fault.UNKNOWN_INPUT, "home")]


def test_a_rule_has_a_bin_and_its_bins_do_not_overlap() -> None:
    assert faults(replace(CARD, rules=(replace(TOO_YOUNG, bins=()), IN_DEFAULT))) == {Fault.EMPTY}
    twice = (*TOO_YOUNG.bins, band("BABY", "0", None, "3"))
    assert faults(replace(CARD, rules=(replace(TOO_YOUNG, bins=twice), IN_DEFAULT))) == {Fault.OVERLAP}


# Averages and the cut-off


def test_an_average_lies_between_the_worst_bin_and_the_best() -> None:
    assert faults(with_one(replace(PAY, average=Decimal("150.26")))) == {Fault.NOT_BETWEEN}


def test_those_who_just_pass_reach_the_cut_off() -> None:
    assert faults(with_one(replace(PAY, average=Decimal(60)))) == {Fault.AVERAGES_BELOW}


@pytest.mark.parametrize(
    ("cut_off", "wrong"),
    [(680, False), (681, True), (470, False), (469, True)],
)
def test_a_cut_off_is_one_that_some_reach_and_some_do_not(cut_off: int, wrong: bool) -> None:
    """The five best bins give 680.25; the five worst 469, which is 60, 90, 90, 110 and 119."""
    assert (Fault.OUT_OF_REACH in faults(replace(CARD, cut_off=cut_off))) == wrong


@pytest.mark.parametrize(
    ("worst", "average", "wrong"),
    [
        ("9.49", "9.5", set()),
        ("9.49", "9.499", {Fault.AVERAGES_BELOW}),
        ("9.5", "9.5", {Fault.OUT_OF_REACH}),
    ],
)
def test_half_a_point_short_is_rounded_to_the_cut_off(worst: str, average: str, wrong: set[Fault]) -> None:
    bins = (band("N1", worst, None, "1"), band("N2", "20", "1", None), missing("N0", "20"))
    one = Characteristic("months", "Months", bins, average=Decimal(average))
    assert faults(only(one, cut_off=10), {"months"}) == wrong


# What is banned

BANNED_NAMES = {
    "tribe": ["tribe", "Tribe", "tribal_group", "ethnicity", "ethnic-group", "TRIBE_CODE", "customerTribe", "tribes"],
    "religion": ["religion", "religious_group", "churchMember", "mosque", "faith", "RELIGION2"],
    "sex": ["sex", "gender", "SEX", "sex_code", "gender2", "is_male", "female", "customerGender", "ſex", "sëx"],
    "state of origin": ["state_of_origin", "stateOfOrigin", "STATE OF ORIGIN", "origin_state", "lga_of_origin",
                        "stateoforigin", "home_town", "place_of_birth"],
    "contacts": ["contacts", "contact_count", "phonebook", "phone_book_size", "addressBook", "contact"],
    "photos": ["photos", "photo_count", "pictures", "gallery_size", "selfie_score"],
    "call log": ["call_log", "callLogs", "calls_log", "call-history", "calllog", "CALL_LOG_DAYS"],
    "phone model": ["phone_model", "phoneModel", "device_brand", "handset", "model_of_the_phone", "phonemodel",
                    "phone_price", "smartphone_class"],
    "the lender's own price": ["interest_rate", "loan_int_rate", "interestRate", "apr", "APR", "nominal_rate",
                               "offered_rate", "lender_price", "loan_pricing", "rate_of_interest"],
}  # fmt: skip


@pytest.mark.parametrize(
    ("ban", "name"), [(ban, name) for ban, names in BANNED_NAMES.items() for name in names]
)
def test_no_card_asks_for_what_is_banned_however_it_is_written(ban: str, name: str) -> None:
    card = replace(CARD, characteristics=(*CARD.characteristics, replace(PAY, name=name)))
    assert Finding(Fault.BANNED, name, ban) in findings(card, known=KNOWN | {name})
    rule = replace(TOO_YOUNG, name="rule", input=name)
    assert Finding(Fault.BANNED, "rule", ban) in findings(replace(CARD, rules=(rule,)), known=KNOWN | {name})


def test_every_ban_is_tried() -> None:
    assert BANNED_NAMES.keys() == BANNED.keys()


@pytest.mark.parametrize(
    "hiding",
    [
        replace(HOME, label="Religious group"),
        replace(HOME, bins=(named("HOME1", "125", "MALE"), *HOME.bins[1:])),
        replace(HOME, bins=(named("HOME1", "125", "A", words="Hausa or Igbo"), *HOME.bins[1:])),
        replace(HOME, bins=(named("SEX1", "125", "A"), *HOME.bins[1:])),
    ],
)
def test_a_harmless_name_does_not_hide_what_it_sorts_by(hiding: Characteristic) -> None:
    assert faults(with_one(hiding)) == {Fault.BANNED}


@pytest.mark.parametrize(
    "name",
    [
        "repayment_rate",
        "savings_rate",
        "months_saving",
        "interest_earned",
        "state",
        "home",
        "origin_of_funds",
        "late_repayments",
        "model_version",
        "calls_for_help",
        "phone_verified",
        "bureau_status",
        "Essex Road",
        "contactless_payments",
        "aprons",
        "days_since_last_default",
    ],
)
def test_what_only_sounds_like_it_is_not_banned(name: str) -> None:
    assert ban_on(name) is None


def test_the_rate_of_the_published_card_could_not_be_used_here() -> None:
    assert ban_on("loan_int_rate") == "the lender's own price"
    assert ban_on("person_income") is None
