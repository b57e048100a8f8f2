"""Gateways, for staff: what each takes and costs, and whether it answers. Never their credentials."""

from datetime import UTC, datetime
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from core.staff import ReadOnlyAdmin, amount_of, moment, yes_no
from wallet.admin.proposals import ways
from wallet.models import PaymentGateway
from wallet.services.approved import credentials
from wallet.services.gateways import health_of


@admin.register(PaymentGateway)
class PaymentGatewayAdmin(ReadOnlyAdmin):
    list_display = ("code", "name", "kind", yes_no("active", _("Active")), "priority", "currencies_shown")
    list_filter = ("active",)
    shown = (
        *list_display,
        "fee_percent",
        amount_of("fee_flat", _("Fee, fixed part"), currency="first_currency"),
        amount_of("fee_cap", _("Fee, at most"), currency="first_currency"),
        amount_of("min_amount", _("Takes at least"), currency="first_currency"),
        amount_of("max_amount", _("Takes at most"), currency="first_currency"),
        amount_of("payout_fee_flat", _("Fee of a payout"), currency="first_currency"),
        amount_of("payout_min_amount", _("Pays out at least"), currency="first_currency"),
        amount_of("payout_max_amount", _("Pays out at most"), currency="first_currency"),
        "health_shown",
    )
    search_help_text = _("By the start of its code")

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        context["ways"] = ways(request, (credentials.CODE, {"gateway": kwargs["obj"].pk}))
        return super().render_change_form(request, context, *args, **kwargs)

    def find(self, queryset: QuerySet[PaymentGateway], term: str) -> QuerySet[PaymentGateway]:
        return queryset.filter(pk__startswith=term)

    def get_queryset(self, request: HttpRequest) -> QuerySet[PaymentGateway]:
        return super().get_queryset(request).defer("credentials")

    @admin.display(description=_("Currencies"))
    def currencies_shown(self, gateway: PaymentGateway) -> str:
        return ", ".join(gateway.currencies)

    @admin.display(description=_("Answers"))
    def health_shown(self, gateway: PaymentGateway) -> SafeString | str:
        """Whether it answers, as far as our last calls tell."""
        health = health_of(gateway)
        if health.until is None:
            if not health.unanswered:
                return str(_("Yes"))
            return ngettext("Not to the last call", "Not to the last %(count)s calls", health.unanswered) % {
                "count": health.unanswered
            }
        if health.state == "PROBING":
            return str(_("No; the next call tries it again"))
        until = moment(datetime.fromtimestamp(health.until, UTC))
        return format_html("{} {}", _("No; it is left alone until"), until)
