"""What a gateway may offer beside a checkout, a protocol for each: an adapter implements what its company can do.

As in `base`: amounts in the currency's minor unit (kobo), times in UTC, `GatewayUnavailable` is "outcome unknown", and
our reference, stored before the first call, is the key by which the same question can be asked again.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal, Protocol, runtime_checkable

from django.utils.translation import gettext_lazy as _

from wallet.gateways.base import Charge, Checkout, GatewayRefused

# What a gateway says of money that we sent. SUCCEEDED may still become REVERSED; NOT_FOUND says that it was never
# accepted, so that it may be ordered again under the same reference.
TransferState = Literal["PENDING", "SUCCEEDED", "FAILED", "REVERSED", "NOT_FOUND"]
RefundState = Literal["PENDING", "SUCCEEDED", "FAILED", "NEEDS_ATTENTION"]
DisputeState = Literal["OPEN", "WON", "LOST"]
LedgerSource = Literal["CHARGE", "TRANSFER", "REFUND", "DISPUTE", "SETTLEMENT", "OTHER"]


@dataclass(frozen=True)
class Bank:
    code: str
    name: str


@dataclass(frozen=True)
class Authorization:
    """A card that may be charged again. `code` is as good as the card: it is kept sealed, and never shown."""

    code: str = field(repr=False)
    email: str
    brand: str
    last4: str
    bank: str
    expires_month: int
    expires_year: int
    reusable: bool
    signature: str = field(repr=False, default="")


@dataclass(frozen=True)
class VirtualAccount:
    """A bank account number whose deposits are for one customer. `customer_code` is the gateway's name of them."""

    account_number: str
    account_name: str
    bank_name: str
    bank_code: str
    provider: str
    gateway_id: str
    customer_code: str
    active: bool


@dataclass(frozen=True)
class Transfer:
    """What the gateway says of one payout, now. `fee` is what it took from us for it, None while it does not say."""

    reference: str
    state: TransferState
    amount: int
    currency: str
    fee: int | None
    gateway_id: str
    session_id: str
    reason: str
    raw: dict[str, Any] = field(repr=False)
    # Where it reckons in parts of a kobo: what it took beside amount and fee, -1, 0 or 1.
    dust: int = 0


@dataclass(frozen=True)
class Destination:
    """An account at the bank that the recipient stands for, and its holder."""

    account_number: str = field(repr=False)
    name: str


@dataclass(frozen=True)
class PayoutOrder:
    """One payout to order: `reference` is ours (16 to 50 of a-z, 0-9, - and _), `recipient` the gateway's name.

    `to` is the account itself, for a gateway that has no names for accounts.
    """

    reference: str
    recipient: str
    amount: int
    reason: str
    to: Destination | None = None


@dataclass(frozen=True)
class Refund:
    """`deducted` is what already left our balance for it."""

    gateway_id: str
    reference: str
    state: RefundState
    amount: int
    currency: str
    deducted: int | None
    raw: dict[str, Any] = field(repr=False)


@dataclass(frozen=True)
class Dispute:
    """A customer asked their bank for the money of a charge back. `due_at` is until when we may answer."""

    gateway_id: str
    reference: str
    state: DisputeState
    amount: int
    currency: str
    category: str
    due_at: datetime | None
    raw: dict[str, Any] = field(repr=False)


@dataclass(frozen=True)
class LedgerRow:
    """One movement of our balance at the gateway: `change` is signed, `balance` is after it.

    `reference` is ours where the gateway tells it, else empty; `source_id` is the gateway's id of what moved it.
    """

    gateway_id: str
    source: LedgerSource
    source_id: str
    reference: str
    change: int
    balance: int | None
    currency: str
    description: str
    at: datetime


class TransferNotFound(GatewayRefused):
    """The gateway knows no payout of this reference: it may be ordered again, under the same one."""

    code = "transfer_not_found"
    kind = "not_found"
    message = _("The payment service does not know this payout.")


class AccountNotResolved(GatewayRefused):
    """No account of this number at this bank."""

    code = "account_not_resolved"
    kind = "invalid"
    message = _("No account of this number was found at this bank. Check the number and the bank.")


class RecipientRefused(GatewayRefused):
    code = "recipient_refused"
    kind = "invalid"
    message = _("The payment service does not pay out to this account.")


class GatewayBalanceTooLow(GatewayRefused):
    """Our balance at the gateway does not cover a payout: nothing was sent."""

    code = "gateway_balance_too_low"
    kind = "unavailable"
    message = _("The payment service cannot pay this out at the moment.")


@runtime_checkable
class OpensCheckouts(Protocol):
    def start_checkout(
        self,
        *,
        reference: str,
        amount: int,
        currency: str,
        email: str,
        callback_url: str,
        metadata: dict[str, Any],
    ) -> Checkout: ...


@runtime_checkable
class ChargesCards(Protocol):
    def charge_card(
        self,
        *,
        reference: str,
        amount: int,
        currency: str,
        email: str,
        authorization: str,
        metadata: dict[str, Any],
    ) -> Charge: ...

    def authorization_of(self, charge: Charge) -> Authorization | None:
        """Return the card that paid, when it may be charged again."""
        ...


@runtime_checkable
class GivesAccounts(Protocol):
    def open_virtual_account(
        self,
        *,
        reference: str,
        email: str,
        first_name: str,
        last_name: str,
        phone: str,
        bvn: str,
        birth_date: date | None = None,
        address: str = "",
    ) -> VirtualAccount:
        """Return the customer's account, opened when there is none: a repeat gives the same."""
        ...

    def close_virtual_account(self, *, gateway_id: str) -> None: ...


@runtime_checkable
class LooksForDeposits(Protocol):
    def look_for_deposits(self, *, account_number: str, provider: str, on: date) -> None:
        """Have the gateway look for transfers of a day into one of its virtual accounts; what it finds, it tells."""
        ...


@runtime_checkable
class ListsDeposits(Protocol):
    def deposits(self, *, since: datetime) -> Iterator[Charge]:
        """Yield what came into its virtual accounts since then, whether it was told of or not."""
        ...


@runtime_checkable
class KnowsBanks(Protocol):
    def banks(self) -> Sequence[Bank]: ...

    def resolve_account(self, *, account_number: str, bank_code: str) -> str:
        """Return the name of the account's holder; raises AccountNotResolved."""
        ...


@runtime_checkable
class PaysOut(Protocol):
    # Whether an order repeated under its reference is carried out once. Where not, what has no answer is never repeated
    # by a machine: it stays unknown until it is found, or a person decides.
    idempotent: bool

    def make_recipient(self, *, account_number: str, bank_code: str, name: str, currency: str) -> str:
        """Return the gateway's name of an account, never empty; the same account gives the same.

        Of a gateway that has none it is the bank's code, once the account was found there. Raises RecipientRefused.
        """
        ...

    def send(self, *, order: PayoutOrder, currency: str) -> Transfer:
        """Order a payout. A repeat of a known reference returns what became of it.

        Raises GatewayRefused for what was surely not sent, GatewayUnavailable for what may have been.
        """
        ...

    def send_bulk(self, *, orders: Sequence[PayoutOrder], currency: str) -> Sequence[Transfer]:
        """Order many payouts. What became of an order that is not in the answer is unknown: ask by its reference.

        Raises as `send` while none was accepted.
        """
        ...

    def find_transfer(
        self, *, reference: str, gateway_id: str = "", since: datetime | None = None
    ) -> Transfer:
        """Return what became of a payout, state NOT_FOUND for one that the gateway never accepted.

        `gateway_id` is the gateway's own name of it, where we know it, and `since` when it was ordered first: for one
        that must search for it.
        """
        ...

    def balance(self, *, currency: str) -> int: ...


@runtime_checkable
class Refunds(Protocol):
    def refund(self, *, reference: str, amount: int, currency: str, note: str) -> Refund:
        """Order money of a charge back to who paid it; `reference` is the charge's."""
        ...

    def refunds_of(self, *, reference: str) -> Sequence[Refund]: ...

    def dispute(self, *, gateway_id: str) -> Dispute: ...

    def answer_dispute(self, *, gateway_id: str, accept: bool, amount: int, message: str) -> Dispute: ...


@runtime_checkable
class RetriesRefunds(Protocol):
    def find_refund(self, *, gateway_id: str, reference: str) -> Refund: ...

    def retry_refund(
        self, *, gateway_id: str, reference: str, account_number: str, bank_code: str, currency: str
    ) -> Refund:
        """Send a refund that needs attention to an account at a bank, once: afterwards it needs none any more."""
        ...


@runtime_checkable
class KeepsLedger(Protocol):
    def ledger(self, *, since: date, until: date) -> Iterator[LedgerRow]:
        """Yield each movement of our balance in [since, until) of UTC days, oldest first, page by page."""
        ...
