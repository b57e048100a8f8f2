"""Where organisations are told of events, and what was sent there, for staff: no secret, no body, no answer's text."""

from collections.abc import Iterable
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

from accounts.models import WebhookDelivery, WebhookEndpoint
from accounts.models.webhooks import SECRETS
from accounts.roles import RESEND_WEBHOOK
from accounts.services.webhooks import resending
from accounts.services.webhooks.envelope import MESSAGE
from core.api.ids import encode
from core.errors import DomainError
from core.staff import (
    EMPTY,
    Panel,
    ReadOnlyAdmin,
    When,
    as_uuid,
    link,
    link_of,
    list_of,
    moment,
    time_of,
    yes_no,
)

SHOWN_IN_PANEL = 20


@admin.register(WebhookEndpoint)
class WebhookEndpointAdmin(ReadOnlyAdmin):
    linked_by = ("organization_id",)
    list_display = (
        "url",
        link_of("organization", _("Organisation")),
        "state",
        "reason",
        time_of("failing_since", _("Failing since")),
        time_of("created_at", _("Made")),
    )
    list_filter = ("state", "reason", When)
    list_select_related = ("organization",)
    shown = ("id", *list_display[:2], "description", "types_shown", *list_display[2:])
    search_help_text = _("By its id, or that of the organisation")

    def get_queryset(self, request: HttpRequest) -> QuerySet[WebhookEndpoint]:
        return WebhookEndpoint.objects.kept().select_related("organization").defer(*SECRETS)

    def find(self, queryset: QuerySet[WebhookEndpoint], term: str) -> QuerySet[WebhookEndpoint]:
        key = as_uuid(term)
        return queryset.filter(Q(pk=key) | Q(organization=key)) if key else queryset.none()

    @admin.display(description=_("Hears of"))
    def types_shown(self, endpoint: WebhookEndpoint) -> str:
        return ", ".join(endpoint.event_types)

    def panels(self, endpoint: WebhookEndpoint) -> Iterable[Panel]:
        latest = endpoint.deliveries.order_by("-pk")[:SHOWN_IN_PANEL]
        yield Panel(
            _("Latest deliveries"),
            [_("Event"), _("State"), _("Tries"), _("Planned")],
            [
                [link(each, each.event), each.get_state_display(), each.attempts, moment(each.created_at)]
                for each in latest
            ],
            list_of(WebhookDelivery, endpoint_id=endpoint.pk),
        )


@admin.register(WebhookDelivery)
class WebhookDeliveryAdmin(ReadOnlyAdmin):
    linked_by = ("endpoint_id", "organization_id")
    change_form_template = "admin/accounts/webhookdelivery/object.html"
    list_display = (
        "event",
        link_of("endpoint", _("Endpoint")),
        "state",
        "attempts",
        time_of("next_try_at", _("Next try")),
        time_of("delivered_at", _("Delivered")),
        time_of("created_at", _("Planned")),
    )
    list_filter = ("state", When)
    list_select_related = ("endpoint",)
    shown = ("id", "message", *list_display, yes_no("manual", _("Asked for")))
    search_help_text = _("By its id, or that of the event, the endpoint or the organisation")

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.resend_view)
        return [path("<uuid:key>/resend/", view, name="accounts_webhookdelivery_resend"), *super().get_urls()]

    def get_queryset(self, request: HttpRequest) -> QuerySet[WebhookDelivery]:
        known = WebhookDelivery.objects.filter(endpoint__deleted_at=None).select_related("endpoint")
        return known.defer(*(f"endpoint__{name}" for name in SECRETS))

    def find(self, queryset: QuerySet[WebhookDelivery], term: str) -> QuerySet[WebhookDelivery]:
        key = as_uuid(term)
        if key is None:
            return queryset.none()
        return queryset.filter(Q(pk=key) | Q(message_id=key) | Q(endpoint=key) | Q(organization=key))

    @admin.display(description="webhook-id")
    def message(self, delivery: WebhookDelivery) -> str:
        return encode(MESSAGE, delivery.message_id)

    def panels(self, delivery: WebhookDelivery) -> Iterable[Panel]:
        tried = delivery.tried.order_by("-number")[:SHOWN_IN_PANEL]
        yield Panel(
            _("Tries"),
            [_("Number"), _("When"), _("Status"), _("Why none"), _("Milliseconds"), _("Asked for")],
            [
                [
                    each.number,
                    moment(each.at),
                    each.status or EMPTY,
                    each.error or EMPTY,
                    each.duration_ms,
                    _("Yes") if each.manual else _("No"),
                ]
                for each in tried
            ],
        )

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        delivery = kwargs["obj"]
        if request.user.has_perm(RESEND_WEBHOOK) and delivery.endpoint.is_enabled:
            context["resend_url"] = reverse("admin:accounts_webhookdelivery_resend", args=[delivery.pk])
        return super().render_change_form(request, context, *args, **kwargs)

    def resend_view(self, request: HttpRequest, key: UUID) -> HttpResponse:
        """Send a delivery again, at once. Raises PermissionDenied."""
        may_see = self.has_view_permission(request)
        if request.method != "POST" or not may_see or not request.user.has_perm(RESEND_WEBHOOK):
            raise PermissionDenied
        try:
            resending.resend_by_staff(delivery_id=key, at=timezone.now())
        except resending.DeliveryNotFound:
            raise Http404 from None
        except DomainError as refusal:
            messages.warning(request, str(refusal))
        else:
            messages.success(request, _("It is sent again. Look again in a moment."))
        return redirect("admin:accounts_webhookdelivery_change", key)
