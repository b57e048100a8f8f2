"""A paid order on its way: its seller takes it on and sends it, it arrives, and the seller is paid."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from accounts.models import User
from core.actors import acting_as_service
from marketplace.models import Order, Shipment
from marketplace.services import money
from marketplace.services.steps import lock_order, lock_sold, step
from marketplace.states import Actor, Event


def accept(*, order_id: UUID, by: User, at: datetime) -> Order:
    """Take an order on. Raises OrderNotFound, RoleNotEnough, StateRefused."""
    with acting_as_service(), transaction.atomic():
        order = lock_sold(order_id, by=by)
        step(order, Event.ACCEPT, who=Actor.SELLER, at=at)
        return order


def ship(*, order_id: UUID, by: User, carrier: str, tracking: str, at: datetime) -> Shipment:
    """Send an order. Raises OrderNotFound, RoleNotEnough, StateRefused."""
    with acting_as_service(), transaction.atomic():
        order = lock_sold(order_id, by=by)
        step(order, Event.SHIP, who=Actor.SELLER, at=at, carrier=carrier, tracking=tracking)
        return Shipment.objects.create(order=order, carrier=carrier, tracking=tracking, shipped_at=at)


def deliver(*, order_id: UUID, by: User, at: datetime) -> Order:
    """Say that an order arrived: from now on its buyer has some days to object.

    Raises OrderNotFound, RoleNotEnough, StateRefused.
    """
    with acting_as_service(), transaction.atomic():
        return arrive(lock_sold(order_id, by=by), Actor.SELLER, at)


def confirm(*, order_id: UUID, customer_id: UUID, at: datetime) -> Order:
    """Say that an order is here and as it should be: its seller is paid. Raises OrderNotFound, StateRefused."""
    with acting_as_service(), transaction.atomic():
        order = lock_order(order_id, customer_id=customer_id)
        return _complete(order, Event.CONFIRM, Actor.BUYER, at)


def complete_next(*, at: datetime) -> bool:
    """Complete the delivered order that nobody objected to longest; return whether there was one to take."""
    with acting_as_service(), transaction.atomic():
        due = Order.objects.filter(completes_at__lte=at).order_by("completes_at", "pk")
        order_id = due.select_for_update(skip_locked=True, no_key=True).values_list("pk", flat=True).first()
        if order_id is None:
            return False
        _complete(lock_order(order_id), Event.COMPLETE, Actor.SYSTEM, at)
        return True


def arrive(order: Order, who: Actor, at: datetime) -> Order:
    """Note that a locked order arrived: needs a transaction."""
    step(order, Event.DELIVER, who=who, at=at)
    order.shipments.filter(delivered_at=None).update(delivered_at=at)
    return order


def _complete(order: Order, event: Event, who: Actor, at: datetime) -> Order:
    """A refund that was refused after the seller was paid leads back to a completed order, and pays nobody again."""
    step(order, event, who=who, at=at)
    order.shipments.filter(delivered_at=None).update(delivered_at=at)
    money.release(order)
    return order
