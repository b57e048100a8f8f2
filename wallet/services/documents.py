"""Papers that we give out, each with a code by which a stranger learns that it is ours: that, and nothing else."""

import logging
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.cache import cache
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from redis.exceptions import RedisError

from accounts import audit
from accounts.models import User
from core.actors import acting_as_service
from core.errors import DomainError
from wallet.models import Account, Document

# Without letters that look like others; 20 of them are 100 bits of chance.
LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH, GROUP = 20, 4
_READ_AS = str.maketrans("OIL", "011", " -")
QUESTIONS, WINDOW = 30, 600  # of one address in so many seconds

logger = logging.getLogger(__name__)


class TooManyQuestions(DomainError):
    """`data["retry_after"]` says in how many seconds the next question is free."""

    code = "too_many_questions"
    kind = "limited"
    message = _("Too many codes were asked for from here. Please wait a few minutes.")
    public = ("retry_after",)


@dataclass(frozen=True)
class Genuine:
    """All that a stranger learns of a document."""

    kind: str
    issued_at: datetime
    sha256: str


def issue(
    *,
    kind: str,
    subject_id: UUID,
    sha256: str,
    at: datetime,
    account: Account | None = None,
    facts: dict[str, Any] | None = None,
    language: str = "en",
    issued_by: User | None = None,
) -> Document:
    """Give a paper its code, once for each subject and side of it: a repeat returns the first, as it was then."""
    with acting_as_service():
        found = document_of(kind=kind, subject_id=subject_id, account=account)
        if found is not None:
            return found
        made = prepared(
            kind=kind,
            subject_id=subject_id,
            sha256=sha256,
            at=at,
            account=account,
            facts=facts,
            language=language,
            issued_by=issued_by,
        )
        try:
            with transaction.atomic():
                made.save(force_insert=True)
        except IntegrityError:
            # Somebody else issued it just now.
            return Document.objects.get(kind=kind, subject_id=subject_id, account=account)
        audit.record(action="wallet.document.issued", target=made, kind=kind, subject=str(subject_id))
        return made


def prepared(
    *,
    kind: str,
    subject_id: UUID,
    sha256: str,
    at: datetime,
    account: Account | None = None,
    facts: dict[str, Any] | None = None,
    language: str = "en",
    issued_by: User | None = None,
) -> Document:
    """Return a document that is not written yet: for whoever writes many at once."""
    return Document(
        code=new_code(),
        kind=kind,
        subject_id=subject_id,
        account=account,
        issued_by=issued_by,
        language=language,
        facts=facts or {},
        sha256=sha256,
        issued_at=at,
    )


def document_of(*, kind: str, subject_id: UUID, account: Account | None = None) -> Document | None:
    """Return what was issued of a subject's side. The caller knows that the side is theirs."""
    with acting_as_service():
        return Document.objects.filter(kind=kind, subject_id=subject_id, account=account).first()


def confirm(*, code: str, address: str, at: datetime) -> Genuine | None:
    """Say whether a code is that of a document of ours; counts the question. Raises TooManyQuestions.

    A code that cannot be one is answered as one that was never given.
    """
    _count(address, at)
    letters = normal(code)
    with acting_as_service():
        found = Document.objects.filter(code=letters).first()
    return Genuine(found.get_kind_display(), found.issued_at, found.sha256) if found else None


def new_code() -> str:
    return "".join(secrets.choice(LETTERS) for _letter in range(LENGTH))


def spelled(code: str) -> str:
    """Return a code in groups, as it is printed and read out."""
    return "-".join(code[at : at + GROUP] for at in range(0, len(code), GROUP))


def normal(text: str) -> str:
    """Return what somebody typed as a code is stored: without gaps, and with letters for those that look alike."""
    return text.upper().translate(_READ_AS)[: LENGTH + 1]


def address_of(code: str) -> str:
    """Return where a stranger asks about a document: what its QR code says."""
    return settings.SITE_URL + reverse("verify_document", args=[spelled(code)])


def _count(address: str, at: datetime) -> None:
    """Counts nothing while the cache is away: the codes cannot be guessed anyway."""
    seconds = int(at.timestamp())
    key = f"documents:{address}:{seconds // WINDOW}"
    try:
        cache.add(key, 0, timeout=WINDOW)
        tries = cache.incr(key)
    except (RedisError, ValueError):
        logger.warning("questions about documents are not counted: the cache does not answer", exc_info=True)
        return
    if tries > QUESTIONS:
        raise TooManyQuestions(retry_after=WINDOW - seconds % WINDOW)
