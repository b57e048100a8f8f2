"""The one place that reads an account's entries for a period: statements, their files and exports all start here.

A period is one of **recording**: an entry belongs to it when the ledger knew of it within its days (Lagos). Versions
rise with the time of recording, so a period is a range of versions, each entry is in exactly one month, and what a
month said never changes. What happened earlier and was recorded late stands in the month that recorded it, marked as
late.
"""

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Protocol
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import connection

from wallet.models import Account, Entry
from wallet.services.posting import run

LAGOS = ZoneInfo("Africa/Lagos")
CHUNK = 2_000
FIELDS = (
    *("version", "transaction_id", "posting_id", "kind", "change", "balance", "counterparty_id"),
    *("description", "effective_at", "recorded_at"),
)

_VERSIONS = (
    "select a.id, o.version, c.version, o.balance, c.balance from unnest(%s::uuid[]) a (id) "
    "cross join lateral wallet.version_at(a.id, %s::timestamptz - interval '1 microsecond') o "
    "cross join lateral wallet.version_at(a.id, %s::timestamptz - interval '1 microsecond') c"
)


class Block(Protocol):
    """Opens the actor that reads: for what is read after the request's own transaction has ended."""

    def __call__(self) -> AbstractContextManager[Any]: ...


@dataclass(frozen=True, slots=True)
class Line:
    """One entry of an account. `change` is signed, `balance` is after it, both in minor units (kobo)."""

    version: int
    transaction_id: UUID
    posting_id: UUID
    kind: str
    change: int
    balance: int
    counterparty_id: UUID
    description: str
    effective_at: datetime
    recorded_at: datetime

    def is_late(self, since: datetime) -> bool:
        """Whether it happened before the period that recorded it."""
        return self.effective_at < since


@dataclass(frozen=True)
class Versions:
    """A range of an account's versions with the balances round it; empty where `last` is the one before `first`."""

    first: int
    last: int
    opening: int
    closing: int


def start_of(day: date) -> datetime:
    """Return the first moment of a day in Lagos."""
    return datetime.combine(day, time.min, LAGOS)


def end_of(day: date) -> datetime:
    """Return the first moment after a day in Lagos."""
    return start_of(day + timedelta(days=1))


def versions_of(*, accounts: Iterable[UUID], since: datetime, until: datetime) -> dict[UUID, Versions]:
    """Return which versions were recorded from `since` until before `until`, for each account that holds versions.

    Raises MovementsInArchive where an end lies inside a month of the archive that was not fetched.
    """
    found = run(_VERSIONS, [list(accounts), since, until])
    return {
        UUID(str(pk)): Versions(first=opened + 1, last=closed, opening=opening, closing=closing)
        for pk, opened, closed, opening, closing in found
    }


def lines_of(
    *, account: Account | UUID, first: int, last: int, as_reader: Block = nullcontext
) -> Iterator[Line]:
    """Yield an account's entries by version, a chunk in memory at a time. Whether all were there the reader sees."""
    pk = account.pk if isinstance(account, Account) else account
    while first <= last:
        with as_reader():
            found = list(
                Entry.objects.filter(account_id=pk, version__gte=first, version__lte=last)
                .order_by("version")
                .values_list(*FIELDS)[:CHUNK]
            )
        yield from (Line(*row) for row in found)
        if len(found) < CHUNK:
            return
        first = found[-1][0] + 1


def lines_of_many(ranges: dict[UUID, Versions]) -> Iterator[tuple[UUID, list[Line]]]:
    """Yield the entries of many short ranges, an account at a time, with one query."""
    wanted = [(pk, versions.first, versions.last) for pk, versions in ranges.items()]
    with connection.cursor() as cursor:
        cursor.execute(
            f"select e.account_id, {', '.join(f'e.{name}' for name in FIELDS)} "
            "from unnest(%s::uuid[], %s::bigint[], %s::bigint[]) r (account_id, first, last) "
            "cross join lateral (select * from wallet_entry e where e.account_id = r.account_id "
            "and e.version between r.first and r.last) e order by e.account_id, e.version",
            [list(column) for column in zip(*wanted, strict=True)] if wanted else [[], [], []],
        )
        found: dict[UUID, list[Line]] = {pk: [] for pk in ranges}
        for pk, *row in cursor.fetchall():
            found[pk].append(Line(*row))
    yield from found.items()
