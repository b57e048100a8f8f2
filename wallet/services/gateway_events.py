"""Who deals with which event of a gateway: each area says so beside its services, `process_webhook` looks here.

    @on("transfer.success", "transfer.failed", "transfer.reversed")
    def take_transfer(gateway, event, data, at): ...

A handler runs outside a transaction, as nobody. `data` is what the event says and only tells what to ask the gateway:
nothing is ever booked on its word. It may come twice, late, and in any order. A DomainError puts the event off to a
later try; NothingToDo says that it is none of ours. What nobody deals with is kept, and left.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from wallet.models import PaymentGateway, WebhookEvent

Handler = Callable[[PaymentGateway, WebhookEvent, dict[str, Any], datetime], None]

HANDLERS: dict[str, Handler] = {}

# No event's own name: money that came under no reference of ours, or into an account number that we gave out.
UNASKED_DEPOSIT = "charge.success unasked"


class NothingToDo(Exception):
    """The event means nothing to us."""


def on(*events: str) -> Callable[[Handler], Handler]:
    """Register a handler of these events. Raises ValueError for an event that has one: two would each do half."""

    def register(handler: Handler) -> Handler:
        for event in events:
            if HANDLERS.setdefault(event, handler) is not handler:
                raise ValueError(f"{event} has a handler already")
        return handler

    return register
