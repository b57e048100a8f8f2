"""How notices went out, for staff: that they did, or why not. What a notice says stays its person's."""

from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.db.transaction import on_commit
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import tasks
from accounts.models import NotificationDelivery
from accounts.notice_kinds import kind_of
from accounts.people_found import people
from accounts.personal import PersonalAdmin
from accounts.roles import SEND_AGAIN
from accounts.services import sending
from core.errors import DomainError
from core.staff import When, as_uuid, link_of, time_of


@admin.register(NotificationDelivery)
class NotificationDeliveryAdmin(PersonalAdmin):
    change_form_template = "admin/accounts/notificationdelivery/object.html"
    linked_by = ("user__id__exact",)
    list_display = (
        "about",
        link_of("user", _("To")),
        "channel",
        "state",
        "error",
        "tries",
        time_of("not_before", _("Not before")),
        time_of("sent_at", _("Sent")),
    )
    list_filter = ("state", "channel", "error", When)
    list_select_related = ("user", "notification")
    shown = ("id", *list_display, time_of("digest_at", _("Daily mail")))
    search_help_text = _("By id, that of the notice, or the start of an e-mail address")

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.again_view)
        name = "accounts_notificationdelivery_again"
        return [path("<uuid:key>/again/", view, name=name), *super().get_urls()]

    def get_queryset(self, request: HttpRequest) -> QuerySet[NotificationDelivery]:
        return super().get_queryset(request).defer("notification__data")

    def find(self, queryset: QuerySet[NotificationDelivery], term: str) -> QuerySet[NotificationDelivery]:
        key = as_uuid(term)
        if key:
            return queryset.filter(pk=key) | queryset.filter(notification=key)
        return queryset.filter(user__in=people(term))

    @admin.display(description=_("About"))
    def about(self, delivery: NotificationDelivery) -> str:
        return str(kind_of(delivery.notification.event).title)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        delivery = kwargs["obj"]
        if delivery.state == NotificationDelivery.State.FAILED and request.user.has_perm(SEND_AGAIN):
            context["again_url"] = reverse("admin:accounts_notificationdelivery_again", args=[delivery.pk])
        return super().render_change_form(request, context, *args, **kwargs)

    def again_view(self, request: HttpRequest, key: UUID) -> HttpResponse:
        """Have a notice that failed sent again, by a worker. Raises PermissionDenied."""
        if request.method != "POST" or not request.user.has_perm(SEND_AGAIN):
            raise PermissionDenied
        if not NotificationDelivery.objects.filter(pk=key).exists():
            raise Http404
        try:
            sending.send_again(delivery_id=key, at=timezone.now())
        except DomainError as refusal:
            messages.error(request, str(refusal))
        else:
            on_commit(tasks.send_notices.delay, robust=True)
            messages.success(request, _("It is being sent again. Look again in a moment."))
        return redirect("admin:accounts_notificationdelivery_change", key)
