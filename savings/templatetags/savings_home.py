"""The card of savings on the start page, which lies below savings and cannot ask for it."""

from typing import Any

from django import template
from django.utils import timezone

from accounts.models import User
from savings.cards import overview_of

register = template.Library()
SHOWN = 2


@register.inclusion_tag("savings/_home_card.html")
def savings_card(user: User) -> dict[str, Any]:
    """What is saved and how the goals stand; an invitation where nothing is."""
    overview = overview_of(user, on=timezone.localdate())
    return {"overview": overview, "shown": overview.going_on[:SHOWN], "more": len(overview.going_on) - SHOWN}
