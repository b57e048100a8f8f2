"""Credit cases, for staff: the queue, the screen of a case, and what can be done from either."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timesince import timesince, timeuntil
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.people_found import people
from accounts.personal import PersonalAdmin
from core.staff import EMPTY, When, amount, as_uuid
from credit.admin import case_decide, case_deeds
from credit.admin.case_queue import (
    PLACE,
    SOON,
    CaseList,
    DueFilter,
    KindFilter,
    StandingFilter,
    TurnFilter,
    counted,
    is_queue,
)
from credit.admin.case_screen import colleague, link_to, screen_of, short, states_of
from credit.models import Case
from credit.services import cases


@admin.register(Case)
class CaseAdmin(PersonalAdmin):
    """The list names nobody. What a file says takes the right to work on cases."""

    personal = False
    change_list_template = "admin/credit/case/queue.html"
    list_display = (
        "case",
        "due",
        "kind",
        "asked_money",
        "priority",
        "holder",
        "recommender",
    )
    list_filter = (StandingFilter, KindFilter, DueFilter, TurnFilter, When)
    list_select_related = ("application", "claimed_by__profile", "recommended_by__profile")
    search_help_text = _("By id of the case or application, or by the person as in the list of users")

    def get_urls(self) -> list[URLPattern]:
        def at(route: str, view: Any, name: str) -> URLPattern:
            found: URLPattern = path(route, self.admin_site.admin_view(view), name=f"credit_case_{name}")
            return found

        return [
            at("next/", case_deeds.claim_next, "next"),
            *(at(f"<uuid:key>/{name}/", view, name) for name, view in case_deeds.DEEDS.items()),
            at("<uuid:key>/decide/<slug:decision>/", case_decide.decide, "decide"),
            *super().get_urls(),
        ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Case]:
        found: QuerySet[Case] = super().get_queryset(request).filter(kind__in=list(cases.WORKED))
        return found.select_related(*self.list_select_related)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[CaseList]:
        return CaseList

    def page_key(self, request: HttpRequest) -> str:
        return PLACE if is_queue(request) else "pk"

    def find(self, queryset: QuerySet[Case], term: str) -> QuerySet[Case]:
        key = as_uuid(term)
        by_person = Q(application__user_id__in=people(term).values("pk"))
        return queryset.filter(by_person | Q(pk=key) | Q(application_id=key) if key else by_person)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        answer = super().changelist_view(request, extra_context)
        context = getattr(answer, "context_data", None) or {}
        if "cl" in context:
            context["may_claim"] = case_deeds.may_work(request.user)
            context["waiting"] = counted(cases.waiting().filter(cases.free(at=timezone.now())))
        return answer

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """The screen of a case. Whoever holds it holds it longer by looking; every look is written down."""
        if request.method not in ("GET", "HEAD"):
            raise PermissionDenied
        case = self.get_object(request, object_id)
        if case is None:
            raise Http404
        if not self.has_view_permission(request, case):
            raise PermissionDenied
        user: Any = request.user
        at, reads = timezone.now(), case_deeds.may_work(user)
        if cases.look(case_id=case.pk, by=user, at=at):
            case.leased_until = at + cases.LEASE
        self._note(request, "viewed", case, seen="file" if reads else "state")
        live, open_ = cases.is_held(case, at=at), case.decided_at is None
        mine = live and open_ and case.claimed_by_id == user.pk
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "case": case,
            "application": case.application,
            "title": gettext("Case %(case)s") % {"case": short(case)},
            "history_url": self.admin_site.history_url(request, case),  # type: ignore[attr-defined]
            "works": reads,
            "mine": mine,
            "held_by": colleague(case.claimed_by) if live and open_ and case.claimed_by else "",
            "can_claim": reads and open_ and not live,
            "ways": case_decide.ways(case, user) if mine else [],
            "due": _due(case) if open_ else None,
            "recommended_by": colleague(case.recommended_by) if case.recommended_by else "",
            "screen": screen_of(case, reader=user, at=at) if reads else None,
            "panels": [] if reads else [states_of(case.application)],
        }
        return TemplateResponse(request, "admin/credit/case/case.html", context)

    @admin.display(description=_("Case"))
    def case(self, case: Case) -> str:
        return short(case)

    @admin.display(description=_("Due"))
    def due(self, case: Case) -> SafeString | str:
        if case.decided_at is not None:
            return EMPTY
        tone, told = _due(case)
        return format_html('<span class="badge badge--{}">{}</span>', tone, told)

    @admin.display(description=_("Amount"))
    def asked_money(self, case: Case) -> SafeString | str:
        return amount(case.application.amount, case.application.currency_id)

    @admin.display(description=_("Held by"))
    def holder(self, case: Case) -> SafeString | str:
        held = case.decided_at is None and cases.is_held(case, at=timezone.now())
        return link_to(case.claimed_by) if held and case.claimed_by else EMPTY

    @admin.display(description=_("Recommended by"))
    def recommender(self, case: Case) -> SafeString | str:
        return link_to(case.recommended_by) if case.recommended_by else EMPTY


def _due(case: Case) -> tuple[str, str]:
    """How the time for a case stands: a badge's tone, and its words."""
    at = timezone.now()
    if case.due_at <= at:
        return "error", gettext("Overdue by %(time)s") % {"time": timesince(case.due_at, at, depth=1)}
    tone = "pending" if case.due_at <= at + SOON else "success"
    return tone, gettext("%(time)s left") % {"time": timeuntil(case.due_at, at, depth=1)}
