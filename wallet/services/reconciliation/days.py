"""Closing a day of a clearing account: when it may be closed, and what is frozen then.

One person proposes it, another approves (services/approved/closing.py); both see the same figures, which are frozen
with their hash. Days are closed in order, and never while a difference of theirs is open.
"""

import hashlib
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Count, Max, Sum
from django.utils.translation import gettext_lazy as _

from accounts import audit
from accounts.models import Approval
from core.actors import acting_as_service
from core.errors import DomainError
from core.staff import start_of
from wallet.models import Account, Break, GatewayRow, ReconciledDay, RowImport
from wallet.services.accounts import balance_at
from wallet.services.reconciliation.figures import Figures, closed_days, figures_of, signature_of
from wallet.services.reconciliation.importing import lock


class DayNotOver(DomainError):
    code = "day_not_over"
    message = _("This day is not over yet.")


class DayNotCovered(DomainError):
    code = "day_not_covered"
    message = _("What the gateway says of this day has not been taken in yet.")


class DayBeforeOpen(DomainError):
    code = "day_before_open"
    kind = "conflict"
    message = _("Days are closed in order: an earlier one is still open.")


class DayIsClosed(DomainError):
    code = "day_is_closed"
    kind = "conflict"
    message = _("This day is closed.")


class OpenDifferences(DomainError):
    """`data["count"]` says how many."""

    code = "open_differences"
    kind = "conflict"
    message = _("Differences of this day are open. Match or explain each of them first.")
    public = ("count",)


class RowsIncomplete(DomainError):
    """`data` has the balance the gateway reports, and the one its rows add up to (minor units)."""

    code = "rows_incomplete"
    kind = "conflict"
    message = _(
        "The gateway's rows do not add up to the balance that it reports: some are missing. Take them in again."
    )


class DifferenceUnexplained(DomainError):
    """`data["left"]` says how much (minor units)."""

    code = "difference_unexplained"
    kind = "conflict"
    message = _("The two balances differ by more than the differences that are listed.")


class FiguresChanged(DomainError):
    code = "figures_changed"
    kind = "conflict"
    message = _(
        "The figures are others than those that were proposed. Look at them, and propose the day again."
    )


@dataclass(frozen=True)
class Standing:
    """A day as it stands: its figures, and what keeps it from being closed."""

    figures: Figures
    obstacle: DomainError | None


def standing(*, account: Account, day: date, at: datetime) -> Standing:
    """Return a day's figures as of now, without judging anything anew."""
    with acting_as_service(), transaction.atomic():
        lock(account)
        figures = figures_of(account, day)
        return Standing(figures, _obstacle(account, day, figures, at=at))


def _obstacle(account: Account, day: date, figures: Figures, *, at: datetime) -> DomainError | None:
    """What keeps a day from being closed, None when nothing does."""
    covered = RowImport.objects.filter(
        account=account, state=RowImport.State.DONE, since__lte=day, until__gt=day
    )
    end = start_of(day + timedelta(days=1))
    before = closed_days(account).order_by("-day").first()
    first = GatewayRow.objects.filter(account=account).order_by("day").values_list("day", flat=True).first()
    open_ones = Break.objects.open().filter(account=account, day__lte=day).count()
    left = figures["opening_difference"] - (
        before.opening_difference if before else figures["opening_difference"]
    )
    if before is not None and before.day >= day:
        return DayIsClosed()
    if at < end:
        return DayNotOver()
    if not covered.filter(ended_at__gte=end).exists():
        return DayNotCovered()
    if before.day != day - timedelta(days=1) if before else (first is not None and first < day):
        return DayBeforeOpen()
    if open_ones:
        return OpenDifferences(count=open_ones)
    if figures["reported"] not in (None, figures["gateway"]):
        return RowsIncomplete(reported=figures["reported"], added_up=figures["gateway"])
    return DifferenceUnexplained(left=left) if left else None


def check_day(*, account: Account, day: date, signature: str, at: datetime) -> Figures:
    """Return the figures of a day that may be closed now and has those that were signed.

    Raises DayIsClosed, DayNotOver, DayNotCovered, DayBeforeOpen, OpenDifferences, RowsIncomplete,
    DifferenceUnexplained, FiguresChanged.
    """
    now = standing(account=account, day=day, at=at)
    if now.obstacle is not None:
        raise now.obstacle
    if signature_of(now.figures) != signature:
        raise FiguresChanged
    return now.figures


def version_of(*, account: Account, day: date) -> str:
    """Return what changes whenever a day's figures would: cheap, as it is asked often."""
    before = closed_days(account).filter(day__lt=day).aggregate(last=Max("day"))["last"] or date.min
    rows = GatewayRow.objects.filter(account=account, day__gt=before, day__lte=day)
    told = rows.aggregate(count=Count("pk"), sum=Sum("change"))
    found = Break.objects.unresolved().filter(account=account, day__lte=day).order_by("pk")
    states = list(found.values_list("pk", "state", "gateway_amount", "book_amount"))
    books = balance_at(account.pk, start_of(day + timedelta(days=1)) - timedelta(microseconds=1))
    closed = closed_days(account).filter(day=day).exists()
    return hashlib.sha256(repr((told, states, books, closed)).encode()).hexdigest()


def freeze_day(
    *, account: Account, day: date, signature: str, approval: Approval, checker_id: UUID, at: datetime
) -> ReconciledDay:
    """Close a day as it was proposed, in the approval's transaction. Raises what `check_day` raises."""
    figures = check_day(account=account, day=day, signature=signature, at=at)
    found = ReconciledDay.objects.create(
        account=account,
        day=day,
        figures=figures,
        signature=signature,
        opening_difference=figures["opening_difference"],
        approval=approval,
        made_by_id=approval.maker_id,
        checked_by_id=checker_id,
        closed_at=at,
    )
    audit.record(action="wallet.day.closed", target=found, signature=signature, approval=str(approval.pk))
    return found
