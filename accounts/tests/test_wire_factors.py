"""`/auth/v1/factors`: set up, asked, proven, removed; and the ways round it."""

import time
from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from django.core import mail
from django.test import Client
from django.utils import timezone

from accounts import factors, totp
from accounts.models import AuditEvent, FactorChallenge, PendingFactor, Session, User
from accounts.tests.factories import make_person
from accounts.tests.passkey_device import PRESENT, Device
from accounts.tests.wire import call, log_in
from core.actors import acting_as_service

pytestmark = pytest.mark.usefixtures("transactional_db")


@pytest.fixture(autouse=True)
def our_site(settings):
    settings.SITE_URL = "http://localhost"


@pytest.fixture
def ada() -> User:
    return make_person(email="ada@alajo.test")


@pytest.fixture
def token(client, ada) -> str:
    return str(log_in(client)["access_token"])


def enrol(client: Client, token: str, kind: str = "totp", name: str = "", **more: str):
    body = {"factor_type": kind, "friendly_name": name, **more}
    return call(client, "POST", "factors", body, bearer=token)


def challenge(client: Client, token: str, id: str, body: object = None):
    return call(client, "POST", f"factors/{id}/challenge", body or {}, bearer=token)


def verify(client: Client, token: str, id: str, challenge_id: str, **answer: object):
    return call(
        client, "POST", f"factors/{id}/verify", {"challenge_id": challenge_id, **answer}, bearer=token
    )


def prove(client: Client, token: str, factor: dict, code: str):
    asked = challenge(client, token, factor["id"]).json()
    return verify(client, token, factor["id"], asked["id"], code=code)


def code_of(factor: dict, steps: int = 0) -> str:
    """The code of so many time steps from now. At the very end of a step the next is waited for: it would be another
    neighbour by the time that the server looks, and of those it takes only the nearest."""
    left = 30 - time.time() % 30
    if steps and left < 5:
        time.sleep(left)
    return totp.code_at(factor["totp"]["secret"], timezone.now() + timedelta(seconds=30 * steps))


def with_app(client: Client, token: str, name: str = "") -> tuple[dict, str]:
    """The app of somebody who has just set it up, and the token of the session that did."""
    factor = enrol(client, token, name=name).json()
    answer = prove(client, token, factor, code_of(factor, -1))
    assert answer.status_code == 200, answer.content
    return factor, answer.json()["access_token"]


def refused(answer) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def claims(token: str) -> dict:
    from accounts import access_tokens

    return access_tokens.read(token)


def test_an_app_is_set_up_and_brings_its_session_to_two_factors(client, ada):
    first = log_in(client)
    token = first["access_token"]
    factor = enrol(client, token, name="My phone", issuer="Shop").json()
    assert (factor["type"], factor["friendly_name"]) == ("totp", "My phone")
    assert factor["totp"]["qr_code"].startswith("<svg ") and "style=" not in factor["totp"]["qr_code"]
    assert "#" not in factor["totp"]["qr_code"]
    assert factor["totp"]["uri"].startswith("otpauth://totp/Shop:ada%40alajo.test?secret=")
    with acting_as_service():
        stored = PendingFactor.objects.get()
    assert factor["totp"]["secret"] not in stored.secret
    assert "factors" not in call(client, "GET", "user", bearer=token).json()

    asked = challenge(client, token, factor["id"]).json()
    assert asked["type"] == "totp"
    assert 290 <= asked["expires_at"] - timezone.now().timestamp() <= 300
    done = verify(client, token, factor["id"], asked["id"], code=code_of(factor)).json()
    before, after = claims(token), claims(done["access_token"])
    assert (before["aal"], after["aal"]) == ("aal1", "aal2")
    assert before["session_id"] == after["session_id"]
    assert [entry["method"] for entry in after["amr"]] == ["totp", "password"]
    [listed] = done["user"]["factors"]
    assert (listed["id"], listed["status"], listed["friendly_name"]) == (factor["id"], "verified", "My phone")
    with acting_as_service():
        row = Authenticator.objects.get()
        assert not PendingFactor.objects.exists()
        assert set(AuditEvent.objects.values_list("action", flat=True)) >= {"accounts.factor.added"}
        assert factor["totp"]["secret"] not in str(list(AuditEvent.objects.values_list("data", flat=True)))
    assert factor["totp"]["secret"] not in str(row.data)
    assert "authenticator app" in mail.outbox[-1].subject.lower()

    old = call(client, "POST", "token?grant_type=refresh_token", {"refresh_token": first["refresh_token"]})
    assert refused(old) == (400, "refresh_token_not_found")
    new = call(client, "POST", "token?grant_type=refresh_token", {"refresh_token": done["refresh_token"]})
    assert claims(new.json()["access_token"])["aal"] == "aal2"


def test_weaker_sessions_end_when_a_factor_is_proven(client, ada, token):
    other = log_in(client)
    _factor, better = with_app(client, token)
    assert refused(call(client, "GET", "user", bearer=other["access_token"])) == (403, "session_not_found")
    assert call(client, "GET", "user", bearer=better).status_code == 200


def test_a_code_is_taken_once_by_the_wire_and_by_the_pages(client, ada, token):
    factor, better = with_app(client, token)
    code = code_of(factor)
    assert prove(client, better, factor, code).status_code == 200
    assert refused(prove(client, better, factor, code)) == (422, "mfa_verification_failed")

    browser = Client()
    browser.post("/accounts/login/", {"login": ada.email, "password": "a-long-enough-secret"})
    browser.post("/accounts/2fa/authenticate/", {"code": code})
    assert "_auth_user_id" not in browser.session
    later = code_of(factor, 1)
    assert browser.post("/accounts/2fa/authenticate/", {"code": later}).status_code == 302
    assert "_auth_user_id" in browser.session
    assert refused(prove(client, better, factor, later)) == (422, "mfa_verification_failed")


def test_the_code_that_set_an_app_up_does_not_log_anybody_in(client, ada, token):
    factor = enrol(client, token).json()
    code = code_of(factor)
    better = prove(client, token, factor, code).json()["access_token"]
    assert refused(prove(client, better, factor, code)) == (422, "mfa_verification_failed")


def test_codes_are_not_guessed_without_end_and_both_faces_count_together(client, ada, token):
    factor, better = with_app(client, token)
    asked = challenge(client, better, factor["id"]).json()["id"]
    for guess in range(5):
        answer = verify(client, better, factor["id"], asked, code=f"00000{guess}")
        assert refused(answer) == (422, "mfa_verification_failed")
    answer = verify(client, better, factor["id"], asked, code=code_of(factor))
    assert refused(answer) == (429, "over_request_rate_limit")
    assert int(answer["Retry-After"]) > 0

    browser = Client()
    browser.post("/accounts/login/", {"login": ada.email, "password": "a-long-enough-secret"})
    browser.post("/accounts/2fa/authenticate/", {"code": code_of(factor)})
    assert "_auth_user_id" not in browser.session


def test_one_address_may_not_ask_without_end(client, ada, token):
    answers = [enrol(client, token, name=str(number)).status_code for number in range(16)]
    assert answers[:9] == [200] * 9 and answers[-1] == 429


def test_a_challenge_is_answered_once(client, ada, token):
    factor, better = with_app(client, token)
    asked = challenge(client, better, factor["id"]).json()["id"]
    assert verify(client, better, factor["id"], asked, code=code_of(factor)).status_code == 200
    again = verify(client, better, factor["id"], asked, code=code_of(factor, 1))
    assert refused(again) == (404, "mfa_factor_not_found")


def test_a_challenge_is_over_after_five_minutes(client, ada, token, time_machine):
    time_machine.move_to(timezone.now(), tick=False)
    factor = enrol(client, token).json()
    asked = challenge(client, token, factor["id"]).json()["id"]
    time_machine.shift(301)
    answer = verify(client, token, factor["id"], asked, code=code_of(factor))
    assert refused(answer) == (422, "mfa_challenge_expired")


def test_a_challenge_is_answered_from_where_it_was_asked(client, ada, token):
    factor = enrol(client, token).json()
    asked = challenge(client, token, factor["id"]).json()["id"]
    elsewhere = Client(REMOTE_ADDR="198.51.100.7")
    answer = verify(elsewhere, token, factor["id"], asked, code=code_of(factor))
    assert refused(answer) == (422, "mfa_ip_address_mismatch")


def test_a_challenge_belongs_to_its_session_and_to_its_factor(client, ada, token):
    factor = enrol(client, token).json()
    asked = challenge(client, token, factor["id"]).json()["id"]
    other = log_in(client)["access_token"]
    assert refused(verify(client, other, factor["id"], asked, code=code_of(factor)))[0] == 404
    second = enrol(client, token, name="Other").json()
    assert refused(verify(client, token, second["id"], asked, code=code_of(second)))[0] == 404
    with acting_as_service():
        assert set(Session.objects.values_list("level", flat=True)) == {"aal1"}


def test_nothing_of_another_person_is_found(client, ada, token):
    factor = enrol(client, token).json()
    asked = challenge(client, token, factor["id"]).json()["id"]
    make_person(email="eve@alajo.test")
    eve = log_in(client, "eve@alajo.test")["access_token"]
    for answer in (
        challenge(client, eve, factor["id"]),
        verify(client, eve, factor["id"], asked, code=code_of(factor)),
        call(client, "DELETE", f"factors/{factor['id']}", bearer=eve),
    ):
        assert refused(answer) == (404, "mfa_factor_not_found")
    hers = enrol(client, eve).json()
    assert refused(verify(client, eve, hers["id"], asked, code=code_of(hers)))[0] == 404
    assert prove(client, token, factor, code_of(factor)).status_code == 200


@pytest.mark.parametrize("id", ["x", "0", "0193a6f2-0000-7000-8000-000000000000", "../user", "%00"])
def test_an_id_that_is_none_is_not_found(client, ada, token, id):
    assert challenge(client, token, id).status_code in (400, 404)


def test_a_second_factor_needs_the_first_and_another_name(client, ada, token):
    _factor, better = with_app(client, token, "Phone")
    weak = log_in(client)["access_token"]
    assert refused(enrol(client, weak, "webauthn", "Key")) == (403, "insufficient_aal")
    assert refused(enrol(client, better, "webauthn", "Phone")) == (422, "mfa_factor_name_conflict")
    assert refused(enrol(client, better, "totp", "Tablet")) == (422, "too_many_enrolled_mfa_factors")
    assert enrol(client, better, "webauthn", "Key").status_code == 200


def test_no_more_than_ten(client, ada, token):
    answers = [refused_or_ok(enrol(client, token, name=str(number))) for number in range(11)]
    assert answers == ["ok"] * 10 + ["too_many_enrolled_mfa_factors"]


def refused_or_ok(answer) -> str:
    return "ok" if answer.status_code == 200 else answer.json()["code"]


def test_what_is_begun_again_replaces_what_was_begun_and_both_of_a_kind_go_with_the_proof(client, ada, token):
    first = enrol(client, token).json()
    second = enrol(client, token).json()
    assert challenge(client, token, first["id"]).status_code == 404
    third = enrol(client, token, name="Third").json()
    assert prove(client, token, second, code_of(second)).status_code == 200
    with acting_as_service():
        assert not PendingFactor.objects.filter(pk=third["id"]).exists()


def test_what_is_begun_does_not_last(client, ada, token, time_machine):
    time_machine.move_to(timezone.now(), tick=False)
    factor = enrol(client, token).json()
    time_machine.shift(3601)
    token = log_in(client)["access_token"]
    assert refused(challenge(client, token, factor["id"])) == (404, "mfa_factor_not_found")


@pytest.mark.parametrize(
    "body",
    [
        {"factor_type": "phone"},
        {"factor_type": 7},
        {},
        {"factor_type": "totp", "friendly_name": "x" * 65},
        {"factor_type": "totp", "friendly_name": "a\u202eb"},
        {"factor_type": "totp", "issuer": "a:b"},
    ],
)
def test_what_is_not_a_factor_is_refused(client, ada, token, body):
    assert refused(call(client, "POST", "factors", body, bearer=token)) == (400, "validation_failed")


def test_a_proven_factor_is_removed_by_two_factors_only_and_its_proof_goes_with_it(client, ada, token):
    factor, better = with_app(client, token)
    weak = log_in(client)["access_token"]
    path = f"factors/{factor['id']}"
    assert refused(call(client, "DELETE", path, bearer=weak)) == (422, "insufficient_aal")
    answer = call(client, "DELETE", path, bearer=better)
    assert answer.json() == {"id": factor["id"]}
    with acting_as_service():
        assert not Authenticator.objects.exists()
        assert set(Session.objects.live().values_list("level", flat=True)) == {"aal1"}
        assert AuditEvent.objects.filter(action="accounts.factor.removed").count() == 1
    assert "turned off" in mail.outbox[-1].subject.lower()
    begun = enrol(client, better).json()
    assert call(client, "DELETE", f"factors/{begun['id']}", bearer=weak).status_code == 200


def test_a_factor_set_up_on_the_pages_is_proven_by_an_app(client, ada, token):
    factors.enrol_totp(user=ada)
    [listed] = call(client, "GET", "user", bearer=token).json()["factors"]
    answer = prove(client, token, listed, factors.current_code(user=ada))
    assert claims(answer.json()["access_token"])["aal"] == "aal2"


SITE = {"webauthn": {"rpId": "localhost", "rpOrigins": ["http://localhost"]}}


def make_key(client: Client, token: str, device: Device, name: str = "Key") -> tuple[dict, object]:
    factor = enrol(client, token, "webauthn", name).json()
    asked = challenge(client, token, factor["id"], SITE).json()
    assert asked["webauthn"]["type"] == "create"
    made = device.create(asked["webauthn"]["credential_options"])
    answer = {"type": "create", "credential_response": made}
    return factor, verify(client, token, factor["id"], asked["id"], webauthn=answer)


def test_a_passkey_is_made_and_used(client, ada, token):
    device = Device(origin="http://localhost")
    factor, answer = make_key(client, token, device)
    assert answer.status_code == 200, answer.content
    assert claims(answer.json()["access_token"])["aal"] == "aal2"

    weak = log_in(client)["access_token"]
    asked = challenge(client, weak, factor["id"], SITE).json()
    assert asked["webauthn"]["type"] == "request"
    got = device.get(asked["webauthn"]["credential_options"])
    again = {"webauthn": {"type": "request", "credential_response": got}}
    answer = verify(client, weak, factor["id"], asked["id"], **again)
    assert claims(answer.json()["access_token"])["amr"][0]["method"] == "mfa/webauthn"
    replay = verify(client, answer.json()["access_token"], factor["id"], asked["id"], **again)
    assert refused(replay) == (404, "mfa_factor_not_found")
    fresh = challenge(client, answer.json()["access_token"], factor["id"], SITE).json()
    stale = verify(client, answer.json()["access_token"], factor["id"], fresh["id"], **again)
    assert refused(stale) == (422, "webauthn_verification_failed")


@pytest.mark.parametrize(
    "device",
    [
        Device(origin="https://evil.example"),
        Device(origin="http://sub.localhost"),
        Device(origin="http://localhost", host="evil.example"),
    ],
    ids=["origin", "below us", "host"],
)
def test_a_passkey_made_for_another_site_is_refused(client, ada, token, device):
    _factor, answer = make_key(client, token, device)
    assert refused(answer) == (422, "webauthn_verification_failed")
    with acting_as_service():
        assert not Authenticator.objects.exists()
        assert FactorChallenge.objects.get().answered_at


def test_a_passkey_that_did_not_ask_for_its_owner_is_not_taken(client, ada, token):
    device = Device(origin="http://localhost")
    device.flags = PRESENT
    _factor, answer = make_key(client, token, device)
    assert refused(answer) == (422, "webauthn_verification_failed")


@pytest.mark.parametrize(
    "site",
    [
        {},
        {"webauthn": {"rpId": "evil.example"}},
        {"webauthn": {"rpId": "localhost", "rpOrigins": ["https://evil.example"]}},
        {"webauthn": {"rpId": "localhost", "rpOrigins": []}},
        {"webauthn": "localhost"},
    ],
)
def test_a_challenge_for_another_site_is_refused(client, ada, token, site):
    factor = enrol(client, token, "webauthn", "Key").json()
    assert refused(challenge(client, token, factor["id"], site)) == (400, "validation_failed")


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"webauthn": 1},
        {"webauthn": {"type": "create"}},
        {"webauthn": {"type": "create", "credential_response": {"id": "x"}}},
        {"webauthn": {"type": "create", "credential_response": {"id": "eA", "rawId": "eA", "response": []}}},
        {"webauthn": {"type": "create", "credential_response": "x" * 30_000}},
        {"code": "123456"},
    ],
)
def test_what_no_browser_sends_is_refused_and_is_no_fault(client, ada, token, answer):
    factor = enrol(client, token, "webauthn", "Key").json()
    asked = challenge(client, token, factor["id"], SITE).json()["id"]
    assert verify(client, token, factor["id"], asked, **answer).status_code in (400, 422)


def test_a_passkey_of_another_person_answers_for_nobody_else(client, ada, token):
    device = Device(origin="http://localhost")
    make_key(client, token, device)
    make_person(email="eve@alajo.test")
    eve = log_in(client, "eve@alajo.test")["access_token"]
    hers, answer = make_key(client, eve, Device(origin="http://localhost"))
    eve = answer.json()["access_token"]
    asked = challenge(client, eve, hers["id"], SITE).json()
    got = device.get(asked["webauthn"]["credential_options"])
    answer = verify(client, eve, hers["id"], asked["id"], webauthn={"credential_response": got})
    assert refused(answer) == (422, "webauthn_verification_failed")
