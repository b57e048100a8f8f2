"""The interest of a saving day by day: a month's list that adds up to what was paid in it, to the last place."""

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.views.decorators.http import require_safe

from accounts.requests import PersonRequest
from savings import cards
from savings.models import Accrual, Move, Replay, UserSavings
from savings.services import paid_so_far, positions_of
from savings.views.access import own_saving
from wallet.views.access import own_wallet, wallet_page

DAY = timedelta(days=1)
CORRECTIONS = 10


@dataclass(frozen=True)
class Month:
    """A month's days, in minor units, what is earned to ten places: brought + earned + corrected - paid = carried."""

    first: date
    rows: list[Accrual]

    @property
    def brought(self) -> Decimal:
        """What was earned before this month and not paid."""
        if not self.rows:
            return Decimal(0)
        first = self.rows[0]
        return first.carry + first.paid - first.accrued

    @property
    def earned(self) -> Decimal:
        return sum((row.accrued for row in self.rows), Decimal(0))

    @property
    def paid(self) -> int:
        return sum(row.paid for row in self.rows)

    @property
    def tax(self) -> int:
        return sum(row.tax for row in self.rows)

    @property
    def corrected(self) -> Decimal:
        """What a correction of days long closed put right within this month."""
        return self.carried - (self.brought + self.earned - self.paid)

    @property
    def carried(self) -> Decimal:
        return self.rows[-1].carry if self.rows else Decimal(0)


@dataclass(frozen=True)
class Correction:
    """What was put right later: money that counts from an earlier day than the one it moved on, in minor units."""

    replay: Replay
    moved: int

    @property
    def interest(self) -> int:
        return abs(self.replay.interest)

    @property
    def tax(self) -> int:
        return abs(self.replay.tax)


@wallet_page
@require_safe
def interest(request: PersonRequest, pk: UUID) -> HttpResponse:
    """One month, the newest unless the address names another; what was paid and what is only earned stand apart."""
    own_wallet(request.user)
    saving, today = own_saving(request, pk), timezone.localdate()
    newest = _newest(saving, today)
    first = _asked(request, newest)
    position = positions_of(user=request.user, savings=[saving]).get(saving.pk)
    paid, tax = paid_so_far(saving, until=today)
    since = saving.opened_on
    context = {
        "saving": saving,
        "month": month_of(saving, first),
        "corrections": corrections_of(saving),
        "paid": paid,
        "tax": tax,
        "earned": cards.earned(position),
        "closed_until": position.next_day - DAY if position and position.next_day else None,
        "older": _before(first) if since and first > since.replace(day=1) else None,
        "newer": _after(first) if first < newest else None,
    }
    return render(request, "savings/interest.html", context)


def month_of(saving: UserSavings, first: date) -> Month:
    rows = Accrual.objects.of(saving, since=first, before=_after(first))
    return Month(first, list(rows.order_by("day")))


def corrections_of(saving: UserSavings) -> list[Correction]:
    """Return what became known later and was put right, newest first."""
    replays = list(saving.replays.order_by("-pk")[:CORRECTIONS])
    moved = dict(Move.objects.filter(pk__in=[row.posting_id for row in replays]).values_list("pk", "amount"))
    return [Correction(row, moved[row.posting_id]) for row in replays]


def _newest(saving: UserSavings, today: date) -> date:
    """The month of the last day that can be closed."""
    ended = timezone.localdate(saving.ended_at) if saving.ended_at else today
    last = max(min(ended, today) - DAY, saving.opened_on or date.min)
    return last.replace(day=1)


def _asked(request: PersonRequest, newest: date) -> date:
    """Raises Http404 for what is no month."""
    text = request.GET.get("month", "")
    if not text:
        return newest
    try:
        found = parse_date(f"{text}-01")
    except ValueError:
        found = None
    if found is None or not date(2000, 1, 1) <= found <= newest:
        raise Http404
    return found


def _before(first: date) -> date:
    return (first - DAY).replace(day=1)


def _after(first: date) -> date:
    return first + monthrange(first.year, first.month)[1] * DAY
