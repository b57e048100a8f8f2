"""What every gateway offers, in our words: amounts in kobo (minor units), times in UTC, one family of errors.

The caller's reference is the key to everything. It is made and stored before the first call, so after a
timeout the same question can be asked again: `GatewayUnavailable` always means "outcome unknown", never "it
did not happen".
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, Literal, Protocol

from django.utils.translation import gettext_lazy as _

from core.errors import DomainError, Kind

# ABANDONED and FAILED are not final: the customer may pay later under the same reference.
ChargeState = Literal["SUCCEEDED", "FAILED", "ABANDONED", "PENDING", "REVERSED"]


@dataclass(frozen=True)
class Checkout:
    """A page of the gateway where the customer pays."""

    reference: str
    url: str
    access_code: str


@dataclass(frozen=True)
class Charge:
    """What the gateway says of one charge, now.

    `requested_amount` is what we asked for; `amount` is what the customer paid, higher by the fee where the
    customer bears it. Only state SUCCEEDED means that money moved. `raw` holds the gateway's words, personal
    data included.
    """

    reference: str
    state: ChargeState
    amount: int
    requested_amount: int
    fee: int | None
    currency: str
    paid_at: datetime | None
    channel: str
    gateway_id: str
    raw: dict[str, Any] = field(repr=False)
    # Where it reckons in parts of a kobo: what it kept beside the fee, -1, 0 or 1.
    dust: int = 0


@dataclass(frozen=True)
class WebhookNotice:
    """What a webhook is about. A hint to go and ask, by `reference`; None when it names nothing of ours.

    `data` is what it says, in the gateway's words: never to be believed, only to know what to ask.
    """

    event: str
    reference: str | None
    dedupe_key: str
    data: dict[str, Any] = field(default_factory=dict, repr=False)


class GatewayError(DomainError):
    """A gateway did not do what was asked."""

    code = "gateway_error"
    kind: ClassVar[Kind] = "unavailable"
    message = _("The payment service had a problem.")


class GatewayUnavailable(GatewayError):
    """No answer, or one that says nothing (timeout, 429, 5xx): outcome unknown. Ask again by reference."""

    code = "gateway_unavailable"
    message = _("The payment service is not answering. Nothing is lost: we will check again.")


class GatewayUnreadable(GatewayUnavailable):
    """An answer that is not in the agreed form: the outcome is as unknown as after a timeout."""

    code = "gateway_unreadable"
    message = _("The payment service gave an answer we could not read. We will check again.")


class GatewayRefused(GatewayError):
    """The gateway said no (4xx). `data` has the `status`, its code as `reason`, its words as `said`."""

    code = "gateway_refused"
    message = _("The payment service refused the request.")


class DuplicateReference(GatewayRefused):
    """The reference is known to the gateway already; the address of its page cannot be had a second time."""

    code = "duplicate_reference"
    kind = "conflict"
    message = _("The payment service already knows this payment.")


class ChargeNotFound(GatewayRefused):
    """The gateway knows no charge of this reference."""

    code = "charge_not_found"
    kind = "not_found"
    message = _("The payment service does not know this payment.")


class ForgedSignature(GatewayError):
    """A webhook that the gateway did not sign. `data["reason"]` is missing, malformed or mismatch."""

    code = "forged_signature"
    kind = "forbidden"
    message = _("The signature is not valid.")


class UnreadableNotice(GatewayError):
    """A signed webhook whose body is not a notice."""

    code = "unreadable_notice"
    kind = "invalid"
    message = _("The notice could not be read.")


class Gateway(Protocol):
    """The questions asked of every gateway."""

    def check_credentials(self) -> None:
        """Ask something harmless. Raises GatewayRefused where it does not know us, GatewayUnavailable."""
        ...

    def find_charge(self, *, reference: str) -> Charge: ...

    def verify_signature(self, raw: bytes, signature: str | None) -> None: ...

    def read_notice(self, raw: bytes) -> WebhookNotice: ...
