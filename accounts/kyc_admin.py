"""Applications, for staff: the queue, the case screen, and what can be done from either."""

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
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts import kyc_case, kyc_case_views, kyc_decision_views, kyc_document_views, roles
from accounts.kyc import waiting
from accounts.kyc_queue_page import (
    PLACE,
    AgeFilter,
    BandFilter,
    QueueList,
    StateFilter,
    TierFilter,
    TurnFilter,
    counted,
    is_queue,
)
from accounts.models import KycApplication
from accounts.people_found import people
from accounts.personal import LONGEST, PersonalAdmin
from accounts.services.kyc import queue
from core.staff import EMPTY, When, as_uuid, link

_AGE_TONES = {waiting.IN_TIME: "success", waiting.DUE: "pending", waiting.OVERDUE: "error"}


@admin.register(KycApplication)
class KycApplicationAdmin(PersonalAdmin):
    """The list names nobody; what a case says takes the right to its documents, and a reason."""

    personal = False
    reveals = True
    change_list_template = "admin/accounts/kycapplication/queue.html"
    list_display = ("case", "age", "band", "target_tier", "state_now", "holder", "recommender")
    list_filter = (StateFilter, AgeFilter, TierFilter, BandFilter, TurnFilter, When)
    list_select_related = ("claimed_by__profile", "recommended_by__profile")
    search_help_text = _("By id, or by the person as in the list of users")

    def get_urls(self) -> list[URLPattern]:
        def at(route: str, view: Any, name: str) -> URLPattern:
            guarded = self.admin_site.admin_view(view)
            found: URLPattern = path(route, guarded, name=f"accounts_kycapplication_{name}")
            return found

        deeds = [at(f"<uuid:key>/{name}/", view, name) for name, view in kyc_case_views.DEEDS.items()]
        return [
            at("next/", kyc_case_views.claim_next, "next"),
            *deeds,
            at("<uuid:key>/decide/<slug:outcome>/", kyc_decision_views.decide, "decide"),
            # These make pictures, so they run outside the request's transaction and ask by themselves who comes.
            path(
                "<uuid:key>/documents/<uuid:document_id>/",
                kyc_document_views.picture,
                name="accounts_kycapplication_document",
            ),
            path(
                "<uuid:key>/documents/<uuid:document_id>/original/",
                kyc_document_views.original,
                name="accounts_kycapplication_original",
            ),
            *super().get_urls(),
        ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[KycApplication]:
        return super().get_queryset(request).select_related(*self.list_select_related)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[QueueList]:
        return QueueList

    def page_key(self, request: HttpRequest) -> str:
        return PLACE if is_queue(request) else "pk"

    def find(self, queryset: QuerySet[KycApplication], term: str) -> QuerySet[KycApplication]:
        key = as_uuid(term)
        by_person = Q(customer_id__in=people(term).values("pk"))
        return queryset.filter(by_person | Q(pk=key) if key else by_person)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        answer = super().changelist_view(request, extra_context)
        context = getattr(answer, "context_data", None) or {}
        if "cl" in context:
            waits = KycApplication.objects.queued().filter(queue.free(at=timezone.now()))
            context["may_claim"] = kyc_case_views.may_work(request.user)
            context["waiting"] = counted(waits)
        return answer

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """The case screen. Whoever holds the case holds it longer by looking; every look is written down."""
        if request.method not in ("GET", "HEAD"):
            raise PermissionDenied
        application = self.get_object(request, object_id)
        if application is None:
            raise Http404
        if not self.has_view_permission(request, application):
            raise PermissionDenied
        user: Any = request.user
        at, reads = timezone.now(), user.has_perm(roles.READ_CASES)
        revealed = reads and getattr(application, "revealed", False)
        if queue.look(application_id=application.pk, by=user, at=at):
            application.leased_until = at + queue.LEASE
        if not revealed:
            self._note(request, "viewed", application, seen="case" if reads else "state")
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "application": application,
            "title": gettext("Case %(case)s") % {"case": short(application)},
            "history_url": self.admin_site.history_url(request, application),  # type: ignore[attr-defined]
            **self._work(request, application),
            "revealed": revealed,
        }
        if reads:
            context["case"] = kyc_case.case_of(application, revealed=revealed, at=at)
            context["open"] = kyc_case.open_for(user, application.pk) if revealed else ""
        else:
            context["panels"] = [kyc_case.states_of(application)]
        return TemplateResponse(request, "admin/accounts/kycapplication/case.html", context)

    def reveal_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Only to who reads cases at all."""
        if not request.user.has_perm(roles.READ_CASES):
            raise PermissionDenied
        return super().reveal_view(request, object_id)

    def _work(self, request: HttpRequest, application: KycApplication) -> dict[str, Any]:
        """What this reader can do, and how the case stands."""
        user: Any = request.user
        at = timezone.now()
        mine, works = application.is_claimed_by(user, at), kyc_case_views.may_work(user)
        step, age, hours = kyc_case.waits(application, at)
        live = application.leased_until is not None and application.leased_until > at
        waits = application.state in KycApplication.QUEUED_STATES
        return {
            "at": at,
            "mine": mine,
            "works": works,
            "settles": works and user.has_perm(roles.DECIDE_SCREENING),
            "held_by": kyc_case.colleague(application.claimed_by) if live and application.claimed_by else "",
            "can_claim": works and waits and not live,
            "ways": kyc_decision_views.ways(application=application, user=user) if mine else [],
            "age": {"tone": _AGE_TONES[step], "label": age, "hours": hours} if waits else None,
            "band": waiting.band_of(application.priority),
            "customer": application.customer,
            "may_reveal": user.has_perm(roles.REVEAL) and user.has_perm(roles.READ_CASES),
            "may_download": user.has_perm(roles.DOWNLOAD_DOCUMENT),
            "reveal_error": getattr(request, "reveal_error", ""),
            "reveal_longest": LONGEST,
        }

    @admin.display(description=_("Case"))
    def case(self, application: KycApplication) -> str:
        return short(application)

    @admin.display(description=_("State"))
    def state_now(self, application: KycApplication) -> str:
        lapsed = application.state == KycApplication.State.IN_REVIEW and not self._is_held(application)
        return str(
            KycApplication.State.SUBMITTED.label if lapsed else KycApplication.State(application.state).label
        )

    @admin.display(description=_("Waiting"))
    def age(self, application: KycApplication) -> SafeString | str:
        if application.state not in KycApplication.QUEUED_STATES:
            return EMPTY
        step, label, hours = kyc_case.waits(application, timezone.now())
        told = gettext("%(label)s: %(hours)d h") % {"label": label, "hours": hours}
        return format_html('<span class="badge badge--{}">{}</span>', _AGE_TONES[step], told)

    @admin.display(description=_("Priority"))
    def band(self, application: KycApplication) -> str:
        return f"{waiting.band_of(application.priority)} ({application.priority})"

    @admin.display(description=_("Held by"))
    def holder(self, application: KycApplication) -> SafeString | str:
        user = application.claimed_by
        return link(user, kyc_case.colleague(user)) if user and self._is_held(application) else EMPTY

    @admin.display(description=_("Recommended by"))
    def recommender(self, application: KycApplication) -> SafeString | str:
        user = application.recommended_by
        return link(user, kyc_case.colleague(user)) if user else EMPTY

    def _is_held(self, application: KycApplication) -> bool:
        return application.leased_until is not None and application.leased_until > timezone.now()


def short(application: KycApplication) -> str:
    """The end of an id, by which colleagues name a case to each other."""
    return application.pk.hex[-8:]
