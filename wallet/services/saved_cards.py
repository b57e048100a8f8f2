"""Cards that customers asked us to keep: kept sealed, charged by what the gateway gave us for them, forgotten at once.

A charge is a payment like any other: stored first, ordered once, and when no answer comes the gateway is asked by its
reference until it says what became of it.
"""

import json
from datetime import date, datetime, timedelta
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from accounts import audit
from accounts.models import Customer, User
from core import encryption
from core.actors import acting_as_service
from core.errors import DomainError
from core.ids import uuid7
from core.outbound import require_no_transaction
from wallet.gateways.base import GatewayRefused
from wallet.gateways.capabilities import Authorization, ChargesCards
from wallet.models import Account, Payment, PaymentGateway, SavedCard
from wallet.services.deposits import create_payment
from wallet.services.gateways import adapter_of
from wallet.services.settlement import settle

MOST_CARDS = 5
# So many declined charges of saved cards in so long: then the bank is asked no more for a while.
DECLINES, WITHIN = 5, timedelta(hours=1)
_METHOD = Payment.Method.CARD


class CardNotKept(DomainError):
    code = "card_not_kept"
    kind = "conflict"
    message = _("This card cannot be kept. Pay by it again, and keep it then.")


class TooManyCards(DomainError):
    code = "too_many_cards"
    kind = "conflict"
    message = _("You have as many cards as can be kept. Remove one first.")


class CardExpired(DomainError):
    code = "card_expired"
    kind = "conflict"
    message = _("This card has expired. Pay by another, or remove this one.")


class TooManyDeclines(DomainError):
    code = "too_many_declines"
    kind = "limited"
    message = _("Your card was declined several times. Wait an hour, or pay in another way.")
    public = ("retry_after",)


def is_expired(card: SavedCard, *, on: date) -> bool:
    """Whether a card's last month is over."""
    return (card.expires_year, card.expires_month) < (on.year, on.month)


def keep_card(*, payment: Payment, user: User, at: datetime) -> SavedCard:
    """Keep the card that a payment was made by, as its owner asks. Calls outside, for what was not kept before.

    A card kept again takes the place of itself. Raises CardNotKept, TooManyCards, GatewayRefused, GatewayUnavailable.
    """
    require_no_transaction()
    with acting_as_service():
        payment = Payment.objects.select_related("gateway", "account").get(pk=payment.pk)
    adapter = adapter_of(payment.gateway)
    if (
        payment.account.owner_id != user.pk
        or not payment.card_offered
        or not isinstance(adapter, ChargesCards)
    ):
        raise CardNotKept
    charge = adapter.find_charge(reference=payment.reference)  # type: ignore[attr-defined]
    found = adapter.authorization_of(charge)
    if found is None or not found.reusable:
        raise CardNotKept
    return store_card(payment=payment, user=user, found=found, at=at)


def store_card(*, payment: Payment, user: User, found: Authorization, at: datetime) -> SavedCard:
    """Seal and store what the gateway names a card by. Raises TooManyCards."""
    index = encryption.blind_index(found.signature or found.code, purpose="card.saved")
    with acting_as_service(on_behalf_of=user):
        # Two windows at once keep no card too many.
        Customer.objects.select_for_update(no_key=True).get(pk=user.pk)
        mine = SavedCard.objects.filter(owner=user)
        card = mine.filter(gateway=payment.gateway, card_index=index).first()
        if card is None and mine.count() >= MOST_CARDS:
            raise TooManyCards
        is_new = card is None
        card = card or SavedCard(
            pk=uuid7(), owner=user, gateway=payment.gateway, card_index=index, created_at=at
        )
        card.sealed = encryption.seal(
            json.dumps({"code": found.code, "email": found.email}), aad=_aad(card.pk)
        )
        card.brand, card.last4, card.bank = found.brand[:30], found.last4[:4], found.bank[:80]
        card.expires_month, card.expires_year = found.expires_month, found.expires_year
        card.save()
        Payment.objects.filter(pk=payment.pk).update(card_offered=False)
        audit.record(action="wallet.card.kept", target=card, is_new=is_new)
        return card


def decline_card(*, payment: Payment, user: User) -> None:
    """The owner does not want this card kept: they are not asked again for this payment."""
    with acting_as_service(on_behalf_of=user):
        mine = Payment.objects.filter(pk=payment.pk, account__owner=user, card_offered=True)
        if mine.update(card_offered=False):
            audit.record(action="wallet.card.declined", target=payment)


def forget_card(*, card_id: UUID, user: User) -> None:
    """Forget a card of this person's, for good and at once; one that is gone already stays so."""
    with acting_as_service(on_behalf_of=user):
        card = SavedCard.objects.filter(pk=card_id, owner=user).first()
        if card is not None:
            audit.record(action="wallet.card.forgotten", target=card)
            card.delete()


def start_card_payment(
    *, account: Account, card: SavedCard, amount: int, at: datetime, payment_id: UUID | None = None
) -> Payment:
    """Store a payment of `amount` kobo by a saved card, before the card is charged.

    Raises CardExpired, TooManyDeclines, and what `create_payment` raises.
    """
    if is_expired(card, on=at.date()):
        raise CardExpired
    with acting_as_service():
        gateway = PaymentGateway.objects.get(pk=card.gateway_id)
        since = at - WITHIN
        declined = Payment.objects.filter(
            account=account, method=_METHOD, state=Payment.State.FAILED, created_at__gt=since
        ).order_by("created_at")
        if payment_id is None or not Payment.objects.filter(pk=payment_id).exists():
            times = list(declined.values_list("created_at", flat=True))
            if len(times) >= DECLINES:
                raise TooManyDeclines(retry_after=max(1, int((times[-DECLINES] - since).total_seconds())))
    return create_payment(
        account=account, amount=amount, at=at, payment_id=payment_id, method=_METHOD, gateway=gateway
    )


def charge_card(*, payment: Payment, card: SavedCard, at: datetime) -> Payment:
    """Charge a saved card for a stored payment, once; one that was ordered before is returned as it stands now.

    What has no answer stays open, and the gateway is asked about it later; what it refuses is FAILED. Calls outside.
    Raises GatewayUnavailable where there was no answer.
    """
    require_no_transaction()
    with acting_as_service():
        mine = Payment.objects.filter(pk=payment.pk, state=Payment.State.INTENT, method=_METHOD)
        is_first = bool(mine.update(state=Payment.State.PENDING))
        payment = Payment.objects.select_related("gateway").get(pk=payment.pk)
        if not is_first:
            return payment
        SavedCard.objects.filter(pk=card.pk).update(used_at=at)
        kept = SavedCard.objects.values_list("sealed", flat=True).get(pk=card.pk)
        audit.record(
            action="wallet.card.charged", target=card, payment=str(payment.pk), amount=payment.amount
        )
    secret = json.loads(encryption.open_sealed(kept, aad=_aad(card.pk)))
    adapter = adapter_of(payment.gateway)
    if not isinstance(adapter, ChargesCards):
        return _refused(payment, CardNotKept.message, at=at)
    try:
        charge = adapter.charge_card(
            reference=payment.reference,
            amount=payment.amount,
            currency=payment.currency_id,
            email=secret["email"],
            authorization=secret["code"],
            metadata={"payment": str(payment.pk)},
        )
    except GatewayRefused as error:
        return _refused(payment, error.data.get("said") or error, at=at)
    return settle(payment_id=payment.pk, charge=charge, at=at)


def _refused(payment: Payment, reason: object, *, at: datetime) -> Payment:
    with acting_as_service():
        open_still = Payment.objects.filter(pk=payment.pk, state=Payment.State.PENDING)
        if open_still.update(state=Payment.State.FAILED, reason=str(reason)[:200], next_check_at=None):
            audit.record(action="wallet.deposit.failed", target=payment, amount=payment.amount)
        payment.refresh_from_db()
        return payment


def _aad(card_id: UUID) -> str:
    return f"wallet_savedcard.sealed.{card_id}"
