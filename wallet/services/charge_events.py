"""What is done when a gateway says that money came in, or who somebody is."""

from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts import audit
from core.actors import acting_as_service
from core.errors import DomainError
from core.outbound import require_no_transaction
from wallet import verifiers
from wallet.gateways import paystack_identity as identity
from wallet.models import Case, Payment, PaymentGateway, WebhookEvent
from wallet.services.deposits import check_payment
from wallet.services.gateway_events import HANDLERS, UNASKED_DEPOSIT, NothingToDo, on
from wallet.services.gateways import adapter_of
from wallet.services.settlement import SETTLED

# The channel of money that came into an account number of one customer's.
OWN_NUMBER = "dedicated_nuban"


class NotSettledYet(DomainError):
    """The gateway tells of a payment that it does not yet confirm when asked."""

    code = "not_settled_yet"
    kind = "conflict"
    message = _("The payment service has not confirmed this payment yet.")


@on("charge.success")
def take_charge(gateway: PaymentGateway, event: WebhookEvent, data: dict[str, Any], at: datetime) -> None:
    """Ask about a charge, and settle the payment it is for; what we never asked for goes to its own handler.

    Raises NotSettledYet, NothingToDo, GatewayRefused, GatewayUnavailable.
    """
    if not event.reference:
        raise NothingToDo
    with acting_as_service():
        payment = Payment.objects.filter(gateway=gateway, reference=event.reference).first()
    if payment is None or _channel(data) == OWN_NUMBER:
        HANDLERS[UNASKED_DEPOSIT](gateway, event, data, at)
    elif check_payment(payment_id=payment.pk, at=at).state not in SETTLED:
        raise NotSettledYet


@on(UNASKED_DEPOSIT)
def open_case_of_unknown(
    gateway: PaymentGateway, event: WebhookEvent, data: dict[str, Any], at: datetime
) -> None:
    """Money came under a reference we never made: a person must find whose it is.

    Raises NotSettledYet, GatewayRefused, GatewayUnavailable.
    """
    require_no_transaction()
    charge = adapter_of(gateway).find_charge(reference=event.reference)
    if charge.state != "SUCCEEDED":
        raise NotSettledYet
    facts = {
        "webhook": str(event.pk),
        "paid": charge.amount,
        "paid_currency": charge.currency,
        "gateway_id": charge.gateway_id,
    }
    with acting_as_service():
        case, is_new = Case.objects.get_or_create(
            kind=Case.Kind.UNKNOWN_REFERENCE, reference=event.reference, defaults={"data": facts}
        )
        if is_new:
            audit.record(action="wallet.case.opened", target=case, kind=case.kind, webhook=str(event.pk))


@on(*identity.ANSWERS)
def take_answer(gateway: PaymentGateway, event: WebhookEvent, data: dict[str, Any], at: datetime) -> None:
    """Hand on what Paystack says of a person. One that comes before we know that we asked is tried again."""
    verifiers.take_answer(raw=bytes(event.body), at=at)


def _channel(data: dict[str, Any]) -> str:
    authorization = data.get("authorization")
    return str(authorization.get("channel")) if isinstance(authorization, dict) else ""
