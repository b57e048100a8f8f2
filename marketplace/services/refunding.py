"""A buyer wants money back for what was sent; the seller grants it, a part of it, or not, and staff settle disputes.

However often and however much is asked for, no more goes back than was paid: `Order.refunded` is its running cap.
Amounts are minor units (kobo).
"""

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from core.actors import acting_as_service
from marketplace.models import Dispute, Order, RefundRequest
from marketplace.order_refusals import DecidedAlready, RefundTooLarge, ReturnsOver
from marketplace.services import money
from marketplace.services.steps import lock_order, lock_sold, step
from marketplace.states import Actor, Event, State

Asked = RefundRequest.State
DAY = timedelta(days=1)


def ask_refund(*, order_id: UUID, customer_id: UUID, amount: int, reason: str, at: datetime) -> RefundRequest:
    """Ask for so much of an order back.

    Raises OrderNotFound, StateRefused, RefundTooLarge, ReturnsOver; DecidedAlready after a dispute.
    """
    with acting_as_service(), transaction.atomic():
        order = lock_order(order_id, customer_id=customer_id)
        left = order.paid - order.refunded
        if not 0 < amount <= left:
            raise RefundTooLarge(left=left)
        if order.delivered_at is not None:
            until = timezone.localdate(order.delivered_at) + order.return_days * DAY
            if timezone.localdate(at) > until:
                raise ReturnsOver(until=until.isoformat())
        if Dispute.objects.filter(order=order, decided_at__isnull=False).exists():
            raise DecidedAlready
        step(order, Event.ASK_REFUND, who=Actor.BUYER, at=at, reason=reason, amount=amount)
        return RefundRequest.objects.create(order=order, amount=amount, reason=reason[:500])


def withdraw_refund(*, order_id: UUID, customer_id: UUID, at: datetime) -> RefundRequest:
    """Want nothing back after all: the order goes on where it was. Raises OrderNotFound, StateRefused."""
    with acting_as_service(), transaction.atomic():
        order = lock_order(order_id, customer_id=customer_id)
        step(order, Event.WITHDRAW_REFUND, who=Actor.BUYER, at=at)
        return _end(_open(order), Asked.WITHDRAWN, at)


def refuse_refund(*, order_id: UUID, by: User, answer: str, at: datetime) -> RefundRequest:
    """Refuse what was asked for; the buyer may dispute that while the order is not completed."""
    with acting_as_service(), transaction.atomic():
        order = lock_sold(order_id, by=by)
        step(order, Event.REFUSE_REFUND, who=Actor.SELLER, at=at, reason=answer)
        return _end(_open(order), Asked.REFUSED, at, answer=answer)


def grant_refund(
    *, order_id: UUID, by: User, at: datetime, amount: int | None = None, answer: str = ""
) -> RefundRequest:
    """Give back what was asked for, or less of it. Once nothing is left of what was paid the order is refunded.

    Raises OrderNotFound, RoleNotEnough, StateRefused, RefundTooLarge for more than was asked; InsufficientFunds where
    the seller was paid and has too little.
    """
    with acting_as_service(), transaction.atomic():
        order = lock_sold(order_id, by=by)
        all_of_it = order.paid - order.refunded
        asked = order.refund_requests.filter(state=Asked.OPEN).first()
        given = amount if amount is not None else asked.amount if asked else all_of_it
        event = Event.REFUND if given == all_of_it else Event.REFUND_PART
        step(order, event, who=Actor.SELLER, at=at, reason=answer, amount=given)
        asked = _open(order)
        if not 0 < given <= asked.amount:
            raise RefundTooLarge(left=asked.amount)
        money.give_back(order, given, posting_id=asked.posting_id)
        return _end(asked, Asked.GRANTED, at, answer=answer, refunded=given)


def dispute(*, order_id: UUID, customer_id: UUID, reason: str, at: datetime) -> Dispute:
    """Have staff look into an order on its way, delivered, or with a refund that is asked for.

    Raises OrderNotFound, StateRefused.
    """
    with acting_as_service(), transaction.atomic():
        order = lock_order(order_id, customer_id=customer_id)
        return open_dispute(order, Actor.BUYER, reason, at)


def open_dispute(order: Order, who: Actor, reason: str, at: datetime) -> Dispute:
    """Open the dispute of a locked order: needs a transaction. Raises StateRefused."""
    had_asked = order.state == State.REFUND_REQUESTED
    step(order, Event.DISPUTE, who=who, at=at, reason=reason)
    if had_asked:
        _end(_open(order), Asked.DISPUTED, at)
    return Dispute.objects.create(order=order, reason=reason[:1000])


def _open(order: Order) -> RefundRequest:
    found: RefundRequest = order.refund_requests.get(state=Asked.OPEN)
    return found


def _end(
    asked: RefundRequest, state: str, at: datetime, *, answer: str = "", refunded: int = 0
) -> RefundRequest:
    asked.state, asked.ended_at, asked.answer, asked.refunded = state, at, answer[:500], refunded
    asked.save(update_fields=["state", "ended_at", "answer", "refunded"])
    return asked
