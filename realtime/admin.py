"""Subscriptions, for staff: who listens to what now, and a way to end it."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path, reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from core.errors import DomainError
from core.staff import EMPTY, ReadOnlyAdmin, as_uuid, link_to_row, pretty, time_of, yes_no
from realtime import parked_admin  # noqa: F401  (it registers its page)
from realtime.models import Subscription
from realtime.services import control

END = "realtime.end_subscription"


class ReasonForm(forms.Form):
    reason = forms.CharField(
        label=_("Reason"),
        min_length=10,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Kept in the audit trail. The person does not see it."),
    )


@admin.register(Subscription)
class SubscriptionAdmin(ReadOnlyAdmin):
    list_display = (
        "topic",
        yes_no("private", _("Private")),
        "person_shown",
        "role",
        time_of("joined_at", _("Joined")),
    )
    list_filter = ("private",)
    search_help_text = _("By topic, or the id of a person or a session")
    change_form_template = "admin/realtime/subscription/object.html"
    shown = (
        "id",
        "topic",
        yes_no("private", _("Private")),
        "person_shown",
        "role",
        "session_id",
        "socket_id",
        "process_id",
        "bindings_shown",
        time_of("joined_at", _("Joined")),
    )

    def find(self, queryset: QuerySet[Subscription], term: str) -> QuerySet[Subscription]:
        key = as_uuid(term)
        if key is None:
            return queryset.filter(topic=term)
        return queryset.filter(pk=key) | queryset.filter(user_id=key) | queryset.filter(session_id=key)

    @admin.display(description=_("Person"))
    def person_shown(self, subscription: Subscription) -> SafeString | str:
        return link_to_row(get_user_model(), subscription.user_id) if subscription.user_id else EMPTY

    @admin.display(description=_("Changes of rows"))
    def bindings_shown(self, subscription: Subscription) -> SafeString | str:
        return pretty(subscription.bindings) if subscription.bindings else EMPTY

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.end_view)
        return [path("<uuid:key>/end/", view, name="realtime_subscription_end"), *super().get_urls()]

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        if request.user.has_perm(END):
            context["end_url"] = reverse("admin:realtime_subscription_end", args=[kwargs["obj"].pk])
        return super().render_change_form(request, context, *args, **kwargs)

    def end_view(self, request: HttpRequest, key: UUID) -> HttpResponse:
        """Let in who may end subscriptions, and proves once more who they are. Raises PermissionDenied."""
        if not request.user.has_perm(END):
            raise PermissionDenied
        answer: HttpResponse = self.admin_site.after_proof(self._end_page)(request, key)  # type: ignore[attr-defined]
        return answer

    def _end_page(self, request: HttpRequest, key: UUID) -> HttpResponse:
        """Ask for the reason, and on a POST end the subscription."""
        subscription = get_object_or_404(Subscription, pk=key)
        form = ReasonForm(request.POST if request.method == "POST" else None)
        if form.is_valid():
            try:
                control.end_subscription(id=key, reason=form.cleaned_data["reason"])
            except DomainError as refusal:
                form.add_error(None, str(refusal))
            else:
                messages.success(request, str(_("The subscription is being ended.")))
                return redirect("admin:realtime_subscription_changelist")
        context = {**self.admin_site.each_context(request), "subscription": subscription, "form": form}
        status = 422 if form.is_bound else 200
        return render(request, "admin/realtime/subscription/end.html", context, status=status)
