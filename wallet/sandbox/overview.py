"""What the control page shows: the latest of each kind, with the webhooks that told of them."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from wallet.sandbox.models import (
    SandboxBook,
    SandboxCharge,
    SandboxCustomer,
    SandboxDelivery,
    SandboxTransfer,
)

SHOWN = 50


@dataclass(frozen=True)
class Told:
    """A thing, and the webhooks about it."""

    row: Any
    deliveries: list[SandboxDelivery]


def latest() -> dict[str, Any]:
    return {
        "books": SandboxBook.objects.order_by("currency"),
        "charges": _told(SandboxCharge.objects.order_by("-pk")[:SHOWN], "reference"),
        "transfers": _told(
            SandboxTransfer.objects.select_related("recipient").order_by("-pk")[:SHOWN], "reference"
        ),
        "customers": _told(SandboxCustomer.objects.order_by("-pk")[:SHOWN], "code"),
    }


def _told(rows: Iterable[Any], name: str) -> list[Told]:
    found = list(rows)
    about: dict[str, list[SandboxDelivery]] = defaultdict(list)
    names = [getattr(row, name) for row in found]
    for delivery in SandboxDelivery.objects.filter(about__in=names).order_by("pk"):
        about[delivery.about].append(delivery)
    return [Told(row, about[getattr(row, name)]) for row in found]
