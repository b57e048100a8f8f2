"""Taking in rows: what a gateway's own ledger says of our money there. The same row twice is one row.

Each batch commits by itself, and its rows know themselves by the gateway's id: an import that was killed is begun
anew, and a day counts as taken in once an import of it has ended well.
"""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import audit
from core.actors import acting_as_service, current_actor
from core.errors import DomainError
from core.ids import uuid7
from core.outbound import require_no_transaction
from wallet.gateways.capabilities import KeepsLedger, LedgerRow
from wallet.models import Account, GatewayRow, PaymentGateway, ReconciledDay, RowImport
from wallet.services.accounts import system_account
from wallet.services.gateways import CLEARING, adapter_of
from wallet.services.reconciliation import queries
from wallet.services.reconciliation.references import Named, gateways_of, postings_of

BATCH = 1000
SHOWN_DIFFERING = 20
# Rows of a gateway may reach its ledger late: each import asks for so many days before once more.
AGAIN = timedelta(days=3)


class NoLedger(DomainError):
    code = "no_ledger"
    kind = "unavailable"
    message = _("This gateway does not tell its ledger. Take its rows in from a file.")


@dataclass(frozen=True)
class Stored:
    new: int
    known: int
    differing: list[dict[str, Any]]


def import_day(*, gateway: PaymentGateway, currency: str, on: date, at: datetime) -> RowImport:
    """Ask a gateway for its ledger of a Lagos day, and of the days before it once more. Calls outside.

    Raises NoLedger; GatewayUnavailable and GatewayRefused, and then what came so far is kept and the import is FAILED.
    """
    adapter = adapter_of(gateway)
    if not isinstance(adapter, KeepsLedger):
        raise NoLedger
    with acting_as_service():
        account = Account.objects.get(
            pk=system_account(CLEARING[PaymentGateway.Kind(gateway.kind)], currency)
        )
        row_import = RowImport.objects.create(
            account=account,
            gateway=gateway,
            kind=RowImport.Kind.API,
            state=RowImport.State.RUNNING,
            since=on - AGAIN,
            until=on + timedelta(days=1),
            made_at=at,
        )
    require_no_transaction()
    # A Lagos day begins an hour before the UTC day of its name; what is asked for beyond it is taken in early.
    since, until = utc_days(row_import.since, row_import.until)  # type: ignore[arg-type]
    try:
        _take_in(row_import, adapter.ledger(since=since, until=until))
    except DomainError as error:
        with acting_as_service():
            RowImport.objects.filter(pk=row_import.pk).update(
                state=RowImport.State.FAILED, error=f"{error.code}: {error}"[:300], ended_at=at
            )
        raise
    return finish(row_import, at=at)


def utc_days(since: date, until: date) -> tuple[date, date]:
    """Return the UTC days that hold the Lagos days in [since, until), until is out."""
    first, end = (timezone.make_aware(datetime.combine(day, time.min)) for day in (since, until))
    last = (end - timedelta(microseconds=1)).astimezone(UTC).date()
    return first.astimezone(UTC).date(), last + timedelta(days=1)


def _take_in(row_import: RowImport, rows: Iterable[LedgerRow]) -> None:
    """Store rows as they come: the gateway is asked for the next page outside every transaction."""
    left = iter(rows)
    while batch := list(islice(left, BATCH)):
        with acting_as_service():
            count(row_import, store(row_import=row_import, rows=batch))


def count(row_import: RowImport, stored: Stored) -> None:
    row_import.new_rows += stored.new
    row_import.known_rows += stored.known
    row_import.differing = [*row_import.differing, *stored.differing][:SHOWN_DIFFERING]
    row_import.save(update_fields=["new_rows", "known_rows", "differing"])


def finish(row_import: RowImport, *, at: datetime) -> RowImport:
    with acting_as_service():
        row_import.state, row_import.ended_at, row_import.content = RowImport.State.DONE, at, None
        row_import.save(update_fields=["state", "ended_at", "content"])
        audit.record(
            action="wallet.rows.imported",
            target=row_import,
            new=row_import.new_rows,
            known=row_import.known_rows,
            differing=len(row_import.differing),
        )
    return row_import


def store(*, row_import: RowImport, rows: Sequence[LedgerRow]) -> Stored:
    """Write the rows of one account that are not there yet, each with its day and the posting it is about.

    Runs in the caller's transaction, one at a time for an account.
    """
    account = row_import.account
    lock(account)
    rows = list({row.gateway_id: row for row in rows}.values())
    there = {
        row.gateway_id: row
        for row in GatewayRow.objects.filter(account=account, gateway_id__in=[row.gateway_id for row in rows])
    }
    fresh = _without_twins(account, [row for row in rows if row.gateway_id not in there])
    if fresh:
        _insert(row_import, fresh)
    differing = [
        {"gateway_id": row.gateway_id, "was": there[row.gateway_id].change, "is": row.change}
        for row in rows
        if row.gateway_id in there and there[row.gateway_id].change != row.change
    ]
    return Stored(len(fresh), len(rows) - len(fresh), differing)


def lock(account: Account) -> None:
    """Keep whoever else takes in, matches or closes on this account waiting until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select pg_advisory_xact_lock(hashtext('wallet.reconciliation'), hashtext(%s))", [str(account.pk)]
        )


def _without_twins(account: Account, rows: list[LedgerRow]) -> list[LedgerRow]:
    """Leave out the rows that came before under another id: from a file that has none, or from the gateway itself.

    They are told apart by reference and change; the n-th of a kind here is the n-th there.
    """
    references = {row.reference for row in rows if row.reference}
    found: dict[tuple[str, int, bool], list[GatewayRow]] = defaultdict(list)
    # That a reference is no empty one is said so that its index is seen to fit.
    named = GatewayRow.objects.exclude(reference="").filter(account=account, reference__in=references)
    for there in named.order_by("at", "id"):
        found[there.reference, there.change, there.gateway_id.startswith(MADE_UP)].append(there)
    fresh = []
    for row in rows:
        is_made_up = row.gateway_id.startswith(MADE_UP)
        waiting = found.get((row.reference, row.change, not is_made_up))
        if not row.reference or not waiting:
            fresh.append(row)
            continue
        twin = waiting.pop(0)
        if not is_made_up:
            # The gateway's own id is the better one: by it the row is known from now on.
            GatewayRow.objects.filter(pk=twin.pk).update(
                gateway_id=row.gateway_id, source=row.source, source_id=row.source_id
            )
    return fresh


# How ids begin that we made for rows whose file has none.
MADE_UP = "file:"


def made_up_ids(rows: Iterable[tuple[Any, ...]]) -> Iterator[str]:
    """Yield an id for each row by what it says; of equal rows, each has its own, and the same in every file."""
    seen: Counter[str] = Counter()
    for row in rows:
        said = hashlib.sha256("|".join(map(str, row)).encode()).hexdigest()
        yield f"{MADE_UP}{said}:{seen[said]}"
        seen[said] += 1


def first_open_day(account: Account) -> date | None:
    closed = ReconciledDay.objects.filter(account=account)
    last: date | None = closed.aggregate(last=Max("day"))["last"]
    return last + timedelta(days=1) if last else None


def named(row: LedgerRow) -> Named:
    return Named(row.source, row.source_id, row.reference)


INSERT = """
insert into wallet_gatewayrow (id, account_id, row_import_id, gateway_id, source, source_id, reference, change, balance,
    currency, description, at, day, key, nth)
select u.id, %s, %s, u.gateway_id, u.source, u.source_id, u.reference, u.change, u.balance, u.currency, u.description,
    u.at, greatest((u.at at time zone 'Africa/Lagos')::date, %s::date), u.key, u.nth
from unnest(%s::uuid[], %s::text[], %s::text[], %s::text[], %s::text[], %s::bigint[], %s::bigint[], %s::text[],
    %s::text[], %s::timestamptz[], %s::uuid[], %s::smallint[])
    u (id, gateway_id, source, source_id, reference, change, balance, currency, description, at, key, nth)
"""


def _insert(row_import: RowImport, rows: Sequence[LedgerRow]) -> None:
    account = row_import.account
    gateways = [gateway.pk for gateway in gateways_of(account)]
    postings = postings_of(gateways=gateways, wanted={named(row) for row in rows})
    ids = [uuid7() for _row in rows]
    keys = [
        postings.get(named(row), pk) if row.currency == account.currency_id else pk
        for row, pk in zip(rows, ids, strict=True)
    ]
    parameters: list[Any] = [
        account.pk,
        row_import.pk,
        first_open_day(account) or date.min,
        ids,
        [row.gateway_id for row in rows],
        [row.source for row in rows],
        [row.source_id for row in rows],
        [row.reference for row in rows],
        [row.change for row in rows],
        [row.balance for row in rows],
        [row.currency for row in rows],
        [row.description[:300] for row in rows],
        [row.at for row in rows],
        keys,
        numbers(account, keys),
    ]
    foreign = [pk for row, pk in zip(rows, ids, strict=True) if row.currency != account.currency_id]
    with connection.cursor() as cursor:
        cursor.execute(INSERT, parameters)
        if foreign:
            actor = current_actor()
            facts: dict[str, Any] = {
                "account": account.pk,
                "rows": foreign,
                "at": timezone.now(),
                "actor": actor and actor.user_id,
            }
            cursor.execute(queries.OTHER_CURRENCY, facts)


# Two halves, since each has an index of its own.
LAST_OF_KEYS = """
select key, nth from wallet_gatewayrow where account_id = %(account)s and nth = 0 and key = any(%(keys)s)
union all
select key, max(nth) from wallet_gatewayrow
where account_id = %(account)s and nth > 0 and key = any(%(keys)s) group by key
"""


def numbers(account: Account, keys: Sequence[UUID]) -> list[int]:
    """Return which row of its key each of these becomes, after those that are there."""
    with connection.cursor() as cursor:
        cursor.execute(LAST_OF_KEYS, {"account": account.pk, "keys": list(set(keys))})
        next_of: dict[UUID, int] = {}
        for key, last in cursor.fetchall():
            next_of[key] = max(next_of.get(key, 0), last + 1)
    given = []
    for key in keys:
        given.append(next_of.get(key, 0))
        next_of[key] = given[-1] + 1
    return given
