"""Closing months. Nothing is dated back into a closed one: what is found out later is posted later, with a link.

The refusal stands in the ledger itself (wallet/sql/periods.sql), so that no way of posting goes round it.
"""

import hashlib
import json
from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import audit
from accounts.models import Approval, User
from core.actors import acting_as_service, current_actor
from core.errors import DomainError
from core.staff import start_of
from wallet.models import Adjustment, ClosedPeriod, ReconciledDay
from wallet.services.posting import Line, Posting, post

Figures = list[dict[str, Any]]
# What else must be done with a month before it closes: each is given its first day, and raises a DomainError.
Check = Callable[[date], None]
_CHECKS: list[Check] = []


def require_before_closing(check: Check) -> None:
    """Have a check asked before any month closes: for apps on floors above, whose days are in the books too."""
    if check not in _CHECKS:
        _CHECKS.append(check)


class MonthNotOver(DomainError):
    code = "month_not_over"
    message = _("This month is not over yet.")


class MonthClosed(DomainError):
    code = "month_closed"
    kind = "conflict"
    message = _("This month is closed.")


class MonthNotClosed(DomainError):
    code = "month_not_closed"
    kind = "conflict"
    message = _("This month is not closed.")


class MonthBeforeOpen(DomainError):
    """`data["month"]` is the one to close first."""

    code = "month_before_open"
    kind = "conflict"
    message = _("Months are closed in order: close the one before first.")
    public = ("month",)


class MonthAfterClosed(DomainError):
    code = "month_after_closed"
    kind = "conflict"
    message = _("A later month is closed. Open that one first.")


class DaysOpen(DomainError):
    """`data["day"]` is the last day that an account was closed on, where it should be the month's last."""

    code = "days_open"
    kind = "conflict"
    message = _("Not every day of this month is reconciled and closed yet.")


class BooksDoNotBalance(DomainError):
    code = "books_do_not_balance"
    kind = "conflict"
    message = _("The books do not prove this month. Have them verified before anything else.")


def month_of(moment: datetime) -> date:
    """Return the first day of the Lagos month of a moment."""
    return timezone.localdate(moment).replace(day=1)


def month_after(month: date) -> date:
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)


def month_before(month: date) -> date:
    return date(month.year - (month.month == 1), (month.month - 2) % 12 + 1, 1)


def trial_balance(*, month: date) -> Figures:
    """Return what each kind of account was debited and credited with up to a month's end, and within it (kobo)."""
    with acting_as_service(), connection.cursor() as cursor:
        cursor.execute(
            "select * from wallet.trial_balance(%s, %s)", [start_of(month), start_of(month_after(month))]
        )
        return [
            {
                "kind": kind,
                "currency": currency,
                "side": side,
                "debits": int(debits),
                "credits": int(credits),
                "month_debits": int(month_debits),
                "month_credits": int(month_credits),
            }
            for kind, currency, side, debits, credits, month_debits, month_credits in cursor.fetchall()
        ]


def close_period(*, month: date, by: User, reason: str, at: datetime) -> ClosedPeriod:
    """Close a month for good, with its trial balance, proven.

    Raises MonthNotOver, MonthClosed, MonthBeforeOpen, DaysOpen, BooksDoNotBalance, and what a registered check raises.
    """
    if month_of(at) <= month:
        raise MonthNotOver
    with acting_as_service(), transaction.atomic():
        _alone()
        before = _refuse_out_of_turn(month)
        _refuse_open_days(month)
        for check in _CHECKS:
            check(month)
        figures = trial_balance(month=month)
        _prove(figures, before)
        found = ClosedPeriod.objects.create(
            month=month,
            figures=figures,
            digest=digest_of(figures, before.digest if before else ""),
            closed_by=by,
            closed_at=at,
            reason=reason,
        )
        audit.record(action="wallet.month.closed", target=found, month=str(found), digest=found.digest)
    return found


def _alone() -> None:
    """Wait for whoever posts with a date of their own just now, and keep others waiting."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(hashtext('wallet.closing'))")


def _refuse_out_of_turn(month: date) -> ClosedPeriod | None:
    """Return the closed month before this one, None where this is the first of all."""
    closed = ClosedPeriod.objects.closed()
    if closed.filter(month=month).exists():
        raise MonthClosed
    before = closed.filter(month=month_before(month)).first()
    first = ClosedPeriod.objects.order_by("month").values_list("month", flat=True).first()
    if before is None and first is not None and month > first:
        raise MonthBeforeOpen(month=f"{month_before(month):%Y-%m}")
    return before


def _refuse_open_days(month: date) -> None:
    """Where an account's days are closed at all, all of the month must be."""
    started = ReconciledDay.objects.filter(day__lt=month_after(month)).values("account").distinct()
    for row in started:
        days = ReconciledDay.objects.filter(account=row["account"])
        last = days.filter(day__lt=month_after(month)).order_by("-day").values_list("day", flat=True).first()
        if last is None or (month_after(month) - last).days != 1:
            raise DaysOpen(day=str(last))


def _prove(figures: Figures, before: ClosedPeriod | None) -> None:
    """Debits are credits in each currency; and what the month began with is what the month before ended with."""
    for currency in {row["currency"] for row in figures}:
        rows = [row for row in figures if row["currency"] == currency]
        for one, other in (("debits", "credits"), ("month_debits", "month_credits")):
            if sum(row[one] for row in rows) != sum(row[other] for row in rows):
                raise BooksDoNotBalance
    if before is not None:
        opening = {_key(row): (row["debits"], row["credits"]) for row in before.figures}
        begun = {
            _key(row): (row["debits"] - row["month_debits"], row["credits"] - row["month_credits"])
            for row in figures
        }
        if opening != {key: sums for key, sums in begun.items() if sums != (0, 0)}:
            raise BooksDoNotBalance


def _key(row: dict[str, Any]) -> tuple[str, str, str]:
    return row["kind"], row["currency"], row["side"]


def digest_of(figures: Figures, previous: str) -> str:
    text = json.dumps(figures, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(f"{previous}|{text}".encode()).hexdigest()


def is_as_closed(period: ClosedPeriod) -> bool:
    """Whether the books still say of a closed month what they said when it was closed."""
    return bool(trial_balance(month=period.month) == period.figures)


def reopenable(month: date) -> ClosedPeriod:
    """Return a closed month that may be opened again: the last of them. Raises MonthNotClosed, MonthAfterClosed."""
    closed = ClosedPeriod.objects.closed()
    found = closed.filter(month=month).first()
    if found is None:
        raise MonthNotClosed
    if closed.filter(month__gt=month).exists():
        raise MonthAfterClosed
    return found


def reopen_period(*, month: date, approval: Approval, at: datetime) -> ClosedPeriod:
    """Open a closed month again, in the approval's transaction. Raises MonthNotClosed, MonthAfterClosed."""
    _alone()
    found = reopenable(month)
    found.reopening, found.reopened_at = approval, at
    found.save(update_fields=["reopening", "reopened_at"])
    audit.record(
        action="wallet.month.reopened", target=found, reason=approval.reason, approval=str(approval.pk)
    )
    return found


def adjust(
    *,
    posting_id: UUID,
    month: date,
    lines: Sequence[Line],
    reason: str,
    at: datetime,
    adjusts: UUID | None = None,
) -> Posting:
    """Post as of now what a closed month should have had, and tie it to that month and to the posting that was wrong.

    Raises MonthNotClosed, and a LedgerRefusal, and then nothing was written.
    """
    with acting_as_service(), transaction.atomic():
        if not ClosedPeriod.objects.closed().filter(month=month).exists():
            raise MonthNotClosed
        link(posting_id=posting_id, month=month, adjusts=adjusts, reason=reason, at=at)
        return post(posting_id=posting_id, lines=lines, description=reason)


def link(*, posting_id: UUID, month: date, adjusts: UUID | None, reason: str, at: datetime) -> None:
    """Tie a posting to the closed month it puts right, in the posting's own transaction; a repeat changes nothing."""
    actor = current_actor()
    facts = {
        "month": month,
        "adjusts": adjusts,
        "reason": reason,
        "actor_id": actor.user_id if actor else None,
        "made_at": at,
    }
    found, is_new = Adjustment.objects.get_or_create(posting_id=posting_id, defaults=facts)
    if is_new:
        audit.record(action="wallet.month.adjusted", target=found, month=f"{month:%Y-%m}", reason=reason)
