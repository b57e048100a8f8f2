"""Merchants for staff: who takes payments, at which links, and what was paid; letting them, and stopping them."""

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.people_found import people
from accounts.personal import PersonalAdmin
from accounts.roles import DECIDE_MERCHANT
from accounts.staff_actions import ReasonForm
from accounts.step_up import step_up_required
from core.errors import DomainError
from core.masking import masked_text
from core.staff import (
    EMPTY,
    Panel,
    ReadOnlyAdmin,
    When,
    amount,
    amount_of,
    as_uuid,
    link,
    link_of,
    list_of,
    moment,
    page_of,
    time_of,
    yes_no,
)
from wallet.admin.columns import account_column
from wallet.models import Merchant, MerchantPayment, PaymentLink
from wallet.services.merchants import applying

SHOWN_IN_PANEL = 20


@admin.register(Merchant)
class MerchantAdmin(ReadOnlyAdmin):
    change_form_template = "admin/wallet/merchant/object.html"
    list_display = (
        "display_name",
        link_of("organization", _("Organisation")),
        "category",
        "state",
        time_of("applied_at", _("Applied")),
        time_of("decided_at", _("Decided")),
        "balance_money",
    )
    list_filter = ("state", "category", When)
    list_select_related = ("organization", "account")
    shown = (
        "id",
        *list_display,
        "reason",
        account_column("account", _("Account")),
        yes_no("brings_gateway", _("Own gateway")),
        "support_email",
        "support_phone",
    )
    search_help_text = _("By id, the start of its name, or the word in its organisation's address")

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("<uuid:key>/activate/", view(self.activate_view), name="wallet_merchant_activate"),
            path("<uuid:key>/suspend/", view(self.suspend_view), name="wallet_merchant_suspend"),
            *super().get_urls(),
        ]

    def find(self, queryset: QuerySet[Merchant], term: str) -> QuerySet[Merchant]:
        key = as_uuid(term)
        if key:
            return queryset.filter(Q(pk=key) | Q(organization=key))
        return queryset.filter(Q(display_name__istartswith=term) | Q(organization__slug=term.lower()))

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        merchant = kwargs["obj"]
        if request.user.has_perm(DECIDE_MERCHANT):
            for deed, state in (("activate", Merchant.State.ACTIVE), ("suspend", Merchant.State.SUSPENDED)):
                if merchant.state != state:
                    context[f"{deed}_url"] = reverse(f"admin:wallet_merchant_{deed}", args=[merchant.pk])
        return super().render_change_form(request, context, *args, **kwargs)

    def panels(self, merchant: Merchant) -> Iterable[Panel]:
        links = PaymentLink.objects.filter(merchant=merchant).order_by("-pk")[:SHOWN_IN_PANEL]
        yield Panel(
            _("Latest links"),
            [_("Link"), _("State"), _("Amount"), _("Made")],
            [
                [
                    link(each),
                    each.get_state_display(),
                    amount(each.amount, each.currency_id),
                    moment(each.created_at),
                ]
                for each in links
            ],
            list_of(PaymentLink, merchant__id__exact=merchant.pk),
        )
        payments = MerchantPayment.objects.filter(merchant=merchant).order_by("-pk")[:SHOWN_IN_PANEL]
        yield Panel(
            _("Latest payments"),
            [_("Payment"), _("How"), _("State"), _("Paid"), _("Amount")],
            [
                [
                    link(each),
                    each.get_method_display(),
                    each.get_state_display(),
                    moment(each.paid_at) if each.paid_at else EMPTY,
                    amount(each.amount, each.currency_id),
                ]
                for each in payments
            ],
            list_of(MerchantPayment, merchant__id__exact=merchant.pk),
        )

    @admin.display(description=_("Balance"))
    def balance_money(self, merchant: Merchant) -> str:
        return amount(merchant.account.balance, merchant.account.currency_id)

    def activate_view(self, request: HttpRequest, key: UUID) -> HttpResponse:
        """Let a merchant be paid. Raises PermissionDenied."""
        text = _("Customers can pay this organisation from now on, and it can take the money out.")
        return _decision(request, key, _("Let it take payments"), text, applying.activate)

    def suspend_view(self, request: HttpRequest, key: UUID) -> HttpResponse:
        """Stop a merchant. Raises PermissionDenied."""
        text = _("Nobody can pay it, and its money stays where it is. Its owners are told, not why.")
        return _decision(request, key, _("Stop payments"), text, applying.suspend)


@admin.register(PaymentLink)
class PaymentLinkAdmin(ReadOnlyAdmin):
    linked_by = ("merchant__id__exact",)
    list_display = (
        "title",
        link_of("merchant", _("Merchant")),
        "state",
        yes_no("single_use", _("Once")),
        time_of("created_at", _("Made")),
        time_of("expires_at", _("Ends")),
        amount_of("amount", _("Amount")),
    )
    list_filter = ("state", When)
    list_select_related = ("merchant",)
    # The address is for whoever is to pay: staff need not.
    shown = ("id", *list_display, "description", "success_message", link_of("created_by", _("Made by")))
    search_help_text = _("By id, or the word in its address")

    def find(self, queryset: QuerySet[PaymentLink], term: str) -> QuerySet[PaymentLink]:
        key = as_uuid(term)
        return queryset.filter(pk=key) if key else queryset.filter(slug=term)


@admin.register(MerchantPayment)
class MerchantPaymentAdmin(PersonalAdmin):
    linked_by = ("merchant__id__exact",)
    list_display = (
        "id",
        link_of("merchant", _("Merchant")),
        "method",
        "state",
        time_of("created_at", _("Begun")),
        time_of("paid_at", _("Paid")),
        amount_of("fee", _("Fee")),
        amount_of("amount", _("Amount")),
    )
    list_filter = ("state", "method", When)
    list_select_related = ("merchant",)
    shown = (
        *list_display,
        amount_of("refunded", _("Paid back")),
        link_of("link", _("Link")),
        link_of("payment", _("Payment at the gateway")),
        link_of("payer", _("Customer")),
        "payer_masked",
        "posting_id",
        yes_no("at_own_gateway", _("At the merchant's own gateway")),
        yes_no("is_extra", _("A second payment of a link for one")),
    )
    search_help_text = _("By id, posting, reference, or the start of a customer's e-mail address")

    def find(self, queryset: QuerySet[MerchantPayment], term: str) -> QuerySet[MerchantPayment]:
        key = as_uuid(term)
        if key:
            return queryset.filter(Q(pk=key) | Q(posting_id=key) | Q(payer=key))
        if term.startswith("alj-"):
            return queryset.filter(payment__reference=term)
        return queryset.filter(payer__in=people(term))

    @admin.display(description=_("Paid by"))
    def payer_masked(self, sold: MerchantPayment) -> str:
        return masked_text(sold.payer_email) if sold.payer_email else EMPTY


def _decision(
    request: HttpRequest,
    key: UUID,
    title: str | Promise,
    text: str | Promise,
    run: Callable[..., Merchant],
) -> HttpResponse:
    if not request.user.has_perm(DECIDE_MERCHANT):
        raise PermissionDenied
    merchant = get_object_or_404(Merchant, pk=key)
    answer: HttpResponse = _deed(request, merchant, title, text, partial(run, merchant=merchant))
    return answer


@step_up_required
def _deed(
    request: HttpRequest,
    merchant: Merchant,
    title: str | Promise,
    text: str | Promise,
    run: Callable[..., Merchant],
) -> HttpResponse:
    """Ask who it is once more and for a reason, and on a POST do it."""
    back = page_of(Merchant, merchant.pk)
    form = ReasonForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            run(by=request.user, reason=form.cleaned_data["reason"], at=timezone.now())
        except DomainError as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("Done. Its owners are told."))
            return redirect(back)
    context = {**admin.site.each_context(request), "title": title, "text": text, "form": form, "back": back}
    return render(request, "admin/accounts/referral/deed.html", context, status=422 if form.is_bound else 200)
