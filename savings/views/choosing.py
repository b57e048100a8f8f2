"""Saving without interest: a customer's own wish, taken back whenever they like."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.requests import PersonRequest
from savings import services
from savings.models import InterestChoice
from wallet.views.access import own_wallet, wallet_page

SHOWN = 10
ANSWERS = {"yes": True, "no": False}


@wallet_page
@require_http_methods(["GET", "HEAD", "POST"])
def interest_choice(request: PersonRequest) -> HttpResponse:
    """The choice as it stands, what it means, and what was chosen before."""
    own_wallet(request.user)
    if request.method != "POST":
        return _page(request)
    earns = ANSWERS.get(request.POST.get("earns", ""))
    if earns is None:
        return _page(request, error=_("Choose one of the two."), status=422)
    if services.choose_interest(user=request.user, earns=earns, at=timezone.now()):
        messages.success(request, _said(earns))
    return redirect("interest_choice")


def _said(earns: bool) -> str:
    if earns:
        return _("Your savings earn interest again, from today on.")
    return _("From today on your savings earn no interest.")


def _page(request: PersonRequest, *, error: str = "", status: int = 200) -> HttpResponse:
    choices = list(InterestChoice.objects.visible_to(request.user).order_by("-pk")[:SHOWN])
    context = {"choices": choices, "earns": choices[0].earns if choices else True, "error": error}
    return render(request, "savings/interest_choice.html", context, status=status)
