"""The list of applications that wait for staff: in the order in which they are claimed, a page at a time by key.

Nothing is counted beyond `COUNTED`, nothing skipped: a page costs the same among fifty cases and fifty thousand.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.db.models.expressions import Combinable
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.kyc import waiting
from accounts.models import KycApplication
from accounts.services.kyc import queue
from core.staff import NewestFirst

COUNTED = 500
SUBMITTED, IN_REVIEW = "submitted", "in-review"
QUEUES = ("", SUBMITTED, IN_REVIEW)
PLACE = "queue_place"
State = KycApplication.State


class QueueList(NewestFirst):
    """Urgent first, then what has waited longer; the other states newest first."""

    def get_ordering(self, request: HttpRequest, queryset: QuerySet[Any]) -> list[str | Combinable]:
        return (
            ["-priority", "submitted_at", "id"]
            if self.key == PLACE
            else super().get_ordering(request, queryset)
        )

    def _page(self, size: int) -> tuple[list[Any], bool, bool]:
        if self.key != PLACE:
            return super()._page(size)
        if self.after:
            back = self.queryset.filter(_ahead_of(*_read(self.after))).order_by(
                "priority", "-submitted_at", "-id"
            )
            rows = list(back[: size + 1])
            return _placed(rows[:size][::-1]), len(rows) > size, True
        rest = self.queryset.filter(_behind(*_read(self.before))) if self.before else self.queryset
        rows = list(rest[: size + 1])
        return _placed(rows[:size]), bool(self.before), len(rows) > size


def _placed(rows: list[KycApplication]) -> list[KycApplication]:
    """Give each its place in the queue, as an address carries it."""
    for row in rows:
        since = row.submitted_at.isoformat() if row.submitted_at else ""
        setattr(row, PLACE, f"{row.priority}~{since}~{row.pk}")
    return rows


def _read(place: str) -> tuple[int, datetime, UUID]:
    """Raises ValueError."""
    priority, since, key = place.split("~")
    return int(priority), datetime.fromisoformat(since), UUID(key)


def _behind(priority: int, since: datetime, key: UUID) -> Q:
    later = Q(submitted_at__gt=since) | Q(submitted_at=since, pk__gt=key)
    # The first condition is what the index goes by.
    return Q(priority__lte=priority) & (Q(priority__lt=priority) | later)


def _ahead_of(priority: int, since: datetime, key: UUID) -> Q:
    sooner = Q(submitted_at__lt=since) | Q(submitted_at=since, pk__lt=key)
    return Q(priority__gte=priority) & (Q(priority__gt=priority) | sooner)


class Filter(admin.SimpleListFilter):
    """One of a few choices, of which the first is what the list shows unasked."""

    unasked: Any = _("All")

    def choices(self, changelist: Any) -> Any:
        for number, choice in enumerate(super().choices(changelist)):
            yield {**choice, "display": self.unasked} if number == 0 else choice


class StateFilter(Filter):
    """A lease that ran out is nobody's: its case waits, though nobody wrote that down yet."""

    title, parameter_name, unasked = _("state"), "state", _("In the queue")

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        others = (State.MORE_NEEDED, State.APPROVED, State.REJECTED, State.EXPIRED, State.DRAFT)
        return [
            (SUBMITTED, State.SUBMITTED.label),
            (IN_REVIEW, State.IN_REVIEW.label),
            *((state.value.lower(), state.label) for state in others),
        ]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        wanted, at = self.value(), timezone.now()
        if not wanted:
            return queryset.queued()
        if wanted == SUBMITTED:
            return queryset.queued().filter(queue.free(at=at))
        if wanted == IN_REVIEW:
            return queryset.queued().filter(state=State.IN_REVIEW, leased_until__gt=at)
        return queryset.filter(state=wanted.upper())


class TierFilter(Filter):
    title, parameter_name = _("tier"), "tier"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("1", "1"), ("2", "2"), ("3", "3")]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(target_tier=self.value()) if self.value() in ("1", "2", "3") else queryset


class BandFilter(Filter):
    title, parameter_name = _("priority"), "band"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(code, label) for code, _least, label in waiting.BANDS]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        known = self.value() in {code for code, _least, _label in waiting.BANDS}
        return waiting.in_band(queryset, self.value() or "") if known else queryset


class AgeFilter(Filter):
    title, parameter_name = _("waiting"), "waiting"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(waiting.STEPS)

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        known = self.value() in dict(waiting.STEPS)
        return waiting.waiting_for(queryset, self.value() or "", at=timezone.now()) if known else queryset


class TurnFilter(Filter):
    title, parameter_name = _("whose turn"), "turn"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("mine", _("Held by me")), ("second", _("Waiting for a second person"))]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if self.value() == "mine":
            return queryset.filter(claimed_by=request.user.pk, leased_until__gt=timezone.now())
        return queryset.filter(recommended_by__isnull=False) if self.value() == "second" else queryset


def is_queue(request: HttpRequest) -> bool:
    """Whether a list shows what waits, in its order."""
    return request.GET.get(StateFilter.parameter_name, "") in QUEUES


def counted(cases: QuerySet[Any]) -> str:
    """How many there are, as a page says it: 0, 12, 500+. It reads no more than it counts."""
    found = cases.order_by()[: COUNTED + 1].count()
    return f"{COUNTED}+" if found > COUNTED else str(found)
