"""Where money came from and went to, month by month; and what a balance is made of."""

from dataclasses import dataclass
from datetime import date
from urllib.parse import urlencode
from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.requests import PersonRequest
from wallet import wording
from wallet.charts import chart_of
from wallet.models import Statement
from wallet.services import explaining, spending
from wallet.services.spending import Sums
from wallet.views.access import own_wallet, wallet_page
from wallet.views.activity import own_entry
from wallet.views.rows import rows_of

EARLIEST = date(2000, 1, 1)
WHOLE = 100


@dataclass(frozen=True)
class Kind:
    """One kind of movement in a table: its name, its sums, its share of the largest, and where its rows are."""

    name: str
    sums: Sums
    share: int
    href: str


def kinds_of(kinds: dict[str, Sums], **asked: str) -> list[Kind]:
    """Return kinds as rows, those that moved most first."""
    largest = max([1, *(max(sums.money_in, sums.money_out) for sums in kinds.values())])
    rows = []
    for code, sums in sorted(kinds.items(), key=lambda pair: -(pair[1].money_in + pair[1].money_out)):
        known = {"kind": code} if code in wording.KINDS else {}
        address = reverse("activity") + "?" + urlencode({**known, **asked})
        share = max(sums.money_in, sums.money_out) * WHOLE // largest
        rows.append(Kind(str(wording.kind(code)), sums, share, address))
    return rows


@wallet_page
@require_safe
def overview(request: PersonRequest) -> HttpResponse:
    """Money in and out of the last twelve months."""
    wallet = own_wallet(request.user)
    months = spending.months_of(account=wallet, on=timezone.localdate())
    has_moved = any(month.kinds for month in months)
    context = {
        "wallet": wallet,
        "months": months,
        "newest_first": list(reversed(months)),
        "chart": chart_of(months),
        "has_moved": has_moved,
        "has_savings": any(month.has_savings for month in months),
        "money_in": sum(month.money_in for month in months),
        "money_out": sum(month.money_out for month in months),
    }
    return render(request, "wallet/spending.html", context)


@wallet_page
@require_safe
def month(request: PersonRequest, year: int, number: int) -> HttpResponse:
    """One month by kind."""
    today = timezone.localdate()
    try:
        first_day = date(year, number, 1)
    except ValueError:
        raise Http404 from None
    if not EARLIEST <= first_day <= today:
        raise Http404
    wallet = own_wallet(request.user)
    found = spending.month_of(account=wallet, first_day=first_day)
    days = {"since": found.first_day.isoformat(), "until": found.last_day.isoformat()}
    later = spending.next_month(first_day)
    context = {
        "wallet": wallet,
        "month": found,
        "kinds": kinds_of(found.kinds, **days),
        "statement": Statement.objects.filter(account=wallet, monthly=True, since=first_day).first(),
        "earlier": _before(first_day),
        "later": later if later <= today else None,
    }
    return render(request, "wallet/spending_month.html", context)


def _before(first_day: date) -> date:
    return date(first_day.year - (first_day.month == 1), first_day.month - 1 or 12, 1)


@wallet_page
@require_safe
def balance(request: PersonRequest) -> HttpResponse:
    """Why the balance is what it is: a sum of kinds, each of which leads to its movements."""
    wallet = own_wallet(request.user)
    found = spending.explain_balance(account=wallet)
    context = {"wallet": wallet, "explained": found, "kinds": kinds_of(found.kinds)}
    return render(request, "wallet/balance.html", context)


@wallet_page
@require_safe
def why(request: PersonRequest, transaction_id: UUID) -> HttpResponse:
    """Why one movement is there, in plain words: what asked for it, what goes with it, what it did to the balance."""
    entry = own_entry(request.user, transaction_id)
    context = {
        "row": rows_of([entry])[0],
        "before": (entry.balance or 0) - entry.change,
        "causes": explaining.causes_of(entry=entry, for_staff=False),
    }
    return render(request, "wallet/why.html", context)
