"""Reading what a gateway sent: JSON from outside, of which nothing may be assumed.

Every reader either returns a value of our types or raises `Unreadable` naming the field.
"""

import json
import re
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

LARGEST = 2**63 - 1


class Unreadable(ValueError):
    """A value that is not what was agreed; the text names the field."""


def parse_object(raw: bytes, *, exact: bool = False) -> dict[str, Any]:
    """The JSON object in `raw`, free of characters PostgreSQL cannot store; `exact` reads its fractions as `Decimal`.

    Raises `Unreadable`.
    """
    try:
        value = json.loads(raw, parse_constant=_refuse_constant, parse_float=_exactly if exact else None)
    except (ValueError, RecursionError) as error:
        raise Unreadable("not JSON") from error
    if not isinstance(value, dict):
        raise Unreadable("not a JSON object")
    return storable(value) if b"\\u" in raw else value


def storable(value: Any) -> Any:
    """The same value without NUL and lone surrogates, which JSON can spell and PostgreSQL refuses."""
    if isinstance(value, str):
        return value.replace("\0", "").encode("utf-8", "replace").decode()
    if isinstance(value, list):
        return [storable(item) for item in value]
    if isinstance(value, dict):
        return {storable(key): storable(item) for key, item in value.items()}
    return value


def minor_units(data: dict[str, Any], name: str) -> int:
    """A whole number of minor units, sent as a number or as digits. Raises `Unreadable`."""
    value = data.get(name)
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,19}", value):
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= LARGEST:
        raise Unreadable(name)
    return value


def text(data: dict[str, Any], name: str) -> str:
    """A non-empty text. Raises `Unreadable`."""
    value = data.get(name)
    if not isinstance(value, str) or not value:
        raise Unreadable(name)
    return value


def currency_code(data: dict[str, Any], name: str = "currency") -> str:
    """Three capital letters. Raises `Unreadable`."""
    value = text(data, name)
    if not re.fullmatch(r"[A-Z]{3}", value):
        raise Unreadable(name)
    return value


def identifier(data: dict[str, Any], name: str) -> str:
    """What somebody else calls a thing, be it a number or a text; empty when it has no such name."""
    value = data.get(name)
    return str(value)[:100] if isinstance(value, str | int) and not isinstance(value, bool) else ""


def moment(data: dict[str, Any], *names: str) -> datetime | None:
    """The first of these that is a time, in UTC; None when there is none, for no decision hangs on it."""
    for name in names:
        value = data.get(name)
        if not isinstance(value, str):
            continue
        try:
            found = datetime.fromisoformat(value)
            return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
        except (ValueError, OverflowError):
            continue
    return None


def _exactly(digits: str) -> Decimal:
    try:
        return Decimal(digits)
    except InvalidOperation as error:
        raise ValueError(digits[:20]) from error


def _refuse_constant(name: str) -> None:
    raise ValueError(name)
