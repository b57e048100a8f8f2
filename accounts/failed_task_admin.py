"""Background work that broke, for staff: what and why, a way to run it again, and one to leave it."""

from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import FailedTask
from accounts.roles import RUN_TASK_AGAIN
from accounts.services import failed_tasks
from core.errors import DomainError
from core.staff import ReadOnlyAdmin, When, as_uuid, link_of, time_of


@admin.register(FailedTask)
class FailedTaskAdmin(ReadOnlyAdmin):
    """What it was called with stays sealed: staff see the ids in it, and the names of the rest."""

    change_form_template = "admin/accounts/failedtask/object.html"
    list_display = (
        "name",
        "error",
        "times",
        time_of("last_failed_at", _("Last broke")),
        "state",
    )
    list_filter = ("state", When)
    shown = (
        "name",
        "named",
        "error",
        "times",
        time_of("failed_at", _("First broke")),
        time_of("last_failed_at", _("Last broke")),
        "state",
        link_of("dealt_by", _("Dealt with by")),
        time_of("dealt_at", _("Dealt with")),
    )
    list_select_related = ("dealt_by",)
    search_help_text = _("By id, the name of the task, or an id that it was about")

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("<uuid:key>/rerun/", view(self.rerun_view), name="accounts_failedtask_rerun"),
            path("<uuid:key>/leave/", view(self.leave_view), name="accounts_failedtask_leave"),
            *super().get_urls(),
        ]

    def find(self, queryset: QuerySet[FailedTask], term: str) -> QuerySet[FailedTask]:
        key = as_uuid(term)
        return queryset.filter(Q(pk=key) | Q(named__contains=str(key))) if key else queryset.filter(name=term)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        task = kwargs["obj"]
        if task.state == FailedTask.State.OPEN and request.user.has_perm(RUN_TASK_AGAIN):
            context["rerun_url"] = reverse("admin:accounts_failedtask_rerun", args=[task.pk])
            context["leave_url"] = reverse("admin:accounts_failedtask_leave", args=[task.pk])
        return super().render_change_form(request, context, *args, **kwargs)

    def rerun_view(self, request: HttpRequest, key: UUID) -> HttpResponse:
        """Hand it to a worker once more. Raises PermissionDenied."""
        return _deal(
            request, key, failed_tasks.run_again, _("It is being run again. Look again in a moment.")
        )

    def leave_view(self, request: HttpRequest, key: UUID) -> HttpResponse:
        """Take it off those that wait. Raises PermissionDenied."""
        return _deal(request, key, failed_tasks.leave, _("Left. It is not run again."))


def _deal(request: HttpRequest, key: UUID, deal: Any, done: Any) -> HttpResponse:
    if request.method != "POST" or not request.user.has_perm(RUN_TASK_AGAIN):
        raise PermissionDenied
    if not FailedTask.objects.filter(pk=key).exists():
        raise Http404
    try:
        deal(task_id=key, by=request.user, at=timezone.now())
    except DomainError as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, done)
    return redirect("admin:accounts_failedtask_change", key)
