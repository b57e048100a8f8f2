"""Charging a card that paid before."""

from datetime import datetime
from typing import Any

from django.db import transaction

from core.errors import DomainError
from wallet.sandbox import faults, services
from wallet.sandbox.faults import Kind
from wallet.sandbox.models import SandboxCard, SandboxCharge


class CardUnknown(DomainError):
    code = "invalid_authorization"
    message = "Authorization code is invalid"


class EmailDiffers(DomainError):
    code = "email_differs"
    message = (
        "Email does not match Authorization code. Authorization may be inactive or belong to a different email. "
        "Please confirm."
    )


@transaction.atomic
def charge(
    *,
    authorization: str,
    reference: str,
    amount: int,
    currency: str,
    email: str,
    metadata: Any,
    at: datetime,
) -> SandboxCharge:
    """Charge a card by its code. Raises CardUnknown, EmailDiffers, services.ReferenceTaken."""
    card = card_of(authorization=authorization, email=email)
    made = services.open_charge(
        reference=reference,
        amount=amount,
        currency=currency,
        email=card.customer.email,
        metadata=metadata,
        at=at,
        card=card,
    )
    if Kind.CARD_DECLINED in faults.take(faults.ON_SAVED_CARD, reference=made.reference):
        made.gateway_response = "Declined"
        return services.decline(made)
    made.gateway_response = "Approved"
    return services.succeed(made, fee=services.card_fee, at=at)


def card_of(*, authorization: str, email: str) -> SandboxCard:
    """The card of this code, which paid for this e-mail address before. Raises CardUnknown, EmailDiffers."""
    card = SandboxCard.objects.select_related("customer").filter(code=authorization, reusable=True).first()
    if card is None:
        raise CardUnknown
    if card.customer.email.casefold() != email.casefold():
        raise EmailDiffers
    return card
