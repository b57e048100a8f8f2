"""Terms and standings as plain data and back: what a contract keeps, and what a loan's position does. Pure.

Numbers that are no whole ones are text (`2/3` for a fraction), so that nothing is lost. What is at its default is left
out and comes back so, and a rule that is added later reads old data.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields
from datetime import date
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from functools import lru_cache, partial
from operator import attrgetter
from typing import Any, TypeVar, cast, get_args, get_origin, get_type_hints

from credit.drawdown import Drawdown
from credit.penalties import LateCharge
from credit.periods import Calendar, Period
from credit.product_rules import ProductRules
from credit.standing import Row, Standing, Stretch
from credit.terms import Grace, Paying, Rounding, Terms

T = TypeVar("T")
Data = dict[str, Any]
_PLAIN = frozenset({int, bool, str, type(None)})


def terms_data(terms: Terms) -> Data:
    """Return the terms as data that JSON brings back as it was."""
    return cast(Data, _data(terms))


def terms_of(data: Mapping[str, Any]) -> Terms:
    """Return the terms of such data. Raises KeyError, TypeError, ValueError for what are none."""
    return _of(Terms, data)


@lru_cache(maxsize=1024)
def terms_in(text: str) -> Terms:
    """Return the terms of such data as JSON, made once for all loans that agreed on the same. Raises as `terms_of`."""
    return terms_of(json.loads(text))


def rules_data(rules: ProductRules) -> Data:
    return cast(Data, _data(rules))


def rules_of(data: Mapping[str, Any]) -> ProductRules:
    return _of(ProductRules, data)


def late_data(late: LateCharge) -> Data:
    return cast(Data, _data(late))


def late_of(data: Mapping[str, Any]) -> LateCharge:
    return _of(LateCharge, data)


@lru_cache(maxsize=1024)
def late_in(text: str) -> LateCharge:
    return late_of(json.loads(text))


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
    return Standing(terms=terms, **_given(Standing, data))


def _data(value: Any, leaving_out: tuple[str, ...] = ()) -> Any:
    """What is at its default is left out."""
    kind = type(value)
    if kind is date:
        return value.isoformat()
    if kind is tuple:
        return [_data(one) for one in value]
    if kind not in _DEFAULTS:
        return value if kind in _PLAIN else str(value)
    data = {}
    for (name, default), one in zip(_DEFAULTS[kind].items(), _VALUES[kind](value), strict=True):
        if (default is MISSING or one != default) and name not in leaving_out:
            data[name] = one if type(one) in _PLAIN else _data(one)
    return data


def _of(kind: type[T], data: Mapping[str, Any]) -> T:
    return kind(**_given(kind, data))


def _given(kind: type, data: Mapping[str, Any]) -> Data:
    """What a value of a kind is made with. What is plain is as it is."""
    given = dict(data)
    for name, read in _READERS[kind].items():
        value = given.get(name)
        if value is not None:
            given[name] = read(value)
    return given


def _shared(kind: type, data: Mapping[str, Any]) -> Any:
    """A value that many loans have, and that is made once for all of them."""
    return _made_once(kind, tuple(data.items()))


@lru_cache(maxsize=4096)
def _made_once(kind: Any, items: tuple[tuple[str, Any], ...]) -> Any:
    return _of(kind, dict(items))


def _reader(hint: Any) -> Callable[[Any], Any]:
    """How a value of a kind that is not plain is read back. Raises TypeError for one that is not kept as data."""
    if hint in _HINTS:
        return partial(_shared if hint in _SHARED else _of, hint)
    if get_origin(hint) is tuple:
        inner = _reader(get_args(hint)[0])
        return lambda value: tuple([inner(one) for one in value])
    if hint is date:
        return date.fromisoformat
    if hint in (Decimal, Fraction) or issubclass(hint, StrEnum):
        return cast(Callable[[Any], Any], hint)
    raise TypeError(f"no value of {hint} is kept as data")


def _defaults(kind: Any) -> dict[str, Any]:
    """The fields of a kind with their defaults; MISSING, which nothing equals, for one that has none."""
    if issubclass(kind, tuple):
        return {name: kind._field_defaults.get(name, MISSING) for name in kind._fields}
    return {
        field.name: field.default_factory() if callable(field.default_factory) else field.default
        for field in fields(kind)
    }


def _hint(hint: Any) -> Any:
    """A field that may be None holds, where it is not, what is beside it."""
    rest = [one for one in get_args(hint) if one is not type(None)]
    return rest[0] if type(None) in get_args(hint) else hint


_HINTS: dict[type, dict[str, Any]] = {
    kind: {name: _hint(hint) for name, hint in get_type_hints(kind).items()}
    for kind in (
        *(Terms, Grace, Paying, Rounding, Calendar, Period),
        *(ProductRules, Drawdown, LateCharge, Standing, Row, Stretch),
    )
}
_SHARED = frozenset({Calendar, Period})
_READERS = {
    kind: {name: _reader(hint) for name, hint in hints.items() if hint not in _PLAIN}
    for kind, hints in _HINTS.items()
}
_DEFAULTS = {kind: _defaults(kind) for kind in _HINTS}
_VALUES = {kind: attrgetter(*defaults) for kind, defaults in _DEFAULTS.items()}
