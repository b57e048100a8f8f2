"""Where gateways call us. The body is kept and answered at once; what it means is worked out afterwards."""

from contextlib import suppress
from functools import partial

from django.contrib.auth.decorators import login_not_required
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from core.api.ratelimit import count
from core.middleware import client_ip
from wallet import services, tasks
from wallet.gateways.base import ForgedSignature, UnreadableNotice
from wallet.models import PaymentGateway

# Of notices that nothing proves: per address from which they come, and bytes of one.
MOST_NOTICES = "300/minute"
LARGEST_NOTICE = 64 * 1024


@csrf_exempt
@login_not_required
@require_POST
def paystack(request: HttpRequest) -> HttpResponse:
    signature = request.headers.get("x-paystack-signature")
    try:
        return _keep(request, _paystack_gateway(), signature)
    except ForgedSignature as error:
        return JsonResponse({"code": error.code}, status=401)


@csrf_exempt
@login_not_required
@require_POST
def xpress_pay(request: HttpRequest, door: str) -> HttpResponse:
    """XpressPay signs nothing: whoever does not know the address finds none, and nobody knocks too often.

    Raises Http404.
    """
    hit = count("xpress-pay", MOST_NOTICES, f"ip:{client_ip(request)}")
    if hit is not None and not hit.allowed:
        return JsonResponse(
            {"code": "too_many_requests"}, status=429, headers={"Retry-After": str(hit.resets_in)}
        )
    if len(request.body) > LARGEST_NOTICE:
        return JsonResponse({"code": UnreadableNotice.code}, status=413)
    for gateway in PaymentGateway.objects.filter(kind=PaymentGateway.Kind.XPRESS_PAY).order_by("code"):
        with suppress(ForgedSignature):
            return _keep(request, gateway, door)
    raise Http404


def _keep(request: HttpRequest, gateway: PaymentGateway, signature: str | None) -> HttpResponse:
    """Keep a webhook, and have it dealt with once that is committed. Raises ForgedSignature."""
    try:
        event, is_new = services.receive_webhook(gateway=gateway, raw=request.body, signature=signature)
    except UnreadableNotice as error:
        return JsonResponse({"code": error.code}, status=400)
    if is_new:
        transaction.on_commit(partial(tasks.process_webhook.delay, event_id=str(event.pk)), robust=True)
    return JsonResponse({"status": "kept"})


@csrf_exempt
@login_not_required
@require_POST
def paystack_approval(request: HttpRequest) -> HttpResponse:
    """Whether we mean a transfer that Paystack is about to send: 200 sends it, 400 refuses it."""
    signature = request.headers.get("x-paystack-signature")
    if not services.approves_payout(gateway=_paystack_gateway(), raw=request.body, signature=signature):
        return JsonResponse({"status": "refused"}, status=400)
    return JsonResponse({"status": "approved"})


def _paystack_gateway() -> PaymentGateway:
    """Raises Http404 where there is none."""
    gateways = PaymentGateway.objects.filter(kind=PaymentGateway.Kind.PAYSTACK).order_by("priority", "code")
    gateway = gateways.first()
    if gateway is None:
        raise Http404
    return gateway
