"""`/auth/v1/passkeys`: made, a way in, listed, renamed, removed; and the ways round it."""

from datetime import timedelta
from uuid import uuid4

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.core import mail
from django.test import Client
from django.utils import timezone

from accounts import access_tokens, factors
from accounts.models import AuditEvent, Session, User
from accounts.services import factors as services
from accounts.tests.factories import make_person
from accounts.tests.passkey_device import PRESENT, Device
from accounts.tests.wire import call, log_in, refused
from core.actors import acting_as_service

pytestmark = pytest.mark.usefixtures("transactional_db")
SITE = "http://localhost"


@pytest.fixture(autouse=True)
def our_site(settings):
    settings.SITE_URL = SITE


@pytest.fixture
def ada() -> User:
    return make_person(email="ada@alajo.test")


@pytest.fixture
def token(client, ada) -> str:
    return str(log_in(client)["access_token"])


@pytest.fixture
def device() -> Device:
    return Device(origin=SITE)


def begin(client: Client, token: str):
    return call(client, "POST", "passkeys/registration/options", {}, bearer=token)


def finish(client: Client, token: str, asked: dict, credential: object):
    body = {"challenge_id": asked["challenge_id"], "credential": credential}
    return call(client, "POST", "passkeys/registration/verify", body, bearer=token)


def make(client: Client, token: str, device: Device):
    asked = begin(client, token).json()
    return finish(client, token, asked, device.create({"publicKey": asked["options"]}))


def come_in(device: Device, client: Client | None = None, **changes: object):
    client = client or Client()
    asked = call(client, "POST", "passkeys/authentication/options", {}).json()
    credential = {**device.get({"publicKey": asked["options"]}), **changes}
    return answer(client, asked, credential)


def answer(client: Client, asked: dict, credential: object):
    body = {"challenge_id": asked["challenge_id"], "credential": credential}
    return call(client, "POST", "passkeys/authentication/verify", body)


def level_of(client: Client, token: str) -> str:
    session = access_tokens.read(token)["session_id"]
    with acting_as_service():
        return str(Session.objects.get(pk=session).level)


def test_the_settings_say_that_there_are_passkeys(client):
    assert call(client, "GET", "settings").json()["passkeys_enabled"] is True


def test_a_passkey_is_made_and_comes_in_by_itself(client, ada, token, device):
    asked = begin(client, token).json()
    assert 290 <= asked["expires_at"] - timezone.now().timestamp() <= 300
    assert asked["options"]["rp"]["id"] == "localhost"
    assert asked["options"]["authenticatorSelection"]["userVerification"] == "required"
    made = finish(client, token, asked, device.create({"publicKey": asked["options"]})).json()
    assert (set(made), made["friendly_name"]) == ({"id", "friendly_name", "created_at"}, "Passkey")
    assert level_of(client, token) == "aal2"
    assert "passkey" in mail.outbox[-1].subject.lower() or "security key" in mail.outbox[-1].subject.lower()

    session = come_in(device).json()
    claims = access_tokens.read(session["access_token"])
    assert (session["user"]["id"], claims["aal"]) == (str(ada.pk), "aal2")
    assert [entry["method"] for entry in claims["amr"]] == ["mfa/webauthn", "passkey"]
    [factor] = session["user"]["factors"]
    assert (factor["id"], factor["factor_type"], factor["status"]) == (made["id"], "webauthn", "verified")
    again = call(
        client, "POST", "token?grant_type=refresh_token", {"refresh_token": session["refresh_token"]}
    )
    assert access_tokens.read(again.json()["access_token"])["aal"] == "aal2"
    with acting_as_service():
        assert set(AuditEvent.objects.values_list("action", flat=True)) >= {
            "accounts.factor.added",
            "accounts.session.proven",
        }


def test_the_question_to_come_in_names_nobody(client, ada, token, device):
    make(client, token, device)
    options = call(client, "POST", "passkeys/authentication/options", {"email": ada.email}).json()["options"]
    assert not options.get("allowCredentials")
    assert options["userVerification"] == "required"


def test_passkeys_are_listed_renamed_and_removed(client, ada, token, device):
    first = make(client, token, device).json()
    second = make(client, token, Device(origin=SITE)).json()
    assert second["friendly_name"] == "Passkey 2"
    come_in(device)
    rows = call(client, "GET", "passkeys", bearer=token).json()
    assert [row["id"] for row in rows] == [first["id"], second["id"]]
    assert all(row["last_used_at"] for row in rows)
    path = f"passkeys/{first['id']}"
    assert (
        call(client, "PATCH", path, {"friendly_name": " Phone "}, bearer=token).json()["friendly_name"]
        == "Phone"
    )
    taken = call(client, "PATCH", path, {"friendly_name": "Passkey 2"}, bearer=token)
    assert refused(taken) == (422, "mfa_factor_name_conflict")
    for name in ("", "x" * 65, "a\u202eb", 7):
        answer = call(client, "PATCH", path, {"friendly_name": name}, bearer=token)
        assert refused(answer) == (400, "validation_failed")
    assert call(client, "DELETE", path, bearer=token).status_code == 204
    assert refused(call(client, "DELETE", path, bearer=token)) == (404, "mfa_factor_not_found")
    assert refused(come_in(device)) == (422, "webauthn_verification_failed")
    assert [row["id"] for row in call(client, "GET", "passkeys", bearer=token).json()] == [second["id"]]


def test_apps_and_pages_have_the_same_passkeys(client, ada, token, device):
    make(client, token, device)
    [factor] = call(client, "GET", "user", bearer=token).json()["factors"]
    [passkey] = call(client, "GET", "passkeys", bearer=token).json()
    assert factor["id"] == passkey["id"]


def test_weaker_sessions_end_when_a_passkey_is_made(client, ada, token, device):
    other = log_in(Client())["access_token"]
    make(client, token, device)
    assert refused(call(client, "GET", "user", bearer=other)) == (403, "session_not_found")
    assert call(client, "GET", "user", bearer=token).status_code == 200


def test_who_has_a_factor_proves_it_before_a_passkey_is_made_or_changed(client, ada, token, device):
    asked = begin(client, token).json()
    with acting_as_service():
        factors.enrol_totp(user=ada)
    made = finish(client, token, asked, device.create({"publicKey": asked["options"]}))
    assert refused(made) == (403, "insufficient_aal")
    assert refused(begin(client, token)) == (403, "insufficient_aal")


def test_a_session_of_one_factor_changes_no_passkey(client, ada, token, device):
    made = make(client, token, device).json()
    weak = log_in(Client())["access_token"]
    path = f"passkeys/{made['id']}"
    for method, body in (("PATCH", {"friendly_name": "Mine"}), ("DELETE", None)):
        assert refused(call(client, method, path, body, bearer=weak)) == (422, "insufficient_aal")


def test_a_passkey_of_another_person_is_not_found(client, ada, token, device):
    made = make(client, token, device).json()
    make_person(email="eve@alajo.test")
    eve = log_in(client, "eve@alajo.test")["access_token"]
    make(client, eve, Device(origin=SITE))
    for id in (made["id"], str(uuid4()), "x"):
        assert refused(call(client, "DELETE", f"passkeys/{id}", bearer=eve))[0] == 404
        answer = call(client, "PATCH", f"passkeys/{id}", {"friendly_name": "x"}, bearer=eve)
        assert refused(answer)[0] == 404


def test_a_question_is_answered_once_and_by_the_session_that_was_asked(client, ada, token, device):
    asked = begin(client, token).json()
    credential = device.create({"publicKey": asked["options"]})
    other = log_in(Client())["access_token"]
    gone = (404, "webauthn_challenge_not_found")
    assert refused(finish(client, other, asked, credential)) == gone
    assert refused(answer(client, asked, credential)) == gone
    assert finish(client, token, asked, credential).status_code == 200
    assert refused(finish(client, token, asked, credential)) == gone
    asked = call(client, "POST", "passkeys/authentication/options", {}).json()
    credential = device.get({"publicKey": asked["options"]})
    assert refused(finish(client, token, asked, credential)) == gone
    assert answer(client, asked, credential).status_code == 200
    assert refused(answer(client, asked, credential)) == gone


def test_a_wrong_answer_uses_the_question_up(client, ada, token, device):
    make(client, token, device)
    asked = call(client, "POST", "passkeys/authentication/options", {}).json()
    right = device.get({"publicKey": asked["options"]})
    wrong = {**right, "response": {**right["response"], "signature": "AAAA"}}
    assert refused(answer(client, asked, wrong)) == (422, "webauthn_verification_failed")
    assert refused(answer(client, asked, right)) == (404, "webauthn_challenge_not_found")


def test_the_answer_to_an_older_question_is_no_answer(client, ada, token, device):
    make(client, token, device)
    old = call(client, "POST", "passkeys/authentication/options", {}).json()
    new = call(client, "POST", "passkeys/authentication/options", {}).json()
    replayed = answer(client, new, device.get({"publicKey": old["options"]}))
    assert refused(replayed) == (422, "webauthn_verification_failed")


def test_a_passkey_that_did_not_ask_for_its_owner_neither_serves_nor_comes_in(client, ada, token, device):
    make(client, token, device)
    device.flags = PRESENT
    assert refused(come_in(device)) == (422, "webauthn_verification_failed")
    other = Device(origin=SITE)
    other.flags = PRESENT
    assert refused(make(client, token, other)) == (422, "webauthn_verification_failed")


def test_a_passkey_opens_only_the_account_of_its_owner(client, ada, token, device):
    make(client, token, device)
    eve = make_person(email="eve@alajo.test")
    make(client, log_in(client, "eve@alajo.test")["access_token"], mine := Device(origin=SITE))
    assert come_in(mine).json()["user"]["id"] == str(eve.pk)
    mine.handle = device.handle
    assert refused(come_in(mine)) == (422, "webauthn_verification_failed")
    for handle in (b"", b"x", str(uuid4()).encode(), b"\xff\xfe"):
        device.handle = handle
        assert refused(come_in(device)) == (422, "webauthn_verification_failed")


@pytest.mark.parametrize(
    "wrong", [{"origin": "https://evil.example"}, {"origin": SITE, "host": "evil.example"}]
)
def test_a_passkey_of_another_site_is_refused(client, ada, token, device, wrong):
    assert refused(make(client, token, Device(**wrong))) == (422, "webauthn_verification_failed")
    make(client, token, device)
    device.origin, device.host = wrong["origin"], wrong.get("host", "localhost")
    assert refused(come_in(device)) == (422, "webauthn_verification_failed")


@pytest.mark.parametrize(
    ("values", "status", "code"),
    [
        ({"is_active": False}, 403, "user_banned"),
        ({"banned_until": timezone.now() + timedelta(days=1)}, 403, "user_banned"),
        ({"deleted_at": timezone.now()}, 403, "user_not_found"),
    ],
)
def test_whoever_is_barred_stays_out(client, ada, token, device, values, status, code):
    make(client, token, device)
    with acting_as_service():
        User.objects.filter(pk=ada.pk).update(**values)
    assert refused(come_in(device)) == (status, code)


def test_an_address_must_be_confirmed(client, ada, token, device):
    make(client, token, device)
    with acting_as_service():
        EmailAddress.objects.update(verified=False)
    assert refused(come_in(device)) == (400, "email_not_confirmed")


@pytest.mark.parametrize(
    "body", [{}, {"challenge_id": "x"}, {"challenge_id": str(uuid4())}, {"credential": {}}]
)
def test_half_an_answer_is_refused_by_name(client, ada, token, body):
    for path, bearer in (("authentication", ""), ("registration", token)):
        refusal = call(client, "POST", f"passkeys/{path}/verify", body, bearer=bearer)
        assert refused(refusal) == (400, "validation_failed")


@pytest.mark.parametrize(
    "credential",
    [{}, {"id": "x"}, {"id": "eA", "rawId": "eA", "response": []}, {"response": {"userHandle": 7}}],
)
def test_what_no_browser_sends_is_no_fault(client, ada, token, credential):
    asked = call(client, "POST", "passkeys/authentication/options", {}).json()
    assert refused(answer(client, asked, credential)) == (422, "webauthn_verification_failed")
    asked = begin(client, token).json()
    assert refused(finish(client, token, asked, credential)) == (422, "webauthn_verification_failed")


def test_there_are_at_most_ten(client, ada, token, device):
    make(client, token, device)
    with acting_as_service():
        for number in range(services.MOST - 1):
            services.add_passkey(user=ada, name=f"Key {number}", credential={"id": "x"})
    assert refused(begin(client, token)) == (422, "too_many_enrolled_mfa_factors")
    with acting_as_service():
        assert Authenticator.objects.filter(user=ada).count() == services.MOST


def test_nobody_without_a_session_makes_or_sees_any(client):
    for method, path in (
        ("POST", "passkeys/registration/options"),
        ("POST", "passkeys/registration/verify"),
        ("GET", "passkeys"),
        ("PATCH", f"passkeys/{uuid4()}"),
        ("DELETE", f"passkeys/{uuid4()}"),
    ):
        assert refused(call(client, method, path, {} if method != "GET" else None)) == (403, "bad_jwt")
