"""Values of a row as they compare in PostgreSQL: from the text of a filter, and from a row as JSON."""

import re
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from math import isinf
from typing import Any
from uuid import UUID

INTEGERS = {"int2": 2**15, "int4": 2**31, "int8": 2**63}
TEXTS = frozenset({"text", "varchar", "bpchar"})

_INTEGER = re.compile(r"[+-]?[0-9]{1,20}")
_NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)(e[+-]?[0-9]{1,4})?", re.IGNORECASE)
_UUID = re.compile(r"[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}", re.IGNORECASE)
_MOMENT = re.compile(
    r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?)?( ?(Z|[+-]\d\d(:?\d\d)?))?", re.IGNORECASE
)
_TRUE, _FALSE = ("true", "yes", "on", "1"), ("false", "no", "off", "0")
_BEFORE, _AMONG, _AFTER = -1, 0, 1
_FOREVER = {"-infinity": _BEFORE, "infinity": _AFTER, "inf": _AFTER, "-inf": _BEFORE, "+infinity": _AFTER}


@dataclass(frozen=True)
class Kind:
    """How values of a type are read, in filters and in rows, into what Python compares alike. Both raise ValueError."""

    written: Callable[[str], Any]
    stored: Callable[[Any], Any]


def _integer(limit: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not _INTEGER.fullmatch(text.strip()) or not -limit <= (number := int(text)) < limit:
            raise ValueError(text)
        return number

    return read


def _numeric(text: str) -> tuple[int, Decimal]:
    # NaN equals itself, and is greater than all else.
    lowered = text.strip().lower()
    if lowered == "nan":
        return _AFTER + 1, Decimal(0)
    if lowered in _FOREVER:
        return _FOREVER[lowered], Decimal(0)
    if not _NUMBER.fullmatch(lowered):
        raise ValueError(text)
    return _AMONG, Decimal(lowered)


def _number_of_row(value: Any) -> tuple[int, Decimal]:
    return _numeric(value) if isinstance(value, str) else (_AMONG, Decimal(value))


def _float8(text: str) -> tuple[int, float]:
    rank, exact = _numeric(text)
    number = float(exact)
    if isinf(number):
        raise ValueError(text)
    return rank, number


def _float4(text: str) -> tuple[int, float]:
    rank, number = _float8(text)
    try:
        return rank, float(struct.unpack("<f", struct.pack("<f", number))[0])
    except OverflowError as error:
        raise ValueError(text) from error


def _boolean(text: str) -> bool:
    lowered = text.strip().lower()
    # A beginning will do, but "o" could be either.
    true = any(word.startswith(lowered) for word in _TRUE)
    false = any(word.startswith(lowered) for word in _FALSE)
    if true == false:
        raise ValueError(text)
    return true


def _uuid(text: str) -> UUID:
    bare = text.strip()
    bare = bare[1:-1] if bare[:1] + bare[-1:] == "{}" else bare
    if not _UUID.fullmatch(bare):
        raise ValueError(text)
    return UUID(bare)


def _timestamptz(text: str) -> tuple[int, datetime]:
    rank, moment = _moment(text)
    return rank, moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _timestamp(text: str) -> tuple[int, datetime]:
    # A zone is passed over, as PostgreSQL does.
    rank, moment = _moment(text)
    return rank, moment.replace(tzinfo=None)


def _date(text: str) -> tuple[int, date]:
    rank, moment = _moment(text)
    return rank, moment.date()


def _moment(text: str) -> tuple[int, datetime]:
    bare = text.strip()
    if bare.lower() in ("infinity", "-infinity"):
        return _FOREVER[bare.lower()], datetime.min.replace(tzinfo=UTC)
    if not _MOMENT.fullmatch(bare):
        raise ValueError(text)
    return _AMONG, datetime.fromisoformat(bare.upper().replace(" +", "+").replace(" Z", "Z"))


def _time(text: str) -> time:
    moment = time.fromisoformat(text.strip())
    if moment.tzinfo:
        raise ValueError(text)
    return moment


def _as_text(read: Callable[[str], Any]) -> Callable[[Any], Any]:
    """Numbers of a row are exact, so that their text is what was stored."""
    return lambda value: read(str(value))


def _same(value: Any) -> Any:
    return value


def _padded(text: str) -> str:
    return text.rstrip(" ")


KINDS: Mapping[str, Kind] = {
    **{name: Kind(_integer(limit), int) for name, limit in INTEGERS.items()},
    "numeric": Kind(_numeric, _number_of_row),
    "float4": Kind(_float4, _as_text(_float4)),
    "float8": Kind(_float8, _as_text(_float8)),
    "bool": Kind(_boolean, _same),
    "text": Kind(_same, _same),
    "varchar": Kind(_same, _same),
    "bpchar": Kind(_padded, _padded),
    "uuid": Kind(_uuid, _uuid),
    "date": Kind(_date, _date),
    "time": Kind(_time, _time),
    "timestamp": Kind(_timestamp, _timestamp),
    "timestamptz": Kind(_timestamptz, _timestamptz),
}
