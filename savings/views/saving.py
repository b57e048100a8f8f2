"""One saving: how its goal stands, how its balance went and will go, what comes next, what moved."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.requests import PersonRequest
from savings import interest, states, wording
from savings.cards import Card, cards_of
from savings.curves import Curve, Point, curve_of, sampled
from savings.interest import DAY
from savings.models import Accrual, ClosingQuote, Move, SavingsPlan, UserSavings
from savings.models.savings import accrual_id
from savings.outlook import outlook_of, rule_of
from savings.projection import Outcome
from savings.services import paid_so_far, positions_of, terms_of
from savings.views.access import own_saving
from wallet.views.access import own_wallet, wallet_page

MOVES = 10


@dataclass(frozen=True)
class Next:
    """Something that is going to happen; `amount` in minor units where it is known."""

    day: date
    what: str
    amount: int | None = None


@wallet_page
@require_safe
def saving(request: PersonRequest, pk: UUID) -> HttpResponse:
    own_wallet(request.user)
    found, today = own_saving(request, pk), timezone.localdate()
    [card] = cards_of(request.user, [found], on=today)
    terms = terms_of(found, today)
    position = positions_of(user=request.user, savings=[found]).get(found.pk)
    ahead = outlook_of(found, terms, position, card.automatic, on=today)
    paid, withheld = paid_so_far(found, until=today)
    context = {
        "saving": found,
        "card": card,
        "terms": terms,
        "rate": interest.rate_of(rule_of(found, terms, position, on=today).bands, max(card.balance, 0)),
        "position": position,
        "paid": paid,
        "withheld": withheld,
        "outcome": ahead,
        "curve": _curve(found, card, ahead, today),
        "next": _next(found, card, ahead, today),
        "moves": list(Move.objects.filter(saving=found).order_by("-value_date", "-posting_id")[:MOVES]),
        "closing": ClosingQuote.objects.filter(saving=found, used_at__isnull=False).first(),
        "breaking": wording.breaking(terms, found.plan),
        "taking_out": wording.taking_out(terms, found.plan),
        "today": today,
        **_may(found, today),
    }
    return render(request, "savings/saving.html", context)


def _may(saving: UserSavings, today: date) -> dict[str, bool]:
    """What its owner can do now, so that a page offers nothing that would be refused."""
    is_fixed = saving.plan.kind == SavingsPlan.Kind.FIXED
    is_over = bool(saving.matures_on and saving.matures_on <= today)
    takes = saving.state in states.TAKES_MONEY and not is_over
    return {
        "may_add": takes and (not is_fixed or saving.state == UserSavings.State.DRAFT),
        "may_take_out": saving.state in states.GIVES_MONEY and not is_fixed,
        "may_end": saving.state in {*states.ENDS_EARLY, UserSavings.State.MATURED},
        "may_set": saving.state in {*states.ENDS_EARLY, UserSavings.State.DRAFT},
        "ends_early": bool(saving.matures_on and saving.matures_on > today),
    }


def _curve(saving: UserSavings, card: Card, ahead: Outcome | None, today: date) -> Curve | None:
    """Its balance at the ends of some of its days, and of some to come; nothing to draw for a single one."""
    if saving.opened_on is None or saving.opened_on > today:
        return None
    last = max(timezone.localdate(saving.ended_at) if saving.ended_at else today, saving.opened_on)
    days = sampled(saving.opened_on, last)
    rows = Accrual.objects.filter(pk__in=[accrual_id(saving.pk, day) for day in days], day__lt=last)
    past = [Point(row.day, row.balance + row.paid - row.tax) for row in rows.order_by("day")]
    past.append(Point(last, card.balance))
    to_come = _points(ahead, today)
    return curve_of(past, to_come, target=saving.target) if len(past) + len(to_come) > 1 else None


def _points(ahead: Outcome | None, today: date) -> list[Point]:
    rows = [row for row in ahead.rows if row.day > today] if ahead else []
    if not rows:
        return []
    wanted = set(sampled(rows[0].day, rows[-1].day))
    return [Point(row.day, row.balance + row.paid - row.tax) for row in rows if row.day in wanted]


def _next(saving: UserSavings, card: Card, ahead: Outcome | None, today: date) -> Sequence[Next]:
    """What is going to happen by itself, soonest first."""
    events = []
    if card.automatic and card.automatic.next_date:
        events.append(Next(card.automatic.next_date, _("Saved by itself"), card.automatic.amount))
    if ahead is not None:
        paid = next((row for row in ahead.rows if row.paid and row.day >= today), None)
        if paid is not None:
            events.append(
                Next(paid.day + DAY, _("Interest is paid, after tax, as it stands"), paid.paid - paid.tax)
            )
    if saving.matures_on and saving.matures_on > today and saving.opened_on and not saving.ended_at:
        comes_to = ahead.balance if ahead else None
        events.append(Next(saving.matures_on, str(saving.get_at_maturity_display()), comes_to))
    return sorted(events, key=lambda event: event.day)
