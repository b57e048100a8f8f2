"""People for tests, made through the services."""

from itertools import count

from allauth.account.models import EmailAddress
from django.test import Client
from django.utils import timezone

from accounts import access_tokens, factors
from accounts.models import Membership, Organization, Session, User
from accounts.models.people import Role
from accounts.services import register, sessions
from core.actors import Origin, acting_as_service, from_origin

PASSWORD = "a-long-enough-secret"
_numbers = count(1)


def make_person(*, name: str = "Ada Obi", email: str = "", role: str = Role.USER) -> User:
    """Register someone whose address is confirmed, so that `PASSWORD` signs them in."""
    user = User(email=email or f"person{next(_numbers)}@alajo.test", role=role)
    user.set_password(PASSWORD)
    with acting_as_service():
        register(user=user, display_name=name)
        EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user


def bearer(user: User) -> dict[str, str]:
    """The headers by which this person's app calls: an access token of a new session."""
    at = timezone.now()
    session = sessions.start(user=user, face=Session.Face.APP, method="password", at=at)
    return {"Authorization": f"Bearer {access_tokens.issue(user=user, session=session, at=at)}"}


def make_organization(*, owner: User, name: str = "Ada Foods") -> Organization:
    with acting_as_service():
        organization = Organization.objects.create(name=name, slug=f"firm-{next(_numbers)}")
        organization.memberships.create(user=owner, role=Membership.Role.OWNER)
    return organization


def sign_in(client: Client, user: User) -> None:
    """Give the test client a session of this person, past password and second factor."""
    with acting_as_service(), from_origin(Origin(ip="127.0.0.1")):
        client.force_login(user)


def prove_again(client: Client) -> None:
    """Let this browser give the password once more, as what is sensitive asks."""
    answer = client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    assert answer.status_code == 302, answer.content


def prove_factor(user: User) -> None:
    """Give this person an authenticator app, proven just now wherever they are signed in."""
    factors.enrol_totp(user=user)
    prove_factor_again(user)


def prove_factor_again(user: User) -> None:
    with acting_as_service():
        for session in Session.objects.live().filter(user=user):
            sessions.prove(session_id=session.pk, method="totp", at=timezone.now())
