"""Naira as text or as a number, and back to kobo: no fraction of a kobo may come of it, nor be lost in silence."""

import re
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from typing import Any

from wallet.gateways.replies import LARGEST, Unreadable

_NAIRA = re.compile(r"([0-9]{1,17})(?:\.([0-9]{1,2}))?")
_NUMBER = re.compile(r"-?[0-9]{1,15}(?:\.[0-9]{1,20})?")
_KOBO = Decimal("0.01")
# What binary fractions leave on a number: 3518.7500000000036 is 3518.75.
DUST = Decimal("0.000001")
_MOST = Decimal(10) ** 15


def naira(kobo: int) -> str:
    """Return 200_000 kobo as `2000.00`. Raises ValueError for less than none."""
    if kobo < 0:
        raise ValueError("an amount cannot be less than none")
    whole, rest = divmod(kobo, 100)
    return f"{whole}.{rest:02d}"


def kobo_in(data: dict[str, Any], name: str) -> int:
    """An amount in naira, as text with at most two places, in kobo. Raises `Unreadable`."""
    value = data.get(name)
    found = _NAIRA.fullmatch(value) if isinstance(value, str) and value.isascii() else None
    if found is None:
        raise Unreadable(name)
    kobo = int(found[1]) * 100 + int((found[2] or "").ljust(2, "0"))
    if kobo > LARGEST:
        raise Unreadable(name)
    return kobo


def clean_kobo_in(data: dict[str, Any], name: str) -> int:
    """An amount in naira, as a number that is whole kobo but for dust, in kobo. Raises `Unreadable`."""
    value = _number_in(data, name)
    rounded = value.quantize(_KOBO, ROUND_HALF_UP)
    if value < 0 or abs(rounded - value) > DUST:
        raise Unreadable(name)
    return int(rounded * 100)


def nearest_kobo_in(data: dict[str, Any], *names: str) -> int:
    """The sum of numbers of naira that may have parts of a kobo, in kobo: half up, once. Raises `Unreadable`."""
    total = sum((_number_in(data, name) for name in names), Decimal(0))
    return int(total.quantize(_KOBO, ROUND_HALF_UP) * 100)


def full_kobo_in(data: dict[str, Any], name: str) -> int:
    """The kobo that are there whole, of an amount in naira that may have parts of one. Raises `Unreadable`."""
    return int((_number_in(data, name) + DUST).quantize(_KOBO, ROUND_DOWN) * 100)


def _number_in(data: dict[str, Any], name: str) -> Decimal:
    """A number as it stands in the answer, which was read exactly, or its digits as text. Raises `Unreadable`."""
    value = data.get(name)
    if isinstance(value, str) and value.isascii() and _NUMBER.fullmatch(value):
        value = Decimal(value)
    if isinstance(value, bool) or not isinstance(value, int | Decimal) or not -_MOST < value < _MOST:
        raise Unreadable(name)
    return Decimal(value)
