"""What both sides sign: an offer's terms in one spelling, and its hash. Pure.

The hash is taken when the offer is made, shown with it, and signed by the borrower and by the provider. Whoever makes a
contract of it or disburses asks `refuse_unsigned`, so nobody can change the terms in between. Two spellings of the same
terms (24 and 24.00, one moment in two zones, fees in another order) are the same terms. What was signed is kept as its
text: a rule that is given another part later has another text, and the old one is still what its hash is of.
"""

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from hashlib import sha256
from typing import Any
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from accounts.approvals import canonical
from core.errors import DomainError

FORM = "alajo-terms-2"  # another form of the text is another name, so that no hash has two meanings


@dataclass(frozen=True)
class OfferTerms:
    """Everything that an offer binds its sides to. Amounts are minor units (kobo), rates percent a year.

    `provider_ids` are those who lend it, one or a pool, in whatever order: each of them signs. `rules` says by name how
    instalments, late charges and early payment are reckoned: words, numbers, days, and values made of these, such as
    the terms that a schedule is made from.
    """

    offer_id: UUID
    application_id: UUID
    borrower_id: UUID
    provider_ids: tuple[UUID, ...]
    currency: str
    amount: int
    term: int
    rate: Decimal
    apr: Decimal
    total_payable: int
    fees: Mapping[str, int]
    rules: Mapping[str, Any]
    conditions: tuple[str, ...]
    valid_until: datetime


class Side(StrEnum):
    BORROWER = "BORROWER"
    PROVIDER = "PROVIDER"


@dataclass(frozen=True)
class Signature:
    """That one side, in the name of `party_id`, signed what has this hash."""

    side: Side
    party_id: UUID
    sha256: str


class TermsChanged(DomainError):
    """A signature is under other terms. `data["side"]` says whose."""

    code = "credit_terms_changed"
    kind = "conflict"
    message = _("The terms are not those that were signed. Read them again before you go on.")
    public = ("side",)


class NotSigned(DomainError):
    """`data["sides"]` names who has not signed."""

    code = "credit_not_signed"
    kind = "conflict"
    message = _("This has to be signed by both sides first.")
    public = ("sides",)


class SignedByAnother(DomainError):
    """A signature is in the name of somebody who is no side of these terms."""

    code = "credit_signed_by_another"
    kind = "forbidden"
    message = _("This was not signed by the borrower and the lender that it names.")
    public = ("side",)


def terms_text(terms: OfferTerms) -> str:
    """Return the one spelling of the terms.

    Raises TypeError or ValueError for what has none: a float, a time without a zone, one name twice.
    """
    return canonical(
        {
            "form": FORM,
            "offer_id": str(terms.offer_id),
            "application_id": str(terms.application_id),
            "borrower_id": str(terms.borrower_id),
            "provider_ids": _parties(terms.provider_ids),
            "currency": terms.currency,
            "amount": _whole(terms.amount),
            "term": _whole(terms.term),
            "rate": _rate(terms.rate),
            "apr": _rate(terms.apr),
            "total_payable": _whole(terms.total_payable),
            "fees": _spelled({name: _whole(amount) for name, amount in terms.fees.items()}),
            "rules": _spelled(terms.rules),
            "conditions": _spelled(terms.conditions),
            "valid_until": _spelled(terms.valid_until),
        }
    )


def terms_hash(terms: OfferTerms) -> str:
    """Return the SHA-256 of the terms' one spelling, in hex. Raises as `terms_text` does."""
    return sha256(terms_text(terms).encode()).hexdigest()


def refuse_unsigned(terms: OfferTerms, signatures: Iterable[Signature]) -> None:
    """Let terms pass that the borrower and each lender signed as they are.

    Raises TermsChanged, SignedByAnother, NotSigned.
    """
    wanted = terms_hash(terms)
    parties = {(Side.BORROWER, terms.borrower_id), *((Side.PROVIDER, one) for one in terms.provider_ids)}
    missing = set(parties)
    for one in signatures:
        if one.sha256 != wanted:
            raise TermsChanged(side=str(one.side))
        if (one.side, one.party_id) not in parties:
            raise SignedByAnother(side=str(one.side))
        missing.discard((one.side, one.party_id))
    if missing:
        raise NotSigned(sides=sorted({str(side) for side, _party in missing}))


def _parties(ids: tuple[UUID, ...]) -> list[str]:
    if not ids or len(set(ids)) < len(ids):
        raise ValueError("each lender is named once, and there is one at least")
    return sorted(str(one) for one in ids)


def _whole(amount: Any) -> int:
    if type(amount) is not int:
        raise TypeError("an amount is a whole number of minor units")
    return amount


def _rate(number: Any) -> str:
    if not isinstance(number, Decimal):
        raise TypeError("a rate is a Decimal")
    return _digits(number)


def _digits(number: Decimal) -> str:
    """Without an exponent and without zeros that say nothing."""
    if not number.is_finite():
        raise ValueError("a number of the terms is finite")
    digits = f"{number:f}"
    digits = digits.rstrip("0").rstrip(".") if "." in digits else digits
    return "0" if digits in ("-0", "0") else digits


def _spelled(value: Any) -> Any:
    """The one spelling of a value, of what JSON holds. What it cannot spell, `canonical` refuses."""
    if isinstance(value, str):
        # Letters that look alike and are composed in two ways are the same letters.
        return unicodedata.normalize("NFC", str(value))
    if isinstance(value, Decimal):
        return _digits(value)
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ValueError("a time has a zone")
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    if isinstance(value, date):
        return value.isoformat()
    if is_dataclass(value) and not isinstance(value, type):
        return _spelled({field.name: getattr(value, field.name) for field in fields(value)})
    if isinstance(value, Mapping):
        spelled = {_spelled(name): _spelled(one) for name, one in value.items()}
        if len(spelled) < len(value):
            raise ValueError("two names are the same letters")
        return spelled
    if isinstance(value, (list, tuple)):
        return [_spelled(one) for one in value]
    return value
