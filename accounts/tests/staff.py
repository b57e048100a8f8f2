"""Members of staff for tests: with some rights, past their second factor."""

from django.contrib.auth.models import Permission
from django.test import Client

from accounts import factors
from accounts.models import Customer, User
from accounts.tests.factories import make_person, sign_in
from core.actors import acting_as_service

WHY = "Asked for by phone, ticket 4711"


def make_agent(*powers: str) -> User:
    agent = make_person(role="AGENT")
    factors.enrol_totp(user=agent)
    with acting_as_service():
        names = [*powers, "view_user"]
        agent.user_permissions.set(
            Permission.objects.filter(content_type__app_label="accounts", codename__in=names)
        )
    return agent


ALL = ("freeze_customer", "end_sessions", "reset_factors")


def at_work(agent: User, *, proven: bool = True) -> Client:
    """A browser in which this member of staff has passed the second factor."""
    client = Client()
    sign_in(client, agent)
    client.post("/accounts/2fa/reauthenticate/", {"code": factors.current_code(user=agent)})
    if not proven:
        with acting_as_service():
            session = agent.sign_ins.live().get()
            session.methods = [{**each, "timestamp": each["timestamp"] - 301} for each in session.methods]
            session.save(update_fields=["methods"])
    return client


def address(user: User, deed: str) -> str:
    return f"/staff/accounts/user/{user.pk}/{deed}/"


def lock_of(user: User) -> tuple[str, str]:
    with acting_as_service():
        found = Customer.objects.get(pk=user.pk)
    return found.status, found.lock_reason
