"""A checkout is paid: once, or not at all, whoever dies when."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from accounts import audit
from core.actors import acting_as_service
from marketplace.models import Checkout, Order
from marketplace.refusals import CheckoutOver
from marketplace.services import money, stock
from marketplace.services.steps import step_many
from marketplace.states import Actor, Event

State = Checkout.State


def pay(*, checkout_id: UUID, customer_id: UUID, at: datetime) -> Checkout:
    """Pay all orders of a checkout from the customer's wallet into escrow; a repeat returns what was done.

    The hold, its posting and the orders' steps are one transaction. Raises CheckoutNotFound, CheckoutOver, and a
    LedgerRefusal; and then the goods stay set aside until it expires.
    """
    with acting_as_service(), transaction.atomic():
        try:
            checkout = stock.lock_open(checkout_id, customer_id=customer_id)
        except CheckoutOver:
            return _paid(checkout_id)
        if checkout.expires_at <= at:
            raise CheckoutOver(state=str(State.EXPIRED))
        found = Order.objects.select_for_update(of=("self",), no_key=True).filter(checkout=checkout)
        orders = list(found.select_related("seller", "delivery_option").order_by("pk"))
        stock.sell(checkout)
        money.set_aside(checkout, orders)
        step_many(orders, Event.PAY, who=Actor.BUYER, at=at)
        checkout.state, checkout.ended_at = State.PAID, at
        checkout.save(update_fields=["state", "ended_at"])
        audit.record(action="marketplace.checkout.paid", target=checkout, amount=checkout.amount)
        return checkout


def _paid(checkout_id: UUID) -> Checkout:
    """A checkout that is paid already. Raises CheckoutOver for one that ended otherwise."""
    checkout = Checkout.objects.get(pk=checkout_id)
    if checkout.state != State.PAID:
        raise CheckoutOver(state=checkout.state)
    return checkout
