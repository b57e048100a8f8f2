"""The card of savings on the start page, which lies below savings and cannot ask for it."""

from typing import Any

from django import template
from django.utils import timezone

from accounts.models import User
from savings.cards import Card, overview_of
from savings.models import UserSavings

register = template.Library()
SHOWN = 2


@register.inclusion_tag("savings/_home_card.html")
def savings_card(user: User) -> dict[str, Any]:
    """What is saved and how the goals stand; an invitation where nothing is."""
    overview = overview_of(user, on=timezone.localdate())
    shown = sorted(overview.going_on, key=_needs_attention)[:SHOWN]
    return {"overview": overview, "shown": shown, "more": len(overview.going_on) - len(shown)}


def _needs_attention(card: Card) -> tuple[bool, bool]:
    """Goals that are behind come first, and what has not begun comes last; else the newest."""
    return card.saving.state == UserSavings.State.DRAFT, not (card.progress and card.progress.behind)
