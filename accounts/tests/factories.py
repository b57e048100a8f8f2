"""People for tests, made through the services."""

from itertools import count

from allauth.account.models import EmailAddress
from django.test import Client

from accounts.models import User
from accounts.models.people import Role
from accounts.services import register
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


def sign_in(client: Client, user: User) -> None:
    """Give the test client a session of this person, past password and second factor."""
    with acting_as_service(), from_origin(Origin(ip="127.0.0.1")):
        client.force_login(user)


def prove_again(client: Client) -> None:
    """Let this browser give the password once more, as what is sensitive asks."""
    answer = client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    assert answer.status_code == 302, answer.content
