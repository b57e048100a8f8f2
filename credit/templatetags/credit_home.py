"""The card of loans on the start page, which lies below credit and cannot ask for it."""

from typing import Any

from django import template

from accounts.models import User
from credit.models import Application
from credit.states import State

register = template.Library()
SHOWN = 2
# Waits for the borrower, or goes on without.
ASKS = (State.OFFERED, State.ACCEPTED, State.INCOMPLETE)
GOES_ON = (*ASKS, State.ACTIVE, State.SUBMITTED, State.LISTED, State.SIGNED)


@register.inclusion_tag("credit/_home_card.html")
def loans_card(user: User) -> dict[str, Any]:
    """What is owed and what waits for an answer; nothing where nothing is."""
    mine = Application.objects.visible_to(user).filter(state__in=GOES_ON)
    rows = sorted(mine.select_related("loan__position").order_by("-id")[:50], key=_waits)
    return {"rows": rows[:SHOWN], "more": len(rows) - SHOWN}


def _waits(row: Application) -> int:
    """Who is late comes first, then what asks something of its owner, then loans by themselves."""
    if row.state == State.ACTIVE:
        return 0 if row.loan.position.due_since else 2
    return 1 if row.state in ASKS else 3
