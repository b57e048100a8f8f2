"""Row history: what each row was, kept by triggers, so that bulk updates and raw SQL leave it too.

`keep` makes a table of snapshots beside a model's table (django-pghistory); `Guard` closes it in the same migration.
Who acted, and in which request, each snapshot takes from the database session, where `core.actors` puts it.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import pghistory
import pgtrigger
from django.db import models

from core.rls import Protect

ACTOR, REQUEST = "actor", "request"
INSERTED, UPDATED, DELETED = "insert", "update", "delete"

# The histories there are, by the model (or the model behind a proxy) whose rows they tell of.
HISTORIES: dict[type[models.Model], type[models.Model]] = {}


def keep(
    model: type[models.Model],
    *,
    name: str,
    app_label: str,
    fields: Sequence[str],
    secret: Sequence[str] = (),
    by: Sequence[str] = (),
) -> type[models.Model]:
    """Make the model `name` of snapshots of these fields; `by` names fields by which snapshots are found as well.

    Fields are named one by one: a secret column that is added later is not kept by oversight. Of `secret` fields a
    snapshot tells that one changed, and never what to.
    """
    found_by = [("pgh_obj", "object"), *[(field, field) for field in by]]
    history: type[models.Model] = pghistory.create_event_model(
        model,
        pghistory.InsertEvent(),
        pghistory.UpdateEvent(condition=pgtrigger.AnyChange(*fields, *secret)),
        pghistory.DeleteEvent(),
        fields=list(fields),
        model_name=name,
        app_label=app_label,
        obj_field=pghistory.ObjForeignKey(related_name="+", db_index=False),
        context_field=pghistory.ContextJSONField(),
        context_id_field=None,  # type: ignore[arg-type]
        abstract=False,
        attrs={"pgh_id": models.BigAutoField(primary_key=True)},
        meta={
            "default_permissions": (),
            "indexes": [
                models.Index(fields=[field, "-pgh_id"], name=f"{name.lower()}_{word}")
                for field, word in found_by
            ],
        },
    )
    HISTORIES[model._meta.concrete_model or model] = history
    return history


class Guard(Protect):
    """Close the history `table` of `rows`: its triggers add to it, the service reads it, and nobody changes it.

    The triggers run as the owner, and no session can have them look away (pgtrigger reads `pgtrigger.ignore`). A later
    migration that makes triggers anew ends with a `Guard` without columns; a test says so if it does not. With columns,
    the rows there are get their first snapshot.
    """

    def __init__(self, table: str, *, rows: str, key: str = "id", columns: Sequence[str] = ()) -> None:
        super().__init__(table, service="SELECT")
        self.rows, self.key, self.columns = rows, key, list(columns)
        names = ", ".join(f'"{column}"' for column in columns)
        self.sql = "\n".join(
            [
                str(self.sql),
                _CLOSE.format(table=table, rows=rows),
                f'INSERT INTO "{table}" (pgh_created_at, pgh_label, pgh_obj_id, {names}) '
                f"""SELECT now(), '{INSERTED}', "{key}", {names} FROM "{rows}" ORDER BY 3;"""
                if columns
                else "",
            ]
        )

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        return "Guard", [self.table], {"rows": self.rows, "key": self.key, "columns": self.columns}


_CLOSE = """
CREATE OR REPLACE TRIGGER append_only BEFORE UPDATE OR DELETE ON "{table}"
    FOR EACH ROW EXECUTE FUNCTION core.append_only();
CREATE OR REPLACE TRIGGER no_truncate BEFORE TRUNCATE ON "{table}"
    FOR EACH STATEMENT EXECUTE FUNCTION core.append_only();
DO $$ DECLARE routine regprocedure; BEGIN
  FOR routine IN
    SELECT DISTINCT tgfoid::regprocedure FROM pg_catalog.pg_trigger
    WHERE tgrelid = 'public.{rows}'::regclass AND tgname LIKE 'pgtrigger%'
  LOOP
    EXECUTE format('ALTER FUNCTION %s SECURITY DEFINER SET search_path = public, pg_temp', routine);
    EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', routine);
  END LOOP;
END $$;
CREATE OR REPLACE FUNCTION public._pgtrigger_should_ignore(trigger_name name) RETURNS boolean LANGUAGE sql IMMUTABLE
RETURN false;
"""


@dataclass(frozen=True)
class Change:
    """One field of a row at one moment: `before` is None in a row's first snapshot, `after` in its last.

    `field` is empty where a secret changed, which is not kept.
    """

    what: str
    field: str
    before: Any
    after: Any
    at: datetime
    actor_id: UUID | None
    request_id: str


def changes_of(obj: models.Model, *, limit: int = 20) -> list[Change]:
    """Return what became of a row, the latest first: the changes in its last `limit` snapshots."""
    history = HISTORIES.get(obj._meta.concrete_model or type(obj))
    if history is None:
        return []
    rows = history._default_manager.filter(pgh_obj=obj.pk).order_by("-pgh_id")[: limit + 1]
    return list(_changes(list(rows), limit))


def changes_by(history: type[models.Model], *, limit: int = 20, **filters: Any) -> list[Change]:
    """Return the latest changes in the snapshots that match, of whichever rows."""
    rows = list(history._default_manager.filter(**filters).order_by("-pgh_id")[: limit + 1])
    return list(_changes(rows, limit))


def _changes(rows: Sequence[Any], limit: int) -> Iterator[Change]:
    """A snapshot's `before` is the snapshot before it, of the same row: newest first, the next one further on."""
    for place, row in enumerate(rows[:limit]):
        earlier = next((other for other in rows[place + 1 :] if other.pgh_obj_id == row.pgh_obj_id), None)
        seen = False
        for field in fields_of(type(row)):
            now = getattr(row, field.attname)
            then = getattr(earlier, field.attname) if earlier else None
            if row.pgh_label == DELETED:
                now, then = None, now
            elif row.pgh_label == INSERTED:
                then = None
            if now != then:
                seen = True
                yield _change(row, field.name, then, now)
        if not seen:
            yield _change(row, "", None, None)


def _change(row: Any, field: str, before: Any, after: Any) -> Change:
    said = row.pgh_context or {}
    actor = said.get(ACTOR)
    return Change(
        what=row.pgh_label,
        field=field,
        before=before,
        after=after,
        at=row.pgh_created_at,
        actor_id=UUID(actor) if actor else None,
        request_id=said.get(REQUEST, ""),
    )


def fields_of(history: type[models.Model]) -> Iterable[Any]:
    """The fields of the row itself that a history keeps."""
    return [field for field in history._meta.concrete_fields if not field.name.startswith("pgh_")]
