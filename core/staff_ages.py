"""How long rows have waited for staff: the same steps as figures of the first page and as a filter of a list."""

from datetime import datetime, timedelta
from typing import Any

from django.contrib import admin
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.staff import list_of
from core.staff_figures import Figure, counted

# From how long on, and until when, a step counts. The last is later than anybody should wait.
DAY, THREE_DAYS, LATE = "day", "three-days", "late"
STEPS = ((DAY, _("Under a day")), (THREE_DAYS, _("Under three days")), (LATE, _("Longer")))
_BOUNDS: dict[str, tuple[timedelta, timedelta | None]] = {
    DAY: (timedelta(0), timedelta(days=1)),
    THREE_DAYS: (timedelta(days=1), timedelta(days=3)),
    LATE: (timedelta(days=3), None),
}


def of_age(rows: QuerySet[Any], step: str, *, since: str, at: datetime) -> QuerySet[Any]:
    """Those whose time `since` lies as long before `at` as the step says."""
    least, most = _BOUNDS[step]
    found = rows.filter(**{f"{since}__lte": at - least}) if least else rows
    return found.filter(**{f"{since}__gt": at - most}) if most else found


def age_filter(*, since: str, waiting: Q) -> type[admin.SimpleListFilter]:
    """A filter of a list: those that wait, by how long. Its parameter is `age`."""

    class AgeFilter(admin.SimpleListFilter):
        title = _("waiting for")
        parameter_name = "age"

        def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
            return list(STEPS)

        def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
            if self.value() not in _BOUNDS:
                return queryset
            return of_age(queryset.filter(waiting), str(self.value()), since=since, at=timezone.now())

    return AgeFilter


def figures_by_age(model: type[Model], *, since: str, waiting: Q, at: datetime) -> list[Figure]:
    """A figure for each step, alarming where somebody waits too long. The list has the filter above."""
    rows = model._default_manager.filter(waiting)
    return [
        counted(
            label, of_age(rows, step, since=since, at=at), list_of(model, age=step), alarming=step == LATE
        )
        for step, label in STEPS
    ]
