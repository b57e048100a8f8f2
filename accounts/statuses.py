"""Which status of a customer may follow which, and what lies beneath the one that holds now. Pure.

Restrictions lie upon each other: who is restricted and then frozen is restricted again when the freeze is lifted, if
the restriction has not run out meanwhile. What lies beneath is read from the changes there were, oldest first.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from accounts.models import Customer, CustomerStatusChange

S = Customer.Status

FOLLOWS: dict[str, frozenset[str]] = {
    S.ACTIVE: frozenset({S.NO_DEBIT, S.NO_CREDIT, S.FROZEN, S.LOCKED, S.CLOSED}),
    # From one restriction to itself: for another reason, or another time. One of the other kind would let out what
    # this one holds back; who wants both freezes.
    S.NO_DEBIT: frozenset({S.ACTIVE, S.NO_DEBIT, S.FROZEN, S.LOCKED, S.CLOSED}),
    S.NO_CREDIT: frozenset({S.ACTIVE, S.NO_CREDIT, S.FROZEN, S.LOCKED, S.CLOSED}),
    # Back to what lies beneath.
    S.FROZEN: frozenset({S.ACTIVE, S.NO_DEBIT, S.NO_CREDIT, S.LOCKED, S.FROZEN}),
    S.LOCKED: frozenset({S.ACTIVE, S.NO_DEBIT, S.NO_CREDIT, S.FROZEN, S.LOCKED}),
    S.CLOSED: frozenset(),
}


@dataclass(frozen=True)
class Layer:
    """A status that holds or lies beneath one that does: why, until when, and by whose doing."""

    status: str
    cause: str = ""
    reason_code: str = ""
    until: datetime | None = None

    def is_over(self, at: datetime) -> bool:
        return self.until is not None and self.until <= at


ACTIVE = Layer(S.ACTIVE)


def layers(changes: Iterable[CustomerStatusChange]) -> list[Layer]:
    """Return what lies upon ACTIVE, the lowest first. A change to what lies there already lifts all above it."""
    found: list[Layer] = []
    for change in changes:
        if change.to_status == S.ACTIVE:
            found = []
            continue
        known = [layer.status for layer in found]
        if change.to_status in known:
            place = known.index(change.to_status)
            is_lift = place < len(found) - 1
            found = found[: place + 1]
            if is_lift:
                continue
            found.pop()
        found.append(Layer(change.to_status, change.cause, change.reason_code, change.until))
    return found


def current(status: str, changes: Iterable[CustomerStatusChange]) -> Layer:
    """Return the status that holds, with its reason where one was written down."""
    found = layers(changes)
    return found[-1] if found and found[-1].status == status else Layer(status)


def beneath(status: str, changes: Iterable[CustomerStatusChange], at: datetime) -> Layer:
    """Return what holds again when the present status is lifted; what has run out meanwhile is passed over."""
    found = layers(changes)
    if found and found[-1].status == status:
        found.pop()
    while found and found[-1].is_over(at):
        found.pop()
    return found[-1] if found else ACTIVE
