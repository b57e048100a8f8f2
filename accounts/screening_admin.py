"""Sanctions lists and whom they may mean, for staff: what was loaded, what was found, and the decision on it."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import SanctionsList, ScreeningHit
from accounts.people_found import people
from accounts.personal import PersonalAdmin
from accounts.roles import DECIDE_SCREENING
from accounts.services.kyc import screening
from accounts.step_up import step_up_required
from core.errors import DomainError
from core.staff import EMPTY, Panel, ReadOnlyAdmin, When, as_uuid, link_of, time_of, yes_no


class ReasonForm(forms.Form):
    reason = forms.CharField(
        label=_("Reason"),
        min_length=10,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("What tells them apart, or what leaves no doubt."),
    )


@admin.register(SanctionsList)
class SanctionsListAdmin(ReadOnlyAdmin):
    list_display = (
        "name",
        yes_no("active", _("In use")),
        "rows",
        "new_rows",
        time_of("loaded_at", _("Loaded")),
    )
    list_filter = ("active", When)
    shown = (
        "name",
        "source",
        yes_no("active", _("In use")),
        "rows",
        "new_rows",
        "sha256",
        time_of("loaded_at", _("Loaded")),
    )


@admin.register(ScreeningHit)
class ScreeningHitAdmin(PersonalAdmin):
    change_form_template = "admin/accounts/screeninghit/object.html"
    list_display = (
        link_of("customer.user", _("Customer")),
        "list_name",
        "score",
        yes_no("same_birth", _("Same birth")),
        "state",
        time_of("found_at", _("Found")),
    )
    list_filter = ("state", "list_name", When)
    shown = (
        link_of("customer.user", _("Customer")),
        "list_name",
        "external_id",
        "score",
        yes_no("same_birth", _("Same date of birth")),
        "state",
        time_of("found_at", _("Found")),
        "decider",
        time_of("decided_at", _("Decided")),
        "reason",
    )
    search_help_text = _("By id, or by the person as in the list of users")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related("customer__user__profile", "decided_by__profile")

    def find(self, queryset: QuerySet[ScreeningHit], term: str) -> QuerySet[ScreeningHit]:
        key = as_uuid(term)
        by_person = Q(customer__in=people(term))
        return queryset.filter(by_person | Q(pk=key) if key else by_person)

    @admin.display(description=_("Decided by"))
    def decider(self, hit: ScreeningHit) -> str:
        return (hit.decided_by.display_name or hit.decided_by.staff_name) if hit.decided_by else EMPTY

    def panels(self, hit: ScreeningHit) -> Iterable[Panel]:
        entry = hit.entry
        columns = [_("Names"), _("Born"), _("Country"), _("Programme")]
        row = ["; ".join(hit.names), entry.get("born"), entry.get("country"), entry.get("programme")]
        yield Panel(_("What the list says"), columns, [[cell or EMPTY for cell in row]])

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(decide)
        return [path("<uuid:key>/decide/", view, name="accounts_screeninghit_decide"), *super().get_urls()]

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        hit = kwargs["obj"]
        if request.user.has_perm(DECIDE_SCREENING) and hit.state == ScreeningHit.State.OPEN:
            context["decide_url"] = reverse("admin:accounts_screeninghit_decide", args=[hit.pk])
            context["decide_form"] = ReasonForm()
        return super().render_change_form(request, context, *args, **kwargs)


def decide(request: HttpRequest, key: UUID) -> HttpResponse:
    """Let in who may decide, and proves once more who they are. Raises PermissionDenied."""
    if request.method != "POST" or not request.user.has_perms(
        [DECIDE_SCREENING, "accounts.view_screeninghit"]
    ):
        raise PermissionDenied
    answer: HttpResponse = _decide(request, key)
    return answer


@step_up_required
def _decide(request: HttpRequest, key: UUID) -> HttpResponse:
    hit = get_object_or_404(ScreeningHit, pk=key)
    verb = {"clear": screening.clear, "confirm": screening.confirm}.get(request.POST.get("decision", ""))
    form = ReasonForm(request.POST)
    if not form.is_valid():
        messages.error(request, " ".join(map(str, form.errors["reason"])))
    elif verb is None:
        raise Http404
    else:
        try:
            reason = form.cleaned_data["reason"]
            verb(hit=hit, by=request.user, reason=reason, at=timezone.now())  # type: ignore[arg-type]
        except DomainError as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(request, _("Your decision is kept."))
    return redirect("admin:accounts_screeninghit_change", hit.pk)
