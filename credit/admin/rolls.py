"""The closing of days for all loans: how each went, and how far the one that runs has come."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.contrib import admin
from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.timesince import timesince
from django.utils.translation import gettext_lazy as _

from core.staff import Panel, ReadOnlyAdmin, amount, list_of, moment, page_of, time_of
from credit.loan_figures import late_day
from credit.models import Loan, LoanRoll, LoanRollChunk

SHOWN = 50
EACH = 5  # seconds between two looks at a roll that runs


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
    """How far a roll has come. `rate` is loans a second since it began, `left` how long the rest takes at that."""

    parts: int
    parts_done: int
    loans: int
    closed: int
    folded: int
    parked: int
    rate: int
    left: timedelta | None

    @property
    def percent(self) -> int:
        return min(100 * self.parts_done // self.parts, 100) if self.parts else 0


def progress_of(roll: LoanRoll, *, at: datetime) -> Progress:
    told = LoanRollChunk.objects.filter(roll=roll).aggregate(
        parts=Count("pk"),
        done=Count("pk", Q(done_at__isnull=False)),
        closed=Coalesce(Sum("closed"), 0),
        folded=Coalesce(Sum("folded"), 0),
        parked=Coalesce(Sum("parked"), 0),
    )
    seconds = max(round(((roll.finished_at or at) - roll.started_at).total_seconds()), 1)
    closed, rest = told["closed"], max(roll.loans - told["closed"], 0)
    is_running = closed and rest and roll.finished_at is None
    return Progress(
        parts=told["parts"],
        parts_done=told["done"],
        loans=roll.loans,
        closed=closed,
        folded=told["folded"],
        parked=told["parked"],
        rate=closed // seconds,
        left=timedelta(seconds=rest * seconds // closed) if is_running else None,
    )


def _of_chunks(**annotations: Any) -> Coalesce:
    """One figure over a roll's parts, asked for the rows that the list shows and no other."""
    (name,) = annotations
    chunks = LoanRollChunk.objects.filter(roll=OuterRef("pk")).order_by().values("roll")
    return Coalesce(Subquery(chunks.annotate(**annotations).values(name)), 0)


@admin.register(LoanRoll)
class LoanRollAdmin(ReadOnlyAdmin):
    change_form_template = "admin/credit/roll.html"
    list_display = (
        "day",
        time_of("started_at", _("Begun")),
        time_of("finished_at", _("Finished")),
        *("took", "parts", "closed", "parked"),
    )
    list_filter = (StandingFilter,)
    shown = (
        time_of("started_at", _("Begun")),
        time_of("finished_at", _("Finished")),
        *("took", "earned"),
    )
    search_help_text = _("By day, as 2026-11-30")

    def get_queryset(self, request: HttpRequest) -> QuerySet[LoanRoll]:
        found: QuerySet[LoanRoll] = super().get_queryset(request)
        return found.annotate(
            many=_of_chunks(n=Count("pk")),
            many_done=_of_chunks(n=Count("done_at")),
            sum_closed=_of_chunks(n=Sum("closed")),
            sum_parked=_of_chunks(n=Sum("parked")),
        )

    def find(self, queryset: QuerySet[LoanRoll], term: str) -> QuerySet[LoanRoll]:
        try:
            return queryset.filter(day=date.fromisoformat(term))
        except ValueError:
            return queryset.none()

    @admin.display(description=_("Took"))
    def took(self, roll: LoanRoll) -> str:
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

    @admin.display(description=_("Interest earned, to the kobo"))
    def earned(self, roll: LoanRoll) -> str:
        told = roll.chunks.aggregate(sum=Sum("accrued"))["sum"]
        return amount(None if told is None else int(told), "NGN")

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        ways = []
        running = LoanRoll.objects.filter(finished_at=None).order_by("day").first()
        if running:
            ways = [(_("Watch the one that runs"), page_of(LoanRoll, running.pk) + "?watch=1")]
        return super().changelist_view(request, {**(extra_context or {}), "ways": ways})

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        roll: LoanRoll = kwargs["obj"]
        at = timezone.now()
        context.update(
            progress=progress_of(roll, at=at),
            is_over=roll.finished_at is not None,
            is_late=roll.finished_at is None and roll.day <= late_day(at),
            seconds=EACH if roll.finished_at is None and "watch" in request.GET else 0,
            here=page_of(LoanRoll, roll.pk),
            parked_url=list_of(Loan, position__parked_at__isnull="False"),
            at=at,
        )
        return super().render_change_form(request, context, *args, **kwargs)

    def panels(self, roll: LoanRoll) -> Iterable[Panel]:
        chunks = LoanRollChunk.objects.filter(roll=roll)
        first = chunks.order_by(F("done_at").desc(nulls_first=True), "number")[:SHOWN]
        yield Panel(
            _("Its parts, those that are open first"),
            [_("Part"), _("Tried"), _("Done"), _("Closed"), _("Worked out"), _("Parked")],
            [
                [
                    chunk.number,
                    moment(chunk.tried_at),
                    moment(chunk.done_at),
                    f"{chunk.closed:,}",
                    f"{chunk.folded:,}",
                    f"{chunk.parked:,}",
                ]
                for chunk in first
            ],
        )
