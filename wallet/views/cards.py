"""Saved cards: kept when their owner says so, paid by after a second factor, forgotten at a press."""

from contextlib import suppress
from dataclasses import dataclass
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.form_keys import new_form_key
from accounts.models import User
from accounts.requests import PersonRequest
from accounts.step_up import step_up_required
from core.actors import acting_as, outside_transaction
from core.errors import DomainError
from wallet import services
from wallet.forms import CardPaymentForm
from wallet.gateways.base import GatewayError
from wallet.models import Account, Payment, SavedCard
from wallet.services import saved_cards
from wallet.services.deposits import DepositTooLarge, DepositTooSmall
from wallet.views.access import own_wallet, wallet_page

ABOUT_AMOUNT = (DepositTooSmall, DepositTooLarge)


@dataclass(frozen=True)
class Card:
    """A card as its owner sees it."""

    row: SavedCard
    is_expired: bool

    @property
    def name(self) -> str:
        return f"{self.row.brand.title()} •••• {self.row.last4}"

    @property
    def expires(self) -> str:
        return f"{self.row.expires_month:02}/{self.row.expires_year % 100:02}"


def cards_of(user: User) -> list[Card]:
    today = timezone.localdate()
    rows = SavedCard.objects.visible_to(user).order_by("-id")
    return [Card(row, saved_cards.is_expired(row, on=today)) for row in rows]


@wallet_page
@require_safe
def cards(request: PersonRequest) -> HttpResponse:
    own_wallet(request.user)
    return render(request, "wallet/cards.html", {"cards": cards_of(request.user)})


@wallet_page
@require_POST
@outside_transaction
def keep(request: PersonRequest, payment_id: UUID) -> HttpResponse:
    """The answer to "keep this card?" on the page of a payment."""
    with acting_as(request.user):
        payment = get_object_or_404(Payment.objects.visible_to(request.user), pk=payment_id)
    try:
        if request.POST.get("keep") == "yes":
            card = services.keep_card(payment=payment, user=request.user, at=timezone.now())
            messages.success(request, _("Your card ending in %(last4)s is kept.") % {"last4": card.last4})
        else:
            services.decline_card(payment=payment, user=request.user)
    except DomainError as refusal:
        messages.error(request, str(refusal))
    return redirect("payment", payment.pk)


@wallet_page
@require_POST
def forget(request: PersonRequest, card_id: UUID) -> HttpResponse:
    services.forget_card(card_id=card_id, user=request.user)
    messages.success(request, _("The card is removed. Nothing of it is left with us."))
    return redirect("cards")


@wallet_page
@require_http_methods(["GET", "HEAD", "POST"])
@outside_transaction
def pay(request: PersonRequest, card_id: UUID) -> HttpResponseBase:
    """How much to add by a saved card; pressing the button asks for the second factor."""
    with acting_as(request.user):
        wallet = own_wallet(request.user)
        row = get_object_or_404(SavedCard.objects.visible_to(request.user), pk=card_id)
    if request.method == "POST":
        charged: HttpResponseBase = _charge(request, row, wallet)
        return charged
    place = _place(request.user, row)
    initial = {"amount": request.GET.get("amount", "")[:40], "form_key": new_form_key(place)}
    return _pay_page(request, CardPaymentForm(initial=initial, place=place), row, wallet)


@step_up_required
def _charge(request: PersonRequest, row: SavedCard, wallet: Account) -> HttpResponse:
    """Charge it, once however often the button is pressed."""
    place = _place(request.user, row)
    form = CardPaymentForm(request.POST, place=place)
    if not form.is_valid():
        return _pay_page(request, form, row, wallet, status=422)
    at = timezone.now()
    try:
        with acting_as(request.user):
            payment = services.start_card_payment(
                account=wallet,
                card=row,
                amount=form.cleaned_data["amount"],
                at=at,
                payment_id=form.cleaned_data["form_key"],
            )
    except DomainError as refusal:
        form.renew(key=new_form_key(place))
        form.add_error("amount" if isinstance(refusal, ABOUT_AMOUNT) else None, str(refusal))
        return _pay_page(request, form, row, wallet, status=422)
    with suppress(GatewayError):
        services.charge_card(payment=payment, card=row, at=at)
    return redirect("payment", payment.pk)


def _place(user: User, row: SavedCard) -> str:
    return f"card.{user.pk}.{row.pk}"


def _pay_page(
    request: PersonRequest, form: CardPaymentForm, row: SavedCard, wallet: Account, status: int = 200
) -> HttpResponse:
    card = Card(row, saved_cards.is_expired(row, on=timezone.localdate()))
    context = {"form": form, "card": card, "wallet": wallet}
    return render(request, "wallet/card_pay.html", context, status=status)
