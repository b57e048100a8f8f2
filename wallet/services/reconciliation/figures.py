"""What a day of a clearing account comes to: both balances at its end, and each kobo between them."""

import hashlib
import json
from datetime import date, timedelta
from typing import Any

from django.db import connection
from django.db.models import Count, Sum

from core.actors import acting_as_service
from core.staff import start_of
from wallet.models import Account, GatewayRow, Match, ReconciledDay
from wallet.services.accounts import balance_at
from wallet.services.reconciliation import matching, queries

MOST_ITEMS = 500
IN_TRANSIT = "IN_TRANSIT"
Figures = dict[str, Any]


def figures_of(account: Account, day: date) -> Figures:
    """Return what lies between the two balances at a day's end, item by item. The caller holds the account's lock."""
    before = closed_days(account).filter(day__lt=day).order_by("-day").first()
    end = start_of(day + timedelta(days=1))
    books = balance_at(account.pk, end - timedelta(microseconds=1))
    gateway, opening = _gateway_balance(account, day, before)
    items = _items(account, day)
    explained = sum(item["books"] - item["gateway"] for item in items)
    counted = items[:MOST_ITEMS]
    return {
        "account": account.code,
        "currency": account.currency_id,
        "day": day.isoformat(),
        "books": books,
        "gateway": gateway,
        "reported": _reported(account, day, expected=gateway),
        "opening": opening,
        "difference": books - gateway,
        "explained": explained,
        "opening_difference": books - gateway - explained,
        "rows": _rows_of(account, day, items),
        "items": counted,
        "items_left_out": len(items) - len(counted),
    }


def closed_days(account: Account) -> Any:
    return ReconciledDay.objects.filter(account=account)


def _gateway_balance(account: Account, day: date, before: ReconciledDay | None) -> tuple[int, int]:
    """What the gateway's rows add up to, on what it held before the first of them."""
    rows = GatewayRow.objects.filter(account=account, currency=account.currency_id, day__lte=day)
    if before is not None:
        opening, base = before.figures["opening"], before.figures["gateway"]
        rows = rows.filter(day__gt=before.day)
    else:
        first = rows.order_by("at", "id").first()
        opening = base = first.balance - first.change if first and first.balance is not None else 0
    return base + (rows.aggregate(sum=Sum("change"))["sum"] or 0), opening


def _reported(account: Account, day: date, *, expected: int) -> int | None:
    """The balance that the last row reports; of several in one moment, the one that fits."""
    rows = GatewayRow.objects.filter(
        account=account, currency=account.currency_id, day__lte=day, balance__isnull=False
    )
    last = rows.order_by("-day", "-at").values_list("day", "at").first()
    if last is None:
        return None
    told = list(rows.filter(day=last[0], at=last[1]).values_list("balance", flat=True))
    return expected if expected in told else told[-1]


def _items(account: Account, day: date) -> list[dict[str, Any]]:
    """The groups that do not fit by the day's end, the largest first: open, explained, or on their way."""
    window = matching.window_of(account)
    if window is None:
        return []
    facts = matching.parameters(
        account, matching.Window(min(window.since, day), day, min(window.live, day)), on=day
    )
    matching.lay_out(facts)
    with connection.cursor() as cursor:
        cursor.execute(queries.SETTLED, facts)
        cursor.execute(
            "select d.key, coalesce(d.gateway, 0), coalesce(d.books, 0), b.kind, b.state, b.reference, b.explanation"
            " from differing d left join wallet_break b"
            " on b.key = d.key and b.account_id = %(account)s and b.state <> 'RESOLVED'"
            " order by abs(coalesce(d.books, 0) - coalesce(d.gateway, 0)) desc, d.key",
            facts,
        )
        found = cursor.fetchall()
    matching.forget()
    return [
        {
            "key": str(key),
            "gateway": gateway,
            "books": books,
            "kind": kind or IN_TRANSIT,
            "state": state or "",
            "reference": reference or "",
            "explanation": explanation or "",
        }
        for key, gateway, books, kind, state, reference, explanation in found
    ]


def _rows_of(account: Account, day: date, items: list[dict[str, Any]]) -> dict[str, Any]:
    """How many rows the day has and how they were matched, and a hash over what they say."""
    rows = GatewayRow.objects.filter(account=account, day=day)
    made = Match.objects.filter(account=account, row__day=day, undone_at=None)
    counted = dict(made.values_list("method").annotate(Count("row", distinct=True)))
    many = rows.count()
    lone = rows.filter(key__in=[item["key"] for item in items]).count()
    scored, by_hand = counted.get(Match.Method.SCORED, 0), counted.get(Match.Method.MANUAL, 0)
    return {
        "count": many,
        "by_reference": max(0, many - lone - scored - by_hand),
        "by_score": scored,
        "by_hand": by_hand,
        "digest": rows_digest(account, day),
    }


def rows_digest(account: Account, day: date) -> str:
    with connection.cursor() as cursor:
        cursor.execute(
            "select encode(sha256(convert_to(coalesce(string_agg(concat_ws('|', gateway_id, change, currency), E'\\n'"
            " order by id), ''), 'UTF8')), 'hex') from wallet_gatewayrow where account_id = %s and day = %s",
            [account.pk, day],
        )
        return str(cursor.fetchone()[0])


def signature_of(figures: Figures) -> str:
    text = json.dumps(figures, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def is_as_signed(day: ReconciledDay) -> bool:
    """Whether a closed day's figures, and the rows they rest on, are those that were signed."""
    with acting_as_service():
        same_rows = rows_digest(day.account, day.day) == day.figures["rows"]["digest"]
    return same_rows and signature_of(day.figures) == day.signature
