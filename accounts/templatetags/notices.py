"""The bell."""

from contextlib import nullcontext
from typing import Any

from django import template

from accounts import notices
from core.actors import acting_as, current_actor

register = template.Library()


@register.simple_tag(takes_context=True)
def unread_notices(context: dict[str, Any]) -> str:
    """Return what the reader's badge says; a page that is drawn outside any actor asks as the reader."""
    user = context["user"]
    if not user.is_authenticated:
        return ""
    with nullcontext() if current_actor() else acting_as(user):
        return notices.unread_of(user)
