"""Invitations to an organisation: sent by mail, accepted once by whoever holds the mailed link and has that address."""

import secrets
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from accounts import audit, organization_events, organization_mails
from accounts.models import Invitation, Membership, Notification, Organization, User
from accounts.services.notices import notify
from accounts.services.organizations import RoleNotEnough, locked, name_of, owners_of
from core import encryption
from core.actors import acting_as_service
from core.errors import DomainError
from core.masking import masked_email

LIFE = timedelta(days=7)
MOST_OPEN = 50
MOST_MEMBERS = 500
HOUR = timedelta(hours=1)
# Mails an hour: of one organisation, and of one person whatever organisations they found.
MAILS_OF_ORGANIZATION = 20
MAILS_OF_PERSON = 40
_PURPOSE = "accounts.invitation.digest"


class InvitationNotFound(DomainError):
    code = "invitation_not_found"
    kind = "not_found"
    message = _("There is no such invitation.")


class InvitationExpired(DomainError):
    code = "invitation_expired"
    kind = "conflict"
    message = _("This invitation has expired. Ask for a new one.")


class InvitationWithdrawn(DomainError):
    code = "invitation_withdrawn"
    kind = "conflict"
    message = _("This invitation was withdrawn or replaced by a newer one.")


class InvitationUsed(DomainError):
    code = "invitation_used"
    kind = "conflict"
    message = _("This invitation was accepted already.")


class InvitationForAnother(DomainError):
    """What is public of the address tells its owner which one it is, and nobody else."""

    code = "invitation_for_another"
    kind = "forbidden"
    message = _("This invitation is for another address than those of your account.")
    public = ("address",)


class AlreadyMember(DomainError):
    code = "organization_already_member"
    kind = "conflict"
    message = _("This person already belongs to the organisation.")


class OrganizationFull(DomainError):
    code = "organization_full"
    kind = "conflict"
    message = _("As many people belong to this organisation as can.")


class TooManyInvitations(DomainError):
    code = "invitation_too_many_open"
    kind = "limited"
    message = _("50 invitations are open. Withdraw some, or wait until they are accepted.")


class TooManyInvitationMails(DomainError):
    code = "invitation_too_many_mails"
    kind = "limited"
    message = _("Many invitations were sent within an hour. Try again later.")


def invite(*, organization_id: UUID, by: User, email: str, role: str, at: datetime) -> tuple[Invitation, str]:
    """Mail someone an offer to join, in place of an earlier one; return it and the token that only the mail carries.

    Raises OrganizationNotFound, RoleNotEnough, AlreadyMember, TooManyInvitations, TooManyInvitationMails.
    """
    email, role = email.strip().lower(), Membership.Role(role)
    with acting_as_service():
        mine = locked(organization_id=organization_id, by=by)
        organization = mine.organization
        earlier = organization.invitations.standing().filter(email=email).first()
        if not mine.may_decide_on(role) or (earlier and not mine.may_decide_on(earlier.role)):
            raise RoleNotEnough
        if organization.memberships.filter(user__in=_owners_of(email)).exists():
            raise AlreadyMember
        _check_limits(organization, email, by, at)
        if earlier:
            _withdraw(earlier, by=by, at=at, reason="replaced")
        token = secrets.token_urlsafe(32)
        invitation = Invitation.objects.create(
            organization=organization,
            email=email,
            role=role,
            digest=_digest(token),
            invited_by=by,
            expires_at=at + LIFE,
        )
        audit.record(
            action="accounts.invitation.sent",
            target=invitation,
            actor_id=by.pk,
            organization=str(organization.pk),
            role=role,
        )
        organization_events.member_invited(invitation)
        organization_mails.invitation(invitation, token=token, inviter_name=name_of(by))
    return invitation, token


def withdraw(*, organization_id: UUID, invitation_id: UUID, by: User, at: datetime) -> Invitation:
    """Take an offer back: its link works no more. Raises InvitationNotFound, RoleNotEnough."""
    with acting_as_service():
        invitation = _standing(organization_id, invitation_id, by)
        _withdraw(invitation, by=by, at=at, reason="withdrawn")
    return invitation


def resend(*, organization_id: UUID, invitation_id: UUID, by: User, at: datetime) -> tuple[Invitation, str]:
    """Invite the same person to the same role again, with a new link. Raises what `withdraw` and `invite` raise."""
    with acting_as_service():
        invitation = _standing(organization_id, invitation_id, by)
        return invite(
            organization_id=organization_id, by=by, email=invitation.email, role=invitation.role, at=at
        )


def look_at(*, token: str, by: User, at: datetime) -> Invitation:
    """Return the offer behind a mailed link, with its organisation and inviter.

    Raises InvitationNotFound, InvitationUsed, InvitationWithdrawn, InvitationExpired, and InvitationForAnother where it
    went to an address that is no confirmed one of `by`.
    """
    with acting_as_service():
        invitation = (
            Invitation.objects.select_related("organization", "invited_by__profile")
            .filter(digest=_digest(token))
            .first()
        )
        if invitation is None:
            raise InvitationNotFound
        _check_open(invitation, at)
        if not _owners_of(invitation.email).filter(pk=by.pk).exists():
            raise InvitationForAnother(address=masked_email(invitation.email))
    return invitation


def accept(*, token: str, by: User, at: datetime) -> Membership:
    """Make whoever holds the mailed token, and has the address that it went to, a member. Once.

    Raises as `look_at` does, AlreadyMember, and OrganizationFull.
    """
    with acting_as_service():
        found = look_at(token=token, by=by, at=at)
        organization = Organization.objects.select_for_update(no_key=True).get(pk=found.organization_id)
        invitation = Invitation.objects.select_for_update().get(pk=found.pk)
        _check_open(invitation, at)
        if organization.memberships.filter(user=by).exists():
            raise AlreadyMember(_("You already belong to this organisation."))
        if organization.memberships.count() >= MOST_MEMBERS:
            raise OrganizationFull
        membership = Membership.objects.create(organization=organization, user=by, role=invitation.role)
        invitation.accepted_at = at
        invitation.save(update_fields=["accepted_at"])
        audit.record(
            action="accounts.invitation.accepted",
            target=invitation,
            actor_id=by.pk,
            organization=str(organization.pk),
        )
        audit.record(
            action="accounts.membership.created",
            target=membership,
            actor_id=by.pk,
            organization=str(organization.pk),
            role=membership.role,
        )
        organization_events.member_joined(membership)
        data = {"organization": organization.name, "slug": organization.slug, "name": name_of(by)}
        told = {invitation.invited_by_id, *owners_of(organization)} - {by.pk}
        notify(
            notices=[Notification(user_id=id, event="organization.joined", data=data) for id in sorted(told)]
        )
    return membership


def _standing(organization_id: UUID, invitation_id: UUID, by: User) -> Invitation:
    """An offer that `by` may touch, under the organisation's lock."""
    mine = locked(organization_id=organization_id, by=by)
    if not mine.manages:
        raise RoleNotEnough
    invitation = mine.organization.invitations.standing().filter(pk=invitation_id).first()
    if invitation is None:
        raise InvitationNotFound
    if not mine.may_decide_on(invitation.role):
        raise RoleNotEnough
    return invitation


def _check_open(invitation: Invitation, at: datetime) -> None:
    if invitation.accepted_at:
        raise InvitationUsed
    if invitation.withdrawn_at:
        raise InvitationWithdrawn
    if invitation.expires_at <= at:
        raise InvitationExpired


def _check_limits(organization: Organization, email: str, by: User, at: datetime) -> None:
    """Each invitation is one mail and lives for `LIFE`, so its end says when it was sent."""
    others = organization.invitations.standing().filter(expires_at__gt=at).exclude(email=email)
    if others.count() >= MOST_OPEN:
        raise TooManyInvitations
    lately = Invitation.objects.filter(expires_at__gt=at + LIFE - HOUR).order_by("-expires_at")
    for sent, most in (
        (lately.filter(organization=organization), MAILS_OF_ORGANIZATION),
        (lately.filter(invited_by=by), MAILS_OF_PERSON),
    ):
        times = list(sent.values_list("expires_at", flat=True)[:most])
        if len(times) == most:
            raise TooManyInvitationMails(retry_after=(times[-1] - LIFE + HOUR - at).total_seconds())


def _withdraw(invitation: Invitation, *, by: User, at: datetime, reason: str) -> None:
    invitation.withdrawn_at = at
    invitation.save(update_fields=["withdrawn_at"])
    audit.record(action="accounts.invitation.withdrawn", target=invitation, actor_id=by.pk, reason=reason)


def _owners_of(email: str) -> QuerySet[User]:
    """Whose confirmed address this is: nobody's, or one person's. Addresses are kept in small letters."""
    return User.objects.filter(emailaddress__email=email, emailaddress__verified=True)


def _digest(token: str) -> str:
    return encryption.blind_index(token, purpose=_PURPOSE)
