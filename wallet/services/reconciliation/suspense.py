"""Money that nobody is known for, item by item with its age, until a posting gives it to somebody."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection
from django.db.models import Count, QuerySet, Sum

from core.actors import acting_as_service
from wallet.models import SuspenseItem

AT_ONCE = 20_000
# Days from, and to (None: any older).
SUSPENSE_AGES: tuple[tuple[int, int | None], ...] = ((0, 1), (1, 7), (7, 30), (30, None))


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


def standing_for(
    items: QuerySet[SuspenseItem], step: tuple[int, int | None], *, at: datetime
) -> QuerySet[SuspenseItem]:
    """Return those that nobody was given yet and that are as old as a step of `SUSPENSE_AGES`."""
    since, until = step
    rows = items.filter(attributed_by=None, suspended_at__lte=at - timedelta(days=since))
    return rows if until is None else rows.filter(suspended_at__gt=at - timedelta(days=until))


def ages(*, currency: str, at: datetime) -> Iterable[Age]:
    """Return how much stands in suspense, by how long."""
    items = SuspenseItem.objects.filter(currency=currency)
    for step in SUSPENSE_AGES:
        found = standing_for(items, step, at=at).aggregate(count=Count("pk"), amount=Sum("amount"))
        yield Age(*step, found["count"], found["amount"] or 0)
