"""Naira as text, with two places, and back: by whole numbers only, for no fraction of a kobo may come of it."""

import re
from typing import Any

from wallet.gateways.replies import LARGEST, Unreadable

_NAIRA = re.compile(r"([0-9]{1,17})(?:\.([0-9]{1,2}))?")


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
