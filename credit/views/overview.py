"""A person's applications and loans, all on one page."""

from django.db.models import Count, Q
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.requests import PersonRequest
from credit import borrowing_words as words
from credit.models import Application, Bid
from credit.services.applying import MOST_OPEN, OPEN
from credit.states import ENDED, State
from wallet.views.access import own_wallet, wallet_page

MOST = 100


@wallet_page
@require_safe
def borrowing(request: PersonRequest) -> HttpResponse:
    """What is owed, what is under way, and what is over; a fixed number of queries."""
    wallet, now = own_wallet(request.user), timezone.now()
    live = Q(bids__state=Bid.State.LIVE, bids__expires_at__gt=now)
    mine = Application.objects.visible_to(request.user).select_related("loan__position")
    rows = list(mine.annotate(offers=Count("bids", filter=live)).order_by("-id")[:MOST])
    loans = [row for row in rows if hasattr(row, "loan")]
    others = [row for row in rows if not hasattr(row, "loan")]
    over = (*ENDED, State.CLOSED_MET, State.DECLINED)
    going_on = [row for row in loans if row.state not in over]
    context = {
        "wallet": wallet,
        "loans": going_on,
        "owed": sum(words.owed(row.loan.position) for row in going_on),
        "due": sum(row.loan.position.due for row in going_on),
        "under_way": [(row, words.tone(row)) for row in others if row.state not in over],
        "over": [row for row in rows if row.state in over],
        "may_apply": sum(row.state in OPEN for row in rows) < MOST_OPEN,
    }
    return render(request, "credit/borrowing.html", context)
