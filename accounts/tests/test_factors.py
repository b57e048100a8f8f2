"""The second factor, and the door of the staff site that it opens."""

import re
from io import StringIO

import pytest
from allauth.mfa.models import Authenticator
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from accounts import factors, totp
from accounts.models import User
from accounts.models.people import Role
from accounts.tests.factories import PASSWORD, make_person, sign_in
from core.actors import acting_as_service

pytestmark = pytest.mark.usefixtures("transactional_db")
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
CHALLENGE = "/accounts/2fa/authenticate/"


def log_in(client: Client, user: User, **more: str):
    return client.post("/accounts/login/", {"login": user.email, "password": PASSWORD, **more})


@pytest.fixture
def agent() -> User:
    user = make_person(name="Agent One", role=Role.AGENT)
    factors.enrol_totp(user=user, secret=SECRET)
    return user


def test_a_stranger_at_the_staff_door_passes_password_and_code_and_gets_in(client, agent):
    answer = client.get("/staff/", follow=True)
    assert answer.redirect_chain[-1][0] == "/accounts/login/?next=%2Fstaff%2F"
    answer = log_in(client, agent, next="/staff/")
    assert answer.url.startswith(CHALLENGE)
    assert client.get(answer.url).status_code == 200
    assert client.get("/staff/").status_code == 302

    answer = client.post(answer.url, {"code": factors.current_code(user=agent)})
    assert (answer.status_code, answer.url) == (302, "/staff/")
    assert client.get("/staff/").status_code == 200


def test_the_password_alone_opens_neither_session_nor_staff_site(client, agent):
    log_in(client, agent)
    assert "_auth_user_id" not in client.session
    assert client.get("/staff/").url.startswith("/staff/login/")


def test_a_session_that_passed_no_factor_does_not_open_the_staff_site(client, agent):
    sign_in(client, agent)
    assert client.get("/staff/").status_code == 302
    door = client.get("/staff/", follow=True).redirect_chain[-1][0]
    assert door == "/accounts/2fa/reauthenticate/?next=%2Fstaff%2F"
    answer = client.post(door, {"code": factors.current_code(user=agent)})
    assert answer.url == "/staff/"
    assert client.get("/staff/").status_code == 200


def test_a_wrong_code_is_refused_and_a_used_one_does_not_work_again(client, agent):
    log_in(client, agent)
    assert client.post(CHALLENGE, {"code": "000000"}).status_code == 422
    code = factors.current_code(user=agent)
    assert client.post(CHALLENGE, {"code": code}).status_code == 302

    thief = Client()
    log_in(thief, agent)
    assert thief.post(CHALLENGE, {"code": code}).status_code == 422
    assert "_auth_user_id" not in thief.session


def test_codes_cannot_be_guessed_without_end(client, agent):
    log_in(client, agent)
    for guess in range(6):
        client.post(CHALLENGE, {"code": f"00000{guess}"})
    client.post(CHALLENGE, {"code": factors.current_code(user=agent)})
    assert "_auth_user_id" not in client.session


def test_a_customer_with_a_factor_is_not_let_into_the_staff_site(client):
    customer = make_person()
    factors.enrol_totp(user=customer, secret=SECRET)
    log_in(client, customer)
    client.post(CHALLENGE, {"code": factors.current_code(user=customer)})
    answer = client.get("/staff/", follow=True)
    assert answer.redirect_chain[-1][0] == "/home/"


def test_staff_without_a_factor_set_one_up_and_are_in(client):
    admin = make_person(name="Boss", role=Role.ADMIN)
    log_in(client, admin)
    door = client.get("/staff/", follow=True).redirect_chain[-1][0]
    assert door.startswith("/accounts/reauthenticate/?next=")
    answer = client.post(door, {"password": PASSWORD}, follow=True)
    assert answer.redirect_chain[-1][0] == "/accounts/2fa/totp/activate/?next=%2Fstaff%2F"
    secret = answer.context["form"].secret
    code = totp.code_at(secret, timezone.now())
    assert client.post("/accounts/2fa/totp/activate/", {"code": code}).status_code == 302
    assert client.get("/staff/").status_code == 200
    assert client.get("/accounts/2fa/recovery-codes/").status_code in (200, 302)


def test_a_factor_that_was_removed_verifies_nobody_any_more(client, agent):
    log_in(client, agent)
    client.post(CHALLENGE, {"code": factors.current_code(user=agent)})
    assert client.get("/staff/").status_code == 200
    with acting_as_service():
        Authenticator.objects.filter(user=agent).delete()
    assert client.get("/staff/").status_code == 302


def test_ones_own_session_is_not_verified_by_the_factor_of_another(client, agent):
    other = make_person(name="Agent Two", role=Role.AGENT)
    sign_in(client, other)
    session = client.session
    with acting_as_service():
        session["otp_device_id"] = factors.Factor.objects.get(user=agent).persistent_id
    session.save()
    assert client.get("/staff/").status_code == 302


def test_the_seed_is_unreadable_in_the_table(agent):
    with acting_as_service():
        row = Authenticator.objects.get(user=agent)
    assert row.data["secret"].startswith("v1:")
    assert SECRET not in str(row.data)


def test_enrolling_twice_keeps_the_first_app(agent):
    before = factors.current_code(user=agent)
    factors.enrol_totp(user=agent, secret="A" * 32)
    assert factors.current_code(user=agent) == before


def test_a_factor_can_be_read_and_checked_but_not_written_through_otp(agent):
    factor = factors.Factor.objects.get(user=agent)
    assert list(factors.Factor.objects.devices_for_user(agent, confirmed=True)) == [factor]
    assert not factor.verify_token("000000")
    assert factor.verify_token(factors.current_code(user=agent))
    with pytest.raises(TypeError):
        factor.save()
    with pytest.raises(TypeError):
        factor.delete()


def test_the_command_prints_the_code_in_development_only(agent, settings):
    out = StringIO()
    call_command("second_step", agent.email.upper(), stdout=out, stderr=StringIO())
    assert re.fullmatch(r"\d{6}\n", out.getvalue())

    row = factors.factors.factors_of(user=agent)[0]
    for _ in range(2):  # a code that was used is followed by the next
        assert factors.factors.accept(row=row, code=factors.current_code(user=agent), at=timezone.now())

    beginner = make_person()
    begun = factors.factors.begin(user=beginner, kind="totp", name="App", at=timezone.now())
    call_command("second_step", beginner.email, stdout=(out := StringIO()), stderr=StringIO())
    assert factors.factors.confirm_app(pending=begun, code=out.getvalue().strip(), at=timezone.now())

    with pytest.raises(CommandError, match="no user nobody"):
        call_command("second_step", "nobody@alajo.test")
    with pytest.raises(CommandError, match="no authenticator"):
        call_command("second_step", make_person().email)
    settings.SANDBOX = False
    with pytest.raises(CommandError, match="only in the development"):
        call_command("second_step", agent.email)


def test_sensitive_changes_ask_for_the_password_again_and_then_go_on(client):
    user = make_person()
    log_in(client, user)
    session = client.session
    session["account_authentication_methods"] = []
    session.save()
    answer = client.get("/accounts/2fa/totp/activate/")
    assert answer.status_code == 302
    assert answer.url.startswith("/accounts/reauthenticate/")
    answer = client.post(answer.url, {"password": PASSWORD})
    assert answer.url == "/accounts/2fa/totp/activate/"
    assert client.get(answer.url).status_code == 200
