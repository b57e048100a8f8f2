"""The collections queue: late loans, the longest late first, and what staff do: claim one, say what was said."""

from collections.abc import Callable, Iterable
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.db.models.expressions import Combinable
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.people_found import people
from core.errors import DomainError
from core.staff import (
    EMPTY,
    NewestFirst,
    Panel,
    ReadOnlyAdmin,
    amount,
    as_uuid,
    link_of,
    moment,
    page_of,
)
from credit.admin.late_panels import panels_of
from credit.delinquency import Bucket
from credit.models import Position
from credit.services import late_loans
from credit.services.cases import WORK
from credit.services.reminding import may_contact

PLACE = "late_place"


class LateList(NewestFirst):
    """The longest late first, a page at a time by day and id."""

    def get_ordering(self, request: HttpRequest, queryset: QuerySet[Any]) -> list[str | Combinable]:
        return ["due_since", "pk"]

    def _page(self, size: int) -> tuple[list[Any], bool, bool]:
        if self.after:
            since, key = _read(self.after)
            ahead = self.queryset.filter(Q(due_since__lt=since) | Q(due_since=since, pk__lt=key))
            rows = list(ahead.order_by("-due_since", "-pk")[: size + 1])
            return _placed(rows[:size][::-1]), len(rows) > size, True
        rest = self.queryset
        if self.before:
            since, key = _read(self.before)
            rest = rest.filter(Q(due_since__gt=since) | Q(due_since=since, pk__gt=key))
        rows = list(rest[: size + 1])
        return _placed(rows[:size]), bool(self.before), len(rows) > size


def _placed(rows: list[Any]) -> list[Any]:
    """Give each its place in the queue, as an address carries it."""
    for row in rows:
        setattr(row, PLACE, f"{row.due_since.isoformat()}~{row.pk}")
    return rows


def _read(place: str) -> tuple[date, UUID]:
    """Raises ValueError."""
    since, key = place.split("~")
    return date.fromisoformat(since), UUID(key)


class BucketFilter(admin.SimpleListFilter):
    title, parameter_name = _("how late"), "bucket"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(bucket.value, bucket.label) for bucket in Bucket if bucket != Bucket.CURRENT]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(bucket=self.value()) if self.value() in Bucket.values else queryset


class PauseFilter(admin.SimpleListFilter):
    title, parameter_name = _("pause"), "pause"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("no", _("None holds")), ("yes", _("One holds"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() in ("yes", "no"):
            return queryset.filter(paused__isnull=self.value() == "no")
        return queryset


class TurnFilter(admin.SimpleListFilter):
    title, parameter_name = _("held"), "held"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("mine", _("By me")), ("nobody", _("By nobody"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        at = timezone.now()
        if self.value() == "mine":
            return queryset.filter(holder=request.user.pk, held_until__gt=at)
        if self.value() == "nobody":
            return queryset.filter(Q(holder=None) | Q(held_until__lte=at))
        return queryset


@admin.register(Position)
class PositionAdmin(ReadOnlyAdmin):
    change_list_template = "admin/credit/late_list.html"
    change_form_template = "admin/credit/late_loan.html"
    list_display = (
        "number",
        link_of("loan.user", _("Borrower")),
        *("late", "days", "due_money", "contacted", "next_try", "pause", "held_by"),
    )
    list_filter = (BucketFilter, PauseFilter, TurnFilter)
    list_select_related = ("loan", "loan__user")
    shown = (
        link_of("loan", _("Loan")),
        link_of("loan.user", _("Borrower")),
        *("late", "days", "since", "due_money", "principal_money"),
        *("contacted", "next_try", "pause", "held_by"),
    )
    search_help_text = _("By its loan’s number or id, or the borrower as in the list of users")

    def get_urls(self) -> list[URLPattern]:
        def at(name: str, view: Callable[..., HttpResponse]) -> URLPattern:
            found: URLPattern = path(
                f"<uuid:key>/{name}/", self.admin_site.admin_view(view), name=f"credit_position_{name}"
            )
            return found

        return [at("claim", claim), at("finish", finish), *super().get_urls()]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Position]:
        return late_loans.late_loans(on=timezone.localdate()).select_related(*self.list_select_related)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[LateList]:
        return LateList

    def page_key(self, request: HttpRequest) -> str:
        return PLACE

    def find(self, queryset: QuerySet[Position], term: str) -> QuerySet[Position]:
        key = as_uuid(term)
        if key:
            return queryset.filter(Q(pk=key) | Q(loan__user=key))
        by_number = queryset.filter(loan__number=term.upper())
        return by_number if by_number.exists() else queryset.filter(loan__user__in=people(term))

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        facts = {"title": _("Late loans"), "may_contact": may_contact(timezone.now())}
        return super().changelist_view(request, {**(extra_context or {}), **facts})

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        row, at = kwargs["obj"], timezone.now()
        is_open, mine = may_contact(at), _is_mine(row, request.user, at)
        context.update(
            may_contact=is_open,
            mine=mine,
            can_claim=is_open
            and row.paused is None
            and request.user.has_perm(WORK)
            and not _is_held(row, at),
            claim_url=reverse("admin:credit_position_claim", args=[row.pk]),
            finish_url=reverse("admin:credit_position_finish", args=[row.pk]),
            form=SaidForm(),
        )
        row.staff_name = row.loan.number
        return super().render_change_form(request, context, *args, **kwargs)

    def panels(self, row: Position) -> Iterable[Panel]:
        yield from panels_of(row)

    @admin.display(description=_("Loan"))
    def number(self, row: Position) -> str:
        return row.loan.number

    @admin.display(description=_("How late"))
    def late(self, row: Position) -> str:
        return str(row.get_bucket_display())

    @admin.display(description=_("Days, without pauses"))
    def days(self, row: Position) -> SafeString:
        return format_html('<span class="amount">{}</span>', row.overdue_days)

    @admin.display(description=_("Since"))
    def since(self, row: Position) -> str:
        return row.due_since.isoformat() if row.due_since else EMPTY

    @admin.display(description=_("Due"))
    def due_money(self, row: Position) -> str:
        return amount(row.due, row.loan.currency_id)

    @admin.display(description=_("Principal that is out"))
    def principal_money(self, row: Position) -> str:
        return amount(row.principal, row.loan.currency_id)

    @admin.display(description=_("Last contact"))
    def contacted(self, row: Any) -> str:
        return moment(row.contacted_at)

    @admin.display(description=_("Next try to collect"))
    def next_try(self, row: Any) -> str:
        return moment(row.tried_next_at)

    @admin.display(description=_("Pause until"))
    def pause(self, row: Any) -> str:
        return row.paused.isoformat() if row.paused else EMPTY

    @admin.display(description=_("Held by"))
    def held_by(self, row: Any) -> SafeString | str:
        return (row.holder_name or _now("A colleague")) if _is_held(row, timezone.now()) else EMPTY


class SaidForm(forms.Form):
    text = forms.CharField(
        label=_("What was said"),
        min_length=5,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("For colleagues. The borrower does not see it, and may ask for a copy of what we hold."),
    )


def claim(request: HttpRequest, key: UUID) -> HttpResponse:
    """Give a late loan to whoever asks. Raises PermissionDenied, Http404."""
    user = _worker(request)
    return _done(
        request,
        key,
        lambda: late_loans.claim(loan_id=key, by=user, at=timezone.now()),
        _now("It is yours for 20 minutes. Say what was said when you are done."),
    )


def finish(request: HttpRequest, key: UUID) -> HttpResponse:
    """Let go of a loan, with what was said. Raises PermissionDenied, Http404."""
    user, form = _worker(request), SaidForm(request.POST)
    if not form.is_valid():
        messages.error(request, _now("Say in a few words what was said."))
        return redirect(page_of(Position, key))
    text = form.cleaned_data["text"]
    return _done(
        request,
        key,
        lambda: late_loans.finish(loan_id=key, by=user, text=text, at=timezone.now()),
        _now("It is kept, and the loan is held by nobody."),
    )


def _worker(request: HttpRequest) -> User:
    user = request.user
    rights = ["credit.view_position", WORK]
    if request.method != "POST" or not isinstance(user, User) or not user.has_perms(rights):
        raise PermissionDenied
    return user


def _done(request: HttpRequest, key: UUID, deed: Callable[[], object], told: str) -> HttpResponse:
    get_object_or_404(Position, pk=key)
    try:
        deed()
    except DomainError as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, told)
    return redirect(page_of(Position, key))


def _is_held(row: Any, at: datetime) -> bool:
    return row.holder is not None and row.held_until is not None and row.held_until > at


def _is_mine(row: Any, user: Any, at: datetime) -> bool:
    return _is_held(row, at) and row.holder == user.pk
