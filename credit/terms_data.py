"""Terms and standings as plain data and back: what a contract keeps, and what a loan's position does. Pure.

Numbers that are no whole ones are text (`2/3` for a fraction), so that nothing is lost. What is at its default is left
out and comes back so, and a rule that is added later reads old data.
"""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import Any, TypeVar, cast, get_args, get_origin, get_type_hints

from credit.penalties import LateCharge
from credit.periods import Calendar, Period
from credit.product_rules import ProductRules
from credit.standing import Row, Standing, Stretch
from credit.terms import Grace, Paying, Rounding, Terms

T = TypeVar("T")
Data = dict[str, Any]


def terms_data(terms: Terms) -> Data:
    """Return the terms as data that JSON brings back as it was."""
    return cast(Data, _data(terms))


def terms_of(data: Mapping[str, Any]) -> Terms:
    """Return the terms of such data. Raises KeyError, TypeError, ValueError for what are none."""
    return _of(Terms, data)


def rules_data(rules: ProductRules) -> Data:
    return cast(Data, _data(rules))


def rules_of(data: Mapping[str, Any]) -> ProductRules:
    return _of(ProductRules, data)


def late_data(late: LateCharge) -> Data:
    return cast(Data, _data(late))


def late_of(data: Mapping[str, Any]) -> LateCharge:
    return _of(LateCharge, data)


def standing_data(standing: Standing) -> Data:
    """Return a standing as data, without its terms, which the loan keeps, and without rows that are paid.

    Nothing that may still happen reads a paid row but the last: the running one begins where it ended.
    """
    data = cast(Data, _data(standing, leaving_out=("terms", "rows")))
    kept = [row for row in standing.rows[:-1] if row.unpaid_interest or row.unpaid_principal]
    data["rows"] = [_data(row) for row in (*kept, *standing.rows[-1:])]
    return data


def standing_of(data: Mapping[str, Any], terms: Terms) -> Standing:
    """Return the standing of such data, of a loan with these terms."""
    given = {name: _value(_HINTS[Standing][name], value) for name, value in data.items()}
    return Standing(terms=terms, **given)


def _data(value: Any, leaving_out: tuple[str, ...] = ()) -> Any:
    """What is at its default is left out of a dataclass."""
    if isinstance(value, StrEnum):
        return str(value)
    if isinstance(value, Decimal | Fraction):
        return str(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, tuple):
        return [_data(one) for one in value]
    if not is_dataclass(value):
        return value
    data = {}
    for field in fields(value):
        one = getattr(value, field.name)
        if field.name in leaving_out or one == field.default:
            continue
        if callable(field.default_factory) and one == field.default_factory():
            continue
        data[field.name] = _data(one)
    return data


def _of(kind: type[T], data: Mapping[str, Any]) -> T:
    hints = _HINTS[kind]
    return kind(**{name: _value(hints[name], value) for name, value in data.items()})


def _value(hint: Any, value: Any) -> Any:
    if value is None or hint in (int, bool, str):
        return value
    if hint in _HINTS:
        return _of(hint, value)
    if get_origin(hint) is tuple:
        inner = get_args(hint)[0]
        return tuple(_value(inner, one) for one in value)
    if hint is date:
        return date.fromisoformat(value)
    if hint in (Decimal, Fraction) or issubclass(hint, StrEnum):
        return hint(value)
    raise TypeError(f"no value of {hint} is kept as data")


def _hint(hint: Any) -> Any:
    """A field that may be None holds, where it is not, what is beside it."""
    rest = [one for one in get_args(hint) if one is not type(None)]
    return rest[0] if type(None) in get_args(hint) else hint


_HINTS: dict[type, dict[str, Any]] = {
    kind: {name: _hint(hint) for name, hint in get_type_hints(kind).items()}
    for kind in (
        *(Terms, Grace, Paying, Rounding, Calendar, Period),
        *(ProductRules, LateCharge, Standing, Row, Stretch),
    )
}
