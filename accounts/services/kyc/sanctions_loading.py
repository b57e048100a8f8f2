"""Loading a sanctions list: all of it or nothing, in place of the load before, while screenings go on."""

import json
from datetime import datetime
from functools import partial
from typing import IO, Any

from django.db import connection, transaction

from accounts import audit, check_tasks
from accounts.models import SanctionsEntry, SanctionsList
from accounts.services.kyc.sanctions_files import BadLine, Entry, Reader
from core.actors import acting_as_service
from core.errors import DomainError

SHOWN = 20  # wrong lines that are named
LOADING = """
create temp table sanctions_loading (
    line bigint, external_id text, name text, aliases jsonb, searched text, born text, country text, programme text,
    content text
) on commit drop
"""
COPY = (
    "copy pg_temp.sanctions_loading (line, external_id, name, aliases, searched, born, country, programme, content)"
    " from stdin"
)
TWICE = """
select external_id, array_agg(line order by line) from pg_temp.sanctions_loading
group by external_id having count(*) > 1 order by min(line) limit %s
"""
# An entry that stood on the list before, in these words, keeps its date.
TAKE_OVER = """
insert into accounts_sanctionsentry
    (load_id, external_id, name, aliases, searched, born, country, programme, content, since)
select %(load)s, n.external_id, n.name, n.aliases, n.searched, n.born, n.country, n.programme, n.content,
    coalesce(o.since, %(at)s)
from pg_temp.sanctions_loading n
left join accounts_sanctionsentry o on o.load_id = any(%(before)s::uuid[]) and o.external_id = n.external_id
    and o.content = n.content
order by n.line
"""


class BadFile(DomainError):
    """`data["lines"]` says what is wrong, by line; nothing was loaded."""

    code = "sanctions_bad_file"
    message = "The list was not loaded."
    public = ("lines",)


def load(*, file: IO[bytes], name: str, source: str, at: datetime) -> tuple[SanctionsList, bool]:
    """Load a list in place of what was loaded under its name; say whether it is another file than the one before.

    Customers are screened against what is new in it once it is committed. Raises BadFile.
    """
    with acting_as_service(), connection.cursor() as cursor:
        cursor.execute("set local statement_timeout = 0")
        # Two loads of one list follow each other.
        cursor.execute("select pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"sanctions:{name}"])
        cursor.execute(LOADING)
        reader = Reader(file, list_name=name)
        rows = _copy(cursor, reader)
        _refuse_twice(cursor)
        before = list(SanctionsList.objects.filter(name=name, active=True))
        if before and before[0].sha256 == reader.sha256:
            return before[0], False
        SanctionsList.objects.filter(name=name, active=True).update(active=False)
        loaded = SanctionsList.objects.create(
            name=name, source=source, sha256=reader.sha256, rows=rows, new_rows=0, loaded_at=at
        )
        keys = [old.pk for old in before]
        cursor.execute(TAKE_OVER, {"load": loaded.pk, "at": at, "before": keys})
        loaded.new_rows = SanctionsEntry.objects.filter(load=loaded, since=at).count()
        loaded.save(update_fields=["new_rows"])
        SanctionsEntry.objects.filter(load__in=keys).delete()
        audit.record(action="kyc.sanctions.loaded", target=loaded, name=name, rows=rows, new=loaded.new_rows)
        transaction.on_commit(partial(check_tasks.rescreen.delay), robust=True)
    return loaded, True


def _copy(cursor: Any, reader: Reader) -> int:
    """Bring the rows to the database as they are read, and return how many. Raises BadFile."""
    wrong: list[str] = []
    rows = 0
    try:
        with cursor.copy(COPY) as copy:
            for found in reader:
                if isinstance(found, Entry):
                    rows += 1
                    copy.write_row(_row(found))
                elif isinstance(found, BadLine):
                    wrong.append(str(found))
                    if len(wrong) >= SHOWN:
                        break
    except BadLine as bad:
        wrong.append(str(bad))
    if not rows and not wrong:
        wrong.append("the list holds nobody")
    if wrong:
        raise BadFile(lines=wrong)
    return rows


def _row(entry: Entry) -> tuple[Any, ...]:
    return (
        entry.line,
        entry.external_id,
        entry.name,
        json.dumps(entry.aliases),
        entry.searched,
        entry.born,
        entry.country,
        entry.programme,
        entry.content,
    )


def _refuse_twice(cursor: Any) -> None:
    cursor.execute(TWICE, [SHOWN])
    lines = [
        f"lines {', '.join(map(str, at[:5]))}: the id {key!r} stands there more than once"
        for key, at in cursor
    ]
    if lines:
        raise BadFile(lines=lines)
