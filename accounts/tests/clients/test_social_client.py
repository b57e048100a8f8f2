"""The official Python client with accounts elsewhere: in by an ID token, and linking one."""

import hashlib

import httpx
import pytest
from supabase_auth.errors import AuthApiError

from accounts.tests.elsewhere import at_server, choose, query_of, token_for
from accounts.tests.factories import PASSWORD

NONCE = "made-by-the-app-for-this-attempt"


@pytest.fixture
def url(origin, settings) -> str:
    """Where the sandbox stands in for Google, whose name the client knows."""
    at_server(settings, origin)
    apps = settings.SOCIALACCOUNT_PROVIDERS["openid_connect"]["APPS"]
    apps.append({**apps[0], "provider_id": "google", "name": "Google"})
    return origin


def credentials(url: str) -> dict[str, str]:
    told = token_for(url, nonce=hashlib.sha256(NONCE.encode()).hexdigest())
    return {
        "provider": "google",
        "token": told["id_token"],
        "access_token": told["access_token"],
        "nonce": NONCE,
    }


def test_an_id_token_signs_in_once(make_client, url):
    client, brought = make_client(), credentials(url)
    session = client.sign_in_with_id_token(brought).session
    assert session.user.email == "ifeoma@id.test"
    assert client.get_user().user.identities[0].provider == "google"
    with pytest.raises(AuthApiError) as refused:
        make_client().sign_in_with_id_token(brought)
    assert refused.value.code == "bad_jwt"


def test_an_account_elsewhere_is_linked_by_the_client_that_began(make_client, ada, url):
    client, thief = make_client(flow="pkce"), make_client(flow="pkce")
    client.sign_in_with_password({"email": ada.email, "password": PASSWORD})
    away = client.link_identity(
        {"provider": "google", "options": {"redirect_to": "https://app.example.com/cb"}}
    )
    back = httpx.get(url + choose(away.url)).headers["Location"]
    code = query_of(back)["code"]
    with pytest.raises(AuthApiError):
        thief.exchange_code_for_session({"auth_code": code, "code_verifier": "v" * 64})
    assert [row.provider for row in client.get_user_identities().identities] == ["email"]
    client.exchange_code_for_session({"auth_code": code})
    identities = client.get_user_identities().identities
    assert [row.provider for row in identities] == ["email", "google"]
    client.unlink_identity(identities[1])
    assert [row.provider for row in client.get_user_identities().identities] == ["email"]
