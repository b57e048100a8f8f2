"""What a customer takes home of all this: what they declared, what they sent, what came of it. Numbers by their end."""

from collections.abc import Iterator
from typing import Any

from django.db.models import QuerySet

from accounts.life import File
from accounts.models import (
    BankAccountClaim,
    IdentityNumber,
    KycApplication,
    KycCheck,
    KycDocument,
    KycStateChange,
    User,
)

APPLICATION = (
    *("id", "target_tier", "state", "first_name", "middle_name", "last_name", "date_of_birth"),
    *("address", "city", "region", "country", "consent_version", "consent_text", "consented_at"),
    *("created_at", "submitted_at", "decided_at"),
)
CHANGE = ("application_id", "from_state", "to_state", "reason_code", "message", "at")
DOCUMENT = (
    *("application_id", "kind", "side", "state", "object_name", "content_type", "size", "width", "height"),
    *("reason_code", "fix", "uploaded_at"),
)


def files(user: User) -> Iterator[File]:
    """The files of an export, read as the service."""
    yield "kyc_applications", _rows(KycApplication.objects.filter(customer_id=user.pk), *APPLICATION)
    changes = KycStateChange.objects.filter(application__customer_id=user.pk)
    yield "kyc_states", _rows(changes, *CHANGE)
    documents = KycDocument.objects.filter(application__customer_id=user.pk)
    yield "kyc_documents", _rows(documents, *DOCUMENT)
    numbers = IdentityNumber.objects.filter(customer_id=user.pk)
    yield "identity_numbers", _rows(numbers, "kind", "last_four", "verified_at", "created_at", "released_at")
    accounts = BankAccountClaim.objects.filter(application__customer_id=user.pk)
    yield "kyc_bank_accounts", _rows(accounts, "application_id", "bank_code", "last_four")
    # Of lists of sanctions only that they were looked through: what was found is for those whom the law tells it.
    checks = KycCheck.objects.filter(application__customer_id=user.pk)
    checks = checks.exclude(kind=KycCheck.Kind.SCREENING)
    yield "kyc_checks", _rows(checks, "application_id", "kind", "source", "outcome", "at")


def _rows(rows: QuerySet[Any], *fields: str) -> Iterator[dict[str, Any]]:
    return rows.order_by("pk").values(*fields).iterator(chunk_size=500)
