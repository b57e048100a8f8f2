"""A paid order that is not on its way yet ends: all of it goes back to the buyer, and its goods on sale again."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from accounts.models import User
from core.actors import acting_as_service
from core.ids import posting_id
from marketplace.models import Order, Variant
from marketplace.services import money
from marketplace.services.steps import lock_order, lock_sold, step
from marketplace.states import Actor, Event


def cancel(*, order_id: UUID, customer_id: UUID, at: datetime, reason: str = "") -> Order:
    """Cancel one's own order before it is sent. Raises OrderNotFound, StateRefused."""
    with acting_as_service(), transaction.atomic():
        return end(lock_order(order_id, customer_id=customer_id), Event.CANCEL, Actor.BUYER, at, reason)


def decline(*, order_id: UUID, by: User, at: datetime, reason: str) -> Order:
    """Say that an order cannot be delivered. Raises OrderNotFound, RoleNotEnough, StateRefused."""
    with acting_as_service(), transaction.atomic():
        return end(lock_sold(order_id, by=by), Event.DECLINE, Actor.SELLER, at, reason)


def end(order: Order, event: Event, who: Actor, at: datetime, reason: str = "") -> Order:
    """End a locked order that was paid and is not on its way: needs a transaction. Raises StateRefused."""
    step(order, event, who=who, at=at, reason=reason)
    pieces = {item.variant_id: item.quantity for item in order.items.all()}
    variants = list(Variant.objects.select_for_update(no_key=True).filter(pk__in=pieces).order_by("pk"))
    for variant in variants:
        variant.stock += pieces[variant.pk]
    Variant.objects.bulk_update(variants, ["stock"])
    money.give_back(order, order.paid - order.refunded, posting_id=posting_id())
    return order
