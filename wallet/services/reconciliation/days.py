"""Closing a day of a clearing account: what the books hold beside what the gateway holds, and each kobo between them.

One person puts a day forward, another closes it; both see the same figures, which are frozen with their hash. Days are
closed in order, and never while a difference of theirs is open.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts import audit
from accounts.models import User
from core.actors import acting_as_service
from core.errors import DomainError
from core.staff import start_of
from wallet.models import Account, Break, GatewayRow, ReconciledDay, RowImport
from wallet.services.reconciliation import matching
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


class SamePerson(DomainError):
    code = "same_person"
    kind = "forbidden"
    message = _("Who put this forward cannot be the one who checks it.")


class FiguresChanged(DomainError):
    code = "figures_changed"
    kind = "conflict"
    message = _("The figures are others than those that were put forward. Have the day put forward anew.")


class NotProposed(DomainError):
    code = "day_not_proposed"
    kind = "conflict"
    message = _("Nobody has put this day forward.")


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


def propose_day(*, account_id: UUID, day: date, by: User, at: datetime) -> ReconciledDay:
    """Put a day forward with its figures as of now, after a run.

    Raises DayIsClosed, DayNotOver, DayNotCovered, DayBeforeOpen, OpenDifferences, RowsIncomplete,
    DifferenceUnexplained.
    """
    with acting_as_service():
        account = Account.objects.get(pk=account_id)
        matching.reconcile(account_id=account_id, at=at)
        now = standing(account=account, day=day, at=at)
        if now.obstacle is not None:
            raise now.obstacle
        facts = {
            "state": ReconciledDay.State.PROPOSED,
            "figures": now.figures,
            "signature": signature_of(now.figures),
            "opening_difference": now.figures["opening_difference"],
            "proposed_by": by,
            "proposed_at": at,
            "reason": "",
        }
        found, _is_new = ReconciledDay.objects.update_or_create(account=account, day=day, defaults=facts)
        audit.record(action="wallet.day.proposed", target=found, signature=found.signature)
    return found


def close_day(*, day_id: UUID, by: User, at: datetime) -> ReconciledDay:
    """Close a day that somebody else put forward, if its figures still are what they were.

    Raises NotProposed, SamePerson, FiguresChanged, and what `propose_day` raises.
    """
    with acting_as_service():
        found = _proposed(day_id)
        if found.proposed_by_id == by.pk:
            raise SamePerson
        matching.reconcile(account_id=found.account_id, at=at)
        now = standing(account=found.account, day=found.day, at=at)
        if now.obstacle is not None:
            raise now.obstacle
        if signature_of(now.figures) != found.signature:
            raise FiguresChanged
        found.state, found.checked_by, found.checked_at = ReconciledDay.State.CLOSED, by, at
        found.save(update_fields=["state", "checked_by", "checked_at"])
        audit.record(action="wallet.day.closed", target=found, signature=found.signature)
    return found


def send_back(*, day_id: UUID, by: User, reason: str) -> ReconciledDay:
    """Say no to a day that was put forward, or take one's own word back. Raises NotProposed."""
    with acting_as_service():
        found = _proposed(day_id)
        found.state, found.reason = ReconciledDay.State.OPEN, reason
        found.save(update_fields=["state", "reason"])
        audit.record(action="wallet.day.sent_back", target=found, reason=reason, by=str(by.pk))
    return found


def _proposed(day_id: UUID) -> ReconciledDay:
    days = ReconciledDay.objects.select_for_update(of=("self",)).select_related("account")
    found = days.get(pk=day_id)
    if found.state != ReconciledDay.State.PROPOSED:
        raise NotProposed
    return found
