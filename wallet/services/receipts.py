"""Receipts: one movement on paper, from the side of whoever asks; drawn again it is the same to the letter."""

import hashlib
import json
from datetime import UTC, datetime
from typing import Any

from django.utils.translation import get_language, override
from django.utils.translation import gettext as _

from core.actors import acting_as_service
from wallet import wording
from wallet.models import Account, Document, Entry, Payment
from wallet.services import documents, papers
from wallet.services.counterparties import parties_of


def issue_receipt(*, entry: Entry, at: datetime) -> Document:
    """Give a movement's receipt its code; a repeat returns the first. What names were then it keeps.

    The caller knows that this side of the movement is theirs.
    """
    with acting_as_service():
        account = Account.objects.get(pk=entry.account_id)
        found = documents.document_of(
            kind=Document.Kind.RECEIPT, subject_id=entry.transaction_id, account=account
        )
        if found is not None:
            return found
        facts = _facts_of(entry, account)
        told = json.dumps(facts, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        return documents.issue(
            kind=Document.Kind.RECEIPT,
            subject_id=entry.transaction_id,
            sha256=hashlib.sha256(told.encode()).hexdigest(),
            at=at,
            account=account,
            facts=facts,
            language=get_language() or "en",
        )


def _facts_of(entry: Entry, account: Account) -> dict[str, Any]:
    """Everything the receipt says: from the books, and the names as they are now."""
    parties = parties_of(account_ids=[account.pk, entry.counterparty_id])
    own, other = parties.get(account.pk), parties.get(entry.counterparty_id)
    payment = Payment.objects.filter(posting_id=entry.posting_id, account=account).first()
    same = Entry.objects.filter(account_id=account.pk).of_posting(entry.posting_id)
    return {
        "transaction": str(entry.transaction_id),
        "kind": entry.kind,
        "change": entry.change,
        "currency": entry.currency,
        "own": own.display_name if own else account.code,
        "other": other.display_name if other else "",
        "description": entry.description,
        "reference": payment.reference if payment else str(entry.transaction_id),
        "effective_at": entry.effective_at.astimezone(UTC).isoformat(),
        "recorded_at": entry.recorded_at.astimezone(UTC).isoformat(),
        "with": [
            [one.kind, one.change]
            for one in same.exclude(transaction_id=entry.transaction_id).order_by("transaction_id")
        ],
    }


def receipt_pdf(document: Document) -> bytes:
    """Return a receipt as a tagged PDF, the same bytes each time."""
    told = document.facts
    came_in = told["change"] > 0
    with override(document.language):
        us = "Alajo"
        own, other = told["own"], told["other"] or us
        facts = [
            (_("From"), other if came_in else own),
            (_("To"), own if came_in else other),
            (_("When"), papers.moment(datetime.fromisoformat(told["effective_at"]))),
        ]
        if told["description"]:
            facts.append((_("Note"), told["description"]))
        facts.append((_("Reference"), told["reference"]))
        return papers.draw(
            template="receipt",
            document=document,
            facts={
                "title": _("Receipt"),
                "issued": _("Issued %(when)s") % {"when": papers.moment(document.issued_at)},
                "kind": str(wording.kind(told["kind"])),
                "direction": _("Money in") if came_in else _("Money out"),
                "amount": papers.money(abs(told["change"]), told["currency"]),
                "facts": facts,
                "lines": [
                    (str(wording.kind(kind)), papers.money(change, told["currency"], sign=True))
                    for kind, change in told["with"]
                ],
                "words": {"together": _("Together with this")},
            },
        )
