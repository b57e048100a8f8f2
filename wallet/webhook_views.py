"""Where gateways call us. The body is kept and answered at once; what it means is worked out afterwards."""

from functools import partial

from django.contrib.auth.decorators import login_not_required
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from wallet import services, tasks
from wallet.gateways.base import ForgedSignature, UnreadableNotice
from wallet.models import PaymentGateway


@csrf_exempt
@login_not_required
@require_POST
def paystack(request: HttpRequest) -> HttpResponse:
    gateway = _paystack_gateway()
    try:
        event, is_new = services.receive_webhook(
            gateway=gateway, raw=request.body, signature=request.headers.get("x-paystack-signature")
        )
    except ForgedSignature as error:
        return JsonResponse({"code": error.code}, status=401)
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
