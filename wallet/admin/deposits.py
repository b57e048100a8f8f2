"""Payments, what gateways told us of them, and cases left for staff. Never card data, never credentials."""

import json
from collections.abc import Iterable
from functools import partial
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.db.transaction import on_commit
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from accounts.people_found import people
from accounts.personal import PersonalAdmin
from accounts.roles import REPLAY
from core.masking import masked_text
from core.staff import (
    EMPTY,
    Panel,
    ReadOnlyAdmin,
    When,
    amount,
    amount_of,
    anchor,
    as_uuid,
    link,
    link_of,
    moment,
    page_of,
    pretty,
    time_of,
)
from core.staff_ages import age_filter
from wallet import services, tasks
from wallet.admin.columns import account_column
from wallet.admin.proposals import ways
from wallet.admin.transactions import posting_panel
from wallet.figures import OPEN_CASES, open_for
from wallet.models import Case, Payment, Transaction, WebhookEvent
from wallet.services.approved import claims

REDACTED = "•••"
# What a gateway tells of a card or of a way to charge it again, and of how to reach its owner.
SECRET = frozenset(
    [
        *("authorization", "authorization_code", "access_code", "signature", "token", "pin"),
        *("card", "card_type", "bin", "last4", "exp_month", "exp_year", "number", "pan", "cvv", "cvc"),
        *("account_name", "account_number", "sender_bank_account_number"),
        *("phone", "international_format_phone", "ip_address"),
    ]
)


class OpenFor(admin.SimpleListFilter):
    """Payments not settled yet, by how long ago they were started."""

    title = _("open for")
    parameter_name = "open"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("hour", _("Under an hour")), ("day", _("Under a day")), ("older", _("Longer"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        step = self.value()
        return open_for(queryset, step, at=timezone.now()) if step in ("hour", "day", "older") else queryset


@admin.register(Payment)
class PaymentAdmin(ReadOnlyAdmin):
    linked_by = ("account__id__exact",)
    list_display = (
        "reference",
        account_column("account", _("Account")),
        "state",
        "gateway_id",
        time_of("created_at", _("Started")),
        time_of("settled_at", _("Settled")),
        amount_of("fee", _("Fee")),
        amount_of("amount", _("Amount")),
    )
    list_filter = ("state", OpenFor, When)
    list_select_related = ("account__owner",)
    shown = (
        "id",
        "reference",
        "posting_id",
        account_column("account", _("Account")),
        link_of("gateway", _("Gateway")),
        "state",
        "reason",
        amount_of("amount", _("Amount")),
        amount_of("fee", _("Fee the gateway kept")),
        time_of("created_at", _("Started")),
        time_of("expires_at", _("Expires")),
        time_of("settled_at", _("Settled")),
        "checks",
        time_of("next_check_at", _("Next check")),
    )
    search_help_text = _("By reference, id, posting id, or the start of an e-mail address")

    def find(self, queryset: QuerySet[Payment], term: str) -> QuerySet[Payment]:
        key = as_uuid(term)
        if key:
            return queryset.filter(Q(pk=key) | Q(posting_id=key) | Q(account=key))
        if "@" in term:
            return queryset.filter(account__owner__in=people(term))
        return queryset.filter(Q(reference=term) | Q(account__owner__in=people(term)))

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        payment = kwargs["obj"]
        wanted = [(claims.REFUND, {"payment": payment.pk})] if payment.is_credited else []
        context["ways"] = ways(request, *wanted)
        return super().render_change_form(request, context, *args, **kwargs)

    def panels(self, payment: Payment) -> Iterable[Panel]:
        yield posting_panel(payment.posting_id)
        for title, rows in ((_("Refunds"), payment.refunds), (_("Disputes"), payment.disputes)):
            found = rows.order_by("-id")[:20]
            if found:
                lines = [
                    [link(row), row.get_state_display(), amount(row.amount, row.currency_id)] for row in found
                ]
                yield Panel(title, [_("Reference"), _("State"), _("Amount")], lines)
        webhooks = WebhookEvent.objects.filter(gateway=payment.gateway_id, reference=payment.reference)
        yield Panel(
            _("Webhooks"),
            [_("Event"), _("State"), _("Received"), _("Processed")],
            [
                [
                    link(w, w.event),
                    w.get_state_display(),
                    moment(w.received_at),
                    moment(w.processed_at) or EMPTY,
                ]
                for w in webhooks.order_by("-id")[:20]
            ],
        )
        yield Panel(
            _("Cases"),
            [_("Case"), _("State"), _("Opened")],
            [
                [link(case, case.get_kind_display()), case.get_state_display(), moment(case.opened_at)]
                for case in payment.cases.order_by("-id")[:20]
            ],
        )


@admin.register(WebhookEvent)
class WebhookEventAdmin(PersonalAdmin):
    """Gateways say of whom they speak: who reads it is written down."""

    list_display = (
        "event",
        "reference",
        "state",
        "gateway_id",
        "attempts",
        time_of("received_at", _("Received")),
        time_of("processed_at", _("Processed")),
    )
    list_filter = ("state", When)
    shown = ("id", "event", "payment", "state", "error", *list_display[3:], "body_shown")
    search_help_text = _("By reference or id")
    change_form_template = "admin/wallet/webhookevent/object.html"

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.replay_view)
        return [path("<uuid:key>/replay/", view, name="wallet_webhookevent_replay"), *super().get_urls()]

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        if request.user.has_perm(REPLAY):
            context["replay_url"] = reverse("admin:wallet_webhookevent_replay", args=[kwargs["obj"].pk])
        return super().render_change_form(request, context, *args, **kwargs)

    def replay_view(self, request: HttpRequest, key: UUID) -> HttpResponse:
        """Have a webhook dealt with again, by a worker. Raises PermissionDenied."""
        if request.method != "POST" or not request.user.has_perm(REPLAY):
            raise PermissionDenied
        if not WebhookEvent.objects.filter(pk=key).exists():
            raise Http404
        services.replay_webhook(event_id=key)
        on_commit(partial(tasks.process_webhook.delay, event_id=str(key)), robust=True)
        messages.success(request, _("It is being dealt with again. Look again in a moment."))
        return redirect("admin:wallet_webhookevent_change", key)

    def get_queryset(self, request: HttpRequest) -> QuerySet[WebhookEvent]:
        queryset = super().get_queryset(request)
        match = request.resolver_match
        return queryset if match and "object_id" in match.kwargs else queryset.defer("body")

    def find(self, queryset: QuerySet[WebhookEvent], term: str) -> QuerySet[WebhookEvent]:
        key = as_uuid(term)
        return queryset.filter(pk=key) if key else queryset.filter(reference=term)

    @admin.display(description=_("Payment"))
    def payment(self, event: WebhookEvent) -> SafeString | str:
        found = Payment.objects.filter(gateway=event.gateway_id, reference=event.reference).first()
        return link(found) if found else event.reference

    @admin.display(description=_("What it said"))
    def body_shown(self, event: WebhookEvent) -> SafeString | str:
        raw = bytes(event.body)
        try:
            return pretty(redact(json.loads(raw)))
        except (ValueError, RecursionError):
            return _("Not JSON, %(size)s bytes") % {"size": len(raw)}


@admin.register(Case)
class CaseAdmin(ReadOnlyAdmin):
    list_display = ("kind", "reference", "state", "payment_link", time_of("opened_at", _("Opened")))
    list_filter = ("state", "kind", age_filter(since="opened_at", waiting=OPEN_CASES), When)
    list_select_related = ("payment",)
    shown = ("id", *list_display, "transaction_link", "said", "data_shown")
    search_help_text = _("By reference, id, payment or transaction")

    def find(self, queryset: QuerySet[Case], term: str) -> QuerySet[Case]:
        key = as_uuid(term)
        if key is None:
            return queryset.filter(reference=term)
        named = Q(reference=term) | Q(reference__in=services.references_of(key))
        return queryset.filter(Q(pk=key) | Q(payment=key) | named)

    @admin.display(description=_("Transaction"))
    def transaction_link(self, case: Case) -> SafeString | str:
        key = case.data.get("transaction")
        return anchor(page_of(Transaction, key), key) if key else EMPTY

    @admin.display(description=_("What the customer says"))
    def said(self, case: Case) -> str:
        return str(case.data.get("text", EMPTY))

    @admin.display(description=_("Payment"))
    def payment_link(self, case: Case) -> SafeString | str:
        return link(case.payment) if case.payment else EMPTY

    @admin.display(description=_("What does not agree"))
    def data_shown(self, case: Case) -> SafeString:
        return pretty(redact({name: value for name, value in case.data.items() if name != "text"}))

    def panels(self, case: Case) -> Iterable[Panel]:
        if case.payment:
            yield posting_panel(case.payment.posting_id)


def redact(data: Any) -> Any:
    """The same data with what could charge a card blotted out and how to reach a person masked, at any depth."""
    if isinstance(data, str):
        return masked_text(data)
    if isinstance(data, dict):
        return {
            key: REDACTED if str(key).lower() in SECRET and value else redact(value)
            for key, value in data.items()
        }
    return [redact(part) for part in data] if isinstance(data, list) else data
