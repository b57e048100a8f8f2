"""Charges without the gateway's own page, in steps: a capability, as those in `capabilities`."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Protocol, runtime_checkable

from wallet.gateways.base import ChargeState

# How a charge without the gateway's page may be paid, and what it waits for next.
PayBy = Literal["BANK", "TRANSFER", "USSD", "CARD"]
Awaited = Literal["", "PIN", "OTP", "PHONE", "BIRTHDAY", "ADDRESS", "PAGE", "DIALLING", "TRANSFER", "OTHER"]


@dataclass(frozen=True)
class Way:
    """How a charge is to be paid: from a bank account, by a transfer to us, by a phone, by a saved card."""

    by: PayBy
    bank_code: str = ""
    account_number: str = field(repr=False, default="")
    birthday: str = field(repr=False, default="")
    ussd: str = ""
    authorization: str = field(repr=False, default="")
    pin: str = field(repr=False, default="")
    expires_at: datetime | None = None


@dataclass(frozen=True)
class Step:
    """Where a charge stands that the customer pays in steps, and what it waits for.

    SUCCEEDED here is no proof: ask by `find_charge` before anything is credited. For the customer are `words`, `url`
    (PAGE), `dial` (DIALLING), and the account that takes exactly the amount until it expires (TRANSFER).
    """

    reference: str
    state: ChargeState
    awaits: Awaited
    words: str = ""
    url: str = ""
    dial: str = ""
    account_number: str = ""
    account_name: str = ""
    bank_name: str = ""
    expires_at: datetime | None = None


@runtime_checkable
class ChargesDirectly(Protocol):
    def begin_charge(
        self,
        *,
        reference: str,
        amount: int,
        currency: str,
        email: str,
        way: Way,
        metadata: dict[str, Any],
    ) -> Step:
        """Begin a charge without the gateway's page; a repeat under its reference tells where the first one stands."""
        ...

    def answer_step(self, *, reference: str, awaited: Awaited, said: str) -> Step:
        """Give what a charge waits for. After a lost answer ask by `step_of`: a code may be good only once."""
        ...

    def step_of(self, *, reference: str) -> Step: ...
