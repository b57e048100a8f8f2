"""Giving a paper its code: once for the same figures."""

import hashlib
import json
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from django.utils.translation import get_language

from accounts.models import Profile, User
from core.actors import acting_as_service
from savings.refusals import TooManyPapers
from wallet.models import Account, Document
from wallet.services import documents

MOST_A_DAY = 50
DAY = timedelta(days=1)
KINDS = (Document.Kind.SAVINGS_STATEMENT, Document.Kind.INTEREST_CERTIFICATE)


def issue(
    *, kind: str, about: UUID, account: Account, user: User, facts: dict[str, Any], at: datetime
) -> Document:
    """Return the paper that says this, made now or before. Raises TooManyPapers."""
    told = json.dumps(facts, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    sha256 = hashlib.sha256(told.encode()).hexdigest()
    subject = uuid5(about, sha256)
    with acting_as_service():
        found = documents.document_of(kind=kind, subject_id=subject, account=account)
        if found is not None:
            return found
        theirs = Account.objects.filter(owner=user).values("pk")
        lately = Document.objects.filter(account__in=theirs, kind__in=KINDS, issued_at__gt=at - DAY)
        if lately.count() >= MOST_A_DAY:
            raise TooManyPapers
        return documents.issue(
            kind=kind,
            subject_id=subject,
            sha256=sha256,
            at=at,
            account=account,
            facts=facts,
            language=get_language() or "en",
        )


def holder_of(user: User) -> str:
    """The name that stands on a paper."""
    return Profile.objects.filter(user=user).values_list("display_name", flat=True).first() or user.email
