"""Money that nobody is known for, item by item with its age, until a posting gives it to somebody."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection
from django.db.models import Count, Sum

from accounts import audit
from core.actors import acting_as_service
from wallet.models import SuspenseItem

AT_ONCE = 20_000
# Days from, and to (None: any older).
AGES: tuple[tuple[int, int | None], ...] = ((0, 1), (1, 7), (7, 30), (30, None))


@dataclass(frozen=True)
class Age:
    since_days: int
    until_days: int | None
    count: int
    amount: int


def follow_suspense() -> int:
    """Take in what the books have put aside, or given to somebody, since the last call; return what was passed."""
    with acting_as_service(), connection.cursor() as cursor:
        cursor.execute("select wallet.follow_suspense(%s)", [AT_ONCE])
        return int(cursor.fetchone()[0])


def attributed(*, posting_id: UUID, by_posting: UUID, at: datetime) -> None:
    """Note that a suspended posting's money went to somebody by another posting, in that one's transaction."""
    items = SuspenseItem.objects.filter(posting_id=posting_id, attributed_by=None)
    for item in items.select_for_update():
        item.attributed_by, item.attributed_at = by_posting, at
        item.save(update_fields=["attributed_by", "attributed_at"])
        audit.record(action="wallet.suspense.attributed", target=item, by=str(by_posting))


def ages(*, currency: str, at: datetime) -> Iterable[Age]:
    """Return how much stands in suspense, by how long."""
    standing = SuspenseItem.objects.filter(attributed_by=None, currency=currency)
    for since, until in AGES:
        rows = standing.filter(suspended_at__lte=at - timedelta(days=since))
        if until is not None:
            rows = rows.filter(suspended_at__gt=at - timedelta(days=until))
        found = rows.aggregate(count=Count("pk"), amount=Sum("amount"))
        yield Age(since, until, found["count"], found["amount"] or 0)
