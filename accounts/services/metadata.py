"""What apps keep with a person in `user_metadata`."""

import json
from decimal import Decimal
from math import isfinite
from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts import audit
from accounts.models import User
from core.actors import acting_as_service
from core.errors import DomainError

MOST_BYTES = 16 * 1024
DEEPEST = 8
# Ours to say, whatever an app sends.
FACTS = ("sub", "email", "email_verified", "phone_verified")


class MetadataRefused(DomainError):
    code = "validation_failed"
    message = _("data must be an object of at most 16 kB, nested at most 8 levels deep")


def taken(data: object) -> dict[str, Any]:
    """Return what an app sent as `data` in the form in which it is kept; raises MetadataRefused."""
    kept = given(data)
    return {name: value for name, value in kept.items() if name not in FACTS}


def given(data: object) -> dict[str, Any]:
    """As `taken`, for the service, which may say anything of a person; raises MetadataRefused."""
    if not isinstance(data, dict):
        raise MetadataRefused
    kept: dict[str, Any] = _plain(data, 1)
    _refuse_large(kept)
    return kept


def merge(*, user: User, data: object) -> User:
    """Lay `data` over what is kept with a person: null takes a name away. Raises MetadataRefused."""
    changes = taken(data)
    with acting_as_service():
        fresh = User.objects.select_for_update().get(pk=user.pk)
        merged = {
            name: value
            for name, value in {**fresh.user_metadata, **changes}.items()
            if value is not None or name not in changes
        }
        _refuse_large(merged)
        fresh.user_metadata = merged
        fresh.save(update_fields=["user_metadata", "updated_at"])
        audit.record(
            action="accounts.user.metadata_changed", target=user, actor_id=user.id, names=sorted(changes)
        )
    return fresh


def _refuse_large(data: dict[str, Any]) -> None:
    if len(json.dumps(data, ensure_ascii=False).encode()) > MOST_BYTES:
        raise MetadataRefused


def _plain(value: Any, depth: int) -> Any:
    """Numbers as the database's JSON keeps them; raises MetadataRefused for what is nested too deep or no number."""
    if depth > DEEPEST:
        raise MetadataRefused
    if isinstance(value, dict):
        return {name: _plain(inner, depth + 1) for name, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner, depth + 1) for inner in value]
    if not isinstance(value, Decimal):
        return value
    number = float(value)
    if not isfinite(number):
        raise MetadataRefused
    return number
