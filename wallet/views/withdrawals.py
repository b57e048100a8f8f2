"""Withdrawing: where to and how much, a look at it, and what became of it. What was looked at is taken, once."""

from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core import signing
from django.db.transaction import on_commit
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.models import User
from accounts.requests import PersonRequest
from accounts.step_up import step_up_required
from core.errors import DomainError
from core.ids import uuid7
from core.templatetags.money import money
from wallet import payout_tasks, services
from wallet.models import Account, BankAccount, Payout
from wallet.payout_forms import WithdrawForm
from wallet.refusals import InsufficientFunds, LimitExceeded, SingleAmountExceeded
from wallet.services.bank_accounts import BankAccountGone
from wallet.services.payouts import FeeChanged, NewBankAccount, PayoutQuote
from wallet.templatetags.wallet import plain_amount
from wallet.views.access import own_wallet, wallet_page
from wallet.views.bank_accounts import saved_accounts
from wallet.views.limits import until_midnight

ORDER_LIFE = 30 * 60
# One just asked for is looked at often; the longer it takes, the less.
FRESH, SOON, LATER = timedelta(minutes=5), 2, 15


@dataclass(frozen=True)
class Order:
    """A withdrawal as it was reviewed. Signed for its owner, so that it cannot differ when it is confirmed."""

    payout: str
    bank_account: str
    amount: int
    fee: int

    def signed(self, user: User) -> str:
        return signing.dumps(vars(self), salt=_salt(user))

    @classmethod
    def opened(cls, text: str, user: User) -> "Order":
        """Raises signing.BadSignature for one that is old, changed, or another's."""
        return cls(**signing.loads(text, salt=_salt(user), max_age=ORDER_LIFE))

    def as_typed(self) -> dict[str, Any]:
        return {"bank_account": self.bank_account, "amount": plain_amount(self.amount)}


def _salt(user: User) -> str:
    return f"wallet.withdraw.{user.pk}"


@wallet_page
@require_http_methods(["GET", "HEAD", "POST"])
def withdraw(request: PersonRequest) -> HttpResponse:
    """Ask where to and how much; show what would happen."""
    wallet, accounts = own_wallet(request.user), saved_accounts(request.user)
    if not accounts:
        return render(request, "payouts/withdraw_first.html")
    if request.method != "POST":
        initial = {"bank_account": str(accounts[0].pk), "amount": request.GET.get("amount", "")[:40]}
        return _form_page(request, WithdrawForm(initial=initial, accounts=accounts), wallet)
    if "change" in request.POST:
        return _form_page(request, WithdrawForm(initial=_reviewed(request), accounts=accounts), wallet)
    form = WithdrawForm(request.POST, accounts=accounts)
    if not form.is_valid():
        return _form_page(request, form, wallet, status=422)
    try:
        quote = services.quote_payout(account=wallet, at=timezone.now(), **form.cleaned_data)
    except LimitExceeded as refusal:
        return _stopped(request, wallet, refusal)
    except DomainError as refusal:
        return _refused(request, form, wallet, refusal)
    return _review_page(request, wallet, quote)


@wallet_page
@require_safe
def cost(request: PersonRequest) -> HttpResponse:
    """What the amount being typed would cost: a part of the form, asked for by htmx."""
    wallet = own_wallet(request.user)
    form = WithdrawForm(request.GET, accounts=saved_accounts(request.user))
    form.is_valid()
    amount = form.cleaned_data.get("amount")
    context: dict[str, Any] = {"wallet": wallet}
    if amount:
        fee = services.fee_of_payout(
            account=wallet, amount=amount, purpose=Payout.Purpose.WITHDRAWAL, at=timezone.now()
        )
        context |= {"fee": fee, "amount": amount, "total": amount + fee.total}
    return render(request, "payouts/_cost.html", context)


@wallet_page
@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: PersonRequest) -> HttpResponseBase:
    """Whoever comes by a link, as after signing in again, has nothing to confirm and starts anew."""
    if request.method != "POST":
        return redirect("withdraw")
    confirmed: HttpResponseBase = _confirm(request)
    return confirmed


@step_up_required
def _confirm(request: PersonRequest) -> HttpResponse:
    """Set aside what was reviewed, and have it sent. A second click, or a second window, finds it there."""
    wallet = own_wallet(request.user)
    try:
        order = Order.opened(request.POST.get("order", ""), request.user)
    except signing.BadSignature:
        messages.error(
            request, _("This review is no longer valid, so nothing was sent just now. Please start again.")
        )
        return redirect("withdraw")
    found = BankAccount.objects.visible_to(request.user).get(pk=order.bank_account)
    try:
        payout = services.request_payout(
            payout_id=UUID(order.payout),
            account=wallet,
            bank_account=found,
            amount=order.amount,
            expected_fee=order.fee,
            at=timezone.now(),
        )
    except LimitExceeded as refusal:
        return _stopped(request, wallet, refusal)
    except DomainError as refusal:
        form = WithdrawForm(order.as_typed(), accounts=saved_accounts(request.user))
        form.is_valid()
        return _refused(request, form, wallet, refusal)
    on_commit(partial(payout_tasks.order_payout.delay, payout_id=str(payout.pk)), robust=True)
    return redirect("withdrawal", payout.pk)


@wallet_page
@require_safe
def withdrawal(request: PersonRequest, payout_id: UUID) -> HttpResponse:
    """What became of a withdrawal: not sent, being checked, or sent. Asks again by itself while that is open."""
    payouts = Payout.objects.visible_to(request.user).select_related("bank_account", "account")
    found = get_object_or_404(payouts, pk=payout_id)
    if request.htmx and request.GET.get("seen") == found.state:
        return HttpResponse(status=204)
    context = {"payout": found, "poll_seconds": poll_seconds(found)}
    return render(request, "payouts/_withdrawal.html" if request.htmx else "payouts/withdrawal.html", context)


def poll_seconds(payout: Payout) -> int | None:
    if not payout.is_open:
        return None
    return SOON if timezone.now() - payout.created_at < FRESH else LATER


def _review_page(request: PersonRequest, wallet: Account, quote: PayoutQuote) -> HttpResponse:
    order = Order(
        payout=str(uuid7()),
        bank_account=str(quote.bank_account.pk),
        amount=quote.amount,
        fee=quote.fee.total,
    )
    left = services.limits_of(account=wallet, at=timezone.now()).left_today
    context = {
        "wallet": wallet,
        "quote": quote,
        "order": order.signed(request.user),
        "left_after": None if left is None else left - quote.amount,
    }
    return render(request, "payouts/withdraw_review.html", context)


def _form_page(
    request: PersonRequest, form: WithdrawForm, wallet: Account, status: int = 200
) -> HttpResponse:
    limits = services.limits_of(account=wallet, at=timezone.now())
    context = {"form": form, "wallet": wallet, "limits": limits, "accounts": saved_accounts(request.user)}
    return render(request, "payouts/withdraw.html", context, status=status)


def _reviewed(request: PersonRequest) -> dict[str, Any]:
    """What stood on the review page that the customer wants to change."""
    try:
        return Order.opened(request.POST.get("order", ""), request.user).as_typed()
    except signing.BadSignature:
        return {}


def _refused(
    request: PersonRequest, form: WithdrawForm, wallet: Account, refusal: DomainError
) -> HttpResponse:
    """The form as it was typed, with the reason; missing money is told with the money that is there."""
    if isinstance(refusal, InsufficientFunds):
        available = money(int(refusal.data["available"]), wallet.currency_id)
        form.add_error(
            "amount",
            _("With the fee this is more than the %(available)s you have.") % {"available": available},
        )
    elif isinstance(refusal, NewBankAccount | BankAccountGone):
        form.add_error("bank_account", str(refusal))
    elif refusal.code.startswith("payout_too_"):
        form.add_error("amount", str(refusal))
    else:
        form.add_error(None, str(refusal))
    wallet.refresh_from_db()
    return _form_page(request, form, wallet, status=409 if isinstance(refusal, FeeChanged) else 422)


def _stopped(request: PersonRequest, wallet: Account, refusal: LimitExceeded) -> HttpResponse:
    """Which limit it was, and what can be done."""
    at = timezone.now()
    context = {
        "wallet": wallet,
        "facts": refusal.data,
        "is_single": isinstance(refusal, SingleAmountExceeded),
        "resets_in": until_midnight(parse_datetime(refusal.data["resets_at"]) or at, at=at),
    }
    return render(request, "payouts/limit_hit.html", context, status=422)
