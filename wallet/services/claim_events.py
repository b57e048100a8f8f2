"""What is done when a gateway tells of a refund or a dispute: the gateway is asked, and its answer booked."""

from datetime import datetime
from typing import Any

from core.actors import acting_as_service
from core.outbound import require_no_transaction
from wallet.gateways.base import ChargeNotFound
from wallet.gateways.capabilities import Refunds
from wallet.models import Payment, PaymentGateway, Refund, WebhookEvent
from wallet.services import disputes, refunds
from wallet.services.deposits import check_payment
from wallet.services.gateway_events import NothingToDo, NotSettledYet, on
from wallet.services.gateways import adapter_of
from wallet.services.settlement import SETTLED

REFUND_EVENTS = ("pending", "processing", "processed", "failed", "needs-attention")


@on(*(f"refund.{name}" for name in REFUND_EVENTS))
def take_refund(gateway: PaymentGateway, event: WebhookEvent, data: dict[str, Any], at: datetime) -> None:
    """Ask what became of a charge's refunds. One that comes before its charge is told has the charge asked about first.

    Raises NothingToDo, NotSettledYet, GatewayRefused, GatewayUnavailable.
    """
    if not event.reference:
        raise NothingToDo
    _settle_charge(gateway, event.reference, at=at)
    refunds.check_refunds(gateway=gateway, reference=event.reference, at=at)


@on("charge.dispute.create", "charge.dispute.remind", "charge.dispute.resolve")
def take_dispute(gateway: PaymentGateway, event: WebhookEvent, data: dict[str, Any], at: datetime) -> None:
    """Ask about a dispute, and hold, take or give back what it is about.

    Raises NothingToDo, NotSettledYet, GatewayRefused, GatewayUnavailable.
    """
    require_no_transaction()
    number = data.get("id")
    if not isinstance(number, int | str) or isinstance(number, bool):
        raise NothingToDo
    with acting_as_service():
        adapter = adapter_of(gateway)
    if not isinstance(adapter, Refunds):
        raise NothingToDo
    said = adapter.dispute(gateway_id=str(number))
    _settle_charge(gateway, said.reference, at=at)
    found = disputes.record_dispute(gateway=gateway, said=said, at=at)
    if found is None:
        raise NothingToDo
    if event.event.endswith("remind") and found.is_open:
        disputes.note_reminder(dispute=found, at=at)


def _settle_charge(gateway: PaymentGateway, reference: str, *, at: datetime) -> None:
    """Have the charge itself booked first. Raises NothingToDo for one that was undone before it was credited."""
    with acting_as_service():
        payment = Payment.objects.filter(gateway=gateway, reference=reference).first()
        is_known = Refund.objects.filter(gateway=gateway, reference=reference).exists()
    if payment is not None and payment.state not in SETTLED:
        payment = check_payment(payment_id=payment.pk, at=at)
        if payment.state not in SETTLED:
            raise NothingToDo if payment.reason == "reversed" else NotSettledYet
    if payment is None and not is_known:
        require_no_transaction()
        try:
            charge = adapter_of(gateway).find_charge(reference=reference)
        except ChargeNotFound:
            raise NothingToDo from None
        # Money that nobody asked for is on its way in by an event of its own.
        raise NothingToDo if charge.state == "REVERSED" else NotSettledYet
