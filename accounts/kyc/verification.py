"""What a service that verifies is asked, and what it may answer: one narrow protocol for each kind of check.

A service is chosen by `settings.KYC_VERIFIERS`: a kind of check -> the dotted path of a class, made without arguments.
It knows no table of ours: it gets what was declared and says what it found. What it cannot say is UNDECIDED, with the
reason among the facts; it raises nothing, for a service that is down proves nothing about a person.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, Protocol
from uuid import UUID

from django.conf import settings
from django.utils.module_loading import import_string

from accounts.kyc import names
from accounts.models import KycCheck

Outcome = KycCheck.Outcome


@dataclass(frozen=True)
class Declared:
    """What a customer says of themselves. `reference` is ours, says nothing, and names the question."""

    reference: str
    customer_id: UUID
    first_name: str = field(default="", repr=False)
    middle_name: str = field(default="", repr=False)
    last_name: str = field(default="", repr=False)
    date_of_birth: date | None = field(default=None, repr=False)
    email: str = field(default="", repr=False)
    number: str = field(default="", repr=False)
    bank_code: str = ""
    account_number: str = field(default="", repr=False)

    @property
    def name(self) -> str:
        return " ".join(part for part in (self.first_name, self.middle_name, self.last_name) if part)


@dataclass(frozen=True)
class Document:
    """A document that was sent, without its bytes."""

    id: UUID
    kind: str
    content_type: str
    size: int
    sha256: str
    picture_hash: int | None
    customer_id: UUID


@dataclass(frozen=True)
class Hit:
    """An entry of a list that may mean the person. `content` changes when the list says something else of them."""

    list_name: str
    external_id: str
    content: str
    entry: Mapping[str, Any]
    score: Decimal
    same_birth: bool


@dataclass(frozen=True)
class Finding:
    """What a service found. `facts` may hold personal data and are stored sealed.

    `again` says that asking once more later may tell more; `reference`, with outcome PENDING, by what the answer will
    be known when it comes; `hits`, of a screening, what was found.
    """

    outcome: str
    source: str
    score: Decimal | None = None
    facts: Mapping[str, Any] = field(default_factory=dict, repr=False)
    reference: str = ""
    again: bool = False
    hits: tuple[Hit, ...] = field(default=(), repr=False)


class NumberVerifier(Protocol):
    def check_number(self, declared: Declared) -> Finding: ...


class BankAccountVerifier(Protocol):
    def check_bank_account(self, declared: Declared) -> Finding: ...


class DocumentVerifier(Protocol):
    """`open_bytes` reads the file from its beginning, piece by piece."""

    def check_document(self, document: Document, open_bytes: Callable[[], Iterator[bytes]]) -> Finding: ...


class Screener(Protocol):
    def screen(self, declared: Declared) -> Finding: ...


def verifier(kind: str) -> Any:
    """Return the service that answers for a kind of check. Raises KeyError where none is named."""
    return import_string(settings.KYC_VERIFIERS[kind])()


def undecided(source: str, reason: str, *, again: bool = False, **facts: Any) -> Finding:
    """Return "cannot decide yet", and why."""
    return Finding(Outcome.UNDECIDED, source, facts={"reason": reason, **facts}, again=again)


def compare_names(*, declared: str, found: str, source: str, **facts: Any) -> Finding:
    """Return how a declared name agrees with the one that a service gave, by our own rule (`names`)."""
    likeness = Decimal(str(round(names.score(declared, found), 4)))
    facts = {"name": found[: names.LONGEST], **facts}
    return Finding(outcome_of(float(likeness)), source, score=likeness, facts=facts)


def outcome_of(likeness: float) -> str:
    if likeness >= names.MATCH:
        return Outcome.MATCH
    return Outcome.PARTIAL if likeness >= names.PARTIAL else Outcome.MISMATCH
