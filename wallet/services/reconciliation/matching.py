"""One run: everything an account's gateway told beside everything our books say, all of it in one transaction.

A run finds what fits by reference, matches by score what fits by amount and time, opens a difference for each group
that does not fit, and resolves those that do by now. It may be cut off anywhere and run again at any time; two at once
come one after the other. What was closed with its day is not judged again.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Max, Min

from accounts import audit
from core.actors import acting_as_service, current_actor
from core.staff import start_of
from wallet.models import Account, Break, GatewayRow, MatchingRule, RowImport
from wallet.services.reconciliation import queries
from wallet.services.reconciliation.importing import first_open_day, lock, numbers
from wallet.services.reconciliation.references import Named, gateways_of, postings_of

EVER = date(9999, 12, 31)
# A join finds a hundredth of what it reads, which the planner does not know: it counts on handing on every row from
# process to process, and would rather do without others' help.
SETTINGS = """
set local work_mem = '64MB';
set local parallel_tuple_cost = 0.001;
set local parallel_setup_cost = 10
"""


@dataclass(frozen=True)
class Window:
    """What is read: rows of days in [since, until], and postings of a day more; judged is what is not before `live`."""

    since: date
    until: date
    live: date


@dataclass(frozen=True)
class Run:
    """What a run changed, and how many differences are left: open, and explained."""

    matched: int
    opened: int
    resolved: int
    open: int
    explained: int


def reconcile(*, account_id: UUID, at: datetime, reason: str = "") -> Run:
    """Match an account's two sides, and bring its differences up to date; `reason` stands with what it resolves."""
    with acting_as_service(), transaction.atomic():
        account = Account.objects.get(pk=account_id)
        lock(account)
        window = window_of(account)
        if window is None:
            return Run(0, 0, 0, 0, 0)
        facts = parameters(account, window, on=at.date()) | {"at": at, "reason": reason, "actor": _actor()}
        _place(account)
        lay_out(facts)
        _execute(queries.SETTLED, facts)
        _execute(queries.NOT_DUE, {"due_until": _due_until(account, minutes=facts["grace_minutes"])})
        _execute(queries.PAIRS, facts)
        _execute(queries.CHOSEN, facts)
        matched = _execute(queries.MATCH, facts) // 2
        opened = _execute(queries.OPEN, facts)
        resolved = _execute(queries.RESOLVE, facts)
        states = list(Break.objects.unresolved().filter(account=account).values_list("state", flat=True))
        run = Run(matched, opened, resolved, states.count("OPEN"), states.count("EXPLAINED"))
        if matched or opened or resolved:
            audit.record(
                action="wallet.account.reconciled",
                target=account,
                matched=matched,
                opened=opened,
                resolved=resolved,
            )
        forget()
    return run


def window_of(account: Account) -> Window | None:
    """Return what a run looks at: from what is not closed yet, or not resolved, on. None before there is any row."""
    first = GatewayRow.objects.filter(account=account).aggregate(first=Min("day"))["first"]
    covered = _done(account).aggregate(first=Min("since"))["first"]
    if first is None and covered is None:
        return None
    beginning: date = min(day for day in (first, covered) if day)
    live = first_open_day(account) or beginning
    rule = MatchingRule.objects.in_force(on=live)
    oldest = Break.objects.unresolved().filter(account=account).aggregate(oldest=Min("day"))["oldest"]
    since = min(live - timedelta(days=rule.lookback_days), oldest or live)
    return Window(max(since, beginning), EVER, live)


def parameters(account: Account, window: Window, *, on: date) -> dict[str, Any]:
    rule = MatchingRule.objects.in_force(on=on)
    books_since = start_of(window.since) - timedelta(days=1)
    with connection.cursor() as cursor:
        cursor.execute(
            "select coalesce(max(horizon), '0') from wallet_checkpoint where account_id = %s and made_at <= %s",
            [account.pk, books_since],
        )
        xid = cursor.fetchone()[0]
    return {
        "account": account.pk,
        "gateways": [gateway.pk for gateway in gateways_of(account)],
        "currency": account.currency_id,
        "sign": 1 if account.normal_side == "DEBIT" else -1,
        "since": window.since,
        "until": window.until,
        "live": window.live,
        "live_at": start_of(window.live),
        "books_since": books_since,
        "books_until": start_of(window.until + timedelta(days=1)) if window.until < EVER else start_of(EVER),
        "xid": str(xid),
        "days": rule.days,
        "amount_points": rule.amount_points,
        "time_points": rule.time_points,
        "text_points": rule.text_points,
        "auto_score": rule.auto_score,
        "suggest_score": rule.suggest_score,
        "fee_permille": rule.fee_permille,
        "grace_minutes": rule.grace_minutes,
    }


def lay_out(facts: dict[str, Any]) -> None:
    """Make the temporary table of the groups that do not fit."""
    _execute(SETTINGS)
    for statement in (queries.CANDIDATES, queries.EXTRAS, queries.DIFFERING, queries.WHOLE):
        _execute(statement, facts)


def forget() -> None:
    """Drop what a run laid out, for another in the same transaction."""
    _execute("drop table if exists candidate, extra, differing, pair, chosen")


def _place(account: Account) -> None:
    """Find the posting of rows whose reference named none before, or another."""
    with connection.cursor() as cursor:
        cursor.execute(queries.UNPLACED, {"account": account.pk})
        rows = cursor.fetchall()
    gateways = [gateway.pk for gateway in gateways_of(account)]
    postings = postings_of(gateways=gateways, wanted={Named(*said) for _id, _key, *said in rows})
    moved = [
        (pk, posting) for pk, key, *said in rows if (posting := postings.get(Named(*said))) and posting != key
    ]
    if moved:
        ids, keys = [list(part) for part in zip(*moved, strict=True)]
        _execute(queries.PLACE, {"ids": ids, "keys": keys, "nths": numbers(account, keys)})


def _done(account: Account) -> Any:
    return RowImport.objects.filter(account=account, state=RowImport.State.DONE)


def _due_until(account: Account, *, minutes: int) -> datetime:
    """Until when a posting should have its row: shortly before the end of what the gateway was asked for."""
    until: date = _done(account).aggregate(until=Max("until"))["until"] or date(1970, 1, 1)
    return start_of(until) - timedelta(minutes=minutes)


def _actor() -> UUID | None:
    actor = current_actor()
    return actor.user_id if actor else None


def _execute(statement: str, facts: dict[str, Any] | None = None) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement, facts)
        return int(cursor.rowcount)
