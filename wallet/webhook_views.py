"""Where gateways call us. The body is kept and answered at once; what it means is worked out afterwards."""

from collections.abc import Callable
from contextlib import suppress
from functools import partial

from django.contrib.auth.decorators import login_not_required
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from core.api import ratelimit
from core.middleware import client_ip
from wallet import services, tasks
from wallet.gateways.base import ForgedSignature, UnreadableNotice
from wallet.models import PaymentGateway, WebhookEvent
from wallet.services.merchants import own_gateways

Receive = Callable[..., tuple[WebhookEvent | None, bool]]

# By address, of which a gateway has a few. What is turned away comes again, and payments are asked about anyway.
OF_MERCHANTS = "1200/minute"

# Of notices that nothing proves: per address from which they come, and bytes of one.
MOST_NOTICES = "300/minute"
LARGEST_NOTICE = 64 * 1024


@csrf_exempt
@login_not_required
@require_POST
def paystack(request: HttpRequest) -> HttpResponse:
    return _kept(request, partial(services.receive_webhook, gateway=_paystack_gateway()))


@csrf_exempt
@login_not_required
@require_POST
def paystack_of_merchant(request: HttpRequest, code: str) -> HttpResponse:
    """The same of a merchant's own account there, signed with its own key; what comes too often comes again."""
    if busy := _too_often(request, "merchant_webhook", OF_MERCHANTS):
        return busy
    try:
        return _kept(request, partial(own_gateways.receive_own_webhook, code=code))
    except own_gateways.NoSuchGateway as error:
        raise Http404 from error


@csrf_exempt
@login_not_required
@require_POST
def xpress_pay(request: HttpRequest, door: str) -> HttpResponse:
    return _at_a_door(request, PaymentGateway.Kind.XPRESS_PAY, door)


@csrf_exempt
@login_not_required
@require_POST
def xpress_wallet(request: HttpRequest, door: str) -> HttpResponse:
    return _at_a_door(request, PaymentGateway.Kind.XPRESS_WALLET, door)


@csrf_exempt
@login_not_required
@require_POST
def paystack_approval(request: HttpRequest) -> HttpResponse:
    """Whether we mean a transfer that Paystack is about to send: 200 sends it, 400 refuses it."""
    signature = request.headers.get("x-paystack-signature")
    if not services.approves_payout(gateway=_paystack_gateway(), raw=request.body, signature=signature):
        return JsonResponse({"status": "refused"}, status=400)
    return JsonResponse({"status": "approved"})


def _at_a_door(request: HttpRequest, kind: PaymentGateway.Kind, door: str) -> HttpResponse:
    """Those who sign nothing: whoever does not know the address finds none, and nobody knocks too often.

    Raises Http404.
    """
    if busy := _too_often(request, kind.lower(), MOST_NOTICES):
        return busy
    if len(request.body) > LARGEST_NOTICE:
        return JsonResponse({"code": UnreadableNotice.code}, status=413)
    for gateway in PaymentGateway.objects.filter(kind=kind).order_by("code"):
        with suppress(ForgedSignature):
            return _answered(partial(services.receive_webhook, gateway=gateway), request.body, door)
    raise Http404


def _too_often(request: HttpRequest, policy: str, limit: str) -> HttpResponse | None:
    hit = ratelimit.count(policy, limit, f"ip:{client_ip(request)}")
    if hit is None or hit.allowed:
        return None
    return JsonResponse(
        {"code": "too_many_requests"}, status=429, headers={"Retry-After": str(hit.resets_in)}
    )


def _kept(request: HttpRequest, receive: Receive) -> HttpResponse:
    """Have a signed webhook kept, and worked out once that is committed."""
    try:
        return _answered(receive, request.body, request.headers.get("x-paystack-signature"))
    except ForgedSignature as error:
        return JsonResponse({"code": error.code}, status=401)


def _answered(receive: Receive, raw: bytes, signature: str | None) -> HttpResponse:
    """Raises ForgedSignature."""
    try:
        event, is_new = receive(raw=raw, signature=signature)
    except UnreadableNotice as error:
        return JsonResponse({"code": error.code}, status=400)
    if event is not None and is_new:
        transaction.on_commit(partial(tasks.process_webhook.delay, event_id=str(event.pk)), robust=True)
    return JsonResponse({"status": "kept"})


def _paystack_gateway() -> PaymentGateway:
    """Ours, and none that a merchant brought. Raises Http404 where there is none."""
    gateways = PaymentGateway.objects.filter(kind=PaymentGateway.Kind.PAYSTACK)
    ours = gateways.exclude(code__startswith=PaymentGateway.BROUGHT)
    gateway = ours.order_by("priority", "code").first()
    if gateway is None:
        raise Http404
    return gateway
