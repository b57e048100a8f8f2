"""The story this project is for, in a browser: join, add money, send some of it, see it on both sides."""

import re
import time

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts import totp
from accounts.models import User
from accounts.tests.factories import PASSWORD, make_person
from config.tests.browsing import PHONE, Look, Visitor, mailed_code
from wallet import services as wallet
from wallet import tasks
from wallet.tests import deposits
from wallet.tests.factories import make_wallet

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
]
PATIENCE = 30.0
looks = pytest.mark.parametrize("visitor", [Look(PHONE, "dark")], indirect=True, ids=lambda look: str(look))
without_scripts = pytest.mark.parametrize(
    "visitor", [Look(PHONE, scripts=False)], indirect=True, ids=lambda look: str(look)
)


@pytest.fixture
def bola() -> User:
    """Another customer, with money of their own."""
    user = make_person(name="Bola Adeyemi", email="bola@alajo.test")
    make_wallet(user, amount=40_000_00)
    return user


def press(page: Page, name: str) -> None:
    page.get_by_role("main").get_by_role("button", name=name, exact=True).click()


def follow(page: Page, name: str) -> None:
    page.get_by_role("main").get_by_role("link", name=name, exact=True).first.click()


def heading(page: Page, text: str) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text(text)


def sign_up(visitor: Visitor, *, name: str, email: str) -> None:
    page = visitor.page
    visitor.go("/")
    follow(page, "Create account")
    heading(page, "Create your account")
    visitor.check()
    page.get_by_label("Your name").fill(name)
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    press(page, "Create account")
    heading(page, "Enter the code we sent")
    visitor.check()
    page.get_by_label("Code").fill(mailed_code())
    press(page, "Confirm")
    heading(page, f"Hello, {name}")


def ask_for(visitor: Visitor, amount: str) -> None:
    """From the page to add money to the gateway's checkout."""
    page = visitor.page
    heading(page, "Add money")
    visitor.check()
    page.get_by_label("How much?").fill(amount)
    press(page, "Continue to payment")
    page.wait_for_url(re.compile("/sandbox/paystack/checkout/"))
    visitor.check()


def review(visitor: Visitor, *, to: str, amount: str, note: str) -> None:
    page = visitor.page
    visitor.go("/send/")
    page.get_by_label("To", exact=True).fill(to)
    page.get_by_label("Amount").fill(amount)
    page.get_by_label("Note for them").fill(note)
    press(page, "Review")
    heading(page, "Check and send")
    expect(page.get_by_role("main")).to_contain_text("Bola Adeyemi")
    visitor.check()


def set_up_a_second_step(visitor: Visitor) -> None:
    """Sending money asks for one: set it up, once, and go on with what was pressed."""
    page = visitor.page
    heading(page, "Second step at log-in")
    expect(page.get_by_role("main")).to_contain_text("what you entered is kept")
    visitor.check()
    follow(page, "Set up")
    heading(page, "Confirm it is you")
    visitor.check()
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    press(page, "Confirm")
    heading(page, "Set up an authenticator app")
    expect(page.get_by_role("main")).to_contain_text("you go on with what you were doing")
    visitor.check()
    secret = page.locator(".copy-row__value").inner_text().replace(" ", "")
    page.get_by_label("Authenticator code").fill(totp.code_at(secret, timezone.now()))
    press(page, "Turn on")
    heading(page, "Recovery codes")
    visitor.check()
    press(page, "I have saved them, go on")


def log_out(visitor: Visitor) -> None:
    page = visitor.page
    page.locator("summary", has_text="Your account").click()
    page.get_by_role("button", name="Log out").click()
    page.wait_for_url(visitor.site + "/")
    visitor.go("/home/")
    heading(page, "Log in")


def log_in(visitor: Visitor, email: str) -> None:
    page = visitor.page
    visitor.go("/accounts/login/")
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    press(page, "Log in")
    page.wait_for_url("**/home/")


def the_worker_tells(user: User) -> None:
    """Announce until it is done: the transfer's own transaction may not have ended yet."""
    deadline = time.monotonic() + PATIENCE
    while "transfer.received" not in deposits.notices():
        assert time.monotonic() < deadline, f"{user} was never told"
        wallet.announce()


def never_loaded_again(page: Page) -> None:
    """Mark the page; a reload would wipe the mark off."""
    page.evaluate("window.marked = true")


def still_the_same(page: Page) -> None:
    assert page.evaluate("window.marked") is True


def balance_on(page: Page, amount: str) -> None:
    expect(page.get_by_role("region", name="Your money").locator(".amount--big")).to_have_text(amount)


@looks
def test_someone_joins_adds_money_sends_some_and_both_see_it(visitor: Visitor, bola: User) -> None:
    page = visitor.page
    sign_up(visitor, name="Amara Nwosu", email="amara@alajo.test")
    balance_on(page, "₦0.00")
    visitor.check()
    follow(page, "Add money")
    ask_for(visitor, "25,000")

    home = visitor.open_tab()
    home.goto("/home/")
    expect(home.get_by_role("main")).to_contain_text("Not in your balance yet")
    visitor.check(home)
    never_loaded_again(home)

    # The gateway does not answer just now, and its webhook lies in the inbox until the worker takes it up.
    deposits.fault("BAD_GATEWAY_BEFORE", remaining=100, endpoint="verify")
    with deposits.no_worker():
        press(page, "Pay ₦25,000.00")
        heading(page, "Adding money")
        visitor.check()
    never_loaded_again(page)
    deposits.calls_answered_again()
    (event,) = deposits.events()
    tasks.process_webhook(event_id=str(event.pk))

    expect(page.get_by_role("link", name="See the receipt")).to_be_visible()
    still_the_same(page)
    visitor.check()
    balance_on(home, "₦25,000.00")
    still_the_same(home)
    visitor.check(home)
    home.close()

    review(visitor, to="@bola_adeyemi", amount="3,500.50", note="Fabric, two yards")
    expect(page.get_by_role("main")).to_contain_text("You have not sent money to Bola Adeyemi before")
    press(page, "Send ₦3,500.50")
    set_up_a_second_step(visitor)
    heading(page, "Bola Adeyemi")
    expect(page.get_by_role("status").first).to_contain_text("You sent ₦3,500.50 to Bola Adeyemi.")
    visitor.check()
    the_worker_tells(bola)

    visitor.go("/activity/")
    follow(page, "Bola Adeyemi")
    heading(page, "Bola Adeyemi")
    expect(page.get_by_role("main")).to_contain_text("Fabric, two yards")
    expect(page.get_by_role("main")).to_contain_text("₦21,499.50")
    visitor.check()
    visitor.go("/home/")
    balance_on(page, "₦21,499.50")
    log_out(visitor)

    log_in(visitor, bola.email)
    balance_on(page, "₦43,500.50")
    expect(page.get_by_role("region", name="New for you")).to_contain_text("Amara Nwosu")
    visitor.check()
    visitor.go("/activity/")
    follow(page, "Amara Nwosu")
    heading(page, "Amara Nwosu")
    expect(page.get_by_role("main")).to_contain_text("Fabric, two yards")
    expect(page.get_by_role("main")).to_contain_text("+₦3,500.50")
    visitor.check()
    assert wallet.verify() == []


@without_scripts
def test_all_of_it_works_without_scripts(visitor: Visitor, bola: User) -> None:
    page = visitor.page
    sign_up(visitor, name="Amara Nwosu", email="amara@alajo.test")
    follow(page, "Add money")
    ask_for(visitor, "25000")
    deposits.fault("BAD_GATEWAY_BEFORE", remaining=100, endpoint="verify")
    with deposits.no_worker():
        press(page, "Pay ₦25,000.00")
        heading(page, "Adding money")
    deposits.calls_answered_again()
    follow(page, "Check now")
    expect(page.get_by_role("link", name="See the receipt")).to_be_visible()
    follow(page, "Go to your balance")
    balance_on(page, "₦25,000.00")

    review(visitor, to="bola@alajo.test", amount="3,500.50", note="")
    press(page, "Send ₦3,500.50")
    set_up_a_second_step(visitor)
    heading(page, "Bola Adeyemi")
    visitor.go("/home/")
    balance_on(page, "₦21,499.50")
    log_out(visitor)
    assert wallet.verify() == []
