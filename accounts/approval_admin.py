"""Proposals that one member of staff made, for others to decide on."""

from datetime import datetime, timedelta
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
from core.staff import EMPTY, ReadOnlyAdmin, When, amount, anchor, as_uuid, link, time_of

NGN = "NGN"
MINE, TO_DECIDE, WAITING = "mine", "decide", "waiting"
DAY, THREE_DAYS, OLDER = "day", "three-days", "older"
AGES = ((DAY, _("Under a day")), (THREE_DAYS, _("Under three days")), (OLDER, _("Longer")))
# Amounts in kobo from which lists are told apart.
AMOUNTS = (
    (100_000_00, _("From ₦100,000")),
    (1_000_000_00, _("From ₦1 million")),
    (10_000_000_00, _("From ₦10 million")),
)


def waiting_since(rows: QuerySet[Approval], step: str, *, at: datetime) -> QuerySet[Approval]:
    """Of those that wait, the ones made within the day, within three days but not the day, or longer ago."""
    waiting = rows.filter(state=Approval.State.PENDING, expires_at__gt=at)
    day, three = at - timedelta(days=1), at - timedelta(days=3)
    if step == DAY:
        return waiting.filter(made_at__gt=day)
    if step == THREE_DAYS:
        return waiting.filter(made_at__lte=day, made_at__gt=three)
    return waiting.filter(made_at__lte=three)


class TurnFilter(admin.SimpleListFilter):
    """Whose turn it is: mine to decide, mine for others to, or anybody's."""

    title = _("turn")
    parameter_name = "turn"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(TO_DECIDE, _("For me to decide")), (MINE, _("Mine, waiting")), (WAITING, _("All that wait"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        user: Any = request.user
        rows: Any = queryset
        at, turn = timezone.now(), self.value()
        if turn == TO_DECIDE:
            mine = [kind.code for kind in service.actions_for(user, to="approve")]
            return rows.decidable_by(user, actions=mine, at=at)  # type: ignore[no-any-return]
        if turn == MINE:
            return rows.waiting(at).filter(maker=user)  # type: ignore[no-any-return]
        return rows.waiting(at) if turn == WAITING else queryset


class ActionFilter(admin.SimpleListFilter):
    title = _("what")
    parameter_name = "what"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(kind.code, kind.label) for kind in approvals.all_actions()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(action=self.value()) if self.value() else queryset


class AgeFilter(admin.SimpleListFilter):
    title = _("waiting for")
    parameter_name = "age"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(AGES)

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        known = self.value() in dict(AGES)
        return waiting_since(queryset, str(self.value()), at=timezone.now()) if known else queryset


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
        "target",
        "sum",
        "state_now",
        "maker_name",
        time_of("made_at", _("Proposed")),
        time_of("expires_at", _("Runs out")),
        "ticket",
    )
    list_filter = (TurnFilter, ActionFilter, AgeFilter, AmountFilter, "state", When)
    list_select_related = ("maker__profile",)
    shown = (
        "id",
        "target",
        "sum",
        "reason",
        "ticket",
        "maker_name",
        time_of("made_at", _("Proposed")),
        time_of("expires_at", _("Runs out")),
        "state_now",
        "checkers",
        time_of("decided_at", _("Ended")),
        "ended_by",
        "decision_reason",
        "result",
    )
    search_help_text = _("By id, ticket, or what it is about")

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("propose/<str:action>/", view(approval_pages.propose), name="accounts_propose"),
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

    @admin.display(description=_("What"))
    def what(self, approval: Approval) -> str:
        return label_of(approval)

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
        mine = [kind for kind in service.actions_for(user, to="propose") if proposals.page_of(kind.code)]
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
