"""Buckets: made, changed, deleted; and the rules that come with them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from core import audit
from core.actors import acting_as_service
from core.errors import DomainError
from storage_app.models import Bucket, BucketRule
from storage_app.names import checked_bucket_name
from storage_app.services import removal
from storage_app.services.access import BucketNotFound, require_service

Who, What = BucketRule.Who, BucketRule.What
Rules = Sequence[tuple[str, str]]
# What a new bucket allows, until staff say otherwise.
_OWN: Rules = [(who, what) for who in (Who.OWN_FOLDER, Who.ORGANIZATION_FOLDER) for what in What]
RULES_OF_PRIVATE: Rules = _OWN
RULES_OF_PUBLIC: Rules = [(Who.EVERYONE, What.READ), *_OWN]
# Of these a change consists; nothing else of a bucket can be sent.
CHANGEABLE = (
    "public",
    "file_size_limit",
    "allowed_mime_types",
    "quota_bytes",
    "quota_objects",
    "keep_versions",
)


class BucketExists(DomainError):
    code = "bucket_exists"
    kind = "conflict"
    message = _("The resource already exists")


class BucketNotEmpty(DomainError):
    code = "bucket_not_empty"
    kind = "conflict"
    message = _("The bucket you tried to delete is not empty")


def make(
    *, id: str, at: datetime, owner_id: UUID | None = None, rules: Rules | None = None, **facts: Any
) -> Bucket:
    """Make a bucket with these rules, or those of its kind. Raises NotAllowed, InvalidBucketName, BucketExists."""
    require_service()
    bucket = Bucket(id=checked_bucket_name(id), owner_id=owner_id, created_at=at, updated_at=at, **facts)
    with acting_as_service():
        try:
            with transaction.atomic():
                bucket.save(force_insert=True)
        except IntegrityError:
            raise BucketExists from None
        if rules is None:
            rules = RULES_OF_PUBLIC if bucket.public else RULES_OF_PRIVATE
        BucketRule.objects.bulk_create(BucketRule(bucket=bucket, who=who, what=what) for who, what in rules)
        audit.record(action="storage.bucket.made", target=bucket, **_told(bucket))
    return bucket


def change(*, id: str, at: datetime, **facts: Any) -> Bucket:
    """Change a bucket. One that becomes private closes to the world: addresses signed before are ended.

    Raises NotAllowed, BucketNotFound.
    """
    require_service()
    with acting_as_service():
        bucket = _locked(id)
        closes = bucket.public and facts.get("public") is False
        for name, value in facts.items():
            if name not in CHANGEABLE:
                raise TypeError(f"{name} of a bucket cannot be changed")
            setattr(bucket, name, value)
        bucket.updated_at = at
        bucket.save(update_fields=[*facts, "updated_at"])
        if closes:
            BucketRule.objects.filter(bucket=bucket, who=Who.EVERYONE).delete()
            _raise_epoch(bucket)
        if facts.get("public"):
            BucketRule.objects.get_or_create(bucket=bucket, who=Who.EVERYONE, what=What.READ)
        audit.record(action="storage.bucket.changed", target=bucket, **_told(bucket))
    return bucket


def end_signed_addresses(*, id: str) -> Bucket:
    """End every address into this bucket that was signed until now. Raises NotAllowed, BucketNotFound."""
    require_service()
    with acting_as_service():
        bucket = _locked(id)
        _raise_epoch(bucket)
        audit.record(action="storage.bucket.epoch_raised", target=bucket, epoch=bucket.epoch)
    return bucket


def delete(*, id: str) -> None:
    """Delete an empty bucket with its rules and open uploads. Raises NotAllowed, BucketNotFound, BucketNotEmpty."""
    require_service()
    with acting_as_service():
        bucket = _locked(id)
        if bucket.files.exists():
            raise BucketNotEmpty
        for upload in bucket.uploads.all():
            removal.doom_parts(upload=upload, at=upload.expires_at)
        audit.record(action="storage.bucket.deleted", target=bucket)
        bucket.delete()


def _locked(id: str) -> Bucket:
    bucket = Bucket.objects.select_for_update().filter(pk=id).first()
    if bucket is None:
        raise BucketNotFound
    return bucket


def _raise_epoch(bucket: Bucket) -> None:
    Bucket.objects.filter(pk=bucket.pk).update(epoch=F("epoch") + 1)
    bucket.refresh_from_db(fields=["epoch"])


def _told(bucket: Bucket) -> dict[str, Any]:
    return {name: getattr(bucket, name) for name in CHANGEABLE}
