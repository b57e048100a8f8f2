"""Fetching the entries of one account from months in the archive, into where its owner reads them as ever.

Their owner asks, a task reads the files. What was fetched is proven against what was kept of the month, shown through
`wallet_entry` under the same row security as the rest, and forgotten when nobody has asked for it for a while.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from django.db import connection
from django.db.models import QuerySet

from accounts import audit
from core.actors import acting_as_service
from core.models import Archive
from wallet.models import Account, ArchivedRun, Recall
from wallet.models.ledger import Side
from wallet.refusals import MovementsInArchive
from wallet.services.archives import parquet

KEPT_FOR = timedelta(days=30)
PIECE = 1_000
COLUMNS = (
    *("account_id", "version", "archive_id", "transaction_id", "posting_id", "side", "amount", "change"),
    *("currency", "balance", "counterparty_id", "kind", "description", "effective_at", "recorded_at"),
    *("hold_id", "reverses", "actor_id"),
)
_INSERT = (
    f"insert into wallet_recalledentry ({', '.join(COLUMNS)}) values ({', '.join(['%s'] * len(COLUMNS))})"
)


def away(*, account: Account) -> QuerySet[ArchivedRun]:
    """Return what of an account lies in the archive and is not here, the newest first."""
    here = Recall.objects.filter(account=account, state=Recall.State.READY).values("archive")
    return ArchivedRun.objects.filter(account=account).exclude(archive__in=here).order_by("-first_version")


def require_here(*, account: Account, first: int, last: int) -> None:
    """Raises MovementsInArchive where some of these versions lie in the archive and were not fetched."""
    if away(account=account).filter(first_version__lte=last, last_version__gte=first).exists():
        raise MovementsInArchive


def recall(*, account: Account, since: datetime, until: datetime, at: datetime) -> int:
    """Ask for an account's entries of the archived months that touch a period; return how many months are on their way.

    Asked again, it keeps what is here for longer. The caller knows that the account is theirs.
    """
    with acting_as_service():
        runs = ArchivedRun.objects.filter(account=account, first_at__lt=until, last_at__gte=since)
        archives = set(runs.values_list("archive_id", flat=True))
        Recall.objects.filter(account=account, archive__in=archives).update(asked_at=at)
        known = set(
            Recall.objects.filter(account=account, archive__in=archives).values_list("archive_id", flat=True)
        )
        Recall.objects.bulk_create(
            [Recall(account=account, archive_id=pk, asked_at=at) for pk in archives - known],
            ignore_conflicts=True,
        )
        if archives - known:
            audit.record(action="wallet.archive.recalled", target=account, months=len(archives - known))
        return Recall.objects.filter(
            account=account, archive__in=archives, state=Recall.State.WAITING
        ).count()


def fetch_waiting(*, at: datetime, most: int = 50) -> int:
    """Fetch what is waited for, the oldest first; return how many months were. Several runs share the work."""
    done = 0
    while done < most and _fetch_next(at=at):
        done += 1
    return done


def _fetch_next(*, at: datetime) -> bool:
    with acting_as_service():
        wanted = (
            Recall.objects.select_for_update(skip_locked=True, of=("self",))
            .filter(state=Recall.State.WAITING)
            .select_related("account", "archive")
            .order_by("asked_at")
            .first()
        )
        if wanted is None:
            return False
        with connection.cursor() as cursor:
            cursor.execute("set local statement_timeout = 0")
            entries = _entries(wanted.archive, wanted.account)
            # Whole pieces: reading a file asks the database too, which cannot listen while it is being told.
            while piece := list(islice(entries, PIECE)):
                cursor.executemany(_INSERT, piece)
            cursor.execute("select wallet.prove_recall(%s, %s)", [wanted.archive_id, wanted.account_id])
        wanted.state, wanted.ready_at = Recall.State.READY, at
        wanted.save(update_fields=["state", "ready_at"])
        return True


def read_away(*, account: Account) -> Iterator[list[dict[str, Any]]]:
    """Yield an account's entries that lie in the archive and are not here, a month at a time, the oldest first.

    The caller knows that the account is theirs.
    """
    with acting_as_service():
        archives = list(
            dict.fromkeys(run.archive_id for run in away(account=account).order_by("first_version"))
        )
    for pk in archives:
        with acting_as_service():
            rows = _entries(Archive.objects.get(pk=pk), account)
            month = [dict(zip(COLUMNS, row, strict=True)) for row in rows]
        yield sorted(month, key=lambda row: int(row["version"]))


def _entries(archive: Archive, account: Account) -> Iterator[list[Any]]:
    """Yield an account's rows of the month's files; nobody else's leave this function."""
    columns = parquet.columns_of(archive.parent, archive.columns)
    own = pa.scalar(account.pk.bytes, pa.binary(16))
    for part in archive.parts:
        with parquet.opened(part) as file:
            for batch in file.iter_batches(parquet.BATCH):
                mine = pc.or_(
                    pc.equal(batch.column("debit_account_id"), own),
                    pc.equal(batch.column("credit_account_id"), own),
                )
                for row in batch.filter(mine).to_pylist():
                    facts = {column.name: column.back(row[column.name]) for column in columns}
                    yield _seen_from(account, archive, facts)


def _seen_from(account: Account, archive: Archive, row: dict[str, Any]) -> list[Any]:
    side, other = ("debit", "credit") if row["debit_account_id"] == account.pk else ("credit", "debit")
    seen = {
        **row,
        "account_id": account.pk,
        "archive_id": archive.pk,
        "transaction_id": row["id"],
        "side": Side.DEBIT if side == "debit" else Side.CREDIT,
        "version": row[f"{side}_version"],
        "balance": row[f"{side}_balance"],
        "counterparty_id": row[f"{other}_account_id"],
        "change": row["amount"] if side.upper() == account.normal_side else -row["amount"],
    }
    return [str(seen[name]) if name == "side" else seen[name] for name in COLUMNS]


def forget(*, at: datetime) -> int:
    """Remove fetched entries that nobody has asked for in a while; return of how many months."""
    with acting_as_service():
        old = list(
            Recall.objects.filter(state=Recall.State.READY, asked_at__lt=at - KEPT_FOR).select_for_update()
        )
        for one in old:
            with connection.cursor() as cursor:
                cursor.execute(
                    "delete from wallet_recalledentry where account_id = %s and archive_id = %s",
                    [one.account_id, one.archive_id],
                )
            one.delete()
        return len(old)
