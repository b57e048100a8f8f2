"""An order goes from state to state, and each step is written down. What comes by itself next gets its moment here."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from accounts import audit
from accounts.models import User
from accounts.services.organizations import OrganizationNotFound
from core.actors import current_actor
from marketplace.models import Order, OrderChange
from marketplace.order_refusals import OrderNotFound
from marketplace.services.listing import managed
from marketplace.states import Actor, Event, State, following

DAY = timedelta(days=1)
# A seller has so long to take an order on, and to answer who wants money back.
ACCEPTED_WITHIN, ANSWERED_WITHIN = 2 * DAY, 3 * DAY
# Goods on their way are taken as delivered so long after the last day that was named, where nobody says otherwise.
LATE_BY = 7 * DAY
# So long after delivery the money goes to the seller.
RELEASED_AFTER = 3 * DAY


def lock_order(order_id: UUID, *, customer_id: UUID | None = None) -> Order:
    """Lock an order, of this buyer where one is named. Needs a transaction. Raises OrderNotFound."""
    found = Order.objects.select_for_update(of=("self",), no_key=True).filter(pk=order_id)
    if customer_id is not None:
        found = found.filter(customer_id=customer_id)
    order = found.select_related("seller", "delivery_option").first()
    if order is None:
        raise OrderNotFound
    return order


def lock_sold(order_id: UUID, *, by: User) -> Order:
    """Lock an order of a seller that somebody manages. Needs a transaction. Raises OrderNotFound, RoleNotEnough."""
    seller_id = Order.objects.filter(pk=order_id).values_list("seller_id", flat=True).first()
    if seller_id is None:
        raise OrderNotFound
    try:
        managed(seller_id, by=by)
    except OrganizationNotFound as error:
        raise OrderNotFound from error
    return lock_order(order_id)


def step(order: Order, event: Event, *, who: Actor, at: datetime, reason: str = "", **facts: Any) -> State:
    """Take one step with a locked order and return the state it leads to; `facts` go into the audit trail.

    Raises StateRefused, ActorRefused.
    """
    [now] = step_many([order], event, who=who, at=at, reason=reason, **facts)
    return now


def step_many(
    orders: Iterable[Order], event: Event, *, who: Actor, at: datetime, reason: str = "", **facts: Any
) -> list[State]:
    """As `step`, for locked orders that go together: each of them, or none."""
    orders = list(orders)
    leads_to = [following(one.state, event, who=who, came_from=one.came_from or None) for one in orders]
    actor = current_actor()
    changes, trail = [], []
    for order, now in zip(orders, leads_to, strict=True):
        was = State(order.state)
        order.came_from = was if now is State.REFUND_REQUESTED else ""
        order.state, order.changed_at = now, at
        if now is State.DELIVERED or (now is State.COMPLETED and order.delivered_at is None):
            order.delivered_at = at
        order.lapses_at, order.completes_at = _lapses(order, at), _completes(order, at)
        changes.append(
            OrderChange(
                order=order,
                was=was,
                now=now,
                event=event,
                who=who,
                reason=reason[:300],
                actor_id=actor.user_id if actor else None,
            )
        )
        trail.append((order, {"was": was, "now": now, "reason": reason, **facts}))
    Order.objects.bulk_update(
        orders, ["state", "came_from", "changed_at", "delivered_at", "lapses_at", "completes_at"]
    )
    OrderChange.objects.bulk_create(changes)
    audit.record_each(action=f"marketplace.order.{event}", targets=trail)
    return leads_to


def _lapses(order: Order, at: datetime) -> datetime | None:
    """When the next step is taken by itself if nobody takes it; a checkout's own end is that of what is not paid."""
    match order.state:
        case State.PAID:
            return at + ACCEPTED_WITHIN
        case State.ACCEPTED:
            return at + order.seller.ships_within * DAY
        case State.SHIPPED:
            option = order.delivery_option
            return at + (option.most_days if option else 0) * DAY + LATE_BY
        case State.REFUND_REQUESTED:
            return at + ANSWERED_WITHIN
    return None


def _completes(order: Order, at: datetime) -> datetime | None:
    """When an order is completed where nobody objects: by its delivery, also after a refund that was refused."""
    if order.state != State.DELIVERED:
        return None
    return max((order.delivered_at or at) + RELEASED_AFTER, at)
