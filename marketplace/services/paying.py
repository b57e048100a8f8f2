"""A checkout is paid, or it ends and its goods are on sale again. One of the two happens, once, whoever dies when."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import connection, transaction
from django.db.models import F, Sum

from accounts import audit
from core.actors import acting_as_service
from marketplace.models import Checkout, Order, Promotion, PromotionUse
from marketplace.order_refusals import CheckoutNotFound
from marketplace.refusals import CheckoutOver
from marketplace.services import money
from marketplace.services.steps import step_many
from marketplace.states import Actor, Event

State = Checkout.State
BATCH = 100


def pay(*, checkout_id: UUID, customer_id: UUID, at: datetime) -> Checkout:
    """Pay all orders of a checkout from the customer's wallet into escrow; a repeat returns what was done.

    The hold, its posting and the orders' steps are one transaction. Raises CheckoutNotFound, CheckoutOver, and a
    LedgerRefusal; and then the goods stay set aside until it expires.
    """
    with acting_as_service(), transaction.atomic():
        checkout = _lock(checkout_id, customer_id)
        if checkout.state == State.PAID:
            return checkout
        if checkout.state != State.OPEN or checkout.expires_at <= at:
            ended = checkout.state if checkout.state != State.OPEN else State.EXPIRED
            raise CheckoutOver(state=str(ended))
        orders = _orders(checkout)
        _end_reservations([checkout], "SOLD")
        money.set_aside(checkout, orders)
        step_many(orders, Event.PAY, who=Actor.BUYER, at=at)
        _end(checkout, State.PAID, at)
        return checkout


def cancel_checkout(*, checkout_id: UUID, customer_id: UUID, at: datetime) -> Checkout:
    """End a checkout that is not paid. Raises CheckoutNotFound, CheckoutOver where it is."""
    with acting_as_service(), transaction.atomic():
        checkout = _lock(checkout_id, customer_id)
        if checkout.state != State.OPEN:
            raise CheckoutOver(state=checkout.state)
        _give_up(checkout, State.CANCELLED, Event.CANCEL, Actor.BUYER, at)
        return checkout


def expire_next(*, at: datetime) -> bool:
    """End the checkout whose time is over longest; return whether there was one that nobody else was at."""
    with acting_as_service(), transaction.atomic():
        over = Checkout.objects.filter(state=State.OPEN, expires_at__lte=at)
        found = over.select_for_update(skip_locked=True, no_key=True).order_by("expires_at", "pk").first()
        if found is None:
            return False
        _give_up(found, State.EXPIRED, Event.LAPSE, Actor.SYSTEM, at)
        return True


def _give_up(checkout: Checkout, state: str, event: Event, who: Actor, at: datetime) -> None:
    orders = _orders(checkout)
    uses = PromotionUse.objects.filter(checkout=checkout, returned_at=None)
    for promotion_id, amount in uses.values_list("promotion").annotate(Sum("amount")).order_by("promotion"):
        Promotion.objects.filter(pk=promotion_id).update(given=F("given") - amount)
    uses.update(returned_at=at)
    _end_reservations([checkout], "RELEASED")
    step_many(orders, event, who=who, at=at)
    _end(checkout, state, at)


def _lock(checkout_id: UUID, customer_id: UUID) -> Checkout:
    found = Checkout.objects.select_for_update(no_key=True).filter(pk=checkout_id, customer=customer_id)
    checkout = found.first()
    if checkout is None:
        raise CheckoutNotFound
    return checkout


def _orders(checkout: Checkout) -> list[Order]:
    found = Order.objects.select_for_update(of=("self",), no_key=True).filter(checkout=checkout)
    return list(found.select_related("seller", "delivery_option").order_by("pk"))


def _end(checkout: Checkout, state: str, at: datetime) -> None:
    checkout.state, checkout.ended_at = state, at
    checkout.save(update_fields=["state", "ended_at"])
    audit.record(action=f"marketplace.checkout.{state.lower()}", target=checkout, amount=checkout.amount)


def _end_reservations(checkouts: Sequence[Checkout], state: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("select marketplace.end_reservations(%s, %s)", [[one.pk for one in checkouts], state])
