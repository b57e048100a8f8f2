"""What became of paying a merchant's link: the way back from the gateway, and a page that only the payer knows."""

from contextlib import suppress

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from core.actors import outside_transaction
from core.views import not_found
from wallet import merchant_words, services
from wallet.gateways.base import GatewayError
from wallet.services.merchants import links
from wallet.services.merchants.links import LinkNotFound
from wallet.views.deposits import may_ask
from wallet.views.home import poll_seconds
from wallet.views.paying import MISSES, PAGES, too_often


@login_not_required
@never_cache
@require_safe
def done(request: HttpRequest, token: str) -> HttpResponse:
    """What became of a payment, at an address that only its payer knows; asked again by htmx while it is open."""
    refused = too_often(request, "pay_page", PAGES)
    if refused:
        return refused
    try:
        shown = links.shown_by_token(token=token)
    except LinkNotFound:
        return too_often(request, "pay_miss", MISSES) or not_found(request)
    sold = shown.sold
    assert sold is not None
    is_part = bool(request.headers.get("HX-Request"))
    if is_part and request.GET.get("seen") == sold.state:
        return HttpResponse(status=204)
    context = {
        "shown": shown,
        "sold": sold,
        "words": merchant_words.PAYER[sold.state],
        "poll_seconds": poll_seconds(sold.payment) if sold.payment else None,
        "mine": request.user.is_authenticated and sold.payer_id == request.user.pk,
    }
    return render(request, "pay/_outcome.html" if is_part else "pay/done.html", context)


@login_not_required
@never_cache
@require_safe
@outside_transaction
def back(request: HttpRequest, token: str) -> HttpResponse:
    """The way back from the gateway's page. The address proves nothing, so the gateway is asked."""
    try:
        sold = links.shown_by_token(token=token).sold
    except LinkNotFound:
        return too_often(request, "pay_miss", MISSES) or not_found(request)
    if sold and sold.payment and may_ask(sold.payment):
        with suppress(GatewayError):
            services.check_payment(payment_id=sold.payment.pk, at=timezone.now())
    return redirect("pay_done", token)
