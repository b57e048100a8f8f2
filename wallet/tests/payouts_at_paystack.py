"""Steps of paying out at the sandbox's Paystack."""

from django.utils import timezone

from core.actors import acting_as_service
from wallet.gateways.capabilities import PayoutOrder
from wallet.gateways.paystack import Paystack
from wallet.sandbox import transfers
from wallet.sandbox.models import Fault, SandboxBook, SandboxDelivery, SandboxTransfer, Switches

BANK, NUMBER = "058", "1234567896"
REFERENCE = "pay-0000000000000001"


def fault(kind: str, value: str = "", **where: object) -> None:
    with acting_as_service():
        Fault.objects.create(kind=kind, value=value, **where)


def set_up(**switches: object) -> None:
    with acting_as_service():
        Switches.objects.update_or_create(pk=Switches.ONLY, defaults=switches)


def recipient(paystack: Paystack, number: str = NUMBER) -> str:
    return paystack.make_recipient(account_number=number, bank_code=BANK, name="EZE CHIDI", currency="NGN")


def order(paystack: Paystack, reference: str = REFERENCE, amount: int = 250_000) -> PayoutOrder:
    return PayoutOrder(reference=reference, recipient=recipient(paystack), amount=amount, reason="Withdrawal")


def known(reference: str = REFERENCE) -> SandboxTransfer | None:
    with acting_as_service():
        return SandboxTransfer.objects.filter(reference=reference).first()


def decide(status: str, reference: str = REFERENCE) -> None:
    """Have a transfer end in this way now."""
    with acting_as_service():
        found = SandboxTransfer.objects.get(reference=reference)
        transfers.decide(transfer_id=found.pk, status=status, at=timezone.now())


def told() -> list[str]:
    with acting_as_service():
        return list(SandboxDelivery.objects.order_by("pk").values_list("event", flat=True))


def balance() -> int:
    with acting_as_service():
        return SandboxBook.objects.get(currency="NGN").balance
