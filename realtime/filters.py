"""Filters of changes, `column=op.value`, several joined by commas: read once, tried on rows without the database.

    read('amount=gte.5000,state=in.(PAID,"SENT, LATE")', columns={"amount": "int8", "state": "varchar"}).matches(row)

They mean what they mean in PostgreSQL, by the column's type: a comparison with NULL is unknown, and what is unknown
does not match, whether denied or not. Texts are ordered by their code points.
"""

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from realtime import patterns
from realtime.values import KINDS, TEXTS, Kind

LONGEST = 2000
MOST_CONDITIONS, MOST_VALUES = 20, 100

# What a row says of a column: true, false, or None, which is unknown. Given the value, which may be None for NULL.
Test = Callable[[Any], bool | None]

COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq,
    "neq": operator.ne,
    "lt": operator.lt,
    "lte": operator.le,
    "gt": operator.gt,
    "gte": operator.ge,
}
PATTERNS: Mapping[str, Callable[[str], Callable[[str], bool | None]]] = {
    "like": patterns.like,
    "ilike": patterns.ilike,
    "match": patterns.match,
    "imatch": lambda pattern: patterns.match(pattern, any_case=True),
}
STATES: Mapping[str, Test] = {
    "null": lambda value: value is None,
    "not_null": lambda value: value is not None,
    "true": lambda value: value is True,
    "false": lambda value: value is False,
    "unknown": lambda value: value is None,
}
OPERATORS = (*COMPARISONS, "in", *PATTERNS, "is", "isdistinct")


class BadFilter(Exception):
    """The filter cannot be understood. `message` says why, for whoever wrote it."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


@dataclass(frozen=True, slots=True)
class Condition:
    column: str
    denied: bool
    test: Test

    def holds(self, row: Mapping[str, Any]) -> bool:
        # Of a value that was too long to be sent along nothing is known.
        if self.column not in row:
            return False
        try:
            said = self.test(row[self.column])
        except (
            ValueError,
            ArithmeticError,
            TypeError,
            AttributeError,
        ):  # a value that Python has no equal of: a year 20000
            return False
        return said is not None and said is not self.denied


@dataclass(frozen=True, slots=True)
class Filter:
    """Conditions that must all hold."""

    conditions: tuple[Condition, ...]

    def matches(self, row: Mapping[str, Any]) -> bool:
        return all(condition.holds(row) for condition in self.conditions)


def read(text: str, *, columns: Mapping[str, str]) -> Filter:
    """Read a filter for a table of these columns and types. Raises BadFilter."""
    if len(text) > LONGEST:
        raise BadFilter(f"A filter has at most {LONGEST} characters.")
    reader, conditions = _Reader(text), []
    while True:
        conditions.append(_condition(reader, columns))
        if reader.ended:
            return Filter(tuple(conditions))
        reader.expect(",")
        if len(conditions) == MOST_CONDITIONS:
            raise BadFilter(f"A filter has at most {MOST_CONDITIONS} conditions.")


class _Reader:
    """A place in the text of a filter."""

    def __init__(self, text: str) -> None:
        self.text, self.at = text, 0

    @property
    def ended(self) -> bool:
        return self.at >= len(self.text)

    def next_is(self, text: str) -> bool:
        return self.text.startswith(text, self.at)

    def expect(self, text: str) -> None:
        if not self.next_is(text):
            raise BadFilter(
                f"A filter has '{text}' at character {self.at + 1}; put values with commas into double quotes."
            )
        self.at += len(text)

    def skip(self, text: str) -> bool:
        found = self.next_is(text)
        self.at += len(text) if found else 0
        return found

    def until(self, stops: str) -> str:
        """What comes before one of these characters, or the rest."""
        start = self.at
        while not self.ended and self.text[self.at] not in stops:
            self.at += 1
        return self.text[start : self.at]

    def value(self, stops: str) -> str:
        return self._quoted() if self.skip('"') else self.until(stops)

    def _quoted(self) -> str:
        letters: list[str] = []
        while not self.ended:
            letter = self.text[self.at]
            self.at += 1
            if letter == '"':
                return "".join(letters)
            if letter == "\\" and not self.ended:
                letter = self.text[self.at]
                self.at += 1
            letters.append(letter)
        raise BadFilter("A filter leaves a double quote open.")


def _condition(reader: _Reader, columns: Mapping[str, str]) -> Condition:
    column = reader.value("=,").strip()
    reader.expect("=")
    if column not in columns:
        raise BadFilter(f"There is no column '{column}' to filter by.")
    denied = reader.skip("not.")
    name = reader.until(".,")
    if name not in OPERATORS or not reader.skip("."):
        raise BadFilter(f"A filter does not know the operator '{name}'; it knows {', '.join(OPERATORS)}.")
    return Condition(column, denied, _test(reader, name, column, columns[column]))


def _test(reader: _Reader, name: str, column: str, type_name: str) -> Test:
    if name == "is":
        return _state(reader.value(","), column, type_name)
    if type_name not in KINDS or (name in PATTERNS and type_name not in TEXTS):
        raise BadFilter(f"Column '{column}' of type {type_name} cannot be compared by '{name}'.")
    kind = KINDS[type_name]
    if name == "in":
        return _among([_value(text, kind, column, type_name) for text in _list(reader)], kind)
    text = reader.value(",")
    if name in PATTERNS:
        try:
            found = PATTERNS[name](text)
        except ValueError as error:
            raise BadFilter(f"Column '{column}' cannot be filtered by '{text}': {error}.") from error
        return lambda value: None if value is None else found(value)
    wanted = _value(text, kind, column, type_name)
    if name == "isdistinct":
        return lambda value: value is None or kind.stored(value) != wanted
    compare = COMPARISONS[name]
    return lambda value: None if value is None else compare(kind.stored(value), wanted)


def _state(word: str, column: str, type_name: str) -> Test:
    lowered = word.lower()
    if lowered not in STATES or (lowered not in ("null", "not_null") and type_name != "bool"):
        raise BadFilter(f"Column '{column}' of type {type_name} cannot be asked whether it is '{word}'.")
    return STATES[lowered]


def _among(wanted: list[Any], kind: Kind) -> Test:
    if not wanted:
        return lambda value: False
    return lambda value: None if value is None else kind.stored(value) in wanted


def _list(reader: _Reader) -> list[str]:
    reader.expect("(")
    if reader.skip(")"):
        return []
    values = [reader.value(",)")]
    while reader.skip(","):
        if len(values) == MOST_VALUES:
            raise BadFilter(f"A list in a filter has at most {MOST_VALUES} values.")
        values.append(reader.value(",)"))
    reader.expect(")")
    return values


def _value(text: str, kind: Kind, column: str, type_name: str) -> Any:
    try:
        return kind.written(text)
    except (ValueError, ArithmeticError) as error:
        raise BadFilter(f"'{text}' is no value for column '{column}' of type {type_name}.") from error
