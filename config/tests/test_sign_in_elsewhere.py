"""In a browser: logging in with an account elsewhere, and letting an app act for oneself and shutting it out again."""

import base64
import hashlib
import os
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from playwright.sync_api import expect

from accounts.services import apps
from accounts.tests.elsewhere import at_server
from accounts.tests.factories import PASSWORD, make_person, prove_factor
from config.tests.browsing import DESKTOP, PHONE, Look, Visitor

LOOKS = [Look(DESKTOP), Look(PHONE, scripts=False)]
pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.parametrize("visitor", LOOKS, indirect=True, ids=lambda look: str(look)),
]
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(b"v" * 64).digest()).rstrip(b"=").decode()


class _Page(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><link rel=icon href='data:,'><title>App</title><h1>The app</h1>")

    def log_message(self, *args: Any) -> None:
        pass


@pytest.fixture
def app_site() -> Iterator[str]:
    """An app of a third party: another origin, that is all a browser cares about."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Page)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def elsewhere(site: str, settings: Any) -> str:
    at_server(settings, site)
    return site


def look(visitor: Visitor, name: str, *, check: bool = True) -> None:
    if check:
        visitor.check()
    if folder := os.environ.get("ALAJO_LOOK"):
        visitor.page.screenshot(path=Path(folder) / f"{name}-{visitor.look}.png", full_page=True)


def press(visitor: Visitor, name: str) -> None:
    visitor.page.get_by_role("main").get_by_role("button", name=name, exact=True).click()


def heading(visitor: Visitor, text: str) -> None:
    expect(visitor.page.get_by_role("heading", level=1)).to_have_text(text)


def test_log_in_with_another_account_and_try_to_unlink_it(elsewhere: str, visitor: Visitor) -> None:
    page = visitor.page
    page.goto("/accounts/signup/")
    look(visitor, "signup")
    page.goto("/accounts/login/")
    look(visitor, "login")
    press(visitor, "Continue with Sandbox ID")
    heading(visitor, "Who are you today?")
    look(visitor, "sandbox")
    page.get_by_role("link", name="Nobody: say no").click()
    heading(visitor, "Not logged in")
    look(visitor, "cancelled")
    page.get_by_role("main").get_by_role("link", name="Choose another way to log in").click()
    press(visitor, "Continue with Sandbox ID")
    page.get_by_role("link", name="Ifeoma Eze").click()
    page.wait_for_function("!location.pathname.startsWith('/sandbox')")
    visitor.go("/accounts/social/")
    heading(visitor, "Ways to log in")
    look(visitor, "ways")
    press(visitor, "Unlink Sandbox ID")
    expect(page.get_by_role("alert")).to_contain_text("only way to log in")
    look(visitor, "ways-refused")
    page.goto("/accounts/logout/")
    press(visitor, "Log out")
    page.wait_for_url(f"{elsewhere}/")
    page.goto("/accounts/login/")
    visitor.meant.add(401)
    press(visitor, "Continue with Sandbox ID")
    page.get_by_role("link", name="Another nonce").click()
    page.get_by_role("link", name="Ifeoma Eze").click()
    heading(visitor, "That did not work")
    look(visitor, "error")


def test_let_an_app_act_and_shut_it_out(elsewhere: str, app_site: str, visitor: Visitor) -> None:
    ada = make_person(email="ada@alajo.test")
    made = apps.register(
        name="Book Keeper",
        redirect_uris=[f"{app_site}/back"],
        scopes=["openid", "profile", "accounts:read", "transactions:read", "transfers:write"],
        public=True,
    )
    query = {
        "client_id": made.client.pk,
        "redirect_uri": f"{app_site}/back",
        "response_type": "code",
        "scope": "openid profile accounts:read transactions:read transfers:write",
        "state": "xyz",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
    }
    page = visitor.page
    page.goto(f"/identity/o/authorize?{urlencode(query)}")
    page.get_by_label("E-mail").fill("ada@alajo.test")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    press(visitor, "Log in")
    heading(visitor, "Second step at log-in")
    prove_factor(ada)
    page.goto(f"/identity/o/authorize?{urlencode(query)}")
    heading(visitor, "Let Book Keeper act for you?")
    look(visitor, "consent")
    page.get_by_label("Send money").uncheck()
    press(visitor, "Let it in")
    heading(visitor, "The app")
    assert "code=" in page.url
    code = page.url.partition("code=")[2].partition("&")[0]
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": query["redirect_uri"],
        "client_id": made.client.pk,
        "code_verifier": "v" * 64,
    }
    assert page.request.post(f"{elsewhere}/identity/o/api/token", form=form).status == 200
    visitor.go("/security/apps/")
    card = page.get_by_role("region", name="Book Keeper")
    expect(card).to_contain_text("See accounts and their balances")
    expect(card).not_to_contain_text("Send money")
    look(visitor, "apps")
    press(visitor, "End access Book Keeper")
    expect(page.get_by_role("main")).to_contain_text("No app acts for you")
    look(visitor, "apps-none")
    visitor.meant.add(400)
    page.goto("/identity/o/authorize?client_id=x")
    heading(visitor, "This app asked wrongly")
    look(visitor, "app-error")
