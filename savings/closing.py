"""What must be done with savings before a month of the books closes: each of its days, for each of them."""

from datetime import date

from django.db.models import Count, Min

from savings.models import Position
from savings.refusals import DaysOfSavingsOpen, SavingsParked
from wallet.services.periods import month_after


def require_days_closed(month: date) -> None:
    """Raise DaysOfSavingsOpen, or SavingsParked, where a day of a month or of one before is not closed."""
    open_days = Position.objects.filter(next_day__lt=month_after(month))
    waiting = open_days.filter(parked_at=None).aggregate(first=Min("next_day"))
    if waiting["first"] is not None:
        raise DaysOfSavingsOpen(day=str(waiting["first"]))
    parked = open_days.aggregate(savings=Count("pk"), first=Min("next_day"))
    if parked["savings"]:
        raise SavingsParked(savings=parked["savings"], day=str(parked["first"]))
