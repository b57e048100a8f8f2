"""Organisations and who belongs to them.

Whoever changes members or invitations first locks the organisation's row, so that of two owners who leave at once one
stays. An owner may do everything; an administrator invites and removes members but reaches no owner or administrator.
"""

import re
import secrets
import unicodedata
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import prefetch_related_objects
from django.utils.translation import gettext_lazy as _

from accounts import audit, life, organization_events, organization_mails
from accounts.models import ApiKey, Invitation, Membership, Notification, Organization, User
from accounts.services.notices import notify
from core.actors import acting_as_service
from core.errors import DomainError
from realtime import services as realtime

MOST_OWNED = 20
LONGEST_NAME = 80
# Words that stand in addresses where a slug would.
TAKEN_WORDS = frozenset({"join", "current", "new"})
_SLUG_LENGTH = 32


class OrganizationNotFound(DomainError):
    code = "organization_not_found"
    kind = "not_found"
    message = _("There is no such organisation among yours.")


class MemberNotFound(DomainError):
    code = "member_not_found"
    kind = "not_found"
    message = _("There is no such member in this organisation.")


class RoleNotEnough(DomainError):
    code = "organization_role_not_enough"
    kind = "forbidden"
    message = _("Your role in this organisation does not allow that.")


class LastOwner(DomainError):
    code = "organization_last_owner"
    kind = "conflict"
    message = _("An organisation needs an owner: make someone else an owner first, or close it.")


class MembersRemain(DomainError):
    code = "organization_members_remain"
    kind = "conflict"
    message = _("Others still belong to this organisation: remove them first.")


class TooManyOrganizations(DomainError):
    code = "organization_too_many"
    kind = "limited"
    message = _("You own as many organisations as one person may.")


class NameRefused(DomainError):
    code = "organization_name_refused"
    message = _("A name has 1 to 80 characters, at least one letter, and nothing that looks like an address.")


def create(*, owner: User, name: str) -> Organization:
    """Found an organisation with `owner` as its owner. Raises NameRefused, TooManyOrganizations."""
    name = clean_name(name)
    with acting_as_service():
        User.objects.select_for_update(no_key=True).get(pk=owner.pk)
        if Membership.objects.filter(user=owner, role=Membership.Role.OWNER).count() >= MOST_OWNED:
            raise TooManyOrganizations
        organization = _with_a_slug(name)
        membership = Membership.objects.create(
            organization=organization, user=owner, role=Membership.Role.OWNER
        )
        audit.record(
            action="accounts.organization.created", target=organization, actor_id=owner.pk, name=name
        )
        audit.record(
            action="accounts.membership.created",
            target=membership,
            actor_id=owner.pk,
            organization=str(organization.pk),
            role=membership.role,
        )
    return organization


def rename(*, organization_id: UUID, by: User, name: str) -> Organization:
    """Give an organisation another name; its address stays. Raises OrganizationNotFound, RoleNotEnough, NameRefused."""
    name = clean_name(name)
    with acting_as_service():
        mine = locked(organization_id=organization_id, by=by)
        if not mine.owns:
            raise RoleNotEnough
        organization, before = mine.organization, mine.organization.name
        organization.name = name
        organization.save(update_fields=["name"])
        audit.record(
            action="accounts.organization.renamed",
            target=organization,
            actor_id=by.pk,
            before=before,
            after=name,
        )
        if name != before:
            organization_events.organization_changed(organization, before=before)
    return organization


def change_role(
    *, organization_id: UUID, membership_id: UUID, by: User, role: str, at: datetime
) -> Membership:
    """Give a member another role: an owner's right. Raises RoleNotEnough, MemberNotFound, LastOwner."""
    role = Membership.Role(role)
    with acting_as_service():
        mine = locked(organization_id=organization_id, by=by)
        if not mine.owns:
            raise RoleNotEnough
        member = _member(mine.organization, membership_id)
        before = member.role
        if role == before:
            return member
        _keep_an_owner(member, but_as=role)
        member.role = role
        member.save(update_fields=["role"])
        _withdraw_what_they_may_no_longer_offer(member, at=at)
        audit.record(
            action="accounts.membership.role_changed",
            target=member,
            actor_id=by.pk,
            organization=str(member.organization_id),
            person=str(member.user_id),
            before=before,
            after=role,
        )
        organization_events.member_role_changed(member, before=before)
        if member.user_id != by.pk:
            _tell([member.user_id], "organization.role_changed", mine.organization, role=role)
            organization_mails.role_changed(member)
    return member


def remove(*, organization_id: UUID, membership_id: UUID, by: User, at: datetime) -> None:
    """Take someone out of an organisation. Raises RoleNotEnough, MemberNotFound, LastOwner."""
    with acting_as_service():
        mine = locked(organization_id=organization_id, by=by)
        if not mine.manages:
            raise RoleNotEnough
        member = _member(mine.organization, membership_id)
        role = member.role
        if not mine.may_decide_on(role):
            raise RoleNotEnough
        _keep_an_owner(member)
        _end(member, action="accounts.membership.removed", by=by, at=at)
        organization_events.member_left(member, role=role, reason=organization_events.REMOVED)
        if member.user_id != by.pk:
            _tell([member.user_id], "organization.removed", mine.organization)
            organization_mails.removed(member)


def leave(*, organization_id: UUID, by: User, at: datetime) -> None:
    """Leave an organisation. Raises OrganizationNotFound, LastOwner."""
    with acting_as_service():
        mine = locked(organization_id=organization_id, by=by)
        role = mine.role
        _keep_an_owner(mine)
        _end(mine, action="accounts.membership.left", by=by, at=at)
        organization_events.member_left(mine, role=role, reason=organization_events.LEFT)
        _tell(owners_of(mine.organization), "organization.left", mine.organization, name=name_of(by))


def close(*, organization_id: UUID, by: User, at: datetime) -> None:
    """Close an organisation for good: its keys and invitations end, nobody belongs to it any more.

    Raises RoleNotEnough, MembersRemain while anybody else belongs to it, and what an app above has against it.
    """
    with acting_as_service():
        mine = locked(organization_id=organization_id, by=by)
        organization = mine.organization
        if not mine.owns:
            raise RoleNotEnough
        if organization.memberships.exclude(pk=mine.pk).exists():
            raise MembersRemain
        life.closing_organization.send(sender=Organization, organization=organization)
        keys = list(organization.api_keys.select_for_update().filter(revoked_at=None).order_by("pk"))
        ApiKey.objects.filter(pk__in=[key.pk for key in keys]).update(revoked_at=at)
        for key in keys:
            audit.record(
                action="accounts.api_key.revoked",
                target=key,
                actor_id=by.pk,
                organization=str(organization.pk),
                reason="organization closed",
            )
        invitations = organization.invitations.standing().update(withdrawn_at=at)
        mine.delete()
        realtime.recheck(user_id=by.pk)
        organization.closed_at = at
        organization.save(update_fields=["closed_at"])
        audit.record(
            action="accounts.organization.closed",
            target=organization,
            actor_id=by.pk,
            keys=len(keys),
            invitations=invitations,
        )
        # Its webhooks hear of it: they are cleared away with what they were sent.
        organization_events.organization_closed(organization)


def locked(*, organization_id: UUID, by: User) -> Membership:
    """Lock an open organisation until the transaction ends; return what `by` is in it. Raises OrganizationNotFound."""
    organization = (
        Organization.objects.select_for_update(no_key=True).open().filter(pk=organization_id).first()
    )
    mine = organization.memberships.filter(user=by).first() if organization else None
    if organization is None or mine is None:
        raise OrganizationNotFound
    mine.organization = organization
    return mine


def know(members: Sequence[Membership]) -> None:
    """Bring in who these members are, which row security keeps from one another. The caller has seen the rows."""
    with acting_as_service():
        prefetch_related_objects(members, "user__profile")


def owners_of(organization: Organization) -> list[UUID]:
    owners = organization.memberships.filter(role=Membership.Role.OWNER)
    return list(owners.order_by("pk").values_list("user_id", flat=True))


def name_of(user: User) -> str:
    """The name that others see of a person; staff, who have none, go by their address."""
    profile = getattr(user, "profile", None)
    return profile.display_name if profile else user.email


def _member(organization: Organization, membership_id: UUID) -> Membership:
    member = organization.memberships.select_related("user").filter(pk=membership_id).first()
    if member is None:
        raise MemberNotFound
    member.organization = organization
    return member


def _keep_an_owner(member: Membership, but_as: str = "") -> None:
    """Refuse to let an owner go, or become `but_as`, where no other owner could act. Raises LastOwner."""
    if not member.owns or but_as == Membership.Role.OWNER:
        return
    others = Membership.objects.filter(organization=member.organization_id, role=Membership.Role.OWNER)
    if not others.exclude(pk=member.pk).filter(user__is_active=True).exists():
        raise LastOwner


def _end(member: Membership, *, action: str, by: User, at: datetime) -> None:
    audit.record(
        action=action,
        target=member,
        actor_id=by.pk,
        organization=str(member.organization_id),
        person=str(member.user_id),
        role=member.role,
    )
    Membership.objects.filter(pk=member.pk).delete()
    realtime.recheck(user_id=member.user_id)
    member.role = ""
    _withdraw_what_they_may_no_longer_offer(member, at=at)


def _withdraw_what_they_may_no_longer_offer(member: Membership, *, at: datetime) -> None:
    """A role offered by someone who may give it no more is no way back in."""
    offered = Invitation.objects.standing().filter(
        organization=member.organization_id, invited_by=member.user_id
    )
    for invitation in offered.order_by("pk"):
        if not member.may_decide_on(invitation.role):
            invitation.withdrawn_at = at
            invitation.save(update_fields=["withdrawn_at"])
            audit.record(
                action="accounts.invitation.withdrawn", target=invitation, reason="role of the inviter"
            )


def _tell(people: list[UUID], event: str, organization: Organization, **facts: str) -> None:
    data = {"organization": organization.name, "slug": organization.slug, **facts}
    notify(notices=[Notification(user_id=person, event=event, data=data) for person in people])


def clean_name(name: str) -> str:
    """The name on one line. It goes into mails to strangers, so it may not carry a link."""
    name = " ".join(name.split())
    shown = all(unicodedata.category(letter)[0] != "C" or letter in "\u200c\u200d" for letter in name)
    lettered = any(unicodedata.category(letter)[0] in "LN" for letter in name)
    if not (shown and lettered) or organization_mails.carries_a_link(name) or len(name) > LONGEST_NAME:
        raise NameRefused
    return name


def _with_a_slug(name: str) -> Organization:
    """An organisation whose slug is made from its name (`Ọjà & Sons`: `oja-sons`), with digits where that is taken."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    base = re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")[:_SLUG_LENGTH].rstrip("-")
    if not re.match(r"[a-z][a-z0-9-]{2,}$", base) or base in TAKEN_WORDS:
        base = f"org-{base}"[:_SLUG_LENGTH].rstrip("-") if base else f"org-{secrets.randbelow(10**6)}"
    for slug in (base, *(f"{base}-{secrets.randbelow(100_000)}" for attempt in range(5))):
        try:
            with transaction.atomic():
                return Organization.objects.create(name=name, slug=slug)
        except IntegrityError:
            continue
    return Organization.objects.create(name=name, slug=f"org-{secrets.token_hex(12)}")
