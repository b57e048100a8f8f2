"""Which tables' changes are published, as a migration operation. It comes after the table's `Protect`.

    Declare("accounts_notification", owner="user_id")
    Declare("savings_plan", owner="owner_id", columns=["id", "state", "target"])

A change goes to the person whom the row's `owner` column names, and to the service; never to anybody else. So a table
is declared only if its policies show a row to its owner. What is told is the row cut down to `columns`, or to all that
`authenticated` may select when the migration runs: a column that comes later is not published until the table is
declared again. `trigger=False` is for a table too busy for a trigger, whose changes somebody publishes in bulk by the
SQL function `realtime.change` and says whose they are, so that `owner` may be left out; `key` for a view, whose primary
key the catalogue does not know.
"""

from collections.abc import Sequence
from typing import Any

from django.db.migrations.operations.special import RunSQL


class Declare(RunSQL):
    """Publish the changes of a table of schema `public` to the owners of its rows."""

    def __init__(
        self,
        table: str,
        *,
        owner: str = "",
        columns: Sequence[str] | None = None,
        key: Sequence[str] | None = None,
        trigger: bool = True,
    ) -> None:
        self.table = table
        self.arguments: dict[str, Any] = {"owner": owner, "columns": columns, "key": key, "trigger": trigger}
        super().__init__(
            [
                (
                    "select realtime.declare_table(%s, %s, %s::text[], %s::text[], %s)",
                    [table, owner, _array(columns), _array(key), trigger],
                )
            ],
            reverse_sql=[("select realtime.withdraw_table(%s)", [table])],
        )

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        return "Declare", [self.table], self.arguments

    def describe(self) -> str:
        return f"Publish changes of {self.table}"


def _array(names: Sequence[str] | None) -> list[str] | None:
    return None if names is None else list(names)
