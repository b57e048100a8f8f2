"""What is done when a gateway says that money came in, or who somebody is."""

from datetime import datetime
from typing import Any

from core.actors import acting_as_service
from wallet import verifiers
from wallet.gateways import paystack_identity as identity
from wallet.gateways.xpress_pay import NOT_PAID
from wallet.models import Payment, PaymentGateway, WebhookEvent
from wallet.services.deposits import check_payment
from wallet.services.gateway_events import HANDLERS, UNASKED_DEPOSIT, NothingToDo, NotSettledYet, on
from wallet.services.settlement import SETTLED

# The channel of money that came into an account number of one customer's.
OWN_NUMBER = "dedicated_nuban"


@on("charge.success")
def take_charge(gateway: PaymentGateway, event: WebhookEvent, data: dict[str, Any], at: datetime) -> None:
    """Ask about a charge, and settle the payment it is for; what we never asked for goes to its own handler.

    At a merchant's own gateway that is none of ours: whatever else comes there, comes to the merchant.

    Raises NotSettledYet, NothingToDo, GatewayRefused, GatewayUnavailable.
    """
    if not event.reference:
        raise NothingToDo
    with acting_as_service():
        payment = Payment.objects.filter(gateway=gateway, reference=event.reference).first()
    if payment is None and gateway.is_brought:
        raise NothingToDo
    if payment is None or (_channel(data) == OWN_NUMBER and not gateway.is_brought):
        HANDLERS[UNASKED_DEPOSIT](gateway, event, data, at)
    elif check_payment(payment_id=payment.pk, at=at).state not in SETTLED:
        raise NotSettledYet


@on(NOT_PAID)
def take_no_charge(gateway: PaymentGateway, event: WebhookEvent, data: dict[str, Any], at: datetime) -> None:
    """Ask about a charge of which an unsigned notice says that it was not paid: it may say so falsely.

    Raises NothingToDo, GatewayRefused, GatewayUnavailable.
    """
    with acting_as_service():
        payment = Payment.objects.filter(gateway=gateway, reference=event.reference).first()
    if payment is None:
        raise NothingToDo
    check_payment(payment_id=payment.pk, at=at)


@on(*identity.ANSWERS)
def take_answer(gateway: PaymentGateway, event: WebhookEvent, data: dict[str, Any], at: datetime) -> None:
    """Hand on what Paystack says of a person. One that comes before we know that we asked is tried again."""
    verifiers.take_answer(raw=bytes(event.body), at=at)


def _channel(data: dict[str, Any]) -> str:
    authorization = data.get("authorization")
    return str(authorization.get("channel")) if isinstance(authorization, dict) else ""
