"""What a gateway pays of our balance with it into our own bank account: a capability, as those in `capabilities`."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal, Protocol, runtime_checkable

from wallet.gateways.base import Charge

SettlementState = Literal["PENDING", "PAID", "FAILED"]


@dataclass(frozen=True)
class Settlement:
    """What the gateway paid, or will pay, of our balance there into our own bank account.

    `processed` is what was charged in it, `amount` what reaches the bank: less `fees` and `deducted`.
    """

    gateway_id: str
    state: SettlementState
    currency: str
    processed: int
    fees: int
    deducted: int
    amount: int
    paid_on: date
    raw: dict[str, Any] = field(repr=False)


@runtime_checkable
class Settles(Protocol):
    def settlements(self, *, since: date, until: date) -> Iterator[Settlement]:
        """Yield what was paid into our bank account in [since, until), newest first, page by page."""
        ...

    def settled_charges(self, *, gateway_id: str) -> Iterator[Charge]:
        """Yield the charges that a settlement is made of."""
        ...
