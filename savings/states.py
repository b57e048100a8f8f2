"""The states of a saving, and the only ways between them. Pure.

Whether a saving may be paid into or taken from is said here too, so that a page, the API and a task agree.
"""

from enum import StrEnum

from savings.models import UserSavings

State = UserSavings.State


class Event(StrEnum):
    """What happens to a saving."""

    ACTIVATE = "activate"
    CANCEL = "cancel"
    PAUSE = "pause"
    RESUME = "resume"
    FREEZE = "freeze"
    LIFT = "lift"
    MATURE = "mature"
    BREAK = "break"
    CLOSE = "close"
    PAY_OUT = "pay_out"
    ROLL_OVER = "roll_over"


# An open-ended saving has no day to mature on: its holder's word ends it.
WAYS: dict[tuple[str, Event], str] = {
    (State.DRAFT, Event.ACTIVATE): State.ACTIVE,
    (State.DRAFT, Event.CANCEL): State.CANCELLED,
    (State.ACTIVE, Event.PAUSE): State.PAUSED,
    (State.PAUSED, Event.RESUME): State.ACTIVE,
    (State.ACTIVE, Event.FREEZE): State.FROZEN,
    (State.FROZEN, Event.LIFT): State.ACTIVE,
    (State.ACTIVE, Event.MATURE): State.MATURED,
    (State.ACTIVE, Event.BREAK): State.BROKEN,
    (State.BROKEN, Event.CLOSE): State.CLOSED,
    (State.MATURED, Event.CLOSE): State.CLOSED,
    (State.MATURED, Event.PAY_OUT): State.PAID_OUT,
    (State.MATURED, Event.ROLL_OVER): State.ROLLED_OVER,
}
ENDED = frozenset({State.CLOSED, State.ROLLED_OVER, State.PAID_OUT, State.CANCELLED})
# What takes no more money, and saves no more by itself.
OVER = ENDED | {State.MATURED, State.BROKEN}
# Which states take money in, and which let it out in part.
TAKES_MONEY = frozenset({State.DRAFT, State.ACTIVE, State.PAUSED})
GIVES_MONEY = frozenset({State.ACTIVE, State.PAUSED})
ENDS_EARLY = frozenset({State.ACTIVE, State.PAUSED})
GOES_ON = frozenset({State.DRAFT, State.ACTIVE, State.PAUSED, State.FROZEN, State.MATURED})


def following(state: str, event: Event) -> str | None:
    """Return the state that an event leads to; None where it does not fit."""
    return WAYS.get((state, event))
