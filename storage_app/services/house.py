"""The buckets that our own pages keep their files in. Each is made when it is first needed."""

from contextlib import suppress
from datetime import datetime
from typing import Any

from core.actors import acting_as_service
from storage_app.models import Bucket
from storage_app.services import buckets
from storage_app.services.buckets import Rules, What, Who

AVATARS, DOCUMENTS, INCOMING = "avatars", "documents", "incoming"
KYC, KYC_INCOMING = "kyc", "kyc-incoming"
ARCHIVES = "archives"
BUREAU_FILES = "bureau-files"
PAYMENT_LINKS = "payment-links"
PHOTOGRAPHS = ["image/jpeg", "image/png", "image/webp", "image/avif", "image/gif"]

_ALL: dict[str, dict[str, Any]] = {
    # Written by our own service alone: whatever lies here was made anew from what people sent.
    AVATARS: {
        "public": True,
        "file_size_limit": 1_000_000,
        "allowed_mime_types": ["image/webp"],
        "keep_versions": 0,
    },
    # What merchants show beside what they ask for; made anew likewise.
    PAYMENT_LINKS: {
        "public": True,
        "file_size_limit": 1_000_000,
        "allowed_mime_types": ["image/webp"],
        "keep_versions": 0,
    },
    DOCUMENTS: {"quota_bytes": 2 * 1024**3, "quota_objects": 1_000},
    # Where pictures wait, part by part, until the page they are for has taken them; nobody reads them here.
    INCOMING: {
        "file_size_limit": 30_000_000,
        "allowed_mime_types": PHOTOGRAPHS,
        "quota_bytes": 300_000_000,
        "quota_objects": 20,
        "keep_versions": 0,
    },
    # What customers show to prove who they are. No rule opens it: our own service writes it and gives it out.
    KYC: {
        "file_size_limit": 15_000_000,
        "allowed_mime_types": ["image/jpeg", "application/pdf"],
        "keep_versions": 0,
    },
    # Where such a document waits, part by part, until it was looked at and taken over.
    KYC_INCOMING: {
        "file_size_limit": 15_000_000,
        "allowed_mime_types": [*PHOTOGRAPHS, "application/pdf"],
        "quota_bytes": 150_000_000,
        "quota_objects": 20,
        "keep_versions": 0,
    },
    # Months of big tables that were taken out of the database. No rule opens it; whoever restores them is the service.
    ARCHIVES: {"keep_versions": 0},
    # What the credit bureaux are told each month, sealed. No rule opens it; our own service writes and sends it.
    BUREAU_FILES: {"keep_versions": 0},
}
WAITING_ROOMS = (INCOMING, KYC_INCOMING)
_RULES: dict[str, Rules] = {
    AVATARS: [(Who.EVERYONE, What.READ)],
    PAYMENT_LINKS: [(Who.EVERYONE, What.READ)],
    INCOMING: [],
    KYC: [],
    KYC_INCOMING: [],
    ARCHIVES: [],
    BUREAU_FILES: [],
}


def bucket(id: str, *, at: datetime) -> Bucket:
    """Return one of these buckets, made now unless it is there."""
    with acting_as_service():
        found = Bucket.objects.filter(pk=id).first()
        if found is None:
            with suppress(buckets.BucketExists):
                buckets.make(id=id, at=at, rules=_RULES.get(id), **_ALL[id])
            found = Bucket.objects.get(pk=id)
    return found


def make_all(*, at: datetime) -> None:
    for id in _ALL:
        bucket(id, at=at)
