"""What staff do at once about money that goes back: return a deposit, decide on a refund, answer a dispute."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from http import HTTPStatus
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.db.transaction import on_commit
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.proposals import REASON_LEAST, REASON_MOST
from accounts.roles import ANSWER_DISPUTE, RESOLVE_SUSPENDED, SETTLE_REFUND
from accounts.step_up import step_up_required
from core.errors import DomainError
from core.staff import page_of
from wallet import money_in_tasks
from wallet.models import Dispute, Refund, SuspendedDeposit
from wallet.services import disputes, refund_asks, refunds


class WhyForm(forms.Form):
    reason = forms.CharField(
        label=_("Reason"),
        min_length=REASON_LEAST,
        max_length=REASON_MOST,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Kept in the audit trail. The customer does not see it."),
    )


class EvidenceForm(forms.Form):
    reason = forms.CharField(
        label=_("What the payer’s bank reads"),
        min_length=REASON_LEAST,
        max_length=2_000,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text=_(
            "What was bought or paid in, when, by whom, and how you know. No numbers of cards or identities."
        ),
    )


Run = Callable[[Any, User, str, datetime], None]


@dataclass(frozen=True)
class Deed:
    """One thing staff can do about a row: its words, the right it takes, and the service that does it."""

    code: str
    model: type[Model]
    label: str | Promise
    text: str | Promise
    done: str | Promise
    permission: str
    fits: Callable[[Any], bool]
    run: Run
    # What a worker goes on with, once it is committed.
    then: Any
    form: type[forms.Form] = WhyForm
    dangerous: bool = False

    @property
    def name(self) -> str:
        return f"wallet_{self.model._meta.model_name}_{self.code}"


def _return(row: SuspendedDeposit, by: User, reason: str, at: datetime) -> None:
    refunds.return_deposit(deposit_id=row.pk, reason=reason, at=at, by=by)


def _order_again(row: Refund, by: User, reason: str, at: datetime) -> None:
    refunds.order_again(refund_id=row.pk, by=by, reason=reason)


def _call_off(row: Refund, by: User, reason: str, at: datetime) -> None:
    refunds.call_off(refund_id=row.pk, by=by, reason=reason, at=at)


def _refuse(row: Refund, by: User, reason: str, at: datetime) -> None:
    refund_asks.refuse(refund_id=row.pk, by=by, reason=reason, at=at)


def _accept(row: Dispute, by: User, reason: str, at: datetime) -> None:
    disputes.answer_dispute(dispute_id=row.pk, accept=True, evidence=reason, by=by, at=at)


def _decline(row: Dispute, by: User, reason: str, at: datetime) -> None:
    disputes.answer_dispute(dispute_id=row.pk, accept=False, evidence=reason, by=by, at=at)


def _is_unanswered(refund: Refund) -> bool:
    return refund.state == Refund.State.UNKNOWN and not refund.gateway_refund


def _is_unsaid(dispute: Dispute) -> bool:
    return dispute.is_open and not dispute.answer


DEEDS = (
    Deed(
        "return",
        SuspendedDeposit,
        _("Send it back"),
        _(
            "The money leaves suspense for the card or account that it came from, when the gateway has paid it."
        ),
        _("It is on its way back."),
        RESOLVE_SUSPENDED,
        lambda row: row.state == SuspendedDeposit.State.OPEN and row.is_posted,
        _return,
        money_in_tasks.settle_refunds,
        dangerous=True,
    ),
    Deed(
        "order-again",
        Refund,
        _("Order it again"),
        _("Only where you have seen at the gateway that it never took this refund: else it is paid twice."),
        _("It will be ordered once more."),
        SETTLE_REFUND,
        _is_unanswered,
        _order_again,
        money_in_tasks.settle_refunds,
        dangerous=True,
    ),
    Deed(
        "call-off",
        Refund,
        _("Call it off"),
        _("Only where you have seen at the gateway that it never took this refund: the money is free again."),
        _("It is called off."),
        SETTLE_REFUND,
        _is_unanswered,
        _call_off,
        None,
    ),
    Deed(
        "turn-down",
        Refund,
        _("Refuse it"),
        _("What was set aside is the customer's again, and they are told that it was not paid back."),
        _("It is refused."),
        SETTLE_REFUND,
        lambda row: row.state == Refund.State.ASKED,
        _refuse,
        None,
    ),
    Deed(
        "decline",
        Dispute,
        _("The payment was right"),
        _("The payer's bank reads what you write, and decides. Until then the money stays set aside."),
        _("The answer is on its way to the gateway."),
        ANSWER_DISPUTE,
        _is_unsaid,
        _decline,
        money_in_tasks.deliver_dispute_answers,
        form=EvidenceForm,
    ),
    Deed(
        "accept",
        Dispute,
        _("Give the money back"),
        _("What is set aside goes back to the payer; what the customer has not got, we bear."),
        _("The answer is on its way to the gateway."),
        ANSWER_DISPUTE,
        _is_unsaid,
        _accept,
        money_in_tasks.deliver_dispute_answers,
        form=EvidenceForm,
        dangerous=True,
    ),
)


def urls_of(model: type[Model], site: admin.AdminSite) -> list[URLPattern]:
    return [
        path(f"<uuid:key>/{deed.code}/", site.admin_view(partial(act, deed=deed)), name=deed.name)
        for deed in DEEDS
        if deed.model is model
    ]


def deeds_on(request: HttpRequest, row: Model) -> list[tuple[str | Promise, str]]:
    """What whoever looks may do about a row, each with its address."""
    return [
        (deed.label, reverse(f"admin:{deed.name}", args=[row.pk]))
        for deed in DEEDS
        if isinstance(row, deed.model) and request.user.has_perm(deed.permission) and deed.fits(row)
    ]


def act(request: HttpRequest, key: UUID, deed: Deed) -> HttpResponse:
    """Let in who may do this, and proves once more who they are. Raises PermissionDenied."""
    if not request.user.has_perm(deed.permission):
        raise PermissionDenied
    answer: HttpResponse = _act(request, key, deed)
    return answer


@step_up_required
def _act(request: HttpRequest, key: UUID, deed: Deed) -> HttpResponse:
    """Ask for the reason, and on a POST do it."""
    row = get_object_or_404(deed.model._default_manager.all(), pk=key)
    form = deed.form(request.POST if request.method == "POST" else None)
    back = page_of(deed.model, key)
    if form.is_valid():
        try:
            deed.run(row, request.user, form.cleaned_data["reason"], timezone.now())  # type: ignore[arg-type]
        except DomainError as refusal:
            form.add_error(None, str(refusal))
        else:
            if deed.then is not None:
                on_commit(deed.then.delay, robust=True)
            messages.success(request, str(deed.done))
            return redirect(back)
    context = {**admin.site.each_context(request), "deed": deed, "form": form, "row": row, "back": back}
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.is_bound else HTTPStatus.OK
    return render(request, "admin/wallet/claim_deed.html", context, status=status)
