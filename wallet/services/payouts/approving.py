"""A second look by our own hand: before a gateway sends what it was ordered, it may ask whether we mean it."""

from core.actors import acting_as_service
from wallet.gateways.base import ForgedSignature
from wallet.gateways.replies import Unreadable, minor_units, parse_object, text
from wallet.models import PaymentGateway, Payout
from wallet.services.gateways import adapter_of


def approves(*, gateway: PaymentGateway, raw: bytes, signature: str | None) -> bool:
    """Say yes to a transfer whose reference, amount, currency and recipient are those of a payout that is open.

    What is not signed, not readable or not ours is none of ours. Raises nothing.
    """
    try:
        adapter_of(gateway).verify_signature(raw, signature)
        asked = parse_object(raw)
        inner = asked.get("data")
        asked = inner if isinstance(inner, dict) else asked
        reference, amount, recipient = (
            text(asked, "reference"),
            minor_units(asked, "amount"),
            _recipient(asked),
        )
    except (ForgedSignature, Unreadable):
        return False
    with acting_as_service():
        return Payout.objects.filter(
            gateway=gateway,
            reference=reference,
            amount=amount,
            currency=str(asked.get("currency") or ""),
            recipient=recipient,
            state__in=(Payout.State.UNKNOWN, Payout.State.SENT),
        ).exists()


def _recipient(asked: dict[str, object]) -> str:
    """The gateway's name of the account, by itself or inside what is known of it. Raises Unreadable."""
    found = asked.get("recipient")
    return text(found, "recipient_code") if isinstance(found, dict) else text(asked, "recipient")
