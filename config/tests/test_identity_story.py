"""Who you are, in a browser: join, set up a second step, come back by it, then by a passkey, and end another device."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from accounts import totp
from accounts.tests.factories import PASSWORD
from config.tests.browsing import DESKTOP, PHONE, Look, Visitor
from config.tests.test_passkeys import heading, log_in, log_out, press, with_device
from config.tests.test_story import sign_up

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.parametrize("visitor", [Look(PHONE, "dark")], indirect=True, ids=lambda look: str(look)),
]
EMAIL = "amara@alajo.test"
STEP = timedelta(seconds=30)


def set_up_the_app(visitor: Visitor) -> tuple[str, str]:
    """Return the app's key and a recovery code."""
    page = visitor.page
    visitor.go("/accounts/2fa/totp/activate/")
    heading(page, "Confirm it is you")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    press(page, "Confirm")
    heading(page, "Set up an authenticator app")
    visitor.check()
    secret = page.locator(".copy-row__value").inner_text().replace(" ", "")
    page.get_by_label("Authenticator code").fill(totp.code_at(secret, timezone.now()))
    press(page, "Turn on")
    heading(page, "Recovery codes")
    visitor.check()
    recovery = page.locator(".codes li").first.inner_text()
    page.get_by_role("link", name="I have saved them").click()
    heading(page, "Second step at log-in")
    return secret, recovery


def give(page: Page, code: str) -> None:
    heading(page, "Enter your code")
    page.get_by_label("Code").fill(code)
    press(page, "Log in")
    page.wait_for_url("**/home/")


def test_join_second_step_passkey_and_the_end_of_another_device(
    visitor: Visitor, chromium: Browser, site: str
) -> None:
    page = visitor.page
    sign_up(visitor, name="Amara Nwosu", email=EMAIL)
    secret, recovery = set_up_the_app(visitor)
    log_out(visitor)

    log_in(page, EMAIL)
    visitor.check()
    give(
        page, totp.code_at(secret, timezone.now() + STEP)
    )  # the one of now was taken when the app was set up

    with_device(page)
    visitor.go("/accounts/2fa/webauthn/add/")
    page.get_by_label("Name").fill("My phone")
    press(page, "Make the passkey")
    heading(page, "Second step at log-in")
    expect(page.get_by_role("main")).to_contain_text("My phone")
    log_out(visitor)
    visitor.go("/accounts/login/")
    press(page, "Log in with a passkey")
    page.wait_for_url("**/home/")

    laptop = Visitor(chromium, site, Look(DESKTOP))
    log_in(laptop.page, EMAIL)
    give(laptop.page, recovery)
    visitor.go("/security/sessions/")
    rows = page.locator("main .rows > li")
    expect(rows).to_have_count(2)
    expect(rows.filter(has_text="This device")).to_have_count(1)
    other = rows.filter(has_not_text="This device")
    expect(other).to_contain_text("With second step")
    other.get_by_role("button").click()
    expect(rows).to_have_count(1)
    visitor.check()

    laptop.page.goto("/home/")
    heading(laptop.page, "Log in")
    assert laptop.complaints == []
    laptop.leave()
    visitor.go("/security/history/")
    expect(page.get_by_role("main")).to_contain_text("Second step set up")
