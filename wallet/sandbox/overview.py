"""What the control page shows: the latest of each kind, with the webhooks that told of them."""

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from wallet.sandbox.models import (
    SandboxAccount,
    SandboxBook,
    SandboxCharge,
    SandboxCustomer,
    SandboxDelivery,
    SandboxDispute,
    SandboxLedgerRow,
    SandboxRefund,
    SandboxSettlement,
    SandboxTransfer,
)

SHOWN = 20


@dataclass(frozen=True)
class Told:
    """A thing, and the webhooks about it."""

    row: Any
    deliveries: list[SandboxDelivery]


def latest() -> dict[str, Any]:
    charges = list(SandboxCharge.objects.order_by("-pk")[:SHOWN])
    transfers = list(SandboxTransfer.objects.select_related("recipient").order_by("-pk")[:SHOWN])
    customers = list(SandboxCustomer.objects.order_by("-pk")[:SHOWN])
    refunds = list(SandboxRefund.objects.select_related("charge").order_by("-pk")[:SHOWN])
    disputes = list(SandboxDispute.objects.select_related("charge").order_by("-pk")[:SHOWN])
    told = webhooks(
        *(charge.reference for charge in charges),
        *(transfer.reference for transfer in transfers),
        *(customer.code for customer in customers),
        *(refund.charge.reference for refund in refunds),
        *(dispute.charge.reference for dispute in disputes),
    )
    return {
        "books": SandboxBook.objects.order_by("currency"),
        "ledger": SandboxLedgerRow.objects.order_by("-pk")[:SHOWN],
        "settlements": SandboxSettlement.objects.order_by("-pk")[:SHOWN],
        "accounts": SandboxAccount.objects.select_related("customer").order_by("-pk")[:SHOWN],
        "charges": [Told(row, _of(told, row.reference, "charge.success")) for row in charges],
        "transfers": [Told(row, _of(told, row.reference, "transfer.")) for row in transfers],
        "refunds": [Told(row, _of(told, row.charge.reference, "refund.")) for row in refunds],
        "disputes": [Told(row, _of(told, row.charge.reference, "charge.dispute.")) for row in disputes],
        "customers": [Told(row, _of(told, row.code, "")) for row in customers],
    }


def webhooks(*names: str) -> dict[str, list[SandboxDelivery]]:
    """Return the webhooks about each of these."""
    about: dict[str, list[SandboxDelivery]] = defaultdict(list)
    for delivery in SandboxDelivery.objects.filter(about__in=set(names)).order_by("pk"):
        about[delivery.about].append(delivery)
    return about


def _of(told: dict[str, list[SandboxDelivery]], about: str, events: str) -> list[SandboxDelivery]:
    return [delivery for delivery in told[about] if delivery.event.startswith(events)]
