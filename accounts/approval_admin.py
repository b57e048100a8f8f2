"""Proposals that one member of staff made, for others to decide on."""

from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from accounts import approval_pages, approvals, proposals
from accounts.models import Approval, ApprovalBand, User
from accounts.services import approvals as service
from core.staff import EMPTY, ReadOnlyAdmin, When, amount, anchor, as_uuid, link, moment, time_of
from core.staff_ages import age_filter

NGN = "NGN"
MINE, TO_DECIDE, WAITING, SECOND = "mine", "decide", "waiting", "second"
# Amounts in kobo from which lists are told apart.
AMOUNTS = (
    (100_000_00, _("From ₦100,000")),
    (1_000_000_00, _("From ₦1 million")),
    (10_000_000_00, _("From ₦10 million")),
)


class TurnFilter(admin.SimpleListFilter):
    """Whose turn it is: mine to decide, mine for others to, or anybody's."""

    title = _("turn")
    parameter_name = "turn"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            (TO_DECIDE, _("For me to decide")),
            (MINE, _("Mine, waiting")),
            (WAITING, _("All that wait")),
            (SECOND, _("For one more person")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        user: Any = request.user
        rows: Any = queryset
        at, turn = timezone.now(), self.value()
        if turn == TO_DECIDE:
            mine = [kind.code for kind in approvals.actions_for(user, to="approve")]
            return rows.decidable_by(user, actions=mine, at=at)  # type: ignore[no-any-return]
        if turn == MINE:
            return rows.waiting(at).filter(maker=user)  # type: ignore[no-any-return]
        if turn == SECOND:
            return rows.waiting(at).filter(checker__isnull=False)  # type: ignore[no-any-return]
        return rows.waiting(at) if turn == WAITING else queryset


class ActionFilter(admin.SimpleListFilter):
    title = _("what")
    parameter_name = "what"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(kind.code, kind.label) for kind in approvals.all_actions()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(action=self.value()) if self.value() else queryset


class AgeFilter(age_filter(since="made_at", waiting=Q(state=Approval.State.PENDING))):  # type: ignore[misc]
    """Those that wait, by how long: one that ran out waits for nobody, though nobody wrote that down yet."""

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        found: QuerySet[Any] = super().queryset(request, queryset)
        return found.filter(expires_at__gt=timezone.now()) if self.value() else found


class AmountFilter(admin.SimpleListFilter):
    title = _("amount")
    parameter_name = "from"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(str(least), label) for least, label in AMOUNTS]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        wanted = self.value() or ""
        return queryset.filter(amount__gte=int(wanted)) if wanted in dict(self.lookup_choices) else queryset


@admin.register(Approval)
class ApprovalAdmin(ReadOnlyAdmin):
    change_list_template = "admin/accounts/approval/list.html"
    change_form_template = "admin/accounts/approval/object.html"
    list_display = (
        "what",
        "sum",
        "reason",
        "state_now",
        "maker_name",
        time_of("made_at", _("Proposed")),
        time_of("expires_at", _("Runs out")),
        "ticket",
    )
    list_filter = (TurnFilter, ActionFilter, AgeFilter, AmountFilter, "state", When)
    list_select_related = ("maker__profile",)
    shown = ("state_now", time_of("expires_at", _("Runs out")), "checkers", "id", "about")
    # Said only of one that ended.
    ended = (time_of("decided_at", _("Ended")), "ended_by", "said", "result")
    search_help_text = _("By id, ticket, or what it is about")

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path(
                "propose/<str:action>/",
                approval_pages.tried_first(view(approval_pages.propose)),
                name="accounts_propose",
            ),
            path("<uuid:key>/decide/", view(approval_pages.decide), name="accounts_decide_approval"),
            *super().get_urls(),
        ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        people = ("maker__profile", "checker__profile", "second_checker__profile", "decided_by__profile")
        return super().get_queryset(request).select_related(*people)

    def find(self, queryset: QuerySet[Approval], term: str) -> QuerySet[Approval]:
        key = as_uuid(term)
        if key:
            return queryset.filter(Q(pk=key) | Q(posting_id=key) | Q(target__contains=str(key)))
        return queryset.filter(Q(ticket=term) | Q(target=term))

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        waits = obj is None or obj.state == Approval.State.PENDING
        return [*self.shown, *(() if waits else self.ended)]

    @admin.display(description=_("What"))
    def what(self, approval: Approval) -> str:
        return label_of(approval)

    @admin.display(description=_("About"))
    def about(self, approval: Approval) -> str:
        return approval.target

    @admin.display(description=_("What was said"))
    def said(self, approval: Approval) -> str:
        return approval.decision_reason or EMPTY

    @admin.display(description=_("Amount"))
    def sum(self, approval: Approval) -> SafeString | str:
        return amount(approval.amount, NGN)

    @admin.display(description=_("Proposed by"))
    def maker_name(self, approval: Approval) -> SafeString | str:
        return _colleague(approval.maker)

    @admin.display(description=_("State"))
    def state_now(self, approval: Approval) -> str:
        if approval.state == Approval.State.PENDING:
            if not approval.is_open(timezone.now()):
                return str(Approval.State.EXPIRED.label)
            if approval.checker_id:
                return str(_("Waiting for one more person"))
        return approval.get_state_display()

    @admin.display(description=_("Approved by"))
    def checkers(self, approval: Approval) -> SafeString | str:
        found = [_colleague(who) for who in (approval.checker, approval.second_checker) if who]
        return SafeString(", ".join(found)) if found else EMPTY

    @admin.display(description=_("Ended by"))
    def ended_by(self, approval: Approval) -> SafeString | str:
        return _colleague(approval.decided_by) if approval.decided_by else EMPTY

    @admin.display(description=_("What came of it"))
    def result(self, approval: Approval) -> SafeString | str:
        page = proposals.page_of(approval.action)
        done = approval.state == Approval.State.APPLIED
        address = page.result(approval) if page and done else ""
        return anchor(address, _("Look at it")) if address else EMPTY

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        user: Any = request.user
        mine = [kind for kind in approvals.actions_for(user, to="propose") if proposals.page_of(kind.code)]
        ways = [(kind.label, reverse("admin:accounts_propose", args=[kind.code])) for kind in mine]
        return super().changelist_view(request, {**(extra_context or {}), "ways": ways})

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        approval, at = kwargs["obj"], timezone.now()
        is_open = approval.is_open(at)
        context.update(
            kind_label=label_of(approval),
            described=service.description_of(approval),
            proposed=[
                (_("Reason"), approval.reason),
                (_("Ticket"), approval.ticket or EMPTY),
                (_("Proposed by"), _colleague(approval.maker)),
                (_("Proposed"), moment(approval.made_at)),
            ],
            open=is_open,
            overtaken=is_open and service.is_overtaken(approval),
            own=request.user.pk in (approval.maker_id, approval.checker_id),
            rights=approval_pages.rights_on(approval, request.user),
            word_form=getattr(request, "word_form", None) or approval_pages.WordForm(),
        )
        return super().render_change_form(request, context, *args, **kwargs)


@admin.register(ApprovalBand)
class ApprovalBandAdmin(ReadOnlyAdmin):
    list_display = ("what", "least", "approvals_needed", "expires_hours")
    shown = list_display
    search_help_text = _("By the code of what is proposed")

    def find(self, queryset: QuerySet[ApprovalBand], term: str) -> QuerySet[ApprovalBand]:
        return queryset.filter(action=term)

    @admin.display(description=_("What"))
    def what(self, band: ApprovalBand) -> str:
        return str(_("Anything else") if band.action == ApprovalBand.ANY else _label(band.action))

    @admin.display(description=_("From"))
    def least(self, band: ApprovalBand) -> SafeString | str:
        return amount(band.from_amount, NGN)


def label_of(approval: Approval) -> str:
    return _label(approval.action)


def _label(code: str) -> str:
    try:
        return str(approvals.action_of(code).label)
    except approvals.UnknownAction:
        return code


def _colleague(user: User) -> SafeString:
    """A member of staff, by the name that colleagues know."""
    return link(user, user.display_name or None)
