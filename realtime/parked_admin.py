"""Messages that a consumer could not take, for staff: why, and a way to hand them over once more."""

from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.errors import DomainError
from core.staff import EMPTY, ReadOnlyAdmin, When, as_uuid, time_of
from realtime.models import Message, ParkedMessage
from realtime.services import consuming

TAKE_AGAIN = "realtime.take_parked_message"


class StillParked(admin.SimpleListFilter):
    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("waiting", _("Waiting for staff")), ("taken", _("Taken since"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[ParkedMessage]) -> QuerySet[ParkedMessage]:
        return {
            "waiting": queryset.filter(done_at=None),
            "taken": queryset.exclude(done_at=None),
        }.get(self.value() or "", queryset)


@admin.register(ParkedMessage)
class ParkedMessageAdmin(ReadOnlyAdmin):
    """What a message says is for those it is told to; staff see what it is about."""

    change_form_template = "admin/realtime/parkedmessage/object.html"
    list_display = (
        "message_id",
        "consumer_id",
        "tries",
        time_of("parked_at", _("Parked")),
        time_of("done_at", _("Taken since")),
    )
    list_filter = (StillParked, "consumer", When)
    shown = (*list_display, "about", "error")
    search_help_text = _("By id, or that of the message")

    def find(self, queryset: QuerySet[ParkedMessage], term: str) -> QuerySet[ParkedMessage]:
        key = as_uuid(term)
        return queryset.filter(pk=key) | queryset.filter(message=key) if key else queryset.none()

    @admin.display(description=_("About"))
    def about(self, parked: ParkedMessage) -> str:
        message = Message.objects.filter(pk=parked.message_id).only("topic", "event").first()
        return f"{message.event}, {message.topic}" if message else EMPTY

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.take_view)
        return [path("<uuid:key>/take/", view, name="realtime_parkedmessage_take"), *super().get_urls()]

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        parked = kwargs["obj"]
        if parked.done_at is None and request.user.has_perm(TAKE_AGAIN):
            context["take_url"] = reverse("admin:realtime_parkedmessage_take", args=[parked.pk])
        return super().render_change_form(request, context, *args, **kwargs)

    def take_view(self, request: HttpRequest, key: UUID) -> HttpResponse:
        """Hand a message to its consumer once more. Raises PermissionDenied."""
        if request.method != "POST" or not request.user.has_perm(TAKE_AGAIN):
            raise PermissionDenied
        if not ParkedMessage.objects.filter(pk=key).exists():
            raise Http404
        try:
            taken = consuming.take_parked(parked_id=key, at=timezone.now())
        except DomainError as refusal:
            messages.error(request, str(refusal))
        else:
            if taken:
                messages.success(request, _("The message has been taken."))
            else:
                messages.error(
                    request, _("It could not be taken this time either; the error below is the new one.")
                )
        return redirect("admin:realtime_parkedmessage_change", key)
