"""What is done when a gateway says something of a payout: it is asked."""

from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts import audit
from core.actors import acting_as_service
from core.errors import DomainError
from core.outbound import require_no_transaction
from wallet.models import Case, PaymentGateway, Payout, WebhookEvent
from wallet.services.banks import payouts_of
from wallet.services.gateway_events import NothingToDo, on
from wallet.services.payouts.ordering import ask_payout


class NotConfirmedYet(DomainError):
    """The gateway tells of a payout what it does not yet say when asked."""

    code = "not_confirmed_yet"
    kind = "conflict"
    message = _("The payment service has not confirmed this payout yet.")


@on("transfer.success", "transfer.failed", "transfer.reversed")
def take_transfer(gateway: PaymentGateway, event: WebhookEvent, data: dict[str, Any], at: datetime) -> None:
    """Ask what became of a payout; one that we never made is left to staff.

    Raises NotConfirmedYet, NothingToDo, GatewayRefused, GatewayUnavailable.
    """
    if not event.reference:
        raise NothingToDo
    with acting_as_service():
        payout = Payout.objects.filter(gateway=gateway, reference=event.reference).first()
    if payout is None:
        _open_case(gateway, event)
        return
    if ask_payout(payout_id=payout.pk, at=at).is_open:
        raise NotConfirmedYet


def _open_case(gateway: PaymentGateway, event: WebhookEvent) -> None:
    """Money left our account at the gateway, and nobody here ordered it."""
    require_no_transaction()
    found = payouts_of(gateway).find_transfer(reference=event.reference)
    if found.state == "NOT_FOUND":
        raise NothingToDo
    facts = {
        "why": "not_ours",
        "webhook": str(event.pk),
        "gateway": gateway.pk,
        "amount": found.amount,
        "currency": found.currency,
        "transfer": found.gateway_id,
    }
    with acting_as_service():
        case, is_new = Case.objects.get_or_create(
            kind=Case.Kind.UNKNOWN_PAYOUT, reference=event.reference, defaults={"data": facts}
        )
        if is_new:
            audit.record(action="wallet.case.opened", target=case, kind=case.kind, webhook=str(event.pk))
