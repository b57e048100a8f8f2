"""Where an organisation is told: endpoints made, changed, switched off and on, deleted, and given a new secret.

A secret stands in clear only in what `make` and `roll_secret` return. What a disabled endpoint still had to get waits,
and goes out when it is enabled again; what happens meanwhile is not planned for it, and `resend_range` brings it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from accounts import audit, organization_events
from accounts.event_types import all_event_types
from accounts.models import WebhookEndpoint
from accounts.models.webhooks import EVERY_TYPE
from accounts.services.webhooks import envelope
from accounts.services.webhooks.access import Caller, locked_endpoint, locked_organization, person_of
from accounts.webhook_tasks import start_sending
from core import outbound
from core.actors import acting_as_service
from core.errors import DomainError
from core.ids import uuid7

MOST_ENDPOINTS = 10
LONGEST_DESCRIPTION = 120
OVERLAPS = (timedelta(0), timedelta(hours=1), timedelta(hours=24))
_State, _Reason = WebhookEndpoint.State, WebhookEndpoint.Reason


class EndpointInvalid(DomainError):
    """A URL, description, event type or time that an endpoint cannot have; `data["field"]` says which."""

    code = "webhook_endpoint_invalid"
    message = _("A webhook endpoint cannot have this.")
    public = ("field",)


class TooManyEndpoints(DomainError):
    code = "too_many_webhook_endpoints"
    kind = "conflict"
    message = _("The organisation has 10 webhook endpoints. Delete one that it does not need.")


class EndpointAlreadyMade(DomainError):
    code = "webhook_endpoint_already_made"
    kind = "conflict"
    message = _(
        "This form was sent before, and the secret was shown then. If you did not copy it, roll it to get a new one."
    )


@dataclass(frozen=True)
class Made:
    """An endpoint and, this once, its secret."""

    endpoint: WebhookEndpoint
    secret: str


def make(
    *,
    organization_id: UUID,
    by: Caller,
    url: str,
    event_types: Iterable[str],
    at: datetime,
    description: str = "",
    endpoint_id: UUID | None = None,
) -> Made:
    """Make an endpoint, enabled. `endpoint_id` names the wish, so that a form sent twice makes one.

    Raises EndpointNotFound, WebhooksNotManaged, EndpointInvalid, EndpointAlreadyMade, TooManyEndpoints.
    """
    facts = _checked(url=url, event_types=event_types, description=description)
    with acting_as_service():
        organization = locked_organization(organization_id, by)
        if endpoint_id and WebhookEndpoint.objects.filter(pk=endpoint_id).exists():
            raise EndpointAlreadyMade
        if organization.webhook_endpoints.filter(deleted_at=None).count() >= MOST_ENDPOINTS:
            raise TooManyEndpoints
        endpoint = WebhookEndpoint(
            id=endpoint_id or uuid7(), organization=organization, created_at=at, **facts
        )
        secret = _give_secret(endpoint, at)
        endpoint.save(force_insert=True)
        audit.record(
            action="accounts.webhook_endpoint.made",
            target=endpoint,
            actor_id=person_of(by),
            organization=str(organization.pk),
            **facts,
        )
    return Made(endpoint, secret)


def change(
    *,
    endpoint_id: UUID,
    by: Caller,
    url: str | None = None,
    event_types: Iterable[str] | None = None,
    description: str | None = None,
) -> WebhookEndpoint:
    """Change what is given, and leave the rest. Raises EndpointNotFound, WebhooksNotManaged, EndpointInvalid."""
    facts = _checked(url=url, event_types=event_types, description=description)
    with acting_as_service():
        endpoint = locked_endpoint(endpoint_id, by)
        before = {
            field: getattr(endpoint, field) for field in facts if getattr(endpoint, field) != facts[field]
        }
        for field in before:
            setattr(endpoint, field, facts[field])
        if "url" in before:
            # How the old address did says nothing of the new one.
            endpoint.failing_since = None
        if before:
            endpoint.save(update_fields=[*before, "failing_since"])
            after = {field: facts[field] for field in before}
            _record("changed", endpoint, by, before=before, after=after)
    return endpoint


def disable(*, endpoint_id: UUID, by: Caller) -> WebhookEndpoint:
    """Send an endpoint nothing more until it is enabled again. Raises EndpointNotFound, WebhooksNotManaged."""
    with acting_as_service():
        endpoint = locked_endpoint(endpoint_id, by)
        if endpoint.is_enabled:
            endpoint.state, endpoint.reason = _State.DISABLED, _Reason.BY_OWNER
            endpoint.save(update_fields=["state", "reason"])
            _record("disabled", endpoint, by, reason=endpoint.reason)
            organization_events.endpoint_disabled(endpoint)
    return endpoint


def enable(*, endpoint_id: UUID, by: Caller) -> WebhookEndpoint:
    """Go on sending: what waited goes out. Raises EndpointNotFound, WebhooksNotManaged."""
    with acting_as_service():
        endpoint = locked_endpoint(endpoint_id, by)
        if not endpoint.is_enabled:
            was, endpoint.state, endpoint.reason = endpoint.reason, _State.ENABLED, ""
            endpoint.failing_since = None
            endpoint.save(update_fields=["state", "reason", "failing_since"])
            _record("enabled", endpoint, by, was=was)
            start_sending()
    return endpoint


def delete(*, endpoint_id: UUID, by: Caller, at: datetime) -> None:
    """Forget an endpoint and its secret; what it was sent is cleared away at night.

    Raises EndpointNotFound, WebhooksNotManaged.
    """
    with acting_as_service():
        endpoint = locked_endpoint(endpoint_id, by)
        endpoint.state, endpoint.reason, endpoint.deleted_at = _State.DISABLED, _Reason.BY_OWNER, at
        endpoint.secret = endpoint.previous_secret = ""
        endpoint.previous_until = None
        endpoint.save(
            update_fields=["state", "reason", "deleted_at", "secret", "previous_secret", "previous_until"]
        )
        _record("deleted", endpoint, by, url=endpoint.url)


def roll_secret(*, endpoint_id: UUID, by: Caller, overlap: timedelta, at: datetime) -> Made:
    """Give an endpoint a new secret. For `overlap` the one before it signs as well, so that receivers can change over.

    Raises EndpointNotFound, WebhooksNotManaged, EndpointInvalid.
    """
    if overlap not in OVERLAPS:
        raise EndpointInvalid(field="overlap")
    with acting_as_service():
        endpoint = locked_endpoint(endpoint_id, by)
        before = envelope.opened(endpoint.secret, column="secret", endpoint_id=endpoint.pk)
        secret = _give_secret(endpoint, at)
        endpoint.previous_secret, endpoint.previous_until = "", None
        if overlap:
            endpoint.previous_secret = envelope.sealed(
                before, column="previous_secret", endpoint_id=endpoint.pk
            )
            endpoint.previous_until = at + overlap
        endpoint.save(update_fields=["secret", "secret_changed_at", "previous_secret", "previous_until"])
        ends = endpoint.previous_until.isoformat() if endpoint.previous_until else None
        _record("secret_rolled", endpoint, by, previous_until=ends)
    return Made(endpoint, secret)


def shown_again(*, endpoint_id: UUID, secret_changed_at: datetime) -> str | None:
    """Return the secret that was given out at this moment, for the repeat of the request that made it; None later on.

    The answer to a request is kept so that a repeat gets it too, and is kept without the secret.
    """
    with acting_as_service():
        found = (
            WebhookEndpoint.objects.kept().filter(pk=endpoint_id, secret_changed_at=secret_changed_at).first()
        )
    return envelope.opened(found.secret, column="secret", endpoint_id=found.pk) if found else None


def _give_secret(endpoint: WebhookEndpoint, at: datetime) -> str:
    secret = envelope.new_secret()
    endpoint.secret = envelope.sealed(secret, column="secret", endpoint_id=endpoint.pk)
    endpoint.secret_changed_at = at
    return secret


def _checked(
    *, url: str | None, event_types: Iterable[str] | None, description: str | None
) -> dict[str, Any]:
    """What is given, in its plain form. Raises EndpointInvalid."""
    facts: dict[str, Any] = {}
    if url is not None:
        facts["url"] = _url(url)
    if event_types is not None:
        facts["event_types"] = _types(event_types)
    if description is not None:
        facts["description"] = " ".join(description.split())
        if len(facts["description"]) > LONGEST_DESCRIPTION:
            raise EndpointInvalid(_("A description has 120 characters at most."), field="description")
    return facts


def _url(url: str) -> str:
    try:
        outbound.check_url(url.strip())
    except outbound.UrlRefused as refusal:
        raise EndpointInvalid(refusal.message, field="url") from None
    return url.strip()


def _types(event_types: Iterable[str]) -> list[str]:
    wanted = {*event_types}
    known = [EVERY_TYPE, *all_event_types()]
    if not wanted:
        raise EndpointInvalid(_("Choose at least one type of event."), field="event_types")
    if not wanted <= {*known}:
        raise EndpointInvalid(_("There is no such type of event."), field="event_types")
    return [EVERY_TYPE] if EVERY_TYPE in wanted else [name for name in known if name in wanted]


def _record(deed: str, endpoint: WebhookEndpoint, by: Caller, **facts: Any) -> None:
    audit.record(
        action=f"accounts.webhook_endpoint.{deed}",
        target=endpoint,
        actor_id=person_of(by),
        organization=str(endpoint.organization_id),
        **facts,
    )
