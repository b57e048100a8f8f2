"""Paying a merchant's link: a customer from their wallet, anybody else by card at the gateway's page.

Strangers come here, so everything is counted by address, an unknown link looks like one that never was, and what a
merchant wrote is text and nothing else.
"""

from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from csp.decorators import csp_update
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core import signing
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts import letters
from accounts.form_keys import new_form_key
from accounts.models import User
from accounts.requests import PersonRequest
from accounts.step_up import step_up_required
from core.actors import acting_as, outside_transaction
from core.api import ratelimit
from core.errors import DomainError
from core.ids import posting_id
from core.middleware import client_ip
from core.templatetags.money import money
from core.views import not_found, slow_down
from wallet import merchant_words, services
from wallet.gateways.base import GatewayRefused
from wallet.merchant_forms import PayByCardForm, PayForm
from wallet.models import Account
from wallet.refusals import InsufficientFunds
from wallet.services.deposits import DepositOver
from wallet.services.merchants import links, selling
from wallet.services.merchants.links import LinkNotFound, LinkNotOpen, Shown
from wallet.services.merchants.selling import AmountDiffers
from wallet.views.access import NotACustomer, own_wallet, wallet_page
from wallet.views.deposits import CHECKOUT_PAGES

GONE = 410
ORDER_LIFE = 30 * 60
# By address: pages seen, links that are none, and payments begun.
PAGES, MISSES, STARTS = "300/10minutes", "20/10minutes", "20/10minutes"


@dataclass(frozen=True)
class Order:
    """A payment as it was reviewed. Signed for its payer, so that it cannot differ when it is confirmed."""

    posting: str
    slug: str
    amount: int
    note: str

    def signed(self, user: User) -> str:
        return signing.dumps(vars(self), salt=f"wallet.pay.{user.pk}")

    @classmethod
    def opened(cls, text: str, user: User) -> "Order":
        """Raises signing.BadSignature for one that is old, changed, or another's."""
        return cls(**signing.loads(text, salt=f"wallet.pay.{user.pk}", max_age=ORDER_LIFE))


@login_not_required
@csp_update({"form-action": CHECKOUT_PAGES})  # type: ignore[arg-type]
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@outside_transaction
def pay_link(request: HttpRequest, slug: str) -> HttpResponse:
    """What is asked for, by whom, and how to pay it."""
    refused = too_often(request, "pay_page", PAGES)
    if refused:
        return refused
    try:
        shown = links.shown(slug=slug)
    except LinkNotFound:
        return too_often(request, "pay_miss", MISSES) or not_found(request)
    why = shown.why_closed(timezone.now())
    if why:
        return _closed(request, shown, why)
    wallet = _wallet_of(request)
    by_card = wallet is None or "card" in (request.POST.get("by"), request.GET.get("by"))
    place = f"pay.{shown.link.pk}"
    kind = PayByCardForm if by_card else PayForm
    if request.method != "POST":
        form = kind(initial={"form_key": new_form_key(place)}, place=place, link=shown.link)
        return _page(request, shown, form, wallet, by_card)
    form = kind(request.POST, place=place, link=shown.link)
    if not form.is_valid():
        return _page(request, shown, form, wallet, by_card, status=422)
    if wallet is None or by_card:
        return _by_card(request, shown, form, wallet)
    return _review(request, shown, form, wallet)


def _by_card(request: HttpRequest, shown: Shown, form: PayForm, wallet: Account | None) -> HttpResponse:
    """Off to the gateway's page."""
    refused = too_often(request, "pay_start", STARTS)
    if refused:
        return refused
    typed, now = form.cleaned_data, timezone.now()
    try:
        sold = selling.start_card_payment(
            slug=shown.link.slug,
            amount=typed.get("amount", shown.link.amount),
            email=typed["email"],
            name=typed["name"],
            note=typed["note"],
            payment_id=typed["form_key"],
            at=now,
        )
        payment = sold.payment
        if payment is None or not payment.is_open:
            return redirect("pay_done", sold.token)
        payment = services.open_checkout(
            payment=payment,
            email=sold.payer_email,
            callback_url=letters.page("pay_back", sold.token),
            at=now,
        )
    except DomainError as refusal:
        status = 503 if refusal.kind == "unavailable" else 422
        if isinstance(refusal, GatewayRefused | DepositOver):
            form = _renewed(form, shown)
        return _refused(request, shown, form, wallet, refusal, by_card=True, status=status)
    return redirect(payment.checkout_url)


def _review(request: HttpRequest, shown: Shown, form: PayForm, wallet: Account) -> HttpResponse:
    """What would happen, to be confirmed."""
    user, typed = _person(request), form.cleaned_data
    try:
        with acting_as(user):
            quote = selling.quote_payment(
                source=wallet, shown=shown, amount=typed.get("amount"), at=timezone.now()
            )
    except DomainError as refusal:
        return _refused(request, shown, form, wallet, refusal)
    order = Order(str(posting_id()), shown.link.slug, quote.amount, typed["note"])
    context = {
        "shown": shown,
        "quote": quote,
        "note": order.note,
        "order": order.signed(user),
        "wallet": wallet,
    }
    return render(request, "pay/review.html", context)


@wallet_page
@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: PersonRequest, slug: str) -> HttpResponseBase:
    """Whoever comes by a link, as after signing in again, has nothing to confirm and starts anew."""
    if request.method != "POST":
        return redirect("pay_link", slug)
    confirmed: HttpResponseBase = _confirm(request, slug)
    return confirmed


@step_up_required
def _confirm(request: PersonRequest, slug: str) -> HttpResponse:
    """Post what was reviewed. A second click, or a second window, finds it done."""
    wallet = own_wallet(request.user)
    try:
        order = Order.opened(request.POST.get("order", ""), request.user)
    except signing.BadSignature:
        messages.error(request, _("This review is no longer valid, so nothing was paid. Please start again."))
        return redirect("pay_link", slug)
    try:
        sold = selling.pay_from_wallet(
            posting_id=UUID(order.posting),
            payer=request.user,
            source=wallet,
            slug=order.slug,
            amount=order.amount,
            note=order.note,
            at=timezone.now(),
        )
    except DomainError as refusal:
        messages.error(request, str(refusal))
        return redirect("pay_link", order.slug)
    return redirect("pay_done", sold.token)


def _closed(request: HttpRequest, shown: Shown, why: str) -> HttpResponse:
    title, text = merchant_words.CLOSED[why]
    context = {"shown": shown, "title": title, "text": text}
    return render(request, "pay/closed.html", context, status=GONE)


def _page(
    request: HttpRequest,
    shown: Shown,
    form: PayForm,
    wallet: Account | None,
    by_card: bool,
    *,
    status: int = 200,
) -> HttpResponse:
    context = {"shown": shown, "form": form, "wallet": wallet, "by_card": by_card}
    return render(request, "pay/link.html", context, status=status)


def _refused(
    request: HttpRequest,
    shown: Shown,
    form: PayForm,
    wallet: Account | None,
    refusal: DomainError,
    *,
    by_card: bool = False,
    status: int = 422,
) -> HttpResponse:
    """The form as it was typed, with the reason; a link that closed meanwhile says so instead."""
    if isinstance(refusal, LinkNotOpen):
        shown = links.shown(slug=shown.link.slug)
        return _closed(request, shown, shown.why_closed(timezone.now()) or "PAUSED")
    field = "amount" if isinstance(refusal, AmountDiffers | InsufficientFunds) else None
    text = str(refusal)
    if isinstance(refusal, InsufficientFunds) and wallet is not None:
        available = money(int(refusal.data["available"]), wallet.currency_id)
        text = _("You have %(available)s available.") % {"available": available}
    form.add_error(field if field in form.fields else None, text)
    return _page(request, shown, form, wallet, by_card, status=status)


def _renewed(form: PayForm, shown: Shown) -> PayForm:
    """The same form with another key: the next press is another payment."""
    data: dict[str, Any] = {name: form.data.get(name) for name in form.data}
    data["form_key"] = new_form_key(form.place)
    fresh = type(form)(data, place=form.place, link=shown.link)
    fresh.is_valid()
    return fresh


def _wallet_of(request: HttpRequest) -> Account | None:
    """The wallet of whoever is signed in, if they bank with us."""
    if not request.user.is_authenticated:
        return None
    user = _person(request)
    with acting_as(user), suppress(NotACustomer):
        return own_wallet(user)
    return None


def _person(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user


def too_often(request: HttpRequest, name: str, limit: str) -> HttpResponse | None:
    """Count one page, and the answer to whoever asked too often. Counts nothing while Valkey is away."""
    hit = ratelimit.count(name, limit, f"ip:{client_ip(request)}")
    return slow_down(request, seconds=hit.resets_in) if hit is not None and not hit.allowed else None
