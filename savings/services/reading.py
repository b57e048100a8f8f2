"""What a saver's pages say of savings that no customer's own rows say: how far the interest is worked out."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db.models import Q, Sum
from django.utils import timezone

from accounts.models import User
from core.actors import acting_as_service
from savings.models import Position, UserSavings
from wallet.models import Entry


@dataclass(frozen=True)
class Paid:
    """Interest that was paid, before tax, and the tax withheld of it. Minor units."""

    interest: int
    tax: int

    @property
    def net(self) -> int:
        return self.interest - self.tax


def positions_of(*, user: User, savings: Iterable[UserSavings]) -> dict[UUID, Position]:
    """Return the positions of a person's own savings by their ids; another's are left out."""
    ids = [saving.pk for saving in savings]
    with acting_as_service():
        return {row.pk: row for row in Position.objects.filter(pk__in=ids, saving__user_id=user.pk)}


def paid_in_year(*, user: User, year: int) -> Paid:
    """Return the interest that a person's savings were paid for the days of a year, less what was taken back.

    Interest is posted as the day after begins, so that the year's last day lies just in the next one.
    """
    first, after = date(year, 1, 1), date(year + 1, 1, 1)
    since, until = (timezone.make_aware(datetime.combine(day, datetime.min.time())) for day in (first, after))
    own = UserSavings.objects.visible_to(user).filter(Q(ended_at=None) | Q(ended_at__gte=since))
    rows = list(own.values_list("account_id", "opened_on", "paid_at_start", "tax_at_start"))
    entries = Entry.objects.filter(
        account_id__in=[account for account, *_rest in rows], effective_at__gt=since, effective_at__lte=until
    )
    sums = {
        "interest": entries.filter(kind__in=("INTEREST", "INTEREST_BACK")),
        "tax": entries.filter(kind__in=("WITHHOLDING_TAX", "TAX_BACK")),
    }
    totals = {name: found.aggregate(total=Sum("change"))["total"] or 0 for name, found in sums.items()}
    at_start = [row for row in rows if row[1] is not None and first <= row[1] < after]
    return Paid(
        interest=totals["interest"] + sum(row[2] for row in at_start),
        tax=-totals["tax"] + sum(row[3] for row in at_start),
    )
