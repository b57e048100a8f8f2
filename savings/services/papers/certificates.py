"""What interest a person's savings were paid in a calendar year, and what tax was withheld of it."""

from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Min, Q, Sum
from django.utils import timezone

from accounts.models import User
from core.actors import acting_as_service
from savings.models import Accrual, ClosingQuote, UserSavings
from savings.refusals import DaysInvalid
from savings.services.holding import wallet_of
from savings.services.papers.issuing import holder_of, issue
from wallet.models import Document

NGN = "NGN"


@dataclass(frozen=True)
class Certified:
    """What a saving was paid for a year’s days; minor units. `interest` is before tax, less what was taken back."""

    name: str
    plan: str
    interest: int
    tax: int

    @property
    def net(self) -> int:
        return self.interest - self.tax


def years_of(*, user: User, on: date) -> list[int]:
    """Return the years in which a person saved, up to the one that `on` is a day of; the newest first."""
    with acting_as_service():
        first = UserSavings.objects.filter(user=user).aggregate(day=Min("opened_on"))["day"]
    return [] if first is None else list(range(on.year, first.year - 1, -1))


def certified(*, user: User, year: int) -> list[Certified]:
    """Return a line for each saving that was paid interest in a year, or lost some: sums of what is stored."""
    first, after = date(year, 1, 1), date(year + 1, 1, 1)
    begins = timezone.make_aware(datetime.combine(first, datetime.min.time()))
    with acting_as_service():
        own = UserSavings.objects.filter(user=user, plan__currency=NGN, opened_on__lt=after)
        going_on = own.filter(Q(ended_at=None) | Q(ended_at__gte=begins)).select_related("plan")
        found = [_of(saving, first, after) for saving in going_on.order_by("opened_on", "pk")]
    return [one for one in found if one.interest or one.tax]


def _of(saving: UserSavings, first: date, after: date) -> Certified:
    """By days, by the day it was ended, and by its first day where interest was paid then."""
    opened = saving.opened_on or after
    days = Accrual.objects.of(saving, since=max(first, opened), before=after).order_by("pk")
    sums = days.aggregate(paid=Sum("paid"), tax=Sum("tax"))
    interest, tax = sums["paid"] or 0, sums["tax"] or 0
    if first <= opened:
        interest, tax = interest + saving.paid_at_start, tax + saving.tax_at_start
    quotes = ClosingQuote.objects.filter(saving=saving, day__gte=first, day__lt=after).exclude(used_at=None)
    for quote in quotes:
        interest += quote.interest - quote.taken_back
        tax += quote.tax - quote.tax_back
    for replay in saving.replays.exclude(adjusting_id=None):
        if first <= timezone.localdate(replay.made_at) < after:
            interest, tax = interest + replay.interest, tax + replay.tax
    return Certified(saving.name, saving.plan.name, interest, tax)


def issue_certificate(*, user: User, year: int, at: datetime) -> Document:
    """Make the certificate of a year, of one that is not over up to today; the same figures are the same paper.

    Raises DaysInvalid for a year in which nothing was saved, TooManyPapers.
    """
    today = timezone.localdate(at)
    if year not in years_of(user=user, on=today):
        raise DaysInvalid(field="year")
    rows = certified(user=user, year=year)
    until = min(date(year, 12, 31), today)
    with acting_as_service():
        facts = {
            "year": year,
            "until": until.isoformat(),
            "holder": holder_of(user),
            "currency": NGN,
            "rows": [[row.name, row.plan, row.interest, row.tax] for row in rows],
        }
        wallet = wallet_of(user.pk, NGN)
        kind = Document.Kind.INTEREST_CERTIFICATE
        return issue(kind=kind, about=user.pk, account=wallet, user=user, facts=facts, at=at)
