"""The checkout page a customer sees, and the control page a developer sees."""

from urllib.parse import urlencode, urlsplit

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from wallet.sandbox import announcing, overview, services
from wallet.sandbox.cards import CARDS, DECLINED_CARD
from wallet.sandbox.forms import CardForm, FaultForm
from wallet.sandbox.models import Fault, SandboxCharge, SandboxDelivery


@never_cache
@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def checkout(request: HttpRequest, access_code: str) -> HttpResponse:
    """Pay, decline or abandon; each sends the browser back to the merchant."""
    charge = get_object_or_404(SandboxCharge, access_code=access_code)
    now = timezone.now()
    form = CardForm(request.POST or None, today=timezone.localdate(now))
    action = request.POST.get("action", "")
    if action == "abandon":
        return _back_to_merchant(charge)
    if action == "decline":
        return _back_to_merchant(services.pay(access_code=access_code, card=DECLINED_CARD, at=now))
    if request.method == "POST" and form.is_valid():
        return _back_to_merchant(services.pay(access_code=access_code, card=form.card, at=now))
    context = {"charge": charge, "form": form, "cards": CARDS.values(), "merchant": "Alajo"}
    return render(request, "sandbox/checkout.html", context, status=422 if form.errors else 200)


def _back_to_merchant(charge: SandboxCharge) -> HttpResponse:
    """The callback address with the reference, which proves nothing: anyone can type it."""
    if not charge.callback_url:
        return redirect("sandbox:checkout", access_code=charge.access_code)
    joint = "&" if urlsplit(charge.callback_url).query else "?"
    query = urlencode({"trxref": charge.reference, "reference": charge.reference})
    return HttpResponseRedirect(f"{charge.callback_url}{joint}{query}")


@never_cache
@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def control(request: HttpRequest) -> HttpResponse:
    """The latest charges and their webhooks, and which misbehaviour comes next."""
    form = FaultForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        form.save()
        return redirect("sandbox:control")
    context = {"form": form, "faults": Fault.objects.order_by("pk"), **overview.latest()}
    return render(request, "sandbox/control.html", context, status=422 if form.errors else 200)


@login_not_required
@require_POST
def clear_faults(request: HttpRequest) -> HttpResponse:
    Fault.objects.all().delete()
    return redirect("sandbox:control")


@login_not_required
@require_POST
def resend(request: HttpRequest, delivery_id: int) -> HttpResponse:
    announcing.resend(delivery=get_object_or_404(SandboxDelivery, pk=delivery_id))
    return redirect(reverse("sandbox:control"))
