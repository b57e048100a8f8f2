"""The states of an order, and the only ways between them. Pure.

A return is asked for from several states and may be refused: then the order goes back to where it was asked from,
which `came_from` names. Money follows the state: it waits in escrow until the order is completed.
"""

from dataclasses import dataclass
from enum import StrEnum

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from core.errors import DomainError


class State(TextChoices):
    PLACED = "PLACED", _("Waiting for payment")
    PAID = "PAID", _("Paid")
    ACCEPTED = "ACCEPTED", _("Being prepared")
    SHIPPED = "SHIPPED", _("On its way")
    DELIVERED = "DELIVERED", _("Delivered")
    COMPLETED = "COMPLETED", _("Completed")
    CANCELLED = "CANCELLED", _("Cancelled")
    REFUND_REQUESTED = "REFUND_REQUESTED", _("Refund asked for")
    REFUNDED = "REFUNDED", _("Refunded")
    DISPUTED = "DISPUTED", _("Being looked into")


class Event(StrEnum):
    """What happens to an order."""

    PAY = "pay"
    ACCEPT = "accept"
    SHIP = "ship"
    DELIVER = "deliver"
    CONFIRM = "confirm"  # by the buyer: it is here and as it should be
    COMPLETE = "complete"  # nobody said anything for as long as was agreed
    CANCEL = "cancel"
    DECLINE = "decline"  # by the seller, who cannot deliver
    LAPSE = "lapse"  # not paid, not accepted or not shipped in time
    ASK_REFUND = "ask_refund"
    WITHDRAW_REFUND = "withdraw_refund"
    REFUSE_REFUND = "refuse_refund"
    REFUND_PART = "refund_part"
    REFUND = "refund"  # all that was left
    DISPUTE = "dispute"
    DECIDE_SELLER = "decide_seller"
    DECIDE_PART = "decide_part"
    DECIDE_BUYER = "decide_buyer"


class Actor(StrEnum):
    BUYER = "buyer"
    SELLER = "seller"
    STAFF = "staff"
    SYSTEM = "system"


class StateRefused(DomainError):
    """`data` names the state that the order is in and the event that does not fit it."""

    code = "order_state_refused"
    kind = "conflict"
    message = _("This cannot be done with an order in its state.")
    public = ("state", "event")


class ActorRefused(DomainError):
    """The event fits the state, and is somebody else's to bring about."""

    code = "order_actor_refused"
    kind = "forbidden"
    message = _("This is not yours to do.")
    public = ("state", "event")


@dataclass(frozen=True)
class Way:
    """Who may take an order by an event from one state to another; no `end`: back to where a refund was asked from."""

    who: frozenset[Actor]
    end: State | None


def _way(end: State | None, *who: Actor) -> Way:
    return Way(frozenset(who), end)


S, E, A = State, Event, Actor
# Where a refund may be asked for: once something is on its way, and after it is done within the window for returns.
ASKS_FROM = (S.SHIPPED, S.DELIVERED, S.COMPLETED)
WAYS: dict[tuple[State, Event], Way] = {
    (S.PLACED, E.PAY): _way(S.PAID, A.BUYER, A.SYSTEM),
    (S.PLACED, E.CANCEL): _way(S.CANCELLED, A.BUYER, A.STAFF),
    (S.PLACED, E.LAPSE): _way(S.CANCELLED, A.SYSTEM),
    (S.PAID, E.ACCEPT): _way(S.ACCEPTED, A.SELLER),
    (S.PAID, E.CANCEL): _way(S.CANCELLED, A.BUYER, A.STAFF),
    (S.PAID, E.DECLINE): _way(S.CANCELLED, A.SELLER),
    (S.PAID, E.LAPSE): _way(S.CANCELLED, A.SYSTEM),
    (S.ACCEPTED, E.SHIP): _way(S.SHIPPED, A.SELLER),
    (S.ACCEPTED, E.CANCEL): _way(S.CANCELLED, A.BUYER, A.STAFF),
    (S.ACCEPTED, E.DECLINE): _way(S.CANCELLED, A.SELLER),
    (S.ACCEPTED, E.LAPSE): _way(S.CANCELLED, A.SYSTEM),
    (S.SHIPPED, E.DELIVER): _way(S.DELIVERED, A.SELLER, A.SYSTEM),
    (S.SHIPPED, E.CONFIRM): _way(S.COMPLETED, A.BUYER),
    (S.DELIVERED, E.CONFIRM): _way(S.COMPLETED, A.BUYER),
    (S.DELIVERED, E.COMPLETE): _way(S.COMPLETED, A.SYSTEM),
    **{(start, E.ASK_REFUND): _way(S.REFUND_REQUESTED, A.BUYER) for start in ASKS_FROM},
    (S.REFUND_REQUESTED, E.WITHDRAW_REFUND): _way(None, A.BUYER),
    (S.REFUND_REQUESTED, E.REFUSE_REFUND): _way(None, A.SELLER),
    (S.REFUND_REQUESTED, E.REFUND_PART): _way(None, A.SELLER),
    (S.REFUND_REQUESTED, E.REFUND): _way(S.REFUNDED, A.SELLER),
    (S.REFUND_REQUESTED, E.DISPUTE): _way(S.DISPUTED, A.BUYER, A.SYSTEM),
    (S.SHIPPED, E.DISPUTE): _way(S.DISPUTED, A.BUYER),
    (S.DELIVERED, E.DISPUTE): _way(S.DISPUTED, A.BUYER),
    (S.DISPUTED, E.DECIDE_SELLER): _way(S.COMPLETED, A.STAFF),
    (S.DISPUTED, E.DECIDE_PART): _way(S.COMPLETED, A.STAFF),
    (S.DISPUTED, E.DECIDE_BUYER): _way(S.REFUNDED, A.STAFF),
}
# No way leads out of these.
ENDED = frozenset(State) - {start for start, _event in WAYS}
# What the buyer paid is in escrow; a refund or a dispute may come before or after it went to the seller.
IN_ESCROW = frozenset({S.PAID, S.ACCEPTED, S.SHIPPED, S.DELIVERED})


def following(state: str, event: Event, *, who: Actor, came_from: str | None = None) -> State:
    """Return the state that an event leads to. `came_from` is where the refund that is open was asked from.

    Raises StateRefused, ActorRefused; ValueError where the way back is not told or is none.
    """
    way = WAYS.get((State(state), event))
    if way is None:
        raise StateRefused(state=str(state), event=str(event))
    if who not in way.who:
        raise ActorRefused(state=str(state), event=str(event))
    if way.end is not None:
        return way.end
    if came_from not in ASKS_FROM:
        raise ValueError(f"No refund is asked for from {came_from}.")
    return State(came_from)


def may(state: str, who: Actor) -> list[Event]:
    """Return what somebody may do with an order in a state: the buttons of their page."""
    return [event for (start, event), way in WAYS.items() if start == state and who in way.who]
