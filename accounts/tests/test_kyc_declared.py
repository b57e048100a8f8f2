"""What people may write about themselves: names in any script, birthdays, places, digits; and what they may not."""

import unicodedata
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some

from accounts.kyc import consent, declared, steps
from accounts.kyc.declared import NotDeclarable
from accounts.kyc.steps import Given

TODAY = date(2026, 11, 30)


def refused(what, *args, **facts) -> bool:
    try:
        what(*args, **facts)
    except NotDeclarable:
        return True
    return False


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("  Ada   Ngozi ", "Ada Ngozi"),
        ("O’Brien-Ade Jr.", "O’Brien-Ade Jr."),
        ("Adékúnlé", "Adékúnlé"),
        ("Ade\u0301ku\u0301nle\u0301", "Adékúnlé"),
        ("Ṣọlá", "Ṣọlá"),
        ("عائشة", "عائشة"),
        ("", ""),
    ],
)
def test_names_are_kept_as_people_write_them(typed, kept):
    assert declared.name(typed, field="first_name") == kept


@pytest.mark.parametrize(
    "typed",
    [
        "=HYPERLINK(1)",
        "+Ada",
        "-Ada",
        "@Ada",
        "\t=1+1",
        "Ada1",
        "Ada٣",
        "Ada\u202eabO",
        "Ada\x00",
        "'Ada",
        "A" * 61,
        "😀",
        "Ada;",
    ],
)
def test_what_is_no_name_is_refused(typed):
    assert refused(declared.name, typed, field="first_name")


@given(some.text(max_size=80))
def test_a_kept_name_has_letters_alone_runs_nowhere_and_stays_as_it_is(typed):
    if refused(declared.name, typed, field="x"):
        return
    kept = declared.name(typed, field="x")
    assert kept == unicodedata.normalize("NFC", kept) == declared.name(kept, field="x")
    assert not kept.startswith(("=", "+", "-", "@", "\t", "\r")) and not any(
        letter.isdigit() for letter in kept
    )


@given(some.text(max_size=220))
def test_a_kept_line_of_an_address_runs_nowhere_and_stays_as_it_is(typed):
    if refused(declared.place, typed, field="x", longest=200):
        return
    kept = declared.place(typed, field="x", longest=200)
    assert kept == declared.place(kept, field="x", longest=200) and len(kept) <= 200
    assert not kept.startswith(("=", "+", "-", "@")) and kept.isprintable()


@given(some.from_regex(r"[0-9]{11}", fullmatch=True), some.lists(some.integers(1, 10), max_size=4))
def test_digits_are_the_same_however_they_are_grouped(number, gaps):
    grouped = "".join(f" {digit}" if place in gaps else digit for place, digit in enumerate(number))
    assert declared.digits(grouped, count=11, field="number") == number


@given(some.text(max_size=14))
def test_what_is_kept_as_a_number_is_digits(typed):
    if not refused(declared.digits, typed, count=11, field="number"):
        kept = declared.digits(typed, count=11, field="number")
        assert kept.isascii() and kept.isdigit() and len(kept) == 11


@given(some.dates(date(1890, 1, 1), date(2030, 12, 31)), some.dates(date(2020, 1, 1), date(2035, 12, 31)))
def test_one_is_of_age_from_ones_eighteenth_birthday_on(born, today):
    eighteen = born.replace(year=born.year + 18) if not _is_leap_day(born) else date(born.year + 18, 3, 1)
    too_old = declared.age(born, today=today) > 120
    assert refused(declared.birth, born, today=today) == (today < eighteen or too_old)


def _is_leap_day(day: date) -> bool:
    return (day.month, day.day) == (2, 29)


def test_who_was_born_on_a_leap_day_comes_of_age_on_the_first_of_march():
    born = date(2008, 2, 29)
    assert refused(declared.birth, born, today=date(2026, 2, 28))
    assert declared.birth(born, today=date(2026, 3, 1)) == born
    assert declared.age(date(2004, 2, 29), today=date(2024, 2, 29)) == 20


def test_a_day_to_come_and_one_too_long_ago_are_refused():
    assert refused(declared.birth, TODAY + timedelta(days=1), today=TODAY)
    assert refused(declared.birth, date(1905, 11, 30), today=TODAY)
    assert declared.birth(date(1905, 12, 1), today=TODAY)


def test_each_text_of_consent_is_as_it_was_when_somebody_agreed_to_it():
    from hashlib import sha256

    assert consent.VERSION in consent.HASHES
    for version, digest in consent.HASHES.items():
        assert sha256(consent.text_of(version).encode()).hexdigest() == digest


def test_a_licence_is_there_when_both_sides_are():
    front = {("DRIVERS_LICENCE", "FRONT"): "PENDING"}
    assert not steps.is_given("DOCUMENT", Given(documents=front))
    assert steps.is_given("DOCUMENT", Given(documents={**front, ("DRIVERS_LICENCE", "BACK"): "PENDING"}))


def test_either_number_is_enough_where_either_is_asked_for():
    assert steps.state_of("BVN_OR_NIN", Given()) == "MISSING"
    assert steps.state_of("BVN_OR_NIN", Given(numbers={"NIN": False})) == "GIVEN"
    assert steps.state_of("BVN_OR_NIN", Given(numbers={"BVN": True})) == "MET"


def test_steps_come_in_the_order_of_the_pages_with_consent_last():
    assert steps.asked_for(("SELFIE", "NIN", "PERSONAL")) == ["PERSONAL", "NIN", "SELFIE", "CONSENT"]
