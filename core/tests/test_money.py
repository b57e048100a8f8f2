import pickle
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction

import pytest
from django.template import Context, Template
from hypothesis import example, given, settings
from hypothesis import strategies as st

from core import money
from core.money import MAX_AMOUNT, format_money, minor_units, parse_amount, split

CURRENCIES = st.sampled_from(["NGN", "GHS", "KES", "USD", "JPY", "KWD", "XOF"])


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        (123_450, "NGN", "₦1,234.50"),
        (0, "NGN", "₦0.00"),
        (1, "NGN", "₦0.01"),
        (-123_450, "NGN", "\N{MINUS SIGN}₦1,234.50"),
        (-1, "NGN", "\N{MINUS SIGN}₦0.01"),
        (1234, "USD", "US$12.34"),
        (MAX_AMOUNT, "NGN", "₦92,233,720,368,547,758.07"),
        (10**40 + 1, "NGN", "₦" + f"{10**38:,}" + ".01"),
    ],
)
def test_amounts_read_as_people_write_them(amount: int, currency: str, text: str) -> None:
    assert format_money(amount, currency) == text


def test_currencies_have_their_own_number_of_decimals() -> None:
    assert [minor_units(code) for code in ("NGN", "JPY", "KWD")] == [2, 0, 3]
    assert format_money(1234, "JPY", "ja_JP") == "￥1,234"
    assert format_money(1234, "KWD").endswith("1.234")


def test_a_movement_carries_its_sign_and_zero_none() -> None:
    assert format_money(500, "NGN", sign=True) == "+₦5.00"
    assert format_money(-500, "NGN", sign=True) == "\N{MINUS SIGN}₦5.00"
    assert format_money(0, "NGN", sign=True) == "₦0.00"


def test_the_locale_decides_where_the_parts_stand() -> None:
    assert format_money(-123_450, "EUR", "de_DE") == "\N{MINUS SIGN}1.234,50\N{NO-BREAK SPACE}€"
    assert format_money(123_450, "EUR", "de_DE", sign=True) == "+1.234,50\N{NO-BREAK SPACE}€"


def test_a_float_is_never_an_amount() -> None:
    for call in (lambda: format_money(1.5, "NGN"), lambda: split(1.5, [1]), lambda: split(2, [0.5, 0.5])):
        with pytest.raises(TypeError):
            call()


@pytest.mark.parametrize("currency", ["", "ngn", "NAIRA", "ZZZ", "₦"])
def test_an_unknown_currency_is_refused_by_name(currency: str) -> None:
    for call in (
        lambda: minor_units(currency),
        lambda: format_money(1, currency),
        lambda: parse_amount("1", currency),
    ):
        with pytest.raises(money.UnknownCurrency) as refusal:
            call()
        assert refusal.value.code == "currency_unknown"


@pytest.mark.parametrize(
    ("text", "currency", "amount"),
    [
        ("1,234.50", "NGN", 123_450),
        ("₦1 234.5", "NGN", 123_450),
        ("₦ 1,234,567", "NGN", 123_456_700),
        ("1\N{NO-BREAK SPACE}234", "NGN", 123_400),
        ("  5\t\n", "NGN", 500),
        ("NGN 5", "NGN", 500),
        ("5 ngn", "NGN", 500),
        ("0.01", "NGN", 1),
        ("007", "NGN", 700),
        ("1234", "JPY", 1234),
        ("1.234", "KWD", 1234),
        ("92233720368547758.07", "NGN", MAX_AMOUNT),
    ],
)
def test_amounts_are_read_as_people_type_them(text: str, currency: str, amount: int) -> None:
    assert parse_amount(text, currency) == amount


@pytest.mark.parametrize(
    ("text", "refusal", "code"),
    [
        ("", money.InvalidAmount, "amount_invalid"),
        ("   ", money.InvalidAmount, "amount_invalid"),
        ("₦", money.InvalidAmount, "amount_invalid"),
        ("-", money.InvalidAmount, "amount_invalid"),
        (".", money.InvalidAmount, "amount_invalid"),
        ("5.", money.InvalidAmount, "amount_invalid"),
        (".5", money.InvalidAmount, "amount_invalid"),
        ("+5", money.InvalidAmount, "amount_invalid"),
        ("--5", money.InvalidAmount, "amount_invalid"),
        ("1e5", money.InvalidAmount, "amount_invalid"),
        ("0x10", money.InvalidAmount, "amount_invalid"),
        ("1_000", money.InvalidAmount, "amount_invalid"),
        ("NaN", money.InvalidAmount, "amount_invalid"),
        ("Infinity", money.InvalidAmount, "amount_invalid"),
        ("$5", money.InvalidAmount, "amount_invalid"),
        ("1,50", money.InvalidAmount, "amount_invalid"),
        ("1,2345", money.InvalidAmount, "amount_invalid"),
        ("1234,567", money.InvalidAmount, "amount_invalid"),
        ("1,234 567", money.InvalidAmount, "amount_invalid"),
        ("1.234,50", money.InvalidAmount, "amount_invalid"),
        ("12\x00", money.InvalidAmount, "amount_invalid"),
        ("1\x002", money.InvalidAmount, "amount_invalid"),
        ("٣٤", money.InvalidAmount, "amount_invalid"),
        ("５", money.InvalidAmount, "amount_invalid"),
        ("²", money.InvalidAmount, "amount_invalid"),
        ("five", money.InvalidAmount, "amount_invalid"),
        ("9" * 101, money.InvalidAmount, "amount_invalid"),
        ("-5", money.AmountNotPositive, "amount_not_positive"),
        ("\N{MINUS SIGN}₦5", money.AmountNotPositive, "amount_not_positive"),
        ("₦-5", money.AmountNotPositive, "amount_not_positive"),
        ("0", money.AmountNotPositive, "amount_not_positive"),
        ("0.00", money.AmountNotPositive, "amount_not_positive"),
        ("0.001", money.AmountTooPrecise, "amount_too_precise"),
        ("1.500", money.AmountTooPrecise, "amount_too_precise"),
        ("92233720368547758.08", money.AmountTooLarge, "amount_too_large"),
        (str(10**30), money.AmountTooLarge, "amount_too_large"),
    ],
)
def test_what_is_no_amount_is_refused_by_name(
    text: str, refusal: type[money.InvalidAmount], code: str
) -> None:
    with pytest.raises(money.InvalidAmount) as caught:
        parse_amount(text, "NGN")
    assert type(caught.value) is refusal and caught.value.code == code and str(caught.value)


def test_a_currency_without_minor_unit_takes_no_decimals() -> None:
    with pytest.raises(money.AmountTooPrecise) as caught:
        parse_amount("5.0", "JPY")
    assert caught.value.data == {"currency": "JPY", "minor_units": 0}


@given(amount=st.integers(1, MAX_AMOUNT), currency=CURRENCIES)
def test_what_is_shown_can_be_typed_back(amount: int, currency: str) -> None:
    assert parse_amount(format_money(amount, currency), currency) == amount


@given(text=st.text(max_size=30), currency=CURRENCIES)
@example(text="\ud800", currency="NGN")
def test_any_text_is_an_amount_or_a_named_refusal(text: str, currency: str) -> None:
    try:
        amount = parse_amount(text, currency)
    except money.InvalidAmount:
        return
    assert 0 < amount <= MAX_AMOUNT


WEIGHTS = st.lists(st.integers(0, 10**12), min_size=1, max_size=30).filter(any)


@settings(max_examples=200)
@given(amount=st.integers(-(2**70), 2**70), weights=WEIGHTS)
def test_a_split_is_exact_and_fair(amount: int, weights: list[int]) -> None:
    parts = split(amount, weights)
    assert sum(parts) == amount
    for part, weight in zip(parts, weights, strict=True):
        assert type(part) is int
        assert abs(part - Fraction(amount * weight, sum(weights))) < 1
        assert weight or not part


@given(amount=st.integers(0, 2**63), weights=WEIGHTS)
def test_a_split_of_the_opposite_is_the_opposite_split(amount: int, weights: list[int]) -> None:
    assert split(-amount, weights) == [-part for part in split(amount, weights)]


def test_units_left_over_go_to_the_largest_remainders_then_the_earliest() -> None:
    assert split(100, [1, 1, 1]) == [34, 33, 33]
    assert split(10, [1, 5, 1]) == [2, 7, 1]
    assert split(-100, [1, 1, 1]) == [-34, -33, -33]
    assert split(1, [0, 1]) == [0, 1]
    assert split(0, [3, 4]) == [0, 0]


@pytest.mark.parametrize("weights", [[], [0], [0, 0], [2, -1], [-1]])
def test_weights_that_divide_nothing_are_refused(weights: list[int]) -> None:
    with pytest.raises(ValueError):
        split(100, weights)


def render(source: str, **context: object) -> str:
    return Template("{% load money %}" + source).render(Context(context))


def test_templates_show_amounts_and_movements() -> None:
    assert render("{{ a|money:'NGN' }} {{ a|signed_money:c }}", a=5000, c="NGN") == "₦50.00 +₦50.00"


def test_templates_refuse_what_is_no_amount() -> None:
    for value in (None, "", 1.5, Decimal("1")):
        with pytest.raises(TypeError):
            render("{{ a|money:'NGN' }}", a=value)


@pytest.mark.parametrize("call", [lambda: money.InvalidAmount(), lambda: money.AmountTooLarge("words", a=1)])
def test_a_refusal_survives_being_pickled(call: Callable[[], money.InvalidAmount]) -> None:
    refusal = call()
    again = pickle.loads(pickle.dumps(refusal))
    assert (type(again), str(again), again.data) == (type(refusal), str(refusal), refusal.data)
