"""Money out, for staff: each payout, those without an answer by their age, and having the gateway asked again."""

from collections.abc import Iterable
from functools import partial
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.db.transaction import on_commit
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import proposals
from accounts.approvals import Payload
from accounts.people_found import people
from accounts.proposals import ProposalForm, ProposalPage
from accounts.roles import CHECK_PAYOUT
from core.staff import (
    EMPTY,
    Panel,
    ReadOnlyAdmin,
    When,
    amount_of,
    as_uuid,
    link,
    link_of,
    moment,
    page_of,
    time_of,
)
from wallet import payout_tasks, services
from wallet.admin.columns import account_column
from wallet.admin.proposals import ways
from wallet.admin.transactions import posting_panel
from wallet.figures import UNANSWERED, unanswered_for
from wallet.models import Case, Payout, WebhookEvent
from wallet.services.approved import payout_outcomes


class WithoutAnswer(admin.SimpleListFilter):
    """Payouts whose outcome is not known, by how long that has been so."""

    title = _("without an answer for")
    parameter_name = "unanswered"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, Any]]:
        return UNANSWERED

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        step = self.value()
        return unanswered_for(queryset, step, at=timezone.now()) if step else queryset


@admin.register(Payout)
class PayoutAdmin(ReadOnlyAdmin):
    linked_by = ("account__id__exact",)
    list_display = (
        "reference",
        account_column("account", _("Account")),
        amount_of("amount", _("Amount")),
        "state",
        "purpose",
        time_of("created_at", _("Asked for")),
        time_of("unknown_since", _("No answer since")),
        "gateway_id",
    )
    list_filter = ("state", WithoutAnswer, "purpose", When)
    list_select_related = ("account__owner",)
    shown = (
        *(
            "id",
            "reference",
            account_column("account", _("Account")),
            "to",
            "state",
            "purpose",
            "note",
            "reason",
        ),
        amount_of("amount", _("Amount")),
        amount_of("fee", _("Fee the customer pays")),
        amount_of("gateway_fee", _("Fee the gateway took")),
        link_of("gateway", _("Gateway")),
        *("recipient", "gateway_transfer", "session", "hold_id", "posting_id", "orders", "checks"),
        time_of("created_at", _("Asked for")),
        time_of("ordered_at", _("Ordered")),
        time_of("unknown_since", _("No answer since")),
        time_of("settled_at", _("Settled")),
        time_of("returned_at", _("Came back")),
        time_of("next_check_at", _("Next check")),
    )
    search_help_text = _("By reference, id, posting id, or the start of an e-mail address")
    change_form_template = "admin/wallet/payout/object.html"

    def find(self, queryset: QuerySet[Payout], term: str) -> QuerySet[Payout]:
        key = as_uuid(term)
        if key:
            return queryset.filter(Q(pk=key) | Q(posting_id=key) | Q(account=key))
        if "@" in term:
            return queryset.filter(account__owner__in=people(term))
        return queryset.filter(Q(reference=term) | Q(account__owner__in=people(term)))

    @admin.display(description=_("To"))
    def to(self, payout: Payout) -> str:
        return str(payout.bank_account)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.ask_view)
        return [path("<uuid:key>/ask/", view, name="wallet_payout_ask"), *super().get_urls()]

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        payout: Payout = kwargs["obj"]
        if payout.is_open and request.user.has_perm(CHECK_PAYOUT):
            context["ask_url"] = reverse("admin:wallet_payout_ask", args=[payout.pk])
        if payout.state in (Payout.State.UNKNOWN, Payout.State.SENT):
            context["ways"] = ways(request, (payout_outcomes.CODE, {"payout": str(payout.pk)}))
        return super().render_change_form(request, context, *args, **kwargs)

    def ask_view(self, request: HttpRequest, key: UUID) -> HttpResponse:
        """Have the gateway asked by a worker, now. Raises PermissionDenied."""
        if request.method != "POST" or not request.user.has_perm(CHECK_PAYOUT):
            raise PermissionDenied
        if not Payout.objects.filter(pk=key).exists():
            raise Http404
        services.ask_soon(payout_id=key, at=timezone.now())
        on_commit(partial(payout_tasks.check_payout.delay, payout_id=str(key)), robust=True)
        messages.success(request, _("The gateway is being asked. Look again in a moment."))
        return redirect("admin:wallet_payout_change", key)

    def panels(self, payout: Payout) -> Iterable[Panel]:
        yield posting_panel(payout.posting_id)
        yield posting_panel(payout.return_posting_id)
        if payout.fee_return_posting_id:
            yield posting_panel(payout.fee_return_posting_id)
        told = WebhookEvent.objects.filter(gateway=payout.gateway_id, reference=payout.reference)
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
                for w in told.order_by("-id")[:20]
            ],
        )
        cases = Case.objects.filter(kind=Case.Kind.UNKNOWN_PAYOUT, reference=payout.reference)
        yield Panel(
            _("Cases"),
            [_("Case"), _("Why"), _("State"), _("Opened")],
            [
                [link(case), case.data.get("why", EMPTY), case.get_state_display(), moment(case.opened_at)]
                for case in cases
            ],
        )


class OutcomeForm(ProposalForm):
    payout = forms.UUIDField(label=_("Payout"), help_text=_("Its id."))
    outcome = forms.ChoiceField(
        label=_("What became of it"),
        choices=[
            (payout_outcomes.SENT, _("It was sent")),
            (payout_outcomes.NOT_SENT, _("It was surely not sent")),
        ],
    )
    gateway_transfer = forms.CharField(
        label=_("Found as"),
        max_length=100,
        required=False,
        help_text=_("The gateway's reference on its statement, where it was sent."),
    )

    def payload(self) -> Payload:
        data = self.cleaned_data
        facts = {name: data[name] for name in ("outcome", "gateway_transfer")}
        return {"payout": str(data["payout"]), **facts}

    def target(self) -> str:
        return payout_outcomes.target_of(str(self.cleaned_data["payout"]))


proposals.register(
    ProposalPage(
        payout_outcomes.CODE,
        OutcomeForm,
        _("For a payout whose gateway cannot tell what became of it: look at its statement first."),
        lambda approval: page_of(Payout, approval.payload["payout"]),
    )
)
