"""A month on its way out of its table, step by step; and back.

    begun → written to files → read back and verified → taken out (still in the database) → dropped

Each step is a transaction of its own and may be done again: killed anywhere, the next run goes on from there. What is
written down of a month, and what may be done with it, the functions of `core/sql/archives.sql` decide: here is only
the carrying.
"""

import json
import logging
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

import psycopg
from django.conf import settings
from django.db import Error, connection
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts import audit
from core import partitions
from core.actors import acting_as_service
from core.errors import DomainError
from core.ids import uuid7
from core.models import Archive
from core.partitions import Partition
from storage_app import blobs
from storage_app.services import house, objects
from wallet.models import Case, Dispute, Payment, Payout, Refund, SuspendedDeposit
from wallet.refusals import ArchiveStillNeeded
from wallet.services import books
from wallet.services.archives import parquet
from wallet.services.archives.parquet import ArchiveDiffers
from wallet.services.posting import run

TABLES = ("wallet_transaction", "accounts_auditevent")
# The largest file; a month has as many as it needs.
PART = 1_000_000
State = Archive.State

logger = logging.getLogger(__name__)


class BooksNotProven(DomainError):
    code = "books_not_proven"
    kind = "conflict"
    message = _("The books have faults: nothing of them is taken out.")


class ArchiveBusy(DomainError):
    code = "archive_busy"
    kind = "unavailable"
    message = _("The table is in use for long. Nothing was changed; try again when less is going on.")


class ArchiveTooYoung(DomainError):
    code = "archive_too_young"
    kind = "conflict"
    message = _("This month may still get rows.")


class ArchiveNotSoFar(DomainError):
    code = "archive_not_so_far"
    kind = "conflict"
    message = _("This month is at another step.")


_BY_CODE = {error.code: error for error in (ArchiveDiffers, ArchiveTooYoung, ArchiveNotSoFar)}


def due(*, at: datetime, keep_months: int, tables: Iterable[str] = TABLES) -> list[tuple[str, Partition]]:
    """Return the months that ended more than so many months ago and are still in their tables, the oldest first."""
    local = at.astimezone(UTC)
    index = local.year * 12 + local.month - 1 - keep_months
    limit = local.replace(
        year=index // 12, month=index % 12 + 1, day=1, hour=0, minute=0, second=0, microsecond=0
    )
    with acting_as_service():
        return [
            (table, month)
            for table in tables
            for month in partitions.partitions_of(table)
            if month.until <= limit
        ]


def archive_all(
    *, at: datetime, keep_months: int = settings.ARCHIVE_AFTER_MONTHS, part: int = PART
) -> list[Archive]:
    """Take out every month that is due; return them. One that something still needs is left for another time.

    Raises BooksNotProven, ArchiveBusy, ArchiveDiffers.
    """
    months = due(at=at, keep_months=keep_months)
    if months and books.verify():
        raise BooksNotProven
    done = []
    for table, month in months:
        try:
            done.append(archive(table=table, partition=month.name, at=at, part=part))
        except DomainError as refusal:
            if refusal.kind != "conflict" or isinstance(refusal, ArchiveDiffers):
                raise
            logger.warning("%s stays: %s", month.name, refusal.code)
    return done


def archive(*, table: str, partition: str, at: datetime, part: int = PART) -> Archive:
    """Take one month out, from whatever step it is at. Raises what `archive_all` does, and why it must stay."""
    with acting_as_service(), _refusing():
        _call("archive_begin(%s, %s, %s)", uuid7(), table, partition)
    month = month_named(partition)
    if month.state == State.BEGUN:
        _write(month, part, at=at)
    if month_named(partition).state == State.WRITTEN:
        verify(partition=partition)
    if month_named(partition).state in (State.VERIFIED, State.RESTORED):
        _detach(month)
    return month_named(partition)


def month_named(partition: str) -> Archive:
    with acting_as_service():
        return Archive.objects.get(partition=partition)


def _write(month: Archive, part: int, *, at: datetime) -> None:
    """Write what no file has yet, in parts that are each noted when they lie there whole."""
    house.bucket(house.ARCHIVES, at=at)
    with acting_as_service():
        columns = parquet.columns_of(month.parent, month.columns)
    since, until = bounds_of(month)
    while True:
        month = month_named(month.partition)
        after = UUID(month.parts[-1]["last"]) if month.parts else None
        if sum(one["rows"] for one in month.parts) >= month.rows:
            break
        start = UUID(int=after.int + 1) if after else since
        with acting_as_service(), TemporaryDirectory() as folder:
            path = Path(folder) / "part.parquet"
            batches = parquet.rows_between(month.parent, columns, start, until)
            rows, last = parquet.write(path, columns, batches, part)
            name = f"{month.parent}/{month.partition}/part-{len(month.parts) + 1:04}.parquet"
            facts = _put(name, path.read_bytes(), parquet.CONTENT_TYPE, at=at)
            if not rows:
                raise ArchiveDiffers
            _call("archive_part(%s, %s)", month.pk, json.dumps({**facts, "rows": rows, "last": str(last)}))
    with acting_as_service(), _refusing():
        manifest = json.dumps(_manifest(month, columns), indent=2).encode()
        _put(f"{month.parent}/{month.partition}/manifest.json", manifest, "application/json", at=at)
        _call("archive_written(%s)", month.pk)


def _manifest(month: Archive, columns: Sequence[parquet.Column]) -> dict[str, Any]:
    return {
        "table": month.parent,
        "partition": month.partition,
        "since": month.since.isoformat(),
        "until": month.until.isoformat(),
        "rows": month.rows,
        "content": bytes(month.content).hex(),
        "columns": [{"name": column.name, "type": column.type} for column in columns],
        "parts": month.parts,
    }


def _put(name: str, content: bytes, content_type: str, *, at: datetime) -> dict[str, Any]:
    """Put a file into the bucket, over one that a run before this left there; return its facts."""
    place = objects.place_for(bucket_id=house.ARCHIVES, name=name, upsert=True, content_type=content_type)
    with blobs.Writer(blobs.key_of(uuid7())) as writer:
        for start in range(0, len(content), blobs.PIECE):
            writer.write(content[start : start + blobs.PIECE])
        written = writer.finish()
    objects.put(place=place, written=written, content_type=content_type, at=at)
    return {"name": name, "bytes": written.size, "sha256": written.sha256}


def verify(*, partition: str) -> None:
    """Read the files back into the database and compare them with what the month held. Raises ArchiveDiffers."""
    month = month_named(partition)
    with acting_as_service(), _refusing():
        _fill_staging(month)
        _call("archive_verified(%s)", month.pk)


def _fill_staging(month: Archive) -> None:
    columns = parquet.columns_of(month.parent, month.columns)
    names = ", ".join(connection.ops.quote_name(column.name) for column in columns)
    with connection.cursor() as cursor:
        cursor.execute("set local statement_timeout = 0")
        cursor.execute("select partitions.archive_staging(%s)", [month.pk])
        (staging,) = cursor.fetchone()
        for part in month.parts:
            with parquet.opened(part) as file, cursor.copy(f"copy {staging} ({names}) from stdin") as copy:
                for row in parquet.read(file, columns):
                    copy.write_row(row)


def _detach(month: Archive) -> None:
    with acting_as_service(), _refusing():
        _refuse_if_needed(month)
        _call("archive_detach(%s)", month.pk)
        audit.record(
            action="wallet.archive.detached", target=month, partition=month.partition, rows=month.rows
        )


def _refuse_if_needed(month: Archive) -> None:
    """Raises ArchiveStillNeeded where something that is open refers to a movement of the month.

    That is a payment, a payout, a case, money that is nobody's yet, or a refund or dispute of what came in then.
    """
    if month.parent != "wallet_transaction":
        return
    since, until = bounds_of(month)
    within = Q(posting_id__gte=since, posting_id__lt=until)
    unsettled = (*Payment.OPEN_STATES, Payment.State.HELD, Payment.State.REVIEW)
    if Payment.objects.filter(within, state__in=unsettled).exists():
        raise ArchiveStillNeeded(partition=month.partition)
    if Payout.objects.open().filter(within).exists():
        raise ArchiveStillNeeded(partition=month.partition)
    of_payment = Q(payment__posting_id__gte=since, payment__posting_id__lt=until)
    of_deposit = Q(suspended__posting_id__gte=since, suspended__posting_id__lt=until)
    if SuspendedDeposit.objects.open().filter(within).exists():
        raise ArchiveStillNeeded(partition=month.partition)
    if Refund.objects.open().filter(of_payment | of_deposit).exists():
        raise ArchiveStillNeeded(partition=month.partition)
    if Dispute.objects.open().filter(of_payment).exists():
        raise ArchiveStillNeeded(partition=month.partition)
    told = Q(data__transaction__gte=str(since), data__transaction__lt=str(until))
    if Case.objects.filter(of_payment | told, state=Case.State.OPEN).exists():
        raise ArchiveStillNeeded(partition=month.partition)


def drop_all(*, at: datetime, after_days: int = settings.ARCHIVE_DROP_AFTER_DAYS) -> list[str]:
    """Drop the months that were taken out so many days ago, their files read once more before; return their names."""
    with acting_as_service():
        old = Archive.objects.filter(state=State.DETACHED, detached_at__lte=at - timedelta(days=after_days))
        names = list(old.order_by("since").values_list("partition", flat=True))
    for name in names:
        verify(partition=name)
        with acting_as_service(), _refusing():
            month = Archive.objects.get(partition=name)
            _call("archive_drop(%s)", month.pk)
            audit.record(action="wallet.archive.dropped", target=month, partition=name)
    return names


def restore(*, partition: str) -> Archive:
    """Put a month back into its table, from the files where it was dropped. Raises ArchiveNotSoFar, ArchiveDiffers."""
    month = month_named(partition)
    with acting_as_service(), _refusing():
        if month.state == State.DROPPED:
            _fill_staging(month)
        _call("archive_attach(%s)", month.pk)
        audit.record(action="wallet.archive.restored", target=month, partition=partition)
    return month_named(partition)


def bounds_of(month: Archive) -> tuple[UUID, UUID]:
    """Return the lowest id of the month, and of the month after it."""
    since, until = (UUID(int=int(moment.timestamp()) * 1000 << 80) for moment in (month.since, month.until))
    return since, until


def _call(function: str, *parameters: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute("set local statement_timeout = 0")
    run(f"select partitions.{function}", list(parameters))


@contextmanager
def _refusing() -> Iterator[None]:
    """Make a named error of what the functions refuse."""
    try:
        yield
    except Error as error:
        cause = error.__cause__
        if isinstance(cause, psycopg.errors.LockNotAvailable):
            raise ArchiveBusy from error
        if isinstance(cause, psycopg.Error) and cause.sqlstate == "ALJ03":
            raise _BY_CODE[str(cause.diag.message_primary)](detail=cause.diag.message_detail) from error
        raise
