"""Changes of declared tables on their way to sockets: what somebody asks for, and whether a change is it.

`bind` is asked once, when a channel is joined; `read` once for each message; `matches` for each of them that the keys
bring together. A change reaches a person only by a key with that person's id, which comes from verified claims.
"""

import hashlib
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from json import JSONDecoder
from typing import Any
from uuid import UUID

from core.actors import AUTHENTICATED, SERVICE, Actor, acting_as_service
from realtime import filters
from realtime.models import DeclaredTable
from realtime.services.outbox import Placed

# Whose rows of which table; None is every owner's, for the service alone.
Key = tuple[str, str, UUID | None]

EVERY = "*"
EVENTS = ("INSERT", "UPDATE", "DELETE")
ASKED = ("event", "schema", "table", "filter", "select")
# An id is one of these less one, since clients take 0 for none.
IDS = 2**27
# Numbers longer than this are kept as decimals, which are read in a time that grows with their length alone.
LONGEST_INTEGER = 20

_members = JSONDecoder(parse_float=str, parse_int=str)

logger = logging.getLogger(__name__)


class BindingRefused(Exception):
    """What was asked for cannot be had. `message` says why, for whoever asked."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


@dataclass(frozen=True, slots=True)
class Change:
    """A change of a row. `data` is what is sent of it, as JSON text; a row is None where there was none.

    `keys` are those under which bindings are found that it may concern.
    """

    schema: str
    table: str
    kind: str
    owners: tuple[UUID, ...]
    data: str
    record: Mapping[str, Any] | None
    old_record: Mapping[str, Any] | None
    keys: tuple[Key, ...]
    narrowed: dict[tuple[str, ...], str] = field(default_factory=dict, repr=False, compare=False)

    @property
    def row(self) -> Mapping[str, Any]:
        """The row that filters are tried on: as it is, or as it was if it is no more."""
        return (self.old_record if self.kind == "DELETE" else self.record) or {}


@dataclass(frozen=True, slots=True)
class Binding:
    """What a channel wants to be told of: `echo` goes into the reply, `keys` into an index of all bindings."""

    id: int
    event: str
    schema: str
    table: str
    filter: str | None
    select: tuple[str, ...] | None
    echo: dict[str, Any]
    keys: tuple[Key, ...]
    conditions: filters.Filter | None = field(repr=False)

    def matches(self, change: Change) -> bool:
        """Whether this change is wanted, and may be told. Asks nobody, and never fails."""
        return (
            self.event in (EVERY, change.kind)
            and any(key in change.keys for key in self.keys)
            and (self.conditions is None or self.conditions.matches(change.row))
        )

    def data(self, change: Change) -> str:
        """Return what is sent of a change, as JSON text: all of it, or the columns that were selected."""
        if self.select is None:
            return change.data
        if self.select not in change.narrowed:
            change.narrowed[self.select] = _narrowed(change.data, self.select)
        return change.narrowed[self.select]


def bind(request: dict[str, Any], *, actor: Actor) -> Binding:
    """Return what was asked for at a join. Reads the declared tables. Raises BindingRefused."""
    asked = _asked(request)
    owner = _owner(actor)
    tables = _tables(asked["schema"], asked["table"])
    select = _select(request.get("select"), tables)
    conditions = _conditions(asked["filter"], tables)
    return Binding(
        id=_id(asked, select),
        event=asked["event"],
        schema=asked["schema"],
        table=asked["table"],
        filter=asked["filter"] or None,
        select=select,
        echo={**{name: request[name] for name in ASKED if name in request}, "id": _id(asked, select)},
        keys=tuple((table.schema, table.table, owner) for table in tables),
        conditions=conditions,
    )


def read(placed: Placed) -> Change:
    """Read a message of the extension `postgres_changes`. One that cannot be read concerns nobody, and is logged."""
    text = placed.payload or ""
    try:
        data = json.loads(text, parse_float=Decimal, parse_int=_exact)
        name = data["schema"], data["table"]
        return Change(
            *name,
            kind=placed.event,
            owners=placed.owners,
            data=text,
            record=data.get("record"),
            old_record=data.get("old_record"),
            keys=((*name, None), *((*name, owner) for owner in placed.owners)),
        )
    except (ValueError, KeyError, TypeError, RecursionError):
        logger.exception("change %s cannot be read", placed.id)
        return Change("", "", placed.event, (), "{}", None, None, ())


def _exact(digits: str) -> int | Decimal:
    return int(digits) if len(digits) < LONGEST_INTEGER else Decimal(digits)


def _asked(request: dict[str, Any]) -> dict[str, str]:
    asked = {"event": EVERY, "schema": "public", "table": EVERY, "filter": ""}
    for name in asked:
        given = request.get(name)
        if given is not None and not isinstance(given, str):
            raise BindingRefused(f"'{name}' of postgres_changes must be a text.")
        asked[name] = given or asked[name]
    if asked["event"] not in (EVERY, *EVENTS):
        raise BindingRefused(f"postgres_changes knows the events *, {', '.join(EVENTS)}: {asked['event']!r}")
    return asked


def _owner(actor: Actor) -> UUID | None:
    if actor.role == SERVICE:
        return None
    if actor.role != AUTHENTICATED or actor.user_id is None:
        raise BindingRefused("Changes of tables are told to people who have signed in.")
    return actor.user_id


def _tables(schema: str, table: str) -> list[DeclaredTable]:
    with acting_as_service():
        declared = DeclaredTable.objects.order_by("schema", "table")
        if schema != EVERY:
            declared = declared.filter(schema=schema)
        if table != EVERY:
            declared = declared.filter(table=table)
        found = list(declared)
    if not found:
        raise BindingRefused(f"Changes of {schema}.{table} are not published.")
    return found


def _conditions(text: str, tables: list[DeclaredTable]) -> filters.Filter | None:
    if not text:
        return None
    if len(tables) != 1:
        raise BindingRefused("A filter needs one schema and one table.")
    types = {column["name"]: column["type"] for column in tables[0].columns}
    try:
        return filters.read(text, columns=types)
    except filters.BadFilter as error:
        raise BindingRefused(error.message) from error


def _select(names: Any, tables: list[DeclaredTable]) -> tuple[str, ...] | None:
    if names is None or names == []:
        return None
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise BindingRefused("'select' of postgres_changes must be a list of columns.")
    if len(tables) != 1:
        raise BindingRefused("A selection of columns needs one schema and one table.")
    unknown = sorted(set(names) - set(tables[0].names))
    if unknown:
        raise BindingRefused(f"There is no column '{unknown[0]}' to select.")
    wanted = {*names, *tables[0].key}
    return tuple(name for name in tables[0].names if name in wanted)


def _narrowed(text: str, names: tuple[str, ...]) -> str:
    parts = _parts(text)
    for row in ("record", "old_record"):
        if row in parts and parts[row] != "null":
            values = _parts(parts[row])
            parts[row] = _joined({name: values[name] for name in names if name in values})
    columns = [column for column in json.loads(parts["columns"]) if column["name"] in names]
    return _joined({**parts, "columns": json.dumps(columns)})


def _parts(text: str) -> dict[str, str]:
    """The members of an object as PostgreSQL writes it, each as it stands there: no number loses a digit."""
    parts: dict[str, str] = {}
    at = 1
    while text[at] != "}":
        name, at = _members.raw_decode(text, text.index('"', at))
        start = at + len(": ")
        _value, at = _members.raw_decode(text, start)
        parts[name] = text[start:at]
    return parts


def _joined(parts: Mapping[str, str]) -> str:
    return "{" + ", ".join(f"{json.dumps(name)}: {text}" for name, text in parts.items()) + "}"


def _id(asked: dict[str, str], select: tuple[str, ...] | None) -> int:
    digest = hashlib.blake2b(json.dumps([asked, select]).encode(), digest_size=8).digest()
    return int.from_bytes(digest) % (IDS - 1) + 1
