"""Staff sessions are short: idle, hard end, another address, one press for all."""

from datetime import timedelta

import pytest
import time_machine
from allauth.idp.oidc.models import Token
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from accounts.models import AuditEvent, Session, User
from accounts.services import apps
from accounts.tests.factories import make_person
from accounts.tests.staff import ALL, WHY, address, at_work, make_agent
from accounts.tests.test_sign_in import log_in, signed_in
from core.actors import acting_as_service

pytestmark = pytest.mark.usefixtures("transactional_db")


@pytest.fixture
def ada() -> User:
    return make_person(name="Ada Obi", email="ada@alajo.test")


@pytest.fixture
def noon():
    return timezone.now().replace(microsecond=0)


def inside(client: Client) -> bool:
    return client.get("/staff/").status_code == 200


def test_a_staff_session_ends_after_fifteen_idle_minutes(noon):
    with time_machine.travel(noon, tick=False) as clock:
        staff = at_work(make_agent(*ALL))
        for _quarter in range(3):
            clock.shift(timedelta(minutes=14, seconds=59))
            assert inside(staff)
        clock.shift(timedelta(minutes=15))
        assert not inside(staff)
        assert not signed_in(staff)


def test_a_staff_session_ends_after_eight_hours_however_busy(noon):
    with time_machine.travel(noon, tick=False) as clock:
        staff = at_work(make_agent(*ALL))
        for _step in range(47):
            clock.shift(timedelta(minutes=10))
            assert inside(staff)
        clock.shift(timedelta(minutes=10))
        assert not inside(staff)


def test_a_staff_session_does_not_travel_and_a_customers_does(ada):
    agent = make_agent(*ALL)
    staff = at_work(agent)
    assert staff.get("/staff/", REMOTE_ADDR="198.51.100.1").status_code == 302
    assert not inside(staff)
    with acting_as_service():
        assert Session.objects.get(user=agent).end_reason == "EXPIRED"
    hers = Client()
    log_in(hers)
    assert hers.get("/home/", REMOTE_ADDR="198.51.100.1").status_code == 200


def test_a_customers_session_is_not_ended_by_a_quiet_hour(client, ada, noon):
    with time_machine.travel(noon, tick=False) as clock:
        log_in(client)
        clock.shift(timedelta(hours=9))
        assert client.get("/security/").status_code == 200


def test_staff_rules_hold_on_every_page(noon):
    with time_machine.travel(noon, tick=False) as clock:
        staff = at_work(make_agent(*ALL))
        clock.shift(timedelta(minutes=16))
        assert staff.get("/security/").url.startswith("/accounts/login/")
        assert not signed_in(staff)


def test_one_press_or_one_command_ends_all_staff_sessions(client, ada):
    log_in(client)
    agents = [make_agent(*ALL) for _agent in range(2)]
    first, second = (at_work(agent) for agent in agents)
    with acting_as_service():
        app = apps.register(name="App", redirect_uris=[], scopes=[], public=True).client
        for agent in agents:
            Token.objects.create(user=agent, client=app, type="at", hash=agent.id.hex)
            apps.let_in(user_id=agent.pk, client_id=app.pk, scopes=[], at=timezone.now())
    first.post(address(agents[1], "end-staff-sessions"), {"reason": WHY})
    assert not inside(first)
    assert not inside(second)
    with acting_as_service():
        assert not Token.objects.exists()
    third = at_work(agents[0])
    call_command("end_staff_sessions", reason=WHY, verbosity=0)
    assert not inside(third)
    assert client.get("/home/").status_code == 200
    with acting_as_service():
        assert AuditEvent.objects.filter(action="accounts.staff.sessions_ended").count() == 2
