"""What we can say ourselves where no service is configured: little, and no more than that."""

from collections.abc import Callable, Iterator
from typing import Any

from accounts.kyc.verification import Declared, Document, Finding, Outcome, undecided
from accounts.models import KycDocument
from core.actors import acting_as_service
from storage_app.content import SNIFFED, UNKNOWN, content_type_of

SOURCE = "alajo"
PHOTOGRAPHS = frozenset({"image/jpeg", "image/png", "image/webp"})
# A bill or a statement may be the PDF that its sender made; what is held before a camera may not.
PAPERS = PHOTOGRAPHS | {"application/pdf"}
KIND = KycDocument.Kind
MAY_BE: dict[str, frozenset[str]] = {
    KIND.UTILITY_BILL: PAPERS,
    KIND.BANK_STATEMENT: PAPERS,
    KIND.NIN_SLIP: PAPERS,
}


class ByHand:
    """No service answers: staff decide."""

    def check_number(self, declared: Declared) -> Finding:
        return undecided(SOURCE, "no_service")

    def check_bank_account(self, declared: Declared) -> Finding:
        return undecided(SOURCE, "no_service")


class DocumentCheck:
    """Looks at the file, not at what it shows: whether it is what its kind may be, and whether others sent it too.

    Nothing against it is UNDECIDED, since nobody has read the document yet.
    """

    def check_document(self, document: Document, open_bytes: Callable[[], Iterator[bytes]]) -> Finding:
        head = next(open_bytes(), b"")[:SNIFFED]
        found = content_type_of(head=head, declared=document.content_type)
        facts: dict[str, Any] = {"content_type": found}
        if found == UNKNOWN or found not in MAY_BE.get(document.kind, PHOTOGRAPHS):
            return Finding(Outcome.MISMATCH, SOURCE, facts={"reason": "wrong_type", **facts})
        elsewhere = _sent_by_others(document)
        if elsewhere:
            return Finding(
                Outcome.PARTIAL, SOURCE, facts={"reason": "sent_by_others", "others": elsewhere, **facts}
            )
        return undecided(SOURCE, "staff_look", **facts)


def _sent_by_others(document: Document) -> int:
    """How many other customers sent the same bytes, or a picture that looks the same."""
    with acting_as_service():
        others = KycDocument.objects.exclude(application__customer_id=document.customer_id)
        same = set(
            others.filter(sha256=document.sha256).values_list("application__customer_id", flat=True)[:100]
        )
        if document.picture_hash is not None:
            alike = others.filter(picture_hash=document.picture_hash)
            same |= set(alike.values_list("application__customer_id", flat=True)[:100])
    return len(same)
