"""The checkout page a customer sees."""

from urllib.parse import urlencode, urlsplit

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from wallet.sandbox import card_steps, services
from wallet.sandbox.cards import BANK, CARDS, DECLINED_CARD
from wallet.sandbox.forms import CardForm, StepForm
from wallet.sandbox.models import SandboxCharge


@never_cache
@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def checkout(request: HttpRequest, access_code: str) -> HttpResponse:
    """Pay, decline or abandon; each sends the browser back to the merchant. Some cards ask for more first."""
    charge = get_object_or_404(SandboxCharge.objects.select_related("card"), access_code=access_code)
    now = timezone.now()
    action = request.POST.get("action", "")
    if action == "abandon":
        return _back_to_merchant(charge)
    if action == "decline":
        return _back_to_merchant(services.pay(access_code=access_code, card=DECLINED_CARD, at=now))
    if action == "other_card":
        card_steps.leave(access_code=access_code)
        return redirect("sandbox:checkout", access_code=access_code)
    if charge.steps and not charge.is_paid:
        return _step(request, charge)
    form = CardForm(request.POST or None, today=timezone.localdate(now))
    if request.method == "POST" and form.is_valid():
        made = card_steps.begin(access_code=access_code, card=form.card, expiry=form.expires, at=now)
        return _onward(made)
    context = {"charge": charge, "form": form, "cards": CARDS.values(), "merchant": "Alajo"}
    return render(request, "sandbox/checkout.html", context, status=422 if form.errors else 200)


def _step(request: HttpRequest, charge: SandboxCharge) -> HttpResponse:
    """One of the bank's questions."""
    step = charge.steps[0]
    form = StepForm(request.POST or None, step=step)
    if request.method == "POST" and form.is_valid():
        try:
            said = form.cleaned_data["answer"]
            return _onward(card_steps.answer(access_code=charge.access_code, said=said, at=timezone.now()))
        except card_steps.StepRefused as error:
            form.refuse(error)
    card = CARDS[charge.card.number] if charge.card else None
    context = {"charge": charge, "form": form, "card": card, "at_bank": step == BANK, "merchant": "Alajo"}
    return render(request, "sandbox/step.html", context, status=422 if form.errors else 200)


def _onward(charge: SandboxCharge) -> HttpResponse:
    """To the bank's next question, or back to the merchant."""
    if charge.steps and not charge.is_paid:
        return redirect("sandbox:checkout", access_code=charge.access_code)
    return _back_to_merchant(charge)


def _back_to_merchant(charge: SandboxCharge) -> HttpResponse:
    """The callback address with the reference, which proves nothing: anyone can type it."""
    if not charge.callback_url:
        return redirect("sandbox:checkout", access_code=charge.access_code)
    joint = "&" if urlsplit(charge.callback_url).query else "?"
    query = urlencode({"trxref": charge.reference, "reference": charge.reference})
    return HttpResponseRedirect(f"{charge.callback_url}{joint}{query}")
