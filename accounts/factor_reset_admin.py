"""Resets of second factors that one member of staff asked for, for another to decide on."""

from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from accounts.models import FactorReset, User
from accounts.people_found import people
from accounts.personal import PersonalAdmin
from accounts.roles import RESET_FACTORS
from core.staff import EMPTY, When, anchor, as_uuid, link, link_of, time_of

WAITING, EXPIRED = "waiting", "expired"


class StateFilter(admin.SimpleListFilter):
    """How a request stands now: one that ran out waits for nobody, though nobody wrote that down."""

    title = _("state")
    parameter_name = "now"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        state = FactorReset.State
        decided = [(each.value.lower(), each.label) for each in (state.DONE, state.DECLINED)]
        return [(WAITING, state.ASKED.label), *decided, (EXPIRED, state.EXPIRED.label)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        at, wanted, state = timezone.now(), self.value(), FactorReset.State
        if wanted == WAITING:
            return queryset.open(at)  # type: ignore[attr-defined, no-any-return]
        if wanted == EXPIRED:
            return queryset.filter(Q(state=state.EXPIRED) | Q(state=state.ASKED, expires_at__lte=at))
        return queryset.filter(state=wanted.upper()) if wanted else queryset


@admin.register(FactorReset)
class FactorResetAdmin(PersonalAdmin):
    change_form_template = "admin/accounts/factorreset/object.html"
    list_display = (
        time_of("asked_at", _("Asked")),
        link_of("target", _("Of")),
        "decision",
        "asker",
        "reason",
        "state_now",
        time_of("expires_at", _("Runs out")),
    )
    list_filter = (StateFilter, When)
    list_select_related = ("target", "asked_by__profile", "decided_by__profile")
    shown = (
        link_of("target", _("Of")),
        "asker",
        time_of("asked_at", _("Asked")),
        "reason",
        "state_now",
        time_of("expires_at", _("Runs out")),
        "decider",
        time_of("decided_at", _("Decided")),
    )
    search_help_text = _("By id, or by the person as in the list of users")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related(*self.list_select_related)

    def find(self, queryset: QuerySet[FactorReset], term: str) -> QuerySet[FactorReset]:
        key = as_uuid(term)
        by_person = Q(target__in=people(term))
        return queryset.filter(by_person | Q(pk=key) if key else by_person)

    @admin.display(description=_("Asked by"))
    def asker(self, reset: FactorReset) -> SafeString:
        return _colleague(reset.asked_by)

    @admin.display(description=_("Decided by"))
    def decider(self, reset: FactorReset) -> SafeString | str:
        return _colleague(reset.decided_by) if reset.decided_by else EMPTY

    @admin.display(description=_("State"))
    def state_now(self, reset: FactorReset) -> str:
        ran_out = reset.state == FactorReset.State.ASKED and not reset.is_open(timezone.now())
        return str(FactorReset.State.EXPIRED.label if ran_out else reset.get_state_display())

    @admin.display(description=_("Decision"))
    def decision(self, reset: FactorReset) -> SafeString | str:
        if not reset.is_open(timezone.now()):
            return EMPTY
        return anchor(reverse("admin:accounts_factor_reset", args=[reset.pk]), _("Approve or decline"))

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        context["may_decide"] = kwargs["obj"].is_open(timezone.now()) and request.user.has_perm(RESET_FACTORS)
        return super().render_change_form(request, context, *args, **kwargs)


def _colleague(user: User) -> SafeString:
    """A member of staff, by the name that colleagues know."""
    return link(user, user.display_name or None)
