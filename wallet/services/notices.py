"""Reading one's notices."""

from datetime import datetime
from typing import Any

from accounts.models import Notification


def read_notices(*, user: Any, at: datetime) -> int:
    """Mark every notice that this person has not read as read; return how many."""
    return Notification.objects.visible_to(user).unread().update(read_at=at)
