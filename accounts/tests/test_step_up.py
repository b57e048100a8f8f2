"""What is sensitive asks for a second factor that was proven just now, and goes on once it has one."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts import factors, step_up
from accounts.models import AuditEvent, Session, User
from accounts.services import api_keys
from accounts.tests.factories import PASSWORD, bearer, make_organization, make_person, prove_factor, sign_in
from core.actors import acting_as_service
from wallet import services as wallet
from wallet.models import Account
from wallet.tests.factories import make_wallet
from wallet.tests.pages import hidden

pytestmark = [
    pytest.mark.usefixtures("transactional_db"),
    pytest.mark.urls("accounts.tests.step_up_urls"),
]
PROOF = "/accounts/2fa/reauthenticate/"


@pytest.fixture
def ada() -> User:
    user = make_person(email="ada@alajo.test")
    factors.enrol_totp(user=user)
    return user


@pytest.fixture
def as_ada(client, ada) -> Client:
    sign_in(client, ada)
    return client


def prove(client: Client, user: User, door: str, **more: str):
    return client.post(door, {"code": factors.current_code(user=user), "next": after(door), **more})


def after(door: str) -> str:
    from urllib.parse import parse_qs, urlsplit

    return parse_qs(urlsplit(door).query)["next"][0]


def order(client: Client, account: Account, amount: str = "100") -> str:
    other = make_person(name="Bola Ade")
    reviewed = client.post("/send/", {"recipient": other.email, "amount": amount, "note": ""})
    return hidden(reviewed, "order")


def balance(account: Account) -> int:
    with acting_as_service():
        return int(wallet.balance_of(account.pk))


def test_without_a_fresh_proof_the_way_leads_to_it_and_back(as_ada, ada):
    door = as_ada.get("/who/?a=1").url
    assert door == f"{PROOF}?next=%2Fwho%2F%3Fa%3D1"
    assert as_ada.get(door).status_code == 200
    back = prove(as_ada, ada, door)
    assert back.url == "/who/?a=1"
    assert as_ada.get(back.url).content.decode() == f"GET authenticated {ada.pk} None"


def test_a_proof_is_good_for_five_minutes_and_in_its_own_session_only(as_ada, ada, time_machine):
    time_machine.move_to(timezone.now(), tick=False)
    prove(as_ada, ada, as_ada.get("/who/").url)
    time_machine.shift(299)
    assert as_ada.get("/who/").status_code == 200
    other = Client()
    sign_in(other, ada)
    assert other.get("/who/").status_code == 302
    time_machine.shift(2)
    assert as_ada.get("/who/").status_code == 302


def test_a_form_is_sent_once_more_after_the_proof_as_its_sender_and_not_as_the_service(as_ada, ada):
    door = as_ada.post("/who/", {"said": "hello"}).url
    answer = prove(as_ada, ada, door)
    assert answer.content.decode() == f"POST authenticated {ada.pk} hello"


def test_money_is_sent_once_however_often_the_form_comes(as_ada, ada):
    account = make_wallet(ada, amount=500_000)
    review = order(as_ada, account)
    door = as_ada.post("/send/confirm/", {"order": review}).url
    assert balance(account) == 500_000
    done = prove(as_ada, ada, door)
    assert done.url.startswith("/transactions/")
    assert balance(account) == 490_000

    as_ada.post("/send/confirm/", {"order": review})
    prove(as_ada, ada, door)
    assert as_ada.get("/who/").status_code == 200
    assert balance(account) == 490_000


def test_a_kept_form_is_sent_once_even_where_the_session_still_holds_it(as_ada, ada):
    door = as_ada.post("/who/", {"said": "hello"}).url
    kept = as_ada.session["step_up.kept"]
    assert "hello" not in kept
    assert prove(as_ada, ada, door).status_code == 200
    session = as_ada.session
    session["step_up.kept"] = kept
    session.save()
    code = factors.totp.code_at(secret_of(ada), timezone.now() + timedelta(seconds=30))
    again = as_ada.post(door, {"code": code, "next": "/who/"})
    assert (again.status_code, again.url) == (302, "/who/")


def secret_of(user: User) -> str:
    from allauth.mfa.models import Authenticator

    with acting_as_service():
        return factors.totp.secret_of(Authenticator.objects.get(user=user, type="totp"))


def test_a_form_kept_for_one_person_or_session_is_never_sent_by_another(as_ada, ada):
    as_ada.post("/who/", {"said": "hello"})
    kept = as_ada.session["step_up.kept"]
    eve = make_person(email="eve@alajo.test")
    factors.enrol_totp(user=eve)
    for user in (eve, ada):
        thief = Client()
        sign_in(thief, user)
        session = thief.session
        session["step_up.kept"] = kept
        session.save()
        answer = prove(thief, user, f"{PROOF}?next=/who/")
        assert (answer.status_code, answer.url) == (302, "/who/")


def test_a_kept_form_goes_to_its_own_address_and_not_after_ten_minutes(as_ada, ada, time_machine):
    time_machine.move_to(timezone.now(), tick=False)
    as_ada.post("/who/", {"said": "hello"})
    answer = prove(as_ada, ada, f"{PROOF}?next=/home/")
    assert (answer.status_code, answer.url) == (302, "/home/")
    time_machine.shift(301)
    door = as_ada.post("/who/", {"said": "hello"}).url
    time_machine.shift(601)
    assert prove(as_ada, ada, door).url == "/who/"


def test_a_form_without_the_token_against_forgery_is_never_kept(ada):
    strict = Client(enforce_csrf_checks=True)
    sign_in(strict, ada)
    assert strict.post("/who/", {"said": "hello"}).status_code == 403
    assert "step_up.kept" not in strict.session
    assert strict.post(PROOF, {"code": factors.current_code(user=ada)}).status_code == 403


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example/", "javascript:alert(1)"])
def test_the_proof_leads_to_no_other_site(as_ada, ada, target):
    answer = as_ada.post(f"{PROOF}?next={target}", {"code": factors.current_code(user=ada), "next": target})
    assert answer.url == "/home/"


def test_a_wrong_code_proves_nothing_and_keeps_the_form(as_ada, ada):
    door = as_ada.post("/who/", {"said": "hello"}).url
    assert as_ada.post(door, {"code": "000000", "next": "/who/"}).status_code == 422
    assert as_ada.get("/home/").status_code == 200
    assert prove(as_ada, ada, door).content.endswith(b"hello")


def test_the_password_alone_is_no_proof_for_who_has_a_factor(as_ada, ada):
    answer = as_ada.get("/accounts/reauthenticate/?next=/who/")
    assert answer.url.startswith(PROOF)
    as_ada.post("/accounts/reauthenticate/?next=/who/", {"password": PASSWORD})
    assert as_ada.get("/who/").status_code == 302


def test_a_password_given_before_the_factor_was_set_up_is_no_proof_either(client):
    user = make_person()
    sign_in(client, user)
    client.post("/accounts/reauthenticate/?next=/home/", {"password": PASSWORD})
    factors.enrol_totp(user=user)
    assert client.get("/who/").url.startswith(PROOF)
    assert client.get("/accounts/2fa/webauthn/add/").url.startswith(PROOF)


def test_logging_in_with_a_code_is_a_proof(client, ada):
    client.post("/accounts/login/", {"login": ada.email, "password": PASSWORD})
    client.post("/accounts/2fa/authenticate/", {"code": factors.current_code(user=ada)})
    assert client.get("/who/").status_code == 200


def enrol(client: Client) -> str:
    """Set up an authenticator app, and read the page that comes then."""
    client.post("/accounts/reauthenticate/?next=/home/", {"password": PASSWORD})
    page = client.get("/accounts/2fa/totp/activate/")
    assert "you go on with what you were doing" in page.content.decode()
    code = factors.totp.code_at(page.context["form"].secret, timezone.now())
    assert client.post("/accounts/2fa/totp/activate/", {"code": code}).url == "/accounts/2fa/recovery-codes/"
    return client.get("/accounts/2fa/recovery-codes/").content.decode()


def test_who_has_no_factor_is_led_to_set_one_up_and_back(client):
    sign_in(client, make_person())
    assert client.get("/who/?a=1").url == "/accounts/2fa/"
    assert "Set up a second step first" in client.get("/accounts/2fa/").content.decode()
    assert 'href="/who/?a=1"' in enrol(client)
    assert client.get("/who/").status_code == 200


def test_a_form_of_somebody_without_a_factor_is_sent_when_they_have_one_and_press(client):
    user = make_person()
    sign_in(client, user)
    assert client.post("/who/?a=1", {"said": "hello"}).url == "/accounts/2fa/"
    assert "kept for half an hour" in client.get("/accounts/2fa/").content.decode()
    assert 'action="/accounts/2fa/go-on/"' in enrol(client)
    assert client.get("/accounts/2fa/go-on/").status_code == 405
    answer = client.post("/accounts/2fa/go-on/")
    assert answer.content.decode() == f"POST authenticated {user.pk} hello"
    assert client.post("/accounts/2fa/go-on/").url == "/accounts/2fa/"


def test_money_is_sent_once_after_setting_up_a_factor(client):
    user = make_person()
    sign_in(client, user)
    account = make_wallet(user, amount=500_000)
    review = order(client, account)
    assert client.post("/send/confirm/", {"order": review}).url == "/accounts/2fa/"
    assert balance(account) == 500_000
    enrol(client)
    assert client.post("/accounts/2fa/go-on/").url.startswith("/transactions/")
    client.post("/send/confirm/", {"order": review})
    client.post("/accounts/2fa/go-on/")
    assert balance(account) == 490_000


def test_the_form_waits_half_an_hour_and_a_late_press_proves_the_factor_again(client, time_machine):
    time_machine.move_to(timezone.now(), tick=False)
    user = make_person()
    sign_in(client, user)
    client.post("/who/", {"said": "hello"})
    enrol(client)
    time_machine.shift(301)
    door = client.post("/accounts/2fa/go-on/").url
    assert door.startswith(PROOF)
    assert prove(client, user, door).content.endswith(b"hello")

    client.logout()
    other = make_person()
    sign_in(client, other)
    client.post("/who/", {"said": "hello"})
    enrol(client)
    time_machine.shift(1801)
    assert client.post("/accounts/2fa/go-on/").url == "/accounts/2fa/"


def test_going_on_needs_the_pages_own_token_and_a_factor(client):
    strict = Client(enforce_csrf_checks=True)
    user = make_person()
    sign_in(strict, user)
    assert strict.post("/accounts/2fa/go-on/").status_code == 403
    sign_in(client, user)
    client.post("/who/", {"said": "hello"})
    assert client.post("/accounts/2fa/go-on/").url == "/accounts/2fa/"
    assert b"hello" not in client.get("/accounts/2fa/").content
    assert 'action="/accounts/2fa/go-on/"' in enrol(client)


def test_the_api_says_what_is_missing(ada):
    program = Client(headers=bearer(ada))
    answer = program.get("/api/v1/guarded/")
    assert (answer.status_code, answer.json()["code"]) == (403, "step_up_required")
    assert answer.json()["data"]["max_age"] == 300
    assert answer.json()["data"]["methods"] == ["totp"]
    prove_factor(ada)
    assert program.get("/api/v1/guarded/").json() == {"ok": True}

    answer = Client(headers=bearer(make_person())).get("/api/v1/guarded/")
    assert (answer.status_code, answer.json()["code"]) == (403, "mfa_enrolment_required")


def test_a_key_passes_since_it_was_made_under_a_proof(ada):
    firm = make_organization(owner=ada)
    made = api_keys.make(
        organization_id=firm.pk, by=ada, name="Shop", mode="LIVE", scopes=[], at=timezone.now()
    )
    answer = Client().get("/api/v1/guarded/", headers={"Authorization": f"Bearer {made.secret}"})
    assert answer.json() == {"ok": True}


def test_a_session_that_ended_or_is_anothers_proves_nothing(ada):
    at = timezone.now()
    methods = [{"method": "totp", "timestamp": int(at.timestamp())}]
    theirs = Session(user=make_person(), methods=methods)
    with pytest.raises(step_up.StepUpRequired):
        step_up.check(user=ada, session=theirs, at=at)
    with pytest.raises(step_up.StepUpRequired):
        step_up.check(user=ada, session=None, at=at)
    step_up.check(user=ada, session=Session(user=ada, methods=methods), at=at)


def test_the_password_is_changed_only_by_who_proves_the_factor_and_is_never_kept(as_ada, ada):
    new = {"oldpassword": PASSWORD, "password1": "another-long-secret", "password2": "another-long-secret"}
    door = as_ada.post("/accounts/password/change/", new).url
    assert door.startswith(PROOF)
    assert "step_up.kept" not in as_ada.session
    prove(as_ada, ada, door)
    with acting_as_service():
        assert User.objects.get(pk=ada.pk).check_password(PASSWORD)
    assert as_ada.post("/accounts/password/change/", new).status_code == 302
    with acting_as_service():
        assert User.objects.get(pk=ada.pk).check_password("another-long-secret")
        assert AuditEvent.objects.filter(action="accounts.session.proven").exists()
