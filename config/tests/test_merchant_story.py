"""A stranger pays a merchant's link: no account, a card at the gateway's page, a receipt; and the merchant sees it."""

import pytest
from django.core import mail
from playwright.sync_api import expect

from accounts.models import User
from accounts.tests.factories import make_person
from config.tests.browsing import PHONE, Look, Visitor
from config.tests.test_story import follow, heading, log_in, press
from wallet.tests.factories import make_wallet
from wallet.tests.selling import make_link, make_merchant

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
]
looks = pytest.mark.parametrize(
    "visitor",
    [Look(PHONE, "dark"), Look(PHONE, scripts=False)],
    indirect=True,
    ids=lambda look: str(look),
)


@pytest.fixture
def bola() -> User:
    user = make_person(name="Bola Adeyemi", email="bola@alajo.test")
    make_wallet(user)
    return user


@looks
def test_a_stranger_pays_a_link_and_the_merchant_sees_it(visitor: Visitor, bola: User) -> None:
    page = visitor.page
    merchant = make_merchant(bola)
    link = make_link(merchant, title="Three yards", success_message="Collect it at stall 14.")
    visitor.go(f"/pay/{link.slug}/")
    heading(page, "Three yards")
    page.get_by_label("Your e-mail address").fill("not an address")
    press(page, "Continue to payment")
    expect(page.get_by_role("alert")).to_be_visible()
    visitor.check()
    page.get_by_label("Your e-mail address").fill("ngozi@stranger.test")
    page.get_by_label("Your name").fill("Ngozi Umeh")
    press(page, "Continue to payment")
    press(page, "Pay ₦2,500.00")
    heading(page, "Paid")
    expect(page.get_by_role("main")).to_contain_text("Collect it at stall 14.")
    visitor.check()
    assert [letter.to for letter in mail.outbox if "Bola's Fabrics" in letter.subject] == [
        ["ngozi@stranger.test"]
    ]

    log_in(visitor, bola.email)
    visitor.go(f"/organizations/{merchant.organization.slug}/")
    follow(page, "Payments")
    expect(page.get_by_role("main")).to_contain_text("₦2,352.19")
    visitor.check()
    page.get_by_role("link", name="Ngozi Umeh").click()
    heading(page, "Ngozi Umeh")
    expect(page.get_by_role("main")).to_contain_text("You keep")
    visitor.check()
