"""What happens to an order by itself, because whoever was to act did not."""

from datetime import datetime

from django.db import transaction

from core.actors import acting_as_service
from marketplace.models import Order
from marketplace.services.cancelling import end
from marketplace.services.fulfilling import arrive
from marketplace.services.refunding import open_dispute
from marketplace.services.steps import lock_order
from marketplace.states import Actor, Event, State


def lapse_next(*, at: datetime) -> bool:
    """Take the step of the order whose time is over longest; return whether there was one that nobody else was at.

    What no seller took on or sent is cancelled, what is long on its way has arrived, and a wish for money back that
    nobody answered is looked into by staff.
    """
    with acting_as_service(), transaction.atomic():
        due = Order.objects.filter(lapses_at__lte=at).order_by("lapses_at", "pk")
        order_id = due.select_for_update(skip_locked=True, no_key=True).values_list("pk", flat=True).first()
        if order_id is None:
            return False
        order = lock_order(order_id)
        match order.state:
            case State.SHIPPED:
                arrive(order, Actor.SYSTEM, at)
            case State.REFUND_REQUESTED:
                open_dispute(order, Actor.SYSTEM, "", at)
            case _:
                end(order, Event.LAPSE, Actor.SYSTEM, at)
        return True
