"""The checkout page a customer sees."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from wallet.sandbox.models import SandboxXpressPayment
from wallet.sandbox.xpress_pay import payments


@never_cache
@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def checkout(request: HttpRequest, access_code: str) -> HttpResponse:
    """Pay, fail or abandon; each sends the browser back to the merchant."""
    payment = get_object_or_404(SandboxXpressPayment, access_code=access_code)
    action = request.POST.get("action", "")
    if action == "pay":
        payment = payments.pay(access_code=access_code, at=timezone.now())
    elif action == "fail":
        payment = payments.fail(access_code=access_code, at=timezone.now())
    if action in ("pay", "fail", "abandon"):
        if payment.callback_url:
            return HttpResponseRedirect(payment.callback_url)
        return redirect("sandbox_xpress_pay:checkout", access_code=access_code)
    return render(request, "sandbox/xpress_pay/checkout.html", {"payment": payment, "merchant": "Alajo"})
