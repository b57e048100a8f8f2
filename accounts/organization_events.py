"""What an organisation's programs are told of its own life. No secret, and no more of a person than members see.

Each function is called in the transaction of the deed it tells of.
"""

from typing import Any
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from accounts.event_types import EventType, declare, topic_of
from accounts.models import ApiKey, Invitation, Membership, Organization, User, WebhookEndpoint
from core.api.ids import encode
from realtime import services as realtime

LEFT, REMOVED = "LEFT", "REMOVED"
_PERSON = {"handle": "chidi", "display_name": "Chidi Eze"}
_MEMBER = {"member": "mem_01bXeVJ2pTfyGNuObTnVLg", "person": _PERSON, "role": "MEMBER"}
_KEY = {"api_key": "key_01bXeVFsjJrkCWVZkY9mJE", "mode": "LIVE"}
_FIRM = "org_01bXeVFsjJrkCWVZkY9mJE"

declare(
    EventType(
        "member.invited",
        _("Somebody was invited to the organisation. To whom the mail went, the event does not say."),
        {"invitation": "inv_01bXeVKNyARWzt9Zc36oSi", "role": "MEMBER"},
    ),
    EventType("member.joined", _("Somebody accepted an invitation."), _MEMBER),
    EventType(
        "member.role_changed",
        _("A member was given another role."),
        {**_MEMBER, "role": "ADMIN", "previous_role": "MEMBER"},
    ),
    EventType(
        "member.left",
        _("Somebody belongs to the organisation no more: LEFT by themselves, or REMOVED."),
        {**_MEMBER, "reason": LEFT},
    ),
    EventType("api_key.created", _("An API key was made."), _KEY),
    EventType(
        "api_key.rolled",
        _("An API key was replaced by a new one. The old one goes on until expires_at."),
        {**_KEY, "replaced_by": "key_01bXeVJ2pTfyGNuObTnVLg", "expires_at": "2026-02-01T08:30:00Z"},
    ),
    EventType("api_key.revoked", _("An API key was ended."), _KEY),
    EventType(
        "organization.changed",
        _("The organisation has another name."),
        {"organization": _FIRM, "name": "Kasuwa Stores", "previous_name": "Kasuwa"},
    ),
    EventType(
        "organization.closed", _("The organisation was closed. No event follows."), {"organization": _FIRM}
    ),
    EventType(
        "webhook_endpoint.disabled",
        _("A webhook endpoint gets no more events: BY_OWNER, GONE (it answered 410), or FAILING for days."),
        {"webhook_endpoint": "whe_01bXeVFsjJrkCWVZkY9mJE", "reason": "FAILING"},
    ),
)


def member_invited(invitation: Invitation) -> None:
    facts = {"invitation": encode("inv", invitation.pk), "role": invitation.role}
    _tell(invitation.organization_id, "member.invited", facts)


def member_joined(member: Membership) -> None:
    _tell(member.organization_id, "member.joined", _member(member, member.role))


def member_role_changed(member: Membership, *, before: str) -> None:
    facts = {**_member(member, member.role), "previous_role": before}
    _tell(member.organization_id, "member.role_changed", facts)


def member_left(member: Membership, *, role: str, reason: str) -> None:
    _tell(member.organization_id, "member.left", {**_member(member, role), "reason": reason})


def key_created(key: ApiKey) -> None:
    _tell(key.organization_id, "api_key.created", _key(key))


def key_rolled(old: ApiKey, new: ApiKey) -> None:
    ends = old.expires_at.isoformat().replace("+00:00", "Z") if old.expires_at else None
    facts = {**_key(old), "replaced_by": encode("key", new.pk), "expires_at": ends}
    _tell(old.organization_id, "api_key.rolled", facts)


def key_revoked(key: ApiKey) -> None:
    _tell(key.organization_id, "api_key.revoked", _key(key))


def organization_changed(organization: Organization, *, before: str) -> None:
    facts = {
        "organization": encode("org", organization.pk),
        "name": organization.name,
        "previous_name": before,
    }
    _tell(organization.pk, "organization.changed", facts)


def organization_closed(organization: Organization) -> None:
    _tell(organization.pk, "organization.closed", {"organization": encode("org", organization.pk)})


def endpoint_disabled(endpoint: WebhookEndpoint) -> None:
    facts = {"webhook_endpoint": encode("whe", endpoint.pk), "reason": endpoint.reason}
    _tell(endpoint.organization_id, "webhook_endpoint.disabled", facts)


def _tell(organization_id: UUID, event: str, facts: dict[str, Any]) -> None:
    realtime.publish(topic=topic_of(organization_id), event=event, payload=facts)


def _member(member: Membership, role: str) -> dict[str, Any]:
    return {"member": encode("mem", member.pk), "person": _person(member.user), "role": role}


def _person(user: User) -> dict[str, str] | None:
    """As members see one another: by name and handle. None for one without a profile, such as staff."""
    profile = getattr(user, "profile", None)
    return {"handle": profile.handle, "display_name": profile.display_name} if profile else None


def _key(key: ApiKey) -> dict[str, str]:
    """What every member may hear: that there is a key, not what it is called or how it ends."""
    return {"api_key": encode("key", key.pk), "mode": key.mode}
