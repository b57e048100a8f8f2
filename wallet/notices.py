"""A person's newest notices, as far as pages list and count them."""

from django.db.models import QuerySet

from accounts.models import Notification, User

LISTED = 50
COUNTED = 9


def newest_of(user: User) -> QuerySet[Notification]:
    return Notification.objects.visible_to(user).order_by("-id")[:LISTED]


def unread_of(user: User) -> str:
    """Return how many of the newest notices are unread, as a badge says it: nothing, 3, 9+.

    One index probe, which costs the same however many notices there ever were.
    """
    unread = sum(read_at is None for read_at in newest_of(user).values_list("read_at", flat=True))
    return f"{COUNTED}+" if unread > COUNTED else str(unread or "")
