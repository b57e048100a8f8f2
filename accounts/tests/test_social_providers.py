"""What the settings make of the providers' keys, and GitHub, which speaks a dialect of its own."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

import pytest
from allauth.socialaccount.models import SocialAccount
from allauth.socialaccount.providers.github.views import GitHubOAuth2Adapter
from django.test import Client

from accounts.tests.elsewhere import query_of
from config.env import Env
from config.settings import social
from core.actors import acting_as_service

ALL = {
    f"{name}_client_{part}": f"{name}-{part}"
    for name in ("google", "github", "linkedin", "azure")
    for part in ("id", "secret")
}


def made(**values: str) -> dict[str, dict[str, Any]]:
    found = social.providers(Env(_env_file=None, **values))
    apps = {app["provider_id"]: app for app in found["openid_connect"]["APPS"]}
    return {**apps, **({"github": found["github"]["APPS"][0]} if "github" in found else {})}


def test_without_keys_there_is_nobody():
    assert made() == {}
    assert social.origins(Env(_env_file=None)) == []


def test_each_is_active_by_its_own_keys():
    assert set(made(google_client_id="x", google_client_secret="y")) == {"google"}
    assert set(made(**ALL, azure_tenant="t")) == {"google", "github", "linkedin_oidc", "azure"}
    assert len(social.origins(Env(_env_file=None, **ALL))) == 4


def test_microsoft_needs_its_tenant_and_is_not_believed_about_addresses():
    assert "azure" not in made(**ALL)
    azure = made(**ALL, azure_tenant="1234")["azure"]["settings"]
    assert azure["server_url"] == "https://login.microsoftonline.com/1234/v2.0"
    assert azure["trusts_email"] is False


def test_linkedin_knows_neither_nonce_nor_pkce():
    settings = made(**ALL)["linkedin_oidc"]["settings"]
    assert (settings["nonce"], settings["oauth_pkce_enabled"]) == (False, False)


class _GitHub(BaseHTTPRequestHandler):
    emails: Any = []

    def do_POST(self) -> None:
        form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        right = form["client_secret"] == ["secret"] and len(form["code_verifier"][0]) > 40
        self._say({"access_token": "gh"} if right else {"error": "bad_verification_code"})

    def do_GET(self) -> None:
        user = {"id": 7, "login": "ada-obi", "name": "Ada Obi", "email": "public@else.test"}
        self._say(self.emails if self.path.endswith("emails") else user)

    def _say(self, answer: Any) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(answer).encode())

    def log_message(self, *args: Any) -> None:
        pass


@pytest.fixture
def github(transactional_db, settings, monkeypatch) -> Iterator[type[_GitHub]]:
    app = {"client_id": "id", "secret": "secret", "name": "GitHub"}
    settings.SOCIALACCOUNT_PROVIDERS = {"github": {"OAUTH_PKCE_ENABLED": True, "APPS": [app]}}
    server = ThreadingHTTPServer(("127.0.0.1", 0), _GitHub)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_address[1]}"
    for name in ("access_token_url", "profile_url", "emails_url"):
        monkeypatch.setattr(GitHubOAuth2Adapter, name, f"{url}/{name.removesuffix('_url')}")
    yield _GitHub
    server.shutdown()
    server.server_close()


def come_by(client: Client):
    state = query_of(client.post("/accounts/github/login/").url)["state"]
    return client.get(f"/accounts/github/login/callback/?code=c&state={state}")


def test_github_brings_the_main_address_it_confirmed(client, github):
    github.emails = [
        {"email": "old@id.test", "primary": False, "verified": True},
        {"email": "ada@id.test", "primary": True, "verified": True},
    ]
    assert come_by(client).status_code == 302
    with acting_as_service():
        account = SocialAccount.objects.select_related("user__profile").get()
        assert (account.provider, account.uid, account.user.email) == ("github", "7", "ada@id.test")
        assert account.user.profile.display_name == "Ada Obi"
        assert account.user.emailaddress_set.count() == 1


@pytest.mark.parametrize("emails", [[], [{"email": "ada@id.test", "primary": True, "verified": False}]])
def test_github_without_a_confirmed_address_makes_nobody(client, github, emails):
    github.emails = emails
    assert come_by(client).url == "/accounts/signup/"
    with acting_as_service():
        assert not SocialAccount.objects.exists()
