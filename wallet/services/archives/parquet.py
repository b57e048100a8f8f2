"""Rows of a table as Parquet files, each column in a type that other tools read, and back again to the letter."""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any
from uuid import UUID

import pyarrow as pa
import pyarrow.parquet as pq
from django.db import connection
from django.utils.translation import gettext_lazy as _

from core.errors import DomainError
from storage_app import blobs
from storage_app.services import house, objects

BATCH = 20_000
CONTENT_TYPE = "application/vnd.apache.parquet"
# PostgreSQL's type: as Parquet has it, and how it is asked for. Whatever else there is becomes text.
_TYPES: dict[str, tuple[pa.DataType, str]] = {
    "uuid": (pa.binary(16), "{}"),
    "bigint": (pa.int64(), "{}"),
    "integer": (pa.int32(), "{}"),
    "smallint": (pa.int16(), "{}"),
    "boolean": (pa.bool_(), "{}"),
    "timestamp with time zone": (pa.timestamp("us", tz="UTC"), "{}"),
    "bytea": (pa.binary(), "{}"),
    "xid8": (pa.int64(), "{}::text::bigint"),
}
_TEXT = (pa.string(), "{}::text")
_COLUMNS = """
select a.attname::text, format_type(case when t.typtype = 'd' then t.typbasetype else t.oid end, null)
from pg_attribute a join pg_type t on t.oid = a.atttypid
where a.attrelid = to_regclass(%s) and a.attname = any (%s) order by a.attnum
"""


class ArchiveDiffers(DomainError):
    code = "archive_differs"
    kind = "conflict"
    message = _("The files do not hold what the month held. Nothing was taken out.")


@dataclass(frozen=True)
class Column:
    name: str
    type: str

    @property
    def field(self) -> pa.Field:
        arrow, _asked = _TYPES.get(self.type, _TEXT)
        return pa.field(self.name, arrow, metadata={"postgresql": self.type})

    @property
    def asked(self) -> str:
        return _TYPES.get(self.type, _TEXT)[1].format(connection.ops.quote_name(self.name))

    def plain(self, value: Any) -> Any:
        """A value of the database as Parquet takes it."""
        return value.bytes if isinstance(value, UUID) else value

    def back(self, value: Any) -> Any:
        return UUID(bytes=value) if self.type == "uuid" and value is not None else value


def columns_of(table: str, names: Sequence[str]) -> list[Column]:
    """Return a table's columns with their types, in the order of the table."""
    with connection.cursor() as cursor:
        cursor.execute(_COLUMNS, [f"public.{table}", list(names)])
        return [Column(*row) for row in cursor.fetchall()]


def rows_between(
    table: str, columns: Sequence[Column], since: UUID, until: UUID
) -> Iterator[list[tuple[Any, ...]]]:
    """Yield the rows of a range of ids in their order, a batch at a time."""
    asked = ", ".join(column.asked for column in columns)
    names = [column.name for column in columns]
    after, comparison = since, ">="
    while True:
        with connection.cursor() as cursor:
            cursor.execute(
                f"select {asked} from {connection.ops.quote_name(table)} "
                f"where id {comparison} %s and id < %s order by id limit {BATCH}",
                [after, until],
            )
            rows = cursor.fetchall()
        if rows:
            yield rows
        if len(rows) < BATCH:
            return
        after, comparison = rows[-1][names.index("id")], ">"


def write(
    path: Path, columns: Sequence[Column], batches: Iterator[list[tuple[Any, ...]]], most: int
) -> tuple[int, UUID]:
    """Write rows until there are `most` of them or none left; return how many, and the last id."""
    schema = pa.schema([column.field for column in columns])
    place = [column.name for column in columns].index("id")
    written, last = 0, UUID(int=0)
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for rows in batches:
            values = [
                pa.array([column.plain(row[at]) for row in rows], column.field.type)
                for at, column in enumerate(columns)
            ]
            writer.write_batch(pa.record_batch(values, schema=schema))
            written, last = written + len(rows), rows[-1][place]
            if written >= most:
                break
    return written, last


@contextmanager
def opened(part: dict[str, Any]) -> Iterator[pq.ParquetFile]:
    """Open a file of the archive, from a copy on this machine's disk that is gone afterwards. Raises ArchiveDiffers."""
    blob = objects.find(bucket_id=house.ARCHIVES, name=part["name"]).version.blob_key
    digest = hashlib.sha256()
    with NamedTemporaryFile(suffix=".parquet") as copy:
        for piece in blobs.read(blob):
            copy.write(piece)
            digest.update(piece)
        copy.flush()
        if digest.hexdigest() != part["sha256"]:
            raise ArchiveDiffers(detail=part["name"])
        with pq.ParquetFile(copy.name) as file:
            yield file


def read(file: pq.ParquetFile, columns: Sequence[Column]) -> Iterator[list[Any]]:
    """Yield rows as the database takes them."""
    names = [column.name for column in columns]
    for batch in file.iter_batches(BATCH, columns=names):
        for row in zip(*(batch.column(name).to_pylist() for name in names), strict=True):
            yield [column.back(value) for column, value in zip(columns, row, strict=True)]
