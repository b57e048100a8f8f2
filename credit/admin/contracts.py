"""Contracts for staff: who signed what, what is paid out and what stands in its way, and ending what cannot be paid."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from functools import partial
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core.staff import (
    EMPTY,
    Panel,
    ReadOnlyAdmin,
    When,
    amount,
    as_uuid,
    link,
    link_of,
    moment,
    page_of,
    time_of,
    title_of,
)
from core.templatetags.rates import percent
from credit.admin.payout_form import proposing
from credit.models import Contract, Disbursement, Loan, Provider, Signature
from credit.payout_words import why_waiting
from credit.services.cancelling import end_unpaid
from credit.states import State
from credit.titles import titled
from wallet.admin.deeds import deed
from wallet.admin.reconciliation_forms import WordsForm

WORK = "credit.work_credit"
END = "credit_contract_end-unpaid"


class EndForm(WordsForm):
    """As short as a contract keeps it."""

    reason = forms.CharField(
        label=_("Reason"),
        min_length=10,
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_(
            "Kept with the contract and in its application's history. The customer is told that it ended."
        ),
    )


@admin.register(Contract)
class ContractAdmin(ReadOnlyAdmin):
    list_display = (
        title_of(_("Contract")),
        *("products", "state", "amount_money"),
        *(time_of("accepted_at", _("Accepted")), "ended"),
    )
    list_filter = (When,)
    list_select_related = ("application",)
    shown = (
        *(link_of("application", _("Application")), link_of("application.user", _("Borrower"))),
        *("products", "state", "amount_money", "received_money", "instalments", "rate_a_year", "yearly_cost"),
        time_of("accepted_at", _("Accepted")),
        time_of("signed_at", _("Signed")),
        time_of("cooling_off_until", _("Can be cancelled before")),
        *("drawn_until", "ended", "end_reason", "hash", "id"),
    )
    search_help_text = _("By id, its loan’s number, or its application’s id")

    def get_queryset(self, request: HttpRequest) -> Any:
        found = super().get_queryset(request).select_related("application__user")
        return found.prefetch_related("shares__bid__product_terms__product")

    def find(self, queryset: Any, term: str) -> Any:
        if key := as_uuid(term):
            return queryset.filter(Q(pk=key) | Q(application=key))
        return queryset.filter(application__loan__number=term.upper())

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(end)
        return [path("<uuid:key>/end-unpaid/", view, name=END), *super().get_urls()]

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        contract: Contract = kwargs["obj"]
        context["ways"] = ways_on(request, contract)
        return super().render_change_form(request, context, *args, **kwargs)

    def panels(self, obj: Contract) -> Iterable[Panel]:
        currency = obj.application.currency_id
        shares = obj.shares.select_related("provider", "disbursement").order_by("pk")
        yield Panel(
            _("Shares"),
            [_("Lender"), _("Lends"), _("Rate"), _("Payout"), _("Tries"), _("What is in the way")],
            [
                [
                    share.provider.display_name,
                    amount(share.amount, currency),
                    percent(share.rate),
                    *_payout(share),
                ]
                for share in shares
            ],
        )
        yield Panel(
            _("Signatures"),
            [_("Side"), _("Party"), _("By"), _("When"), _("Of these terms")],
            list(_signatures(obj)),
        )

    @admin.display(description=_("Product"))
    def products(self, obj: Contract) -> str:
        """One, or one of each lender that shares in it."""
        return ", ".join(dict.fromkeys(share.bid.product_terms.product.name for share in obj.shares.all()))

    @admin.display(description=_("Monthly instalments"))
    def instalments(self, obj: Contract) -> int:
        return obj.count

    @admin.display(description=_("Parts may be asked for until"))
    def drawn_until(self, obj: Contract) -> date | str:
        return obj.draw_until or EMPTY

    @admin.display(description=_("Hash of its terms (SHA-256)"))
    def hash(self, obj: Contract) -> str:
        return obj.sha256

    @admin.display(description=_("State"))
    def state(self, obj: Contract) -> str:
        return str(obj.application.get_state_display())

    @admin.display(description=_("Lent"))
    def amount_money(self, obj: Contract) -> str:
        return amount(obj.amount, obj.application.currency_id)

    @admin.display(description=_("Received"))
    def received_money(self, obj: Contract) -> str:
        return amount(obj.received, obj.application.currency_id)

    @admin.display(description=_("Rate a year"))
    def rate_a_year(self, obj: Contract) -> str:
        return percent(obj.rate)

    @admin.display(description=_("APR"))
    def yearly_cost(self, obj: Contract) -> str:
        return percent(obj.apr)

    @admin.display(description=_("Ended"))
    def ended(self, obj: Contract) -> str:
        return moment(obj.ended_at)


@admin.register(Disbursement)
class DisbursementAdmin(ReadOnlyAdmin):
    """What is to be paid out: the filter DUE with a code is what waits for somebody to look at it."""

    list_display = (
        *("payout", "lender", "lends_money", "state", "tries", "code", "in_words"),
        time_of("next_try_at", _("Next try")),
    )
    list_filter = ("state", "code")
    shown = (
        *(link_of("share.contract", _("Contract")), "lender", "lends_money"),
        *("state", "posting_id", "tries", "code", "in_words"),
        time_of("made_at", _("Signed")),
        time_of("next_try_at", _("Next try")),
        time_of("ended_at", _("Ended")),
    )

    def get_queryset(self, request: HttpRequest) -> Any:
        found = super().get_queryset(request)
        return found.select_related("share__provider", "share__contract__application")

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        kwargs["obj"].staff_name = self.payout(kwargs["obj"])
        return super().render_change_form(request, context, *args, **kwargs)

    @admin.display(description=_("Payout"))
    def payout(self, obj: Disbursement) -> str:
        return titled(obj.share.contract.number, at=obj.made_at)

    @admin.display(description=_("Lender"))
    def lender(self, obj: Disbursement) -> SafeString:
        return link(obj.share.provider)

    @admin.display(description=_("Lends"))
    def lends_money(self, obj: Disbursement) -> str:
        return amount(obj.share.amount, obj.share.contract.application.currency_id)

    @admin.display(description=_("What the customer reads"))
    def in_words(self, obj: Disbursement) -> str:
        return str(why_waiting(obj.code)) if obj.code else EMPTY


def ways_on(request: HttpRequest, contract: Contract) -> list[tuple[Any, str]]:
    """What whoever looks may do about a contract, each with its address."""
    state, found = contract.application.state, []
    if state == State.SIGNED and contract.ended_at is None and request.user.has_perm(WORK):
        found.append((_("End it: it is not paid out"), reverse(f"admin:{END}", args=[contract.pk])))
    is_new = Loan.objects.filter(contract=contract, opened_on=timezone.localdate()).exists()
    if is_new and state == State.ACTIVE and request.user.has_perm("credit.propose_loan_change"):
        found.append((_("Undo today’s payout"), proposing(contract)))
    return found


def end(request: HttpRequest, key: UUID) -> HttpResponse:
    """End a contract that cannot be paid out. Raises PermissionDenied, Http404."""
    contract = get_object_or_404(Contract.objects.select_related("application"), pk=key)
    return deed(
        request,
        permission=WORK,
        title=_("End it: it is not paid out"),
        text=_("Lenders have back what they set aside. The borrower owes nothing and may apply again."),
        form_class=EndForm,
        run=partial(_end, request, contract),
        back=page_of(Contract, key),
    )


def _end(request: HttpRequest, contract: Contract, form: Any, at: datetime) -> HttpResponse:
    end_unpaid(application_id=contract.application_id, reason=form.cleaned_data["reason"], at=at)
    messages.success(request, str(_("The contract has ended.")))
    return redirect(page_of(Contract, contract.pk))


def _signatures(contract: Contract) -> Iterator[list[Any]]:
    """Who signed for which side; people as masked as anywhere, and whether it was of the terms that are kept."""
    rows = list(Signature.objects.filter(contract=contract).order_by("pk"))
    ids = {key for one in rows for key in (one.party_id, one.by_id) if key}
    people, lenders = User.objects.in_bulk(ids), Provider.objects.in_bulk(ids)
    for one in rows:
        party, by = people.get(one.party_id) or lenders.get(one.party_id), people.get(one.by_id)
        signed = _("Yes") if one.sha256 == contract.sha256 else _("No: others")
        yield [
            one.get_side_display(),
            link(party) if party else one.party_id,
            link(by) if by else one.by_id or EMPTY,
            moment(one.made_at),
            signed,
        ]


def _payout(share: Any) -> list[Any]:
    payout = getattr(share, "disbursement", None)
    if payout is None:
        return [EMPTY, EMPTY, EMPTY]
    return [payout.get_state_display(), payout.tries, payout.code or EMPTY]
