"""A passkey in a real browser: made, used instead of a password, renamed, asked for again, and removed."""

import os
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.core import mail
from playwright.sync_api import Page, expect

from accounts.tests.factories import PASSWORD, make_person
from config.tests.browsing import PHONE, Look, Visitor

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.parametrize("visitor", [Look(PHONE, "dark")], indirect=True, ids=lambda look: str(look)),
]


def press(page: Page, name: str) -> None:
    page.get_by_role("main").get_by_role("button", name=name, exact=True).click()


def heading(page: Page, text: str) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text(text)


def with_device(page: Page) -> None:
    """Give the browser a device that keeps passkeys and whose owner says yes."""
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "transport": "internal", "automaticPresenceSimulation": True}
    owner = {"hasResidentKey": True, "hasUserVerification": True, "isUserVerified": True}
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": {**options, **owner}})


def log_in(page: Page, email: str) -> None:
    page.goto("/accounts/login/")
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    press(page, "Log in")


def log_out(visitor: Visitor) -> None:
    visitor.page.locator("summary", has_text="Your account").click()
    visitor.page.get_by_role("button", name="Log out").click()
    visitor.page.wait_for_url(visitor.site + "/")


def shot(visitor: Visitor, name: str) -> None:
    folder = os.environ.get("ALAJO_LOOK")
    if folder:
        visitor.page.screenshot(path=Path(folder) / f"{name}-{visitor.look}.png", full_page=True)


def test_a_passkey_is_made_opens_the_account_and_is_removed(visitor: Visitor) -> None:
    page = visitor.page
    make_person(name="Ada Obi", email="ada@alajo.test")
    with_device(page)
    log_in(page, "ada@alajo.test")
    visitor.go("/accounts/2fa/")
    shot(visitor, "1-none")
    page.get_by_role("link", name="Add a passkey").click()
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    press(page, "Confirm")
    heading(page, "Add a passkey")
    visitor.check()
    shot(visitor, "2-add")
    page.get_by_label("Name").fill("My phone")
    press(page, "Make the passkey")
    heading(page, "Recovery codes")
    visitor.check()
    shot(visitor, "3-codes")
    with page.expect_download() as started:
        press(page, "Download")
    assert started.value.suggested_filename == "alajo-recovery-codes.txt"
    code = page.locator(".codes li").first.inner_text()
    assert code in Path(started.value.path()).read_text()
    expect(page.get_by_role("button", name="Print")).to_be_visible()
    page.get_by_role("link", name="I have saved them").click()
    heading(page, "Second step at log-in")
    expect(page.get_by_role("main")).to_contain_text("My phone")
    visitor.check()
    shot(visitor, "4-index")

    log_out(visitor)
    visitor.go("/accounts/login/")
    shot(visitor, "5-login")
    press(page, "Log in with a passkey")
    page.wait_for_url("**/home/")
    heading(page, "Hello, Ada Obi")

    log_out(visitor)
    log_in(page, "ada@alajo.test")
    heading(page, "Use your passkey")
    visitor.check()
    shot(visitor, "6-step")
    press(page, "Use a passkey")
    page.wait_for_url("**/home/")

    visitor.go("/accounts/2fa/webauthn/reauthenticate/?next=/accounts/2fa/")
    shot(visitor, "7-confirm")
    press(page, "Use a passkey")
    heading(page, "Second step at log-in")
    page.get_by_role("link", name="Rename My phone").click()
    visitor.check()
    page.get_by_label("Name").fill("Work laptop")
    press(page, "Save")
    page.get_by_role("link", name="Remove Work laptop").click()
    heading(page, "Remove the passkey “Work laptop”?")
    visitor.check()
    shot(visitor, "8-remove")
    press(page, "Remove")
    heading(page, "Second step at log-in")
    expect(page.get_by_role("main")).not_to_contain_text("Work laptop")
    assert mail.outbox[-1].subject == "A passkey was removed"
    assert urlsplit(page.url).path == "/accounts/2fa/"


def test_a_device_that_says_no_is_told_so_and_nothing_is_sent(visitor: Visitor) -> None:
    page = visitor.page
    page.goto("/accounts/login/")
    page.evaluate(
        "() => { navigator.credentials.get = () => Promise.reject(new DOMException('no', 'NotAllowedError')); }"
    )
    press(page, "Log in with a passkey")
    expect(page.locator("[data-toasts]")).to_contain_text("No passkey was used")
    assert urlsplit(page.url).path == "/accounts/login/"


def test_the_app_is_set_up(visitor: Visitor) -> None:
    page = visitor.page
    make_person(name="Ada Obi", email="ada@alajo.test")
    log_in(page, "ada@alajo.test")
    page.wait_for_url("**/home/")
    page.goto("/accounts/2fa/totp/activate/")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    press(page, "Confirm")
    heading(page, "Set up an authenticator app")
    visitor.check()
    shot(visitor, "9-app")
    page.get_by_label("Authenticator code").fill("000000")
    press(page, "Turn on")
    expect(page.get_by_role("alert")).to_be_visible()
    visitor.check()
    shot(visitor, "10-app-wrong")
