"""Organisations for tests, made through the services."""

from django.utils import timezone

from accounts.models import Membership, Organization, User
from accounts.services import invitations, organizations
from core.actors import acting_as_service

NOW = timezone.now()
OWNER, ADMIN, MEMBER = Membership.Role.OWNER, Membership.Role.ADMIN, Membership.Role.MEMBER


def make_organization(owner: User, *, name: str = "Kasuwa Stores", **roles: User) -> Organization:
    """Found one; further people by role, as in `admin=chidi`."""
    organization = organizations.create(owner=owner, name=name)
    for role, person in roles.items():
        join(organization, owner, person, role.upper())
    return organization


def join(organization: Organization, owner: User, person: User, role: str = MEMBER) -> Membership:
    _invitation, token = invitations.invite(
        organization_id=organization.pk, by=owner, email=person.email, role=role, at=NOW
    )
    return invitations.accept(token=token, by=person, at=NOW)


def role_of(organization: Organization, person: User) -> str:
    with acting_as_service():
        return (
            Membership.objects.filter(organization=organization, user=person)
            .values_list("role", flat=True)
            .first()
            or ""
        )


def key_of(organization: Organization, person: User) -> object:
    with acting_as_service():
        return Membership.objects.get(organization=organization, user=person).pk
