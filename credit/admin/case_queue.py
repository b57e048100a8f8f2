"""The list of cases that wait for an officer: in the order in which they are claimed, a page at a time by key."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.db.models.expressions import Combinable
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.staff import NewestFirst
from credit.models import Case
from credit.services import cases

COUNTED = 500
PLACE = "queue_place"
WAITING, HELD, DONE = "waiting", "held", "decided"
SOON = timedelta(days=1)


class CaseList(NewestFirst):
    """Urgent first, then what is due sooner; what is decided newest first."""

    def get_ordering(self, request: HttpRequest, queryset: QuerySet[Any]) -> list[str | Combinable]:
        if self.key == PLACE:
            return ["-priority", "due_at", "id"]
        return super().get_ordering(request, queryset)

    def _page(self, size: int) -> tuple[list[Any], bool, bool]:
        if self.key != PLACE:
            return super()._page(size)
        if self.after:
            ahead = self.queryset.filter(_ahead_of(*_read(self.after)))
            rows = list(ahead.order_by("priority", "-due_at", "-id")[: size + 1])
            return _placed(rows[:size][::-1]), len(rows) > size, True
        rest = self.queryset.filter(_behind(*_read(self.before))) if self.before else self.queryset
        rows = list(rest[: size + 1])
        return _placed(rows[:size]), bool(self.before), len(rows) > size


def _placed(rows: list[Case]) -> list[Case]:
    """Give each its place in the queue, as an address carries it."""
    for row in rows:
        setattr(row, PLACE, f"{row.priority}~{row.due_at.isoformat()}~{row.pk}")
    return rows


def _read(place: str) -> tuple[int, datetime, UUID]:
    """Raises ValueError."""
    priority, due, key = place.split("~")
    return int(priority), datetime.fromisoformat(due), UUID(key)


def _behind(priority: int, due: datetime, key: UUID) -> Q:
    later = Q(due_at__gt=due) | Q(due_at=due, pk__gt=key)
    return Q(priority__lte=priority) & (Q(priority__lt=priority) | later)


def _ahead_of(priority: int, due: datetime, key: UUID) -> Q:
    sooner = Q(due_at__lt=due) | Q(due_at=due, pk__lt=key)
    return Q(priority__gte=priority) & (Q(priority__gt=priority) | sooner)


class _Filter(admin.SimpleListFilter):
    """One of a few choices, of which the first is what the list shows unasked."""

    unasked: Any = _("All")

    def choices(self, changelist: Any) -> Any:
        for number, choice in enumerate(super().choices(changelist)):
            yield {**choice, "display": self.unasked} if number == 0 else choice


class StandingFilter(_Filter):
    """A lease that ran out is nobody's: its case waits."""

    title, parameter_name, unasked = _("standing"), "standing", _("In the queue")

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(WAITING, _("Held by nobody")), (HELD, _("Held by somebody")), (DONE, _("Decided"))]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        at, wanted = timezone.now(), self.value()
        if wanted == DONE:
            return queryset.filter(decided_at__isnull=False)
        waiting = queryset.filter(decided_at=None)
        if wanted == WAITING:
            return waiting.filter(cases.free(at=at))
        return waiting.filter(leased_until__gt=at) if wanted == HELD else waiting


class KindFilter(_Filter):
    title, parameter_name = _("kind"), "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(kind, Case.Kind(kind).label) for kind in cases.WORKED]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(kind=self.value()) if self.value() in cases.WORKED else queryset


class DueFilter(_Filter):
    title, parameter_name = _("due"), "due"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("over", _("Overdue")), ("soon", _("Within a day"))]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        at = timezone.now()
        if self.value() == "over":
            return queryset.filter(due_at__lte=at)
        return queryset.filter(due_at__gt=at, due_at__lte=at + SOON) if self.value() == "soon" else queryset


class TurnFilter(_Filter):
    title, parameter_name = _("whose turn"), "turn"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("mine", _("Held by me")), ("second", _("Waiting for a second person"))]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if self.value() == "mine":
            return queryset.filter(claimed_by=request.user.pk, leased_until__gt=timezone.now())
        return queryset.filter(recommended_by__isnull=False) if self.value() == "second" else queryset


def is_queue(request: HttpRequest) -> bool:
    """Whether a list shows what waits, in its order."""
    return request.GET.get(StandingFilter.parameter_name, "") in ("", WAITING, HELD)


def counted(rows: QuerySet[Any]) -> str:
    """How many there are, as a page says it: 0, 12, 500+. It reads no more than it counts."""
    found = rows.order_by()[: COUNTED + 1].count()
    return f"{COUNTED}+" if found > COUNTED else str(found)
