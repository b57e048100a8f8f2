"""Tables partitioned by month on their UUIDv7 key.

The key's first 48 bits are milliseconds, so a month is a range of keys, the key stays one column, and "newest first" is
its order. `CreatePartitionedModel` makes such a table in a migration; `ensure_ahead` keeps partitions waiting for the
months to come (a daily task); `partitions_of` lists what there is.
"""

from dataclasses import dataclass
from datetime import datetime

from django.db import connection
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations import CreateModel
from django.db.migrations.state import ProjectState

MONTHS_AHEAD = 3


class CreatePartitionedModel(CreateModel):
    """CreateModel, partitioned by month on `id`, with partitions from two months ago to `MONTHS_AHEAD` ahead made."""

    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        plain = schema_editor.sql_create_table
        schema_editor.sql_create_table = plain + " PARTITION BY RANGE (id)"
        try:
            super().database_forwards(app_label, schema_editor, from_state, to_state)
        finally:
            schema_editor.sql_create_table = plain
        table = to_state.apps.get_model(app_label, self.name)._meta.db_table
        schema_editor.execute(ENSURE, [table, None, MONTHS_AHEAD])


ENSURE = "SELECT partitions.ensure(%s, coalesce(%s, now()), %s)"


@dataclass(frozen=True)
class Partition:
    """One month of a table: [`since`, `until`) in UTC."""

    name: str
    since: datetime
    until: datetime
    rows: int


def ensure_ahead(*, table: str, at: datetime, months: int = MONTHS_AHEAD) -> int:
    """Make the partitions from two months before `at` to `months` after it that are missing; return how many."""
    with connection.cursor() as cursor:
        cursor.execute(ENSURE, [table, at, months])
        return int(cursor.fetchone()[0])


def partitions_of(table: str) -> list[Partition]:
    """Return the table's partitions, oldest first, with the planner's row estimates."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT name, since, until, rows FROM partitions.list(%s)", [table])
        return [Partition(*row) for row in cursor.fetchall()]


def partitioned_tables() -> list[str]:
    """Return the names of all tables partitioned by month."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM partitions.tables()")
        return [row[0] for row in cursor.fetchall()]
