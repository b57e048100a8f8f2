"""A running `/auth/v1`, driven by Supabase's own Python client."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import httpx
import pytest
from django.core import mail
from django.utils import timezone
from supabase_auth import SyncGoTrueClient, SyncMemoryStorage
from supabase_auth.errors import AuthApiError, AuthInvalidCredentialsError, AuthWeakPasswordError

from accounts import access_tokens
from accounts.models import Session
from accounts.tests.factories import PASSWORD
from core.actors import acting_as_service

ANOTHER = "another-long-secret"
pytestmark = pytest.mark.usefixtures("transactional_db")


def app(url: str) -> SyncGoTrueClient:
    key = access_tokens.static_key("anon")
    return SyncGoTrueClient(
        url=url,
        headers={"apikey": key, "Authorization": f"Bearer {key}"},
        storage=SyncMemoryStorage(),
        auto_refresh_token=False,
    )


def signed_in(url: str, email: str = "ada@alajo.test", password: str = PASSWORD) -> SyncGoTrueClient:
    client = app(url)
    client.sign_in_with_password({"email": email, "password": password})
    return client


def works(client: SyncGoTrueClient) -> bool:
    session = client.get_session()
    try:
        return bool(session and client.get_user(session.access_token))
    except AuthApiError:
        return False


def test_somebody_signs_up_and_is_known_once_confirmed(auth_url):
    client = app(auth_url)
    said = client.sign_up(
        {"email": "new@alajo.test", "password": PASSWORD, "options": {"data": {"full_name": "Nia New"}}}
    )
    assert said.session is None
    assert said.user.user_metadata["full_name"] == "Nia New"
    assert [identity.provider for identity in said.user.identities] == ["email"]
    assert mail.outbox[-1].to == ["new@alajo.test"]
    with pytest.raises(AuthApiError, match="Email not confirmed"):
        client.sign_in_with_password({"email": "new@alajo.test", "password": PASSWORD})
    code = re.search(r"^\s*(\d{6})\s*$", mail.outbox[-1].body, re.MULTILINE)[1]
    client.verify_otp({"email": "new@alajo.test", "token": code, "type": "signup"})
    assert works(client)
    assert works(signed_in(auth_url, "new@alajo.test"))
    assert client.get_user().user.user_metadata["email_verified"] is True


def test_the_client_tells_of_a_known_address_by_its_missing_identity(auth_url, ada):
    said = app(auth_url).sign_up({"email": ada.email, "password": PASSWORD})
    assert (said.session, said.user.identities) == (None, [])


def test_a_password_opens_a_session_that_the_client_verifies_itself(auth_url, ada):
    client = signed_in(auth_url)
    session = client.get_session()
    assert session.user.id == str(ada.id)
    assert session.expires_in == 600
    claims = client.get_claims()["claims"]
    assert (claims["sub"], claims["aal"], claims["iss"]) == (str(ada.id), "aal1", auth_url)
    assert client.get_user().user.email == "ada@alajo.test"
    levels = client.mfa.get_authenticator_assurance_level()
    assert (levels.current_level, levels.next_level) == ("aal1", "aal1")
    assert client.get_user_identities().identities[0].provider == "email"


def test_a_refresh_goes_on_with_the_same_session(auth_url, ada):
    client = signed_in(auth_url)
    before = client.get_session()
    after = client.refresh_session().session
    assert after.refresh_token != before.refresh_token
    sessions = {
        access_tokens.read(token)["session_id"] for token in (before.access_token, after.access_token)
    }
    assert len(sessions) == 1
    assert works(client)


def test_an_access_token_that_ran_out_is_refreshed_unasked(auth_url, ada, settings):
    settings.ACCESS_TOKEN_SECONDS = 5  # less than the client's margin
    client = signed_in(auth_url)
    first = client._storage.get_item(client._storage_key)
    settings.ACCESS_TOKEN_SECONDS = 600
    assert client.get_session().expires_in == 600
    assert client._storage.get_item(client._storage_key) != first


def test_twenty_tabs_that_refresh_one_token_at_once_all_go_on(auth_url, ada):
    token = signed_in(auth_url).get_session().refresh_token

    def refresh(_tab: int) -> SyncGoTrueClient:
        tab = app(auth_url)
        tab.refresh_session(token)
        return tab

    with ThreadPoolExecutor(20) as threads:
        tabs = list(threads.map(refresh, range(20)))
    assert all(works(tab) for tab in tabs)
    assert len({tab.get_session().refresh_token for tab in tabs}) == 1
    tabs[0].refresh_session()
    with acting_as_service():
        assert Session.objects.live().count() == 1


def test_data_password_and_address_are_changed(auth_url, ada):
    client, other = signed_in(auth_url), signed_in(auth_url)
    assert client.update_user({"data": {"plan": "gold"}}).user.user_metadata == {"plan": "gold"}
    assert client.update_user({"email": "new@alajo.test"}).user.new_email == "new@alajo.test"
    client.update_user({"password": ANOTHER})
    assert (works(client), works(other)) == (True, False)
    assert works(signed_in(auth_url, password=ANOTHER))


@pytest.mark.parametrize(
    ("scope", "left"), [("local", (False, True)), ("others", (True, False)), ("global", (False, False))]
)
def test_sign_out_has_three_scopes(auth_url, ada, scope, left):
    client, other = signed_in(auth_url), signed_in(auth_url)
    token = client.get_session().access_token
    client.sign_out({"scope": scope})
    probe = app(auth_url)

    def opens(access_token: str) -> bool:
        try:
            return bool(probe.get_user(access_token))
        except AuthApiError as error:
            assert (error.status, error.code) == (403, "session_not_found")
            return False

    assert (opens(token), opens(other.get_session().access_token)) == left


def test_an_admin_signs_somebody_out_by_their_token(auth_url, ada):
    token = signed_in(auth_url).get_session().access_token
    app(auth_url).admin.sign_out(token, "global")
    with pytest.raises(AuthApiError, match="does not exist"):
        app(auth_url).get_user(token)


def test_refusals_reach_the_app_in_the_words_that_it_knows(auth_url, ada):
    client = app(auth_url)
    with pytest.raises(AuthApiError, match=r"^Invalid login credentials$") as wrong:
        client.sign_in_with_password({"email": ada.email, "password": "wrong-" + PASSWORD})
    assert (wrong.value.status, wrong.value.code) == (400, "invalid_credentials")
    with pytest.raises(AuthWeakPasswordError, match="at least 10 characters") as weak:
        client.sign_up({"email": "new@alajo.test", "password": "short"})
    assert weak.value.reasons == ["length"]
    with pytest.raises(AuthApiError, match=r"^Anonymous sign-ins are disabled$"):
        client.sign_in_anonymously()
    with pytest.raises(AuthApiError, match=r"^Unable to validate email address: invalid format$"):
        client.sign_up({"email": "nonsense", "password": PASSWORD})
    with pytest.raises(AuthInvalidCredentialsError):
        client.sign_up({"password": PASSWORD})
    with pytest.raises(AuthApiError, match=r"^Invalid Refresh Token: Refresh Token Not Found$"):
        client.refresh_session("no-such-token")
    with pytest.raises(AuthApiError, match=r"^invalid JWT"):
        client.get_user("a.b.c")
    with pytest.raises(AuthApiError, match="should be different") as same:
        signed_in(auth_url).update_user({"password": PASSWORD})
    assert same.value.code == "same_password"


def test_a_stolen_refresh_token_signs_out_thief_and_owner(auth_url, ada, time_machine):
    start = timezone.now()
    time_machine.move_to(start)
    owner = signed_in(auth_url)
    stolen = owner.get_session().refresh_token
    for minute in (1, 2):
        time_machine.move_to(start + timedelta(minutes=minute))
        owner.refresh_session()
    with pytest.raises(AuthApiError, match=r"^Invalid Refresh Token: Already Used$"):
        app(auth_url).refresh_session(stolen)
    assert not works(owner)
    assert "signed that device out" in mail.outbox[-1].body


def test_our_list_of_sessions_and_the_end_of_one(auth_url, ada):
    client, other = signed_in(auth_url), signed_in(auth_url)
    token = client.get_session().access_token
    headers = {"apikey": access_tokens.static_key("anon"), "Authorization": f"Bearer {token}"}
    listed = httpx.get(f"{auth_url}/user/sessions", headers=headers).json()["sessions"]
    theirs = next(session["id"] for session in listed if not session["is_current"])
    assert httpx.delete(f"{auth_url}/user/sessions/{theirs}", headers=headers).status_code == 204
    assert (works(client), works(other)) == (True, False)
