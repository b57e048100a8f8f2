"""What gateways paid of our balance with them into our own bank account."""

from collections.abc import Iterable

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from core.staff import Panel, ReadOnlyAdmin, When, amount_of, as_uuid, time_of
from wallet.admin.reconciliation_panels import rows_panel, transactions_panel
from wallet.models import BankSettlement, GatewayRow, Transaction


@admin.register(BankSettlement)
class BankSettlementAdmin(ReadOnlyAdmin):
    list_display = (
        "__str__",
        "gateway",
        "paid_on",
        "state",
        amount_of("processed", _("Charged"), currency="currency_id"),
        amount_of("fees", _("Fees"), currency="currency_id"),
        amount_of("deducted", _("Taken off"), currency="currency_id"),
        amount_of("amount", _("Into our bank"), currency="currency_id"),
    )
    list_filter = ("state", "gateway", When)
    list_select_related = ("gateway",)
    shown = (
        "id",
        *list_display,
        "posting_id",
        time_of("posted_at", _("Posted")),
        time_of("seen_at", _("Last told")),
    )
    search_help_text = _("By their id, its id or its posting's")

    def find(self, queryset: QuerySet[BankSettlement], term: str) -> QuerySet[BankSettlement]:
        key = as_uuid(term)
        named = Q(pk=key) | Q(posting_id=key) if key else Q(gateway_settlement=term)
        return queryset.filter(named)

    def panels(self, settlement: BankSettlement) -> Iterable[Panel]:
        posted = Transaction.objects.of_posting(settlement.posting_id) if settlement.posted_at else ()
        yield transactions_panel(_("How it is posted"), posted)
        rows = GatewayRow.objects.filter(key=settlement.posting_id).order_by("at", "id")
        yield rows_panel(_("What the gateway and the bank say"), rows[:50])
