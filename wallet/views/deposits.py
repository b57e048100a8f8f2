"""Adding money: how much, off to the gateway's page, and back to see what became of it."""

from contextlib import suppress
from typing import Any
from uuid import UUID

from csp.decorators import csp_update
from django.conf import settings
from django.core import signing
from django.core.cache import cache
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_safe
from redis.exceptions import RedisError

from accounts.models import User
from accounts.requests import PersonRequest
from accounts.services.kyc.identified import has_bvn
from core.actors import acting_as, outside_transaction
from core.errors import DomainError
from core.ids import uuid7
from wallet import services
from wallet.forms import AddMoneyForm
from wallet.gateways.base import GatewayError, GatewayUnavailable
from wallet.models import Account, DedicatedAccount, Payment
from wallet.services.deposits import DepositTooLarge, DepositTooSmall, PaymentIdReused
from wallet.views.access import own_wallet, wallet_page
from wallet.views.account_number import number_of, qr_of
from wallet.views.cards import cards_of
from wallet.views.home import WAITING, poll_seconds

QUICK_AMOUNTS = (100_000, 500_000, 1_000_000, 2_000_000)  # kobo
KEY_LIFE = 24 * 3600
# How often one payment is asked about because its customer comes back, in so many seconds.
ASKS, ASKED_WITHIN = 10, 60
# A form's answer may lead to the gateway's page, which a browser counts as a place the form is sent to.
CHECKOUT_PAGES = ["https://checkout.paystack.com"]


ABOUT_AMOUNT = (DepositTooSmall, DepositTooLarge, PaymentIdReused)


class FormTooOld(DomainError):
    code = "form_too_old"
    message = _("This page was open for too long. Please press the button again.")


@csp_update({"form-action": CHECKOUT_PAGES})
@wallet_page
@require_http_methods(["GET", "HEAD", "POST"])
@outside_transaction
def add_money(request: PersonRequest) -> HttpResponse:
    with acting_as(request.user):
        wallet = own_wallet(request.user)
    if request.method != "POST":
        initial = {"amount": request.GET.get("amount", "")[:40], "key": _new_key(request.user)}
        return _add_money_page(request, AddMoneyForm(initial=initial), wallet)
    form = AddMoneyForm(request.POST)
    if not form.is_valid():
        return _add_money_page(request, form, wallet, status=422)
    try:
        payment = _start(request.user, wallet, **form.cleaned_data)
    except DomainError as refusal:
        if not isinstance(refusal, GatewayUnavailable):
            form.renew(key=_new_key(request.user))
        form.add_error("amount" if isinstance(refusal, ABOUT_AMOUNT) else None, str(refusal))
        return _add_money_page(request, form, wallet, status=503 if refusal.kind == "unavailable" else 422)
    return redirect(payment.checkout_url if payment.is_open else reverse("payment", args=[payment.pk]))


def _start(user: User, wallet: Account, *, amount: int, key: str) -> Payment:
    """Start the payment that this form stands for, or go on with it."""
    now = timezone.now()
    with acting_as(user):
        payment = services.create_payment(
            account=wallet, amount=amount, at=now, payment_id=_payment_id(user, key)
        )
    if not payment.is_open:
        return payment
    back = settings.SITE_URL + reverse("add_money_return")
    return services.open_checkout(payment=payment, email=user.email, callback_url=back, at=now)


def _add_money_page(
    request: PersonRequest, form: AddMoneyForm, wallet: Account, status: int = 200
) -> HttpResponse:
    context = {
        "form": form,
        "wallet": wallet,
        "room": None if wallet.cap is None else max(0, wallet.cap - wallet.balance),
        "quick_amounts": QUICK_AMOUNTS,
        **_other_ways(request.user),
    }
    return render(request, "wallet/add_money.html", context, status=status)


def _other_ways(user: User) -> dict[str, Any]:
    """Saved cards and the account number, by which money comes in too; and what is on its way."""
    with acting_as(user):
        number = number_of(user)
        cards = [card for card in cards_of(user) if not card.is_expired]
        waiting = list(Payment.objects.visible_to(user).not_in_balance().order_by("-id")[:WAITING])
    has_number = number is not None and number.state == DedicatedAccount.State.ACTIVE
    return {
        "cards": cards,
        "number": number,
        "number_qr": qr_of(number) if number and has_number else "",
        "has_bvn": number is not None or has_bvn(user=user),
        "waiting": waiting,
    }


def _new_key(user: User) -> str:
    return signing.dumps(str(uuid7()), salt=_salt(user))


def _payment_id(user: User, key: str) -> UUID:
    """The id in a form's key. Raises FormTooOld, also for one that we did not make for this user."""
    try:
        return UUID(signing.loads(key, salt=_salt(user), max_age=KEY_LIFE))
    except signing.BadSignature as error:
        raise FormTooOld from error


def _salt(user: User) -> str:
    return f"wallet.add_money.{user.pk}"


@wallet_page
@require_safe
@outside_transaction
def back_from_gateway(request: PersonRequest) -> HttpResponse:
    """The way back from the gateway's page. The address proves nothing, so the gateway is asked."""
    reference = request.GET.get("reference") or request.GET.get("trxref") or ""
    with acting_as(request.user):
        payment = get_object_or_404(Payment.objects.visible_to(request.user), reference=reference)
    if may_ask(payment):
        with suppress(GatewayError):
            services.check_payment(payment_id=payment.pk, at=timezone.now())
    return redirect("payment", payment.pk)


def may_ask(payment: Payment) -> bool:
    """Whether its customer has not had the gateway asked all too often; yes without a cache."""
    key = f"asked:{payment.pk}"
    try:
        cache.add(key, 0, ASKED_WITHIN)
        return bool(cache.incr(key) <= ASKS)
    except (RedisError, ValueError):
        return True


@wallet_page
@require_safe
def payment(request: PersonRequest, payment_id: UUID) -> HttpResponse:
    """One payment, in its customer's words; asked again by htmx while it is open."""
    found = get_object_or_404(
        Payment.objects.visible_to(request.user).select_related("account"), pk=payment_id
    )
    if request.htmx and request.GET.get("seen") == found.state:
        return HttpResponse(status=204)
    context = {"payment": found, "poll_seconds": poll_seconds(found)}
    return render(request, "wallet/_payment.html" if request.htmx else "wallet/payment.html", context)
