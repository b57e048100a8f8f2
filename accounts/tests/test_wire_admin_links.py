"""Invitations and links that the holder of the service key makes, and the trail it reads."""

import json

import pytest
from django.core import mail
from django.utils import timezone

from accounts import access_tokens
from accounts.models import User
from accounts.tests.factories import make_person
from accounts.tests.service import ask, password_login
from accounts.tests.wire import call, log_in
from core.actors import acting_as_service

pytestmark = pytest.mark.usefixtures("transactional_db")
SOMEBODY = "018f2b7e-0000-7000-8000-000000000001"


@pytest.fixture
def ada() -> User:
    user = make_person(email="ada@alajo.test")
    with acting_as_service():
        User.objects.filter(pk=user.pk).update(email_confirmed_at=timezone.now())
    return user


def test_an_invitation_is_mailed_and_opens_the_account(client, ada):
    invited = ask(client, "POST", "invite", {"email": "new@alajo.test", "data": {"team": "x"}})
    assert invited["invited_at"]
    assert invited["user_metadata"] == {"team": "x"}
    assert mail.outbox[-1].to == ["new@alajo.test"]
    assert (
        ask(client, "POST", "invite", {"email": "new@alajo.test"}, 429)["code"]
        == "over_email_send_rate_limit"
    )
    assert ask(client, "POST", "invite", {"email": "ada@alajo.test"}, 422)["code"] == "email_exists"
    code = mail.outbox[-1].body.split("    ")[1].split()[0]
    body = {"type": "invite", "email": "new@alajo.test", "token": code}
    session = call(client, "POST", "verify", body).json()
    assert access_tokens.read(session["access_token"])["amr"][0]["method"] == "invite"


@pytest.mark.parametrize(
    ("kind", "extra", "redeem"),
    [
        ("signup", {"email": "new@alajo.test", "password": "secret12"}, "signup"),
        ("invite", {"email": "new@alajo.test"}, "invite"),
        ("magiclink", {}, "magiclink"),
        ("magiclink", {"email": "new@alajo.test"}, "magiclink"),
        ("recovery", {}, "recovery"),
        ("email_change_new", {"new_email": "ada2@alajo.test"}, "email_change"),
        ("email_change_current", {"new_email": "ada2@alajo.test"}, "email_change"),
    ],
)
def test_links_are_made_for_the_caller_to_deliver(client, ada, kind, extra, redeem):
    made = ask(client, "POST", "admin/generate_link", {"type": kind, "email": "ada@alajo.test", **extra})
    assert mail.outbox == []
    assert made["verification_type"] == kind
    assert made["redirect_to"] == "http://testserver"
    assert made["hashed_token"] in made["action_link"]
    assert len(made["email_otp"]) == 6
    assert made["id"]
    answer = call(client, "POST", "verify", {"type": redeem, "token_hash": made["hashed_token"]})
    assert answer.status_code == 200, answer.content
    if kind == "signup":
        assert password_login(client, "new@alajo.test", "secret12") == 200


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"type": "recovery", "email": "nobody@alajo.test"}, 404, "user_not_found"),
        ({"type": "signup", "email": "ada@alajo.test", "password": "secret12"}, 422, "email_exists"),
        ({"type": "signup", "email": "new@alajo.test"}, 422, "weak_password"),
        ({"type": "email_change_new", "email": "ada@alajo.test"}, 400, "validation_failed"),
        (
            {"type": "email_change_new", "email": "ada@alajo.test", "new_email": "b@alajo.test"},
            422,
            "email_exists",
        ),
        ({"type": "reauthentication", "email": "ada@alajo.test"}, 400, "validation_failed"),
        ({"type": "nonsense", "email": "ada@alajo.test"}, 400, "validation_failed"),
    ],
)
def test_what_making_a_link_refuses(client, ada, body, status, code):
    make_person(email="b@alajo.test")
    assert ask(client, "POST", "admin/generate_link", body, status)["code"] == code


def test_a_link_made_for_the_caller_does_not_stop_the_next_mail(client, ada):
    ask(client, "POST", "admin/generate_link", {"type": "recovery", "email": "ada@alajo.test"})
    call(client, "POST", "recover", {"email": "ada@alajo.test"})
    assert len(mail.outbox) == 1


def test_the_trail_is_read_newest_first_and_holds_no_secret(client, ada):
    made = ask(client, "POST", "admin/generate_link", {"type": "recovery", "email": "ada@alajo.test"})
    trail = ask(client, "GET", "admin/audit?per_page=5")
    assert trail[0]["payload"]["action"] == "accounts.link.generated"
    assert trail[0]["created_at"].endswith("Z")
    assert made["hashed_token"] not in json.dumps(trail)
    assert made["email_otp"] not in [
        str(value) for event in trail for value in event["payload"]["traits"].values()
    ]


def test_signing_somebody_out_takes_their_own_token(client, ada):
    token = log_in(client)["access_token"]
    assert call(client, "POST", "logout?scope=global", bearer=token).status_code == 204
    assert call(client, "GET", "user", bearer=token).status_code == 403
