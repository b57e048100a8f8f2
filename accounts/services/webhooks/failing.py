"""Endpoints that fail: since when, and when enough is enough."""

from datetime import datetime, timedelta
from uuid import UUID

from accounts import audit, letters, organization_events
from accounts.models import Membership, Notification, User, WebhookEndpoint
from accounts.services.notices import notify

# An endpoint at which every try failed for so long is disabled.
PATIENCE = timedelta(days=5)
_Reason = WebhookEndpoint.Reason


def clear(*, endpoint_id: UUID) -> None:
    """A try went well. Costs a look where nothing was wrong."""
    WebhookEndpoint.objects.filter(pk=endpoint_id, failing_since__isnull=False).update(failing_since=None)


def note(*, endpoint_id: UUID, tried_at: datetime, at: datetime, gone: bool) -> None:
    """A try failed. One that answers that it is gone, or fails for too long, is disabled, and its people are told."""
    endpoint = WebhookEndpoint.objects.select_for_update(no_key=True).get(pk=endpoint_id)
    if not endpoint.is_enabled:
        return
    if endpoint.failing_since is None:
        endpoint.failing_since = tried_at
    if gone or at - endpoint.failing_since >= PATIENCE:
        _disable(endpoint, _Reason.GONE if gone else _Reason.FAILING, at)
    else:
        endpoint.save(update_fields=["failing_since"])


def _disable(endpoint: WebhookEndpoint, reason: str, at: datetime) -> None:
    endpoint.state, endpoint.reason = WebhookEndpoint.State.DISABLED, reason
    endpoint.save(update_fields=["state", "reason", "failing_since"])
    audit.record(
        action="accounts.webhook_endpoint.disabled",
        target=endpoint,
        organization=str(endpoint.organization_id),
        reason=reason,
    )
    organization_events.endpoint_disabled(endpoint)
    _tell_managers(endpoint, at)


def _tell_managers(endpoint: WebhookEndpoint, at: datetime) -> None:
    organization = endpoint.organization
    managers = User.objects.filter(
        memberships__organization=organization, memberships__role__in=Membership.MANAGERS, is_active=True
    ).order_by("pk")
    facts = {"organization": organization.name, "slug": organization.slug, "url": endpoint.url}
    data = {**facts, "endpoint": str(endpoint.pk), "reason": endpoint.reason}
    notify(notices=[Notification(user=each, event="webhook.disabled", data=data) for each in managers])
    for each in managers:
        letters.send(
            template="webhooks/email/disabled",
            to=each.email,
            endpoint=endpoint,
            organization=organization,
            is_gone=endpoint.reason == _Reason.GONE,
            at=at,
            page=letters.page("webhook_endpoint", organization.slug, endpoint.pk),
        )
