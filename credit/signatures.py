"""Whether a contract was signed as it is, by all that it names: asked of the very text that is kept. Pure.

A text of years ago is read as it was written; nothing is spelled anew, so its hash is the one that was signed.
"""

import json
from collections.abc import Iterable
from hashlib import sha256
from uuid import UUID

from credit.terms_hash import NotSigned, Side, Signature, SignedByAnother, TermsChanged


def parties_of(text: str) -> dict[Side, frozenset[UUID]]:
    """Return who has to sign, by side. Raises KeyError, ValueError for what is no text of terms."""
    told = json.loads(text)
    return {
        Side.BORROWER: frozenset({UUID(told["borrower_id"])}),
        Side.PROVIDER: frozenset(UUID(one) for one in told["provider_ids"]),
    }


def missing_in(text: str, signatures: Iterable[Signature]) -> dict[Side, frozenset[UUID]]:
    """Return who has not signed yet, by side. Raises TermsChanged, SignedByAnother for a signature that is none."""
    wanted, missing = sha256(text.encode()).hexdigest(), parties_of(text)
    parties = dict(missing)
    for one in signatures:
        if one.sha256 != wanted:
            raise TermsChanged(side=str(one.side))
        if one.party_id not in parties[one.side]:
            raise SignedByAnother(side=str(one.side))
        missing[one.side] -= {one.party_id}
    return missing


def refuse_unsigned_text(text: str, signatures: Iterable[Signature]) -> None:
    """Let a text pass that each party signed as it is. Raises TermsChanged, SignedByAnother, NotSigned."""
    missing = missing_in(text, signatures)
    if any(missing.values()):
        raise NotSigned(sides=sorted(str(side) for side, parties in missing.items() if parties))
