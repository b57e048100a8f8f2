"""Staff decide an order that buyer and seller do not agree about: one person proposes it, another one does it."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from core.actors import acting_as_service
from marketplace.models import Dispute
from marketplace.order_refusals import RefundTooLarge
from marketplace.services import money
from marketplace.services.steps import lock_order, step
from marketplace.states import Actor, Event

Outcome = Dispute.Outcome


def decide(*, order_id: UUID, refund: int, answer: str, at: datetime) -> Dispute:
    """Give the buyer `refund` (kobo) of a disputed order back, and the seller what is left of it.

    Raises OrderNotFound, StateRefused, RefundTooLarge.
    """
    with acting_as_service(), transaction.atomic():
        order = lock_order(order_id)
        left = order.paid - order.refunded
        if not 0 <= refund <= left:
            raise RefundTooLarge(left=left)
        event, outcome = _event(refund, left)
        step(order, event, who=Actor.STAFF, at=at, reason=answer, refund=refund)
        found: Dispute = Dispute.objects.select_for_update(no_key=True).get(order=order)
        was_released = money.is_released(order)
        money.give_back(order, refund, posting_id=found.posting_id)
        if not was_released and refund < left:
            money.release(order)
        found.outcome, found.refund, found.answer, found.decided_at = outcome, refund, answer[:1000], at
        found.save(update_fields=["outcome", "refund", "answer", "decided_at"])
        return found


def _event(refund: int, left: int) -> tuple[Event, Dispute.Outcome]:
    if refund == 0:
        return Event.DECIDE_SELLER, Outcome.SELLER
    if refund == left:
        return Event.DECIDE_BUYER, Outcome.BUYER
    return Event.DECIDE_PART, Outcome.PART
