"""Amounts: integers of a currency's minor unit (kobo for NGN), with the ISO 4217 code beside them. Never a
float.

Text becomes an amount in `parse_amount`, an amount becomes text in `format_money`; between the two there are
only integers.
"""

import re
from collections.abc import Sequence
from decimal import Decimal, localcontext
from functools import lru_cache
from operator import index

from babel import Locale
from babel.numbers import (
    format_currency,
    get_currency_precision,
    get_currency_symbol,
    get_minus_sign_symbol,
    list_currencies,
)
from django.utils.translation import gettext_lazy as _

from core.errors import DomainError

MAX_AMOUNT = 2**63 - 1
MINUS = "\N{MINUS SIGN}"
DEFAULT_LOCALE = "en_NG"

_MAX_TEXT = 100
_NUMBER = re.compile(
    r"(?P<whole>[0-9]{1,3}(?P<gap>[, \u00a0\u2009\u202f])[0-9]{3}(?:(?P=gap)[0-9]{3})*|[0-9]+)"
    r"(?:\.(?P<fraction>[0-9]+))?"
)


class UnknownCurrency(DomainError):
    code = "currency_unknown"
    message = _("This currency is not known.")
    public = ("currency",)


class InvalidAmount(DomainError):
    """The text is not an amount of money. Subclasses name the other reasons for refusing one."""

    code = "amount_invalid"
    message = _("Enter an amount such as 1,234.50.")


class AmountTooPrecise(InvalidAmount):
    code = "amount_too_precise"
    message = _("This amount has more decimals than the currency.")
    public = ("currency", "minor_units")


class AmountNotPositive(InvalidAmount):
    code = "amount_not_positive"
    message = _("Enter an amount above zero.")


class AmountTooLarge(InvalidAmount):
    code = "amount_too_large"
    message = _("This amount is too large.")


@lru_cache(maxsize=512)
def minor_units(currency: str) -> int:
    """Return how many decimals a currency has: 2 for NGN, 0 for JPY, 3 for KWD. Raises UnknownCurrency."""
    if currency not in _currencies():
        raise UnknownCurrency(currency=currency)
    return get_currency_precision(currency)


@lru_cache(maxsize=1)
def _currencies() -> frozenset[str]:
    return frozenset(list_currencies())


def format_money(amount: int, currency: str, locale: str = DEFAULT_LOCALE, *, sign: bool = False) -> str:
    """Return an amount as people write it, `₦1,234.50`; below zero with a true minus sign.

    With `sign`, an amount above zero carries a plus. Raises UnknownCurrency.
    """
    amount = index(amount)
    units = minor_units(currency)
    digits = tuple(int(digit) for digit in str(abs(amount)))
    mark = MINUS if amount < 0 else "+" if sign and amount > 0 else ""
    number = Decimal((1 if mark else 0, digits, -units))
    with localcontext(prec=len(digits) + units + 1):
        text = format_currency(number, currency, locale=locale, decimal_quantization=False)
    # The locale decides where its own minus goes; ours takes that place.
    return text.replace(_minus_of(locale), mark, 1) if mark else text


@lru_cache(maxsize=64)
def _minus_of(locale: str) -> str:
    return get_minus_sign_symbol(Locale.parse(locale))


def parse_amount(text: str, currency: str) -> int:
    """Return the positive amount that a person typed, in minor units.

    Takes plain digits, thousands parted by commas or spaces, a point before the decimals, and the currency's
    sign or code in front or behind. Raises UnknownCurrency, InvalidAmount, AmountTooPrecise,
    AmountNotPositive, AmountTooLarge.
    """
    units = minor_units(currency)
    if len(text) > _MAX_TEXT:
        raise InvalidAmount
    bare, negative = _without_sign(_without_currency(text.strip(), currency))
    match = _NUMBER.fullmatch(_without_currency(bare, currency) if negative else bare)
    if match is None:
        raise InvalidAmount
    if negative:
        raise AmountNotPositive
    fraction = match["fraction"] or ""
    if len(fraction) > units:
        raise AmountTooPrecise(currency=currency, minor_units=units)
    whole = re.sub(r"[^0-9]", "", match["whole"])
    amount = int(whole + fraction.ljust(units, "0"))
    if amount == 0:
        raise AmountNotPositive
    if amount > MAX_AMOUNT:
        raise AmountTooLarge
    return amount


def _without_sign(text: str) -> tuple[str, bool]:
    return (text[1:].lstrip(), True) if text.startswith(("-", MINUS)) else (text, False)


def _without_currency(text: str, currency: str) -> str:
    for mark in (get_currency_symbol(currency, DEFAULT_LOCALE), currency):
        if text[: len(mark)].upper() == mark.upper():
            return text[len(mark) :].lstrip()
        if text[-len(mark) :].upper() == mark.upper():
            return text[: -len(mark)].rstrip()
    return text


def split(amount: int, weights: Sequence[int]) -> list[int]:
    """Divide an amount in proportion to the weights, to the last minor unit.

    Each part is within one unit of its exact share, and the units left over go to the largest remainders, the
    earlier first. A weight of zero gets nothing. Raises ValueError when a weight is negative or all are zero.
    """
    amount, weights = index(amount), [index(weight) for weight in weights]
    total = sum(weights)
    if total <= 0 or min(weights) < 0:
        raise ValueError("weights must be zero or more, and at least one above zero")
    shares = [divmod(abs(amount) * weight, total) for weight in weights]
    parts = [whole for whole, _remainder in shares]
    by_remainder = sorted(range(len(shares)), key=lambda place: -shares[place][1])
    for place in by_remainder[: abs(amount) - sum(parts)]:
        parts[place] += 1
    return parts if amount >= 0 else [-part for part in parts]
