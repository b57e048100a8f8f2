"""The checkout page a customer sees, and the control page a developer sees."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from wallet.sandbox import overview
from wallet.sandbox.companies import XPRESS_PAY
from wallet.sandbox.forms import FaultForm
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


@never_cache
@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def control(request: HttpRequest) -> HttpResponse:
    """The payments there are, and what goes wrong next; posting adds a misbehaviour."""
    form = FaultForm(request.POST or None, company=XPRESS_PAY)
    if request.method == "POST" and form.is_valid():
        form.save()
        return redirect(XPRESS_PAY.page)
    rows = list(SandboxXpressPayment.objects.order_by("-pk")[: overview.SHOWN])
    told = overview.webhooks(*(row.transaction_id for row in rows))
    context = {
        "company": XPRESS_PAY,
        "form": form,
        "faults": XPRESS_PAY.faults().order_by("pk"),
        "payments": [overview.Told(row, told[row.transaction_id]) for row in rows],
    }
    status = 422 if form.errors else 200
    return render(request, "sandbox/xpress_pay/control.html", context, status=status)
