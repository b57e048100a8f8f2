"""What people decide about differences: that two things are one, that they are not, or what a difference is."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts import audit
from accounts.models import User
from core.actors import acting_as_service
from core.errors import DomainError
from wallet.models import (
    Account,
    Break,
    BreakChange,
    GatewayRow,
    Match,
    ReconciledDay,
)
from wallet.services.reconciliation.importing import lock, numbers
from wallet.services.reconciliation.matching import Run, reconcile
from wallet.services.reconciliation.sides import Side, side_of

MOST_TOGETHER = 50


class SumsDiffer(DomainError):
    """`data` says what each side adds up to (minor units)."""

    code = "sums_differ"
    message = _("The two sides do not add up to the same. Choose others, or explain the difference.")


class AlreadyMatched(DomainError):
    code = "already_matched"
    kind = "conflict"
    message = _("One of these is matched already. Take that apart first.")


class NotTogether(DomainError):
    code = "not_together"
    message = _("Choose at least one row of the gateway and one posting of ours, of one account.")


class DayClosed(DomainError):
    code = "day_closed"
    kind = "conflict"
    message = _("This belongs to a day that is closed.")


class BreakOver(DomainError):
    code = "difference_over"
    kind = "conflict"
    message = _("This difference is resolved by now.")


def match_by_hand(
    *,
    account_id: UUID,
    row_ids: Sequence[UUID],
    posting_ids: Sequence[UUID],
    by: User,
    reason: str,
    at: datetime,
) -> Run:
    """Decide that these rows and postings belong together; their sums must agree.

    Raises NotTogether, AlreadyMatched, SumsDiffer, DayClosed.
    """
    with acting_as_service():
        account = Account.objects.get(pk=account_id)
        lock(account)
        rows = list(GatewayRow.objects.filter(account=account, pk__in=row_ids).order_by("at", "pk"))
        sides = [side_of(account=account, posting_id=each) for each in dict.fromkeys(posting_ids)]
        if not rows or not sides or len(rows) != len(set(row_ids)) or len(rows) + len(sides) > MOST_TOGETHER:
            raise NotTogether
        found = [side for side in sides if side is not None]
        if len(found) != len(sides) or any(row.currency != account.currency_id for row in rows):
            raise NotTogether
        _refuse_matched(account, rows, found)
        _refuse_closed(account, rows)
        gateway, books = sum(row.change for row in rows), sum(side.change for side in found)
        if gateway != books:
            raise SumsDiffer(gateway=gateway, books=books)
        _write(account, rows, found, by=by, reason=reason, at=at)
        audit.record(
            action="wallet.rows.matched",
            target=account,
            rows=[str(row.pk) for row in rows],
            postings=[str(side.posting_id) for side in found],
            reason=reason,
        )
        return reconcile(account_id=account.pk, at=at, reason=f"Matched by hand: {reason}"[:500])


def _refuse_matched(account: Account, rows: list[GatewayRow], sides: list[Side]) -> None:
    """A row may name a posting that is not in the books; it may not have been given one, by score or by hand."""
    taken = Match.objects.filter(account=account, undone_at=None)
    postings = [side.posting_id for side in sides]
    others = GatewayRow.objects.filter(account=account, nth=0, key__in=postings).exclude(
        pk__in=[r.pk for r in rows]
    )
    if (
        taken.filter(Q(row__in=rows) | Q(posting_id__in=postings)).exists()
        or others.exists()
        or any(row.is_placed and side_of(account=account, posting_id=row.key) for row in rows)
    ):
        raise AlreadyMatched


def _refuse_closed(account: Account, rows: list[GatewayRow]) -> None:
    days = ReconciledDay.objects.filter(account=account)
    closed = set(days.filter(day__in=[row.day for row in rows]).values_list("day", flat=True))
    explained = Break.objects.unresolved().filter(account=account, key__in=[row.key for row in rows])
    known = set(explained.values_list("key", flat=True))
    # What was closed as an explained difference may still find its other side.
    if any(row.day in closed and row.key not in known for row in rows):
        raise DayClosed


def _write(
    account: Account, rows: list[GatewayRow], sides: list[Side], *, by: User, reason: str, at: datetime
) -> None:
    first = sides[0]
    pairs = [(row, first) for row in rows] + [(rows[0], side) for side in sides[1:]]
    Match.objects.bulk_create(
        Match(
            account=account,
            row=row,
            posting_id=side.posting_id,
            key=first.posting_id,
            change=side.change,
            posted_at=side.recorded_at,
            method=Match.Method.MANUAL,
            reason=reason,
            made_by=by,
            made_at=at,
        )
        for row, side in pairs
    )
    place(account, rows, first.posting_id)


def place(account: Account, rows: Sequence[GatewayRow], key: UUID | None) -> None:
    """Give rows a key; None: each its own."""
    keys = [key or row.pk for row in rows]
    for row, of_row, number in zip(rows, keys, numbers(account, keys), strict=True):
        row.key, row.nth = of_row, number
        row.save(update_fields=["key", "nth"])


def take_apart(*, row_id: UUID, by: User, reason: str, at: datetime) -> Run:
    """Decide that a row is not what it was matched with, nor are the others that were matched with it by hand.

    Neither a run nor its reference brings them together again. Raises NotTogether, DayClosed.
    """
    with acting_as_service():
        row = GatewayRow.objects.select_related("account").get(pk=row_id)
        account = row.account
        lock(account)
        row.refresh_from_db(fields=["key", "nth", "day"])
        side = side_of(account=account, posting_id=row.key) if row.is_placed else None
        if side is None:
            raise NotTogether(_("This row is matched with nothing."))
        _refuse_closed(account, [row])
        made = Match.objects.filter(account=account, key=row.key, undone_at=None)
        rows = {each.row for each in made.select_related("row")}
        if made.filter(row=row).exists():
            made.update(undone_by=by, undone_at=at, undone_reason=reason)
        else:
            rows = {row}
            _note_reference(row, side, by=by, reason=reason, at=at)
        place(account, sorted(rows, key=lambda each: each.pk), None)
        audit.record(
            action="wallet.rows.taken_apart",
            target=account,
            rows=[str(each.pk) for each in rows],
            posting=str(side.posting_id),
            reason=reason,
        )
        return reconcile(account_id=account.pk, at=at, reason=f"Taken apart: {reason}"[:500])


def _note_reference(row: GatewayRow, side: Side, *, by: User, reason: str, at: datetime) -> None:
    """Keep of a match by reference, which has no row of its own, that it was undone."""
    Match.objects.create(
        account=row.account,
        row=row,
        posting_id=side.posting_id,
        key=side.posting_id,
        change=side.change,
        posted_at=side.recorded_at,
        method=Match.Method.REFERENCE,
        made_at=at,
        undone_by=by,
        undone_at=at,
        undone_reason=reason,
    )


def explain(*, break_id: UUID, explanation: str, by: User, at: datetime) -> Break:
    """Say what a difference is, so that it keeps no day open. Raises BreakOver."""
    return _judge(break_id, Break.State.EXPLAINED, explanation, by=by, at=at)


def reopen(*, break_id: UUID, reason: str, by: User, at: datetime) -> Break:
    """Take an explanation back. Raises BreakOver; DayClosed for what a closed day rests on."""
    return _judge(break_id, Break.State.OPEN, reason, by=by, at=at)


def _judge(break_id: UUID, state: str, reason: str, *, by: User, at: datetime) -> Break:
    with acting_as_service():
        found = Break.objects.select_related("account").get(pk=break_id)
        lock(found.account)
        found.refresh_from_db()
        if found.state == Break.State.RESOLVED:
            raise BreakOver
        closed = ReconciledDay.objects.filter(account=found.account)
        if state == Break.State.OPEN and closed.filter(day__gte=found.day).exists():
            raise DayClosed
        was, found.state = found.state, state
        found.explanation = reason if state == Break.State.EXPLAINED else ""
        found.save(update_fields=["state", "explanation"])
        BreakChange.objects.create(
            break_found=found,
            was=was,
            state=state,
            kind=found.kind,
            gateway_amount=found.gateway_amount,
            book_amount=found.book_amount,
            reason=reason,
            actor_id=by.pk,
            at=at,
        )
        audit.record(action=f"wallet.break.{state.lower()}", target=found, reason=reason)
    return found
