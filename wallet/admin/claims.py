"""What came in and is nobody's, what goes back, and by what customers pay in again. Never what charges a card."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from accounts.people_found import people
from accounts.personal import PersonalAdmin
from core.staff import EMPTY, Panel, ReadOnlyAdmin, When, amount, amount_of, as_uuid, link_of, pretty, time_of
from wallet.admin.claim_deeds import deeds_on, urls_of
from wallet.admin.columns import account_column
from wallet.admin.deposits import redact
from wallet.admin.proposals import ways
from wallet.admin.transactions import posting_panel
from wallet.models import DedicatedAccount, Dispute, Refund, SavedCard, SuspendedDeposit
from wallet.services.approved import claims
from wallet.services.saved_cards import is_expired


class DeedsAdmin(ReadOnlyAdmin):
    """An object's page with the buttons of what may be done about it."""

    def get_urls(self) -> list[URLPattern]:
        return [*urls_of(self.model, self.admin_site), *super().get_urls()]

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        row = kwargs["obj"]
        context["ways"] = [*self.proposals(request, row), *deeds_on(request, row)]
        return super().render_change_form(request, context, *args, **kwargs)

    def proposals(self, request: HttpRequest, row: Any) -> list[tuple[str, str]]:
        return []


@admin.register(SuspendedDeposit)
class SuspendedDepositAdmin(DeedsAdmin, PersonalAdmin):
    """Who sent it is a person: whoever reads it is written down."""

    list_display = (
        "reference",
        "why",
        "state",
        "gateway_id",
        time_of("received_at", _("Received")),
        amount_of("amount", _("Amount"), currency="currency_code"),
    )
    list_filter = ("state", "why", When)
    shown = (
        "id",
        *list_display,
        amount_of("fee", _("Fee the gateway kept"), currency="currency_code"),
        link_of("payment", _("Payment")),
        account_column("account", _("Given to")),
        link_of("resolved_by", _("Resolved by")),
        time_of("resolved_at", _("Resolved")),
        "note",
        "sender_shown",
    )
    search_help_text = _("By reference, id or posting")

    def find(self, queryset: QuerySet[SuspendedDeposit], term: str) -> QuerySet[SuspendedDeposit]:
        key = as_uuid(term)
        return queryset.filter(Q(pk=key) | Q(posting_id=key)) if key else queryset.filter(reference=term)

    def proposals(self, request: HttpRequest, row: SuspendedDeposit) -> list[tuple[str, str]]:
        fits = row.state == SuspendedDeposit.State.OPEN and row.is_posted
        return ways(request, (claims.ATTRIBUTE, {"deposit": row.pk})) if fits else []

    @admin.display(description=_("What the gateway says of the sender"))
    def sender_shown(self, row: SuspendedDeposit) -> SafeString | str:
        return pretty(redact(row.sender)) if row.sender else EMPTY

    def panels(self, row: SuspendedDeposit) -> Iterable[Panel]:
        if row.is_posted:
            yield posting_panel(row.posting_id)
        if row.resolved_posting_id:
            yield posting_panel(row.resolved_posting_id)


@admin.register(Refund)
class RefundAdmin(DeedsAdmin):
    linked_by = ("payment__id__exact",)
    list_display = (
        "reference",
        account_column("account", _("Account")),
        "state",
        "gateway_id",
        time_of("created_at", _("Asked for")),
        time_of("settled_at", _("Settled")),
        amount_of("amount", _("Amount")),
    )
    list_filter = ("state", When)
    list_select_related = ("account__owner",)
    shown = (
        "id",
        *list_display,
        link_of("payment", _("Payment")),
        link_of("suspended", _("Suspended deposit")),
        "gateway_refund",
        amount_of("shortfall", _("Borne by us")),
        time_of("ordered_at", _("Ordered")),
        time_of("next_check_at", _("Next check")),
        link_of("requested_by", _("Asked for by")),
        "bank_account",
        "reason",
        "note",
        "error",
    )
    search_help_text = _("By reference, id, posting, payment, or the start of an e-mail address")

    def find(self, queryset: QuerySet[Refund], term: str) -> QuerySet[Refund]:
        key = as_uuid(term)
        if key:
            return queryset.filter(Q(pk=key) | Q(posting_id=key) | Q(payment=key) | Q(account=key))
        return queryset.filter(Q(reference=term) | Q(account__owner__in=people(term)))

    def proposals(self, request: HttpRequest, row: Refund) -> list[tuple[str, str]]:
        fits = row.state == Refund.State.ASKED
        return ways(request, (claims.ASKED, {"refund": row.pk})) if fits else []

    def panels(self, refund: Refund) -> Iterable[Panel]:
        for posting in filter(None, (refund.posting_id, refund.rest_posting_id)):
            yield posting_panel(posting)


@admin.register(Dispute)
class DisputeAdmin(DeedsAdmin):
    linked_by = ("payment__id__exact",)
    list_display = (
        "reference",
        account_column("account", _("Account")),
        "state",
        "answer",
        time_of("due_at", _("Answer until")),
        amount_of("held", _("Set aside")),
        amount_of("amount", _("Amount")),
    )
    list_filter = ("state", "answer", When)
    list_select_related = ("account__owner",)
    shown = (
        "id",
        *list_display,
        "shortfall_money",
        link_of("payment", _("Payment")),
        "gateway_dispute",
        "category",
        time_of("opened_at", _("Opened")),
        time_of("reminded_at", _("Reminded")),
        link_of("answered_by", _("Answered by")),
        time_of("answered_at", _("Answered")),
        time_of("delivered_at", _("Taken by the gateway")),
        time_of("resolved_at", _("Decided")),
        "evidence",
    )
    search_help_text = _("By reference, id, payment, or the start of an e-mail address")

    def find(self, queryset: QuerySet[Dispute], term: str) -> QuerySet[Dispute]:
        key = as_uuid(term)
        if key:
            return queryset.filter(Q(pk=key) | Q(payment=key) | Q(account=key))
        found = Q(reference=term) | Q(gateway_dispute=term) | Q(account__owner__in=people(term))
        return queryset.filter(found)

    @admin.display(description=_("Our exposure"))
    def shortfall_money(self, dispute: Dispute) -> SafeString | str:
        return amount(dispute.shortfall, dispute.currency_id)

    def panels(self, dispute: Dispute) -> Iterable[Panel]:
        for posting in filter(None, (dispute.posting_id, dispute.rest_posting_id)):
            yield posting_panel(posting)


@admin.register(DedicatedAccount)
class DedicatedAccountAdmin(PersonalAdmin):
    list_display = (
        "id",
        "number_end",
        link_of("owner", _("Owner")),
        "state",
        "bank_name",
        "gateway_id",
        time_of("requested_at", _("Asked for")),
        time_of("opened_at", _("Opened")),
    )
    list_filter = ("state", When)
    list_select_related = ("owner",)
    shown = (*list_display, "reason", "customer_code", time_of("closed_at", _("Closed")))
    search_help_text = _("By account number, id, or the start of an e-mail address")

    def find(self, queryset: QuerySet[DedicatedAccount], term: str) -> QuerySet[DedicatedAccount]:
        key = as_uuid(term)
        if key:
            return queryset.filter(Q(pk=key) | Q(owner=key) | Q(account=key))
        return queryset.filter(Q(account_number=term) if term.isdecimal() else Q(owner__in=people(term)))

    @admin.display(description=_("Number"))
    def number_end(self, row: DedicatedAccount) -> str:
        return f"•••{row.account_number[-4:]}" if row.account_number else EMPTY


@admin.register(SavedCard)
class SavedCardAdmin(PersonalAdmin):
    list_display = (
        "id",
        link_of("owner", _("Owner")),
        "brand",
        "last4",
        "expires",
        "gateway_id",
        time_of("created_at", _("Kept")),
        time_of("used_at", _("Last used")),
    )
    list_filter = ("brand", When)
    list_select_related = ("owner",)
    shown = (*list_display, "bank")
    search_help_text = _("By id, or the start of an e-mail address")

    def get_queryset(self, request: HttpRequest) -> QuerySet[SavedCard]:
        return super().get_queryset(request).defer("sealed", "card_index")

    def find(self, queryset: QuerySet[SavedCard], term: str) -> QuerySet[SavedCard]:
        key = as_uuid(term)
        return queryset.filter(Q(pk=key) | Q(owner=key)) if key else queryset.filter(owner__in=people(term))

    @admin.display(description=_("Expires"))
    def expires(self, card: SavedCard) -> str:
        when = f"{card.expires_month:02}/{card.expires_year}"
        return f"{when} ({_('expired')})" if is_expired(card, on=timezone.localdate()) else when
