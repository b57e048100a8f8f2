"""Daily rolls, for staff: how each went, how far the one that runs has come, and which are late (`core/rolling.py`).

staff_rolls.register(RollPage(SAVINGS, …), order=32)     # its list, its page, and its figures on the first page
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Count, F, Model, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.timesince import timesince
from django.utils.translation import gettext_lazy as _

from core import staff_figures
from core.rolling import DAY, Rolled
from core.staff import EMPTY, Panel, ReadOnlyAdmin, list_of, moment, page_of, time_of
from core.staff_figures import Figure, Group, counted

SHOWN = 50
EACH = 5  # seconds between two looks at a roll that runs
# By when the day before is closed: a roll begins just after midnight.
CLOSED_BY = time(6)


@dataclass(frozen=True)
class Told:
    """A column of the chunks that an app shows, and how."""

    column: str
    label: Any
    show: Callable[[Any], Any]


@dataclass(frozen=True)
class RollPage:
    """What the pages of a kind of roll say of it.

    `parked_in` is the model whose list shows what is parked. `sums` are shown of a roll, `parts` of each of its parts.
    `short` says why fewer may be closed in parts than there are.
    """

    rolled: Rolled
    parked_in: type[Model]
    title: str | Promise
    is_over: str | Promise
    closed: str | Promise
    short: str | Promise
    sums: Sequence[Told]
    parts: Sequence[Told]


def register(page: RollPage, *, order: int) -> None:
    """Show staff a kind of roll, and have its figures on the first page, by `order`."""
    rolls = page.rolled.rolls
    shown = (*RollAdmin.shown, *map(_sum_of, page.sums))
    admin.site.register(rolls, RollAdmin, page=page, shown=shown)
    staff_figures.register(rolls, lambda at: _figures(page, at), order=order)


def late_day(at: datetime) -> date:
    """Return the newest day that ought to be closed for all by now."""
    local = timezone.localtime(at)
    return local.date() - (DAY if local.time() >= CLOSED_BY else 2 * DAY)


def _figures(page: RollPage, at: datetime) -> Group:
    due, rolls = late_day(at), page.rolled.rolls
    finished = rolls.objects.filter(finished_at__isnull=False).order_by("-day")
    last = finished.values_list("day", flat=True).first()
    late = rolls.objects.filter(finished_at=None, day__lte=due)
    return Group(
        page.title,
        rolls,
        [
            Figure(
                _("Last day closed"),
                date_format(last) if last else _("None yet"),
                list_of(rolls),
                alarm=last is not None and last < due,
            ),
            counted(_("Late"), late, list_of(rolls, standing="late"), alarming=True),
        ],
    )


class StandingFilter(admin.SimpleListFilter):
    title, parameter_name = _("standing"), "standing"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("open", _("Not finished")), ("late", _("Late"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() == "open":
            return queryset.filter(finished_at=None)
        if self.value() == "late":
            return queryset.filter(finished_at=None, day__lte=late_day(timezone.now()))
        return queryset


@dataclass(frozen=True)
class Progress:
    """How far a roll has come. `rate` is rows a second since it began, `left` how long the rest takes at that."""

    parts: int
    parts_done: int
    total: int
    closed: int
    parked: int
    rate: int
    left: timedelta | None

    @property
    def percent(self) -> int:
        return min(100 * self.parts_done // self.parts, 100) if self.parts else 0


def progress_of(rolled: Rolled, roll: Any, *, at: datetime) -> Progress:
    told = roll.chunks.aggregate(
        parts=Count("pk"),
        done=Count("pk", Q(done_at__isnull=False)),
        closed=Coalesce(Sum("closed"), 0),
        parked=Coalesce(Sum("parked"), 0),
    )
    seconds = max(round(((roll.finished_at or at) - roll.started_at).total_seconds()), 1)
    total, closed = getattr(roll, rolled.total), told["closed"]
    rest = max(total - closed, 0)
    is_running = closed and rest and roll.finished_at is None
    return Progress(
        parts=told["parts"],
        parts_done=told["done"],
        total=total,
        closed=closed,
        parked=told["parked"],
        rate=closed // seconds,
        left=timedelta(seconds=rest * seconds // closed) if is_running else None,
    )


def _sum_of(told: Told) -> Callable[[Any], Any]:
    """A field of a roll's page: one column of its parts, added up."""

    @admin.display(description=told.label)
    def field(roll: Any) -> Any:
        total = roll.chunks.aggregate(sum=Sum(told.column))["sum"]
        return EMPTY if total is None else told.show(total)

    field.__name__ = f"sum_of_{told.column}"
    return field


class RollAdmin(ReadOnlyAdmin):
    page: ClassVar[RollPage]
    change_form_template = "admin/roll.html"
    shown = (time_of("started_at", _("Begun")), time_of("finished_at", _("Finished")), "took")
    list_display = ("day", *shown, "parts", "closed", "parked")
    list_filter = (StandingFilter,)
    search_help_text = _("By day, as 2026-11-30")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        found: QuerySet[Any] = super().get_queryset(request)
        figures: QuerySet[Any] = found.annotate(
            many=self._of_chunks(n=Count("pk")),
            many_done=self._of_chunks(n=Count("done_at")),
            sum_closed=self._of_chunks(n=Sum("closed")),
            sum_parked=self._of_chunks(n=Sum("parked")),
        )
        return figures

    def _of_chunks(self, **annotations: Any) -> Coalesce:
        """One figure over a roll's parts, asked for the rows that the list shows and no other."""
        (name,) = annotations
        chunks = self.page.rolled.chunks.objects.filter(roll=OuterRef("pk")).order_by().values("roll")
        return Coalesce(Subquery(chunks.annotate(**annotations).values(name)), 0)

    def find(self, queryset: QuerySet[Any], term: str) -> QuerySet[Any]:
        try:
            return queryset.filter(day=date.fromisoformat(term))
        except ValueError:
            return queryset.none()

    @admin.display(description=_("Took"))
    def took(self, roll: Any) -> str:
        return timesince(roll.started_at, roll.finished_at or timezone.now(), depth=2)

    @admin.display(description=_("Parts done"))
    def parts(self, roll: Any) -> str:
        return f"{roll.many_done:,} / {roll.many:,}"

    @admin.display(description=_("Closed"))
    def closed(self, roll: Any) -> str:
        return f"{roll.sum_closed:,}"

    @admin.display(description=_("Parked"))
    def parked(self, roll: Any) -> str:
        return f"{roll.sum_parked:,}"

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        ways = []
        running = self.model.objects.filter(finished_at=None).order_by("day").first()
        if running:
            ways = [(_("Watch the one that runs"), page_of(self.model, running.pk) + "?watch=1")]
        return super().changelist_view(request, {**(extra_context or {}), "ways": ways})

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        roll, at = kwargs["obj"], timezone.now()
        context.update(
            page=self.page,
            progress=progress_of(self.page.rolled, roll, at=at),
            is_over=roll.finished_at is not None,
            is_late=roll.finished_at is None and roll.day <= late_day(at),
            seconds=EACH if roll.finished_at is None and "watch" in request.GET else 0,
            here=page_of(self.model, roll.pk),
            parked_url=list_of(self.page.parked_in, position__parked_at__isnull="False"),
            at=at,
        )
        return super().render_change_form(request, context, *args, **kwargs)

    def panels(self, roll: Any) -> Iterable[Panel]:
        first = roll.chunks.order_by(F("done_at").desc(nulls_first=True), "number")[:SHOWN]
        yield Panel(
            _("Its parts, those that are open first"),
            [
                *(_("Part"), _("Tried"), _("Done"), _("Closed"), _("Parked")),
                *(told.label for told in self.page.parts),
            ],
            [
                [
                    chunk.number,
                    moment(chunk.tried_at),
                    moment(chunk.done_at),
                    f"{chunk.closed:,}",
                    f"{chunk.parked:,}",
                    *(told.show(getattr(chunk, told.column)) for told in self.page.parts),
                ]
                for chunk in first
            ],
        )
