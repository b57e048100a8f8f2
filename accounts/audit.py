"""The audit trail: one line per deed, in the deed's own transaction."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db import models

from accounts.models import AuditEvent
from core.actors import current_actor, current_origin

# The fact that names the API key by which a deed was done.
BY_KEY = "by_api_key"


def record(
    *, action: str, target: models.Model | None = None, actor_id: UUID | None = None, **data: Any
) -> None:
    """Write that the acting person (or `actor_id`, where a sign-in only just makes them known) did `action`.

    `action` is namespaced (`wallet.transfer.posted`); `data` must be JSON and hold no secret. Where a program acts by
    an organisation's key, the line tells the key and the organisation.
    """
    AuditEvent.objects.bulk_create([_event(action, target, actor_id, data)])


def record_each(
    *, action: str, targets: Iterable[tuple[models.Model, dict[str, Any]]], actor_id: UUID | None = None
) -> None:
    """As `record`, for one deed done to many: a line for each, with its own data, in one insert."""
    AuditEvent.objects.bulk_create([_event(action, target, actor_id, data) for target, data in targets])


def _event(
    action: str, target: models.Model | None, actor_id: UUID | None, data: dict[str, Any]
) -> AuditEvent:
    actor, origin = current_actor(), current_origin()
    key_id = actor.claims.get("key_id") if actor else None
    if actor and key_id:
        data = {"organization": actor.claims["org_id"], **data, BY_KEY: key_id}
    return AuditEvent(
        action=action,
        actor_id=actor_id or (actor.user_id if actor else None),
        actor_role=actor.role if actor else "",
        target_type=target._meta.label_lower if target else "",
        target_id=str(target.pk) if target else "",
        data=data,
        ip=origin.ip,
        user_agent=origin.user_agent,
        request_id=origin.request_id,
    )
