"""Who may do something to an organisation's webhooks: its owners and administrators, and its own programs."""

from uuid import UUID

from django.utils.translation import gettext_lazy as _

from accounts.models import Membership, Organization, User, WebhookEndpoint
from core.actors import OrganizationCaller
from core.errors import DomainError

Caller = User | OrganizationCaller


class EndpointNotFound(DomainError):
    code = "webhook_endpoint_not_found"
    kind = "not_found"
    message = _("There is no such webhook endpoint.")


class WebhooksNotManaged(DomainError):
    code = "webhooks_not_managed"
    kind = "forbidden"
    message = _("Only owners and administrators of the organisation manage its webhooks.")


def locked_organization(organization_id: UUID, by: Caller) -> Organization:
    """Lock an open organisation that `by` manages. Raises EndpointNotFound to strangers, WebhooksNotManaged."""
    found = Organization.objects.select_for_update(no_key=True).open().filter(pk=organization_id).first()
    if found is None:
        raise EndpointNotFound
    _check(found.pk, by)
    return found


def locked_endpoint(endpoint_id: UUID, by: Caller) -> WebhookEndpoint:
    """Lock an endpoint that `by` manages. Raises EndpointNotFound to strangers, WebhooksNotManaged."""
    endpoints = WebhookEndpoint.objects.kept().filter(organization__closed_at=None)
    endpoint = endpoints.select_for_update(no_key=True, of=("self",)).filter(pk=endpoint_id).first()
    if endpoint is None:
        raise EndpointNotFound
    _check(endpoint.organization_id, by)
    return endpoint


def person_of(by: Caller) -> UUID | None:
    """Whom the trail names; a program's key it knows by itself."""
    return by.pk if isinstance(by, User) else None


def _check(organization_id: UUID, by: Caller) -> None:
    if isinstance(by, OrganizationCaller):
        if by.pk != organization_id:
            raise EndpointNotFound
        return
    theirs = Membership.objects.filter(organization=organization_id, user=by)
    role = theirs.values_list("role", flat=True).first()
    if role is None:
        raise EndpointNotFound
    if role not in Membership.MANAGERS:
        raise WebhooksNotManaged
