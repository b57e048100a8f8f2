"""Whether a released file meets the conditions of a lender's automatic offer. Pure, no database and no clock.

Conditions map a released field to what it must be: `{"income": {"min": 20000000}, "purpose": {"in": ["BUSINESS"]}}`.
Both ends of a bound are within it. Amounts are minor units (kobo), days are written 2024-01-31. What was not released,
or was left empty, meets no condition; a file needs to say nothing of what no condition is about.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any, NoReturn

NUMBERS = frozenset({"amount", "count", "income", "expenses", "debts", "score"})
DAYS = frozenset({"employed_since"})
CHOICES = frozenset({"purpose", "employment"})
FIELDS = NUMBERS | DAYS | CHOICES
BOUNDS = frozenset({"min", "max"})

Conditions = Mapping[str, Mapping[str, Any]]


def unmet(conditions: Conditions, file: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the fields whose condition a file does not meet, by name. Raises as `check`."""
    check(conditions)
    return tuple(
        sorted(name for name, bounds in conditions.items() if not _meets(name, bounds, file.get(name)))
    )


def check(conditions: Conditions) -> None:
    """Raise ValueError, with the field's name, for conditions that are none."""
    for name, bounds in conditions.items():
        if name not in FIELDS:
            raise ValueError(f"{name}: lenders cannot ask for this")
        if name in CHOICES:
            wanted = bounds.get("in")
            if set(bounds) != {"in"} or not isinstance(wanted, list) or not wanted:
                raise ValueError(f"{name}: name what it may be")
            if not all(type(one) is str for one in wanted):
                raise ValueError(f"{name}: name what it may be")
            continue
        if not bounds or not set(bounds) <= BOUNDS:
            raise ValueError(f"{name}: name the least, the most, or both")
        low, high = (_bound(name, bounds.get(end)) for end in ("min", "max"))
        if low is not None and high is not None and low > high:
            raise ValueError(f"{name}: the least is above the most")


def _meets(name: str, bounds: Mapping[str, Any], value: Any) -> bool:
    if value is None or value == "":
        return False
    if name in CHOICES:
        return value in bounds["in"]
    low, high = _bound(name, bounds.get("min")), _bound(name, bounds.get("max"))
    return (low is None or value >= low) and (high is None or value <= high)


def _bound(name: str, value: Any) -> Any:
    if value is None:
        return None
    if name in DAYS:
        return _day(name, value)
    return value if type(value) is int else _refuse(name)


def _day(name: str, value: Any) -> date:
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        return _refuse(name)


def _refuse(name: str) -> NoReturn:
    raise ValueError(f"{name}: this is no bound") from None
