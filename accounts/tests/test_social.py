"""Signing in with an account elsewhere, at the sandbox provider over HTTP."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
import requests
from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount
from django.core import mail
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts.models import AuditEvent, Session, User
from accounts.services import identities
from accounts.social import shown_name
from accounts.tests.elsewhere import at_server, choose, query_of
from accounts.tests.factories import PASSWORD, make_person
from core.actors import acting_as_service

pytestmark = pytest.mark.usefixtures("transactional_db", "provider")

LOGIN = "/accounts/oidc/sandbox/login/"


@pytest.fixture
def provider(live_server, settings) -> str:
    at_server(settings, live_server.url)
    return live_server.url


def leave(client: Client, *, process: str = "login", **query: str) -> str:
    """Press the button; return the address it leads to."""
    path = LOGIN + "?" + "&".join(f"{name}={value}" for name, value in {"process": process, **query}.items())
    answer = client.post(path)
    assert answer.status_code == 302, answer.content
    return str(answer.url)


def come_by(client: Client, person: str = "ifeoma", fault: str = "", **query: str):
    return client.get(choose(leave(client, **query), person, fault))


def accounts() -> list[tuple[str, str]]:
    with acting_as_service():
        return [
            (row.user.email, row.uid) for row in SocialAccount.objects.select_related("user").order_by("pk")
        ]


def signed_in_as(client: Client) -> str:
    key = client.session.get("_auth_user_id")
    if key is None:
        return ""
    with acting_as_service():
        return User.objects.get(pk=key).email


def test_a_new_person_comes_of_what_the_provider_vouches_for(client):
    answer = come_by(client)
    assert answer.status_code == 302
    assert signed_in_as(client) == "ifeoma@id.test"
    with acting_as_service():
        user = User.objects.select_related("profile").get(email="ifeoma@id.test")
        assert user.profile.display_name == "Ifeoma Eze"
        assert user.customer
        assert not user.has_usable_password()
        assert user.email_confirmed_at
        assert list(user.emailaddress_set.values_list("verified", "primary")) == [(True, True)]
        account = user.socialaccount_set.get()
        assert set(account.extra_data) <= {"sub", "iss", "name", "email", "email_verified"}
        assert not account.socialtoken_set.exists()
        session = Session.objects.get(user=user)
        assert session.methods[0]["method"] == "oauth"
        assert session.methods[0]["provider"] == "sandbox"
        assert AuditEvent.objects.filter(action="accounts.identity.linked", actor_id=user.pk).exists()


def test_the_second_time_it_is_the_same_person(client):
    come_by(client)
    client.post("/accounts/logout/")
    assert signed_in_as(client) == ""
    come_by(client)
    assert signed_in_as(client) == "ifeoma@id.test"
    assert len(accounts()) == 1


def test_the_buttons_are_there_and_a_mere_link_does_not_leave(client):
    for page in ("/accounts/login/", "/accounts/signup/"):
        assert b"Continue with Sandbox ID" in client.get(page).content
    assert client.get(LOGIN).status_code != 302


def test_no_button_without_keys(client, settings):
    settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": []}}
    assert b"Continue with" not in client.get("/accounts/login/").content
    assert client.post(LOGIN).status_code == 404


@pytest.mark.parametrize("fault", ["nonce", "audience", "issuer", "expired", "subject", "error"])
def test_what_does_not_fit_signs_nobody_in(client, fault):
    answer = come_by(client, fault=fault)
    assert answer.status_code == 401
    assert b"That did not work" in answer.content
    assert signed_in_as(client) == ""
    assert accounts() == []


@pytest.mark.parametrize("fault", ["unverified", "no_email"])
@pytest.mark.parametrize("person", ["ada", "tunde"])
def test_an_address_that_is_not_vouched_for_makes_nobody_and_tells_nothing(client, person, fault):
    make_person(email="ada@alajo.test")
    answer = come_by(client, person, fault)
    assert (answer.status_code, answer.url) == (302, "/accounts/signup/")
    assert b"did not confirm your e-mail address" in client.get(answer.url).content
    assert (signed_in_as(client), accounts()) == ("", [])


def test_azure_is_not_believed_even_when_it_calls_an_address_confirmed(client, settings):
    app = settings.SOCIALACCOUNT_PROVIDERS["openid_connect"]["APPS"][-1]
    app["settings"]["trusts_email"] = False
    assert come_by(client).url == "/accounts/signup/"
    assert accounts() == []


def test_an_account_is_never_taken_over_by_its_address_alone(client):
    make_person(email="ada@alajo.test")
    answer = come_by(client, "ada")
    assert (answer.status_code, answer.url) == (302, "/accounts/login/")
    assert b"account with your e-mail address already" in client.get(answer.url).content
    assert (signed_in_as(client), accounts()) == ("", [])


def test_an_address_somebody_has_not_confirmed_yet_is_not_joined_either(client):
    squatter = make_person(email="tunde@id.test")
    with acting_as_service():
        EmailAddress.objects.filter(user=squatter).update(verified=False)
    assert come_by(client, "tunde").url == "/accounts/login/"
    assert accounts() == []


def log_in(client: Client, email: str) -> None:
    answer = client.post("/accounts/login/", {"login": email, "password": PASSWORD})
    assert answer.status_code == 302, answer.content


def confirm(client: Client, answer):
    """Give the password once more where it is asked for."""
    assert answer.url.startswith("/accounts/reauthenticate/"), answer.url
    return client.post(answer.url, {"password": PASSWORD})


def link(client: Client, person: str = "ifeoma") -> None:
    answer = confirm(client, come_by(client, person, process="connect"))
    assert answer.url == "/accounts/social/"


def test_linking_asks_for_the_password_is_written_down_and_mailed(client):
    ada = make_person(email="ada@alajo.test")
    log_in(client, ada.email)
    link(client)
    assert accounts() == [("ada@alajo.test", "sandbox-ifeoma")]
    assert any("new way to log in" in letter.subject for letter in mail.outbox)
    page = client.get("/accounts/social/").content
    assert b"ifeoma@id.test" in page
    assert b"Unlink" in page
    client.post("/accounts/logout/")
    come_by(client)
    assert signed_in_as(client) == "ada@alajo.test"


def test_an_account_elsewhere_belongs_to_one_person_only(client):
    come_by(client)
    other = Client()
    make_person(email="ada@alajo.test")
    log_in(other, "ada@alajo.test")
    confirm(other, come_by(other, process="connect"))
    assert accounts() == [("ifeoma@id.test", "sandbox-ifeoma")]
    assert b"belongs to somebody else" in other.get("/accounts/social/").content


def the_account() -> SocialAccount:
    with acting_as_service():
        return SocialAccount.objects.get()


def test_unlinking_is_written_down_and_mailed(client):
    ada = make_person(email="ada@alajo.test")
    log_in(client, ada.email)
    link(client)
    mail.outbox.clear()
    client.post("/accounts/social/", {"account": the_account().pk})
    assert accounts() == []
    assert [letter.subject for letter in mail.outbox] == ["A way to log in was removed"]
    with acting_as_service():
        assert AuditEvent.objects.filter(action="accounts.identity.unlinked", actor_id=ada.pk).exists()


def test_the_last_way_in_stays(client):
    come_by(client)
    answer = client.post("/accounts/social/", {"account": the_account().pk})
    assert answer.status_code == 422
    assert b"only way to log in" in answer.content
    assert len(accounts()) == 1


def test_a_link_whose_provider_is_no_longer_offered_is_no_way_in(client, settings):
    come_by(client)
    with acting_as_service():
        user = User.objects.get(email="ifeoma@id.test")
        SocialAccount.objects.create(user=user, provider="gone", uid="1")
        kept = SocialAccount.objects.get(provider="sandbox")
    with pytest.raises(identities.LastWayIn):
        identities.unlink(user=user, account_id=kept.pk)


@pytest.mark.parametrize("account", ["", "x", "-1", "9" * 30])
def test_nonsense_and_somebody_elses_link_are_not_found(client, account):
    come_by(client)
    theirs = the_account().pk
    other = Client()
    make_person(email="ada@alajo.test")
    log_in(other, "ada@alajo.test")
    for text in (account, theirs):
        answer = other.post("/accounts/social/", {"account": text})
        if answer.status_code == 302:
            answer = confirm(other, answer)
        assert answer.status_code == 422
        assert b"not linked to yours" in answer.content
    assert len(accounts()) == 1


def test_a_changed_lost_or_used_state_signs_nobody_in(client):
    back = choose(leave(client))
    assert client.get(back.replace("state=", "state=x")).status_code == 401
    assert Client().get(back).status_code == 401
    assert client.get(back).status_code == 302
    client.post("/accounts/logout/")
    assert client.get(back).status_code == 401
    assert signed_in_as(client) == ""


def test_a_code_is_good_once(client):
    used = choose(leave(client))
    client.get(used)
    code = query_of(used)["code"]
    other = Client()
    state = query_of(leave(other))["state"]
    assert other.get(f"{LOGIN}callback/?code={code}&state={state}").status_code == 401
    assert signed_in_as(other) == ""


def test_a_code_for_another_attempt_fails_by_its_verifier(client):
    """Login by injection: the attacker's fresh code with the victim's own state."""
    attacker = Client()
    code = query_of(choose(leave(attacker)))["code"]
    state = query_of(leave(client))["state"]
    assert client.get(f"{LOGIN}callback/?code={code}&state={state}").status_code == 401
    assert signed_in_as(client) == ""


def test_saying_no_leads_back_without_a_session(client):
    answer = come_by(client, "deny")
    assert answer.url == "/accounts/social/login/cancelled/"
    assert b"Not logged in" in client.get(answer.url).content
    assert signed_in_as(client) == ""


def test_pkce_nonce_and_scope_are_sent_and_not_taken_from_the_address(client):
    more = {"auth_params": "redirect_uri%3Dhttps%3A%2F%2Fevil.test%26nonce%3Dx", "scope": "everything"}
    asked = query_of(leave(client, **more))
    assert asked["code_challenge_method"] == "S256"
    assert len(asked["nonce"]) > 20
    assert set(asked["scope"].split()) == {"openid", "profile", "email"}
    assert asked["redirect_uri"] == f"http://testserver{LOGIN}callback/"


@pytest.mark.parametrize(
    "there", ["https://evil.test/", "//evil.test", "/\\evil.test", "javascript:alert(1)"]
)
def test_the_way_back_stays_with_us(client, there):
    answer = come_by(client, next=there)
    assert urlsplit(answer.url).netloc == ""
    assert answer.url.startswith("/") and "evil" not in answer.url


def test_a_provider_that_does_not_answer_is_no_fault_of_ours(client, settings):
    app = settings.SOCIALACCOUNT_PROVIDERS["openid_connect"]["APPS"][-1]
    app["settings"]["server_url"] = "http://127.0.0.1:9/"
    answer = client.post(LOGIN)
    assert answer.status_code == 401
    assert b"That did not work" in answer.content


def test_the_sandbox_sends_nobody_to_a_stranger(client):
    asked = leave(client)
    evil = asked.replace("%2Faccounts%2Foidc", "%2Felsewhere")
    assert requests.get(evil + "&choice=ada", allow_redirects=False, timeout=5).status_code == 400
    plain = asked.replace("code_challenge_method=S256", "code_challenge_method=plain")
    assert requests.get(plain + "&choice=ada", allow_redirects=False, timeout=5).status_code == 400


@pytest.mark.parametrize(
    ("claims", "name"),
    [
        ({"name": "  Ọlá   Obi "}, "Ọlá Obi"),
        ({"name": "Ada\u202eibO", "given_name": "Ada", "family_name": "Obi"}, "Ada Obi"),
        ({"name": "---", "login": "ada"}, "ada"),
        ({"name": None}, "Saver"),
        ({"name": "N" * 200}, "N" * 80),
    ],
)
def test_a_name_from_elsewhere_is_cleaned_as_our_own_form_cleans_it(claims, name):
    assert shown_name(claims) == name


def test_two_links_let_go_of_at_once_leave_one(client):
    come_by(client)
    with acting_as_service():
        user = User.objects.get(email="ifeoma@id.test")
        SocialAccount.objects.create(user=user, provider="sandbox", uid="second")
        keys = list(SocialAccount.objects.values_list("pk", flat=True))

    def unlink(key: int) -> bool:
        try:
            identities.unlink(user=user, account_id=key)
        except identities.LastWayIn:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(unlink, keys)) == [False, True]
    assert len(accounts()) == 1


def test_leaving_is_counted(client):
    for _number in range(30):
        leave(client)
    assert client.post(LOGIN).status_code == 429


@pytest.mark.parametrize(
    "path", ["/accounts/password/set/", "/accounts/2fa/totp/activate/", "/accounts/2fa/webauthn/add/"]
)
def test_who_has_nothing_else_to_prove_logs_in_anew_before_a_way_in_is_added(client, path, time_machine):
    come_by(client)
    assert client.get(path).status_code == 200
    time_machine.move_to(timezone.now() + timedelta(seconds=301))
    away = client.get(path)
    assert away.status_code == 302
    assert away.url.startswith("/accounts/logout/?next=")
    again = client.post(away.url)
    assert again.url.startswith("/accounts/login/?next=")
    come_by(client, next=path)
    assert client.get(path).status_code == 200


def test_an_address_is_not_added_long_after_the_log_in_either(client, time_machine):
    come_by(client)
    time_machine.move_to(timezone.now() + timedelta(seconds=301))
    away = client.post("/accounts/email/", {"email": "thief@evil.test", "action_add": ""})
    assert away.url.startswith("/accounts/logout/?next=")
    assert "thief@evil.test" not in [to for letter in mail.outbox for to in letter.to]
