"""From a friend's link to a bonus in both wallets, in a browser."""

import pytest
from playwright.sync_api import Page, expect

from accounts.models import User
from accounts.tests.factories import PASSWORD, make_person
from accounts.tests.referring import make_program
from config.tests.browsing import DESKTOP, PHONE, Look, Visitor, mailed_code
from config.tests.test_story import ask_for, balance_on, follow, heading, log_in, log_out, press
from wallet import referral_tasks
from wallet import services as wallet
from wallet.tests.factories import make_wallet

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
]
looks = pytest.mark.parametrize(
    "visitor",
    [Look(DESKTOP), Look(PHONE, scripts=False)],
    indirect=True,
    ids=lambda look: str(look),
)


@pytest.fixture
def bola() -> User:
    user = make_person(name="Bola Adeyemi", email="bola@alajo.test")
    make_wallet(user)
    return user


def own_link(visitor: Visitor) -> str:
    """The link as its owner's page shows it."""
    visitor.go("/referrals/")
    heading(visitor.page, "Invite friends")
    return visitor.page.locator(".copy-row__value").inner_text()


def sign_up(visitor: Visitor) -> None:
    page = visitor.page
    follow(page, "Create account")
    heading(page, "Create your account")
    visitor.check()
    page.get_by_label("Your name").fill("Amara Nwosu")
    page.get_by_label("E-mail").fill("amara@alajo.test")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    press(page, "Create account")
    page.get_by_label("Code").fill(mailed_code())
    press(page, "Confirm")
    heading(page, "Hello, Amara Nwosu")


def listed(page: Page, text: str) -> None:
    expect(page.get_by_role("region", name="Who you invited")).to_contain_text(text)


@looks
def test_a_friends_link_ends_with_a_bonus_in_both_wallets(visitor: Visitor, bola: User) -> None:
    page = visitor.page
    make_program(cap_referrals=10)
    log_in(visitor, bola.email)
    link = own_link(visitor)
    listed(page, "Nobody yet")
    log_out(visitor)
    visitor.forget()  # Amara has a device of her own

    page.goto(link)
    heading(page, "Bola Adeyemi invites you to Alajo")
    visitor.check()
    sign_up(visitor)
    follow(page, "Add money")
    ask_for(visitor, "25,000")
    press(page, "Pay ₦25,000.00")
    expect(page.get_by_role("link", name="See the receipt")).to_be_visible()
    referral_tasks.pay_referral_bonuses()
    wallet.announce()
    visitor.go("/home/")
    balance_on(page, "₦25,500.00")
    expect(page.get_by_role("main")).to_contain_text("Invitation bonus")
    log_out(visitor)

    visitor.forget()
    log_in(visitor, bola.email)
    balance_on(page, "₦1,000.00")
    expect(page.get_by_role("region", name="New for you")).to_contain_text("A bonus arrived in your account")
    visitor.go("/referrals/")
    listed(page, "Amara N.")
    listed(page, "The bonus is in your account")
    expect(page.get_by_role("region", name="Earned so far")).to_contain_text("₦1,000.00")
    assert wallet.verify() == []
