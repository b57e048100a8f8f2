"""The ledger's statements, prepared once for each connection.

Django's own cursor writes the values into the text, which the server parses and plans anew each time. A psycopg cursor
prepares, but then more than half of a transfer's time in this process goes into its adaptation of values and its
waiting in Python. The statements that matter have few and plain values, so they go straight to libpq; any other goes by
the cursor.
"""

from typing import Any
from uuid import UUID
from weakref import WeakKeyDictionary

import psycopg
from psycopg import errors, pq

# Object ids of PostgreSQL's types; values of any other type come out as text.
BIGINT, INTEGER, BOOLEAN = 20, 23, 16

# Statement -> its name on the server, for each connection as long as that lives.
_names: "WeakKeyDictionary[psycopg.Connection[Any], dict[str, bytes]]" = WeakKeyDictionary()


def rows(
    connection: "psycopg.Connection[Any]", statement: str, parameters: list[Any]
) -> list[tuple[Any, ...]]:
    """Run a statement with `%s` for its values and return its rows. Raises psycopg.Error."""
    values = _texts(parameters)
    if values is None:
        with psycopg.Cursor(connection) as cursor:
            return cursor.execute(statement, parameters, prepare=True).fetchall()
    names = _names.setdefault(connection, {})
    name = names.get(statement)
    if name is None:
        name = names[statement] = _prepare(connection, statement, f"ledger_{len(names)}".encode())
    result = _checked(connection, connection.pgconn.exec_prepared(name, values))  # type: ignore[arg-type]
    loaders = [_LOADERS.get(result.ftype(column), _text) for column in range(result.nfields)]
    return [
        tuple(
            None if (value := result.get_value(row, column)) is None else load(value)
            for column, load in enumerate(loaders)
        )
        for row in range(result.ntuples)
    ]


def _prepare(connection: "psycopg.Connection[Any]", statement: str, name: bytes) -> bytes:
    first, *rest = statement.split("%s")
    text = first + "".join(f"${number}{part}" for number, part in enumerate(rest, start=1))
    _checked(connection, connection.pgconn.prepare(name, text.encode()))
    return name


def _checked(connection: "psycopg.Connection[Any]", result: pq.abc.PGresult) -> pq.abc.PGresult:
    if result.status not in (pq.ExecStatus.TUPLES_OK, pq.ExecStatus.COMMAND_OK):
        raise errors.error_from_result(result, connection.info.encoding)
    return result


def _texts(parameters: list[Any]) -> list[bytes | None] | None:
    """The values as PostgreSQL reads them; None when one of them is not plain (a list, a time, a NUL character)."""
    texts: list[bytes | None] = []
    for value in parameters:
        kind = type(value)
        if kind is UUID:
            texts.append(value.hex.encode())
        elif kind is str and "\x00" not in value:
            texts.append(value.encode())
        elif kind is int:
            texts.append(b"%d" % value)
        elif value is None:
            texts.append(None)
        else:
            return None
    return texts


def _boolean(value: bytes) -> bool:
    return value == b"t"


def _text(value: bytes) -> str:
    return value.decode()


_LOADERS: dict[int, Any] = {BIGINT: int, INTEGER: int, BOOLEAN: _boolean}
