"""All savings of a person: what is there, how each goal stands."""

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.requests import PersonRequest
from savings.cards import overview_of
from savings.services import paid_in_year
from wallet.views.access import own_wallet, wallet_page


@wallet_page
@require_safe
def savings(request: PersonRequest) -> HttpResponse:
    wallet, today = own_wallet(request.user), timezone.localdate()
    context = {
        "wallet": wallet,
        "overview": overview_of(request.user, on=today),
        "paid": paid_in_year(user=request.user, year=today.year),
        "today": today,
    }
    return render(request, "savings/savings.html", context)
