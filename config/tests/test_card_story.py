"""A card is used once, kept, and used again without typing it; and an account number of one's own brings money in."""

import pytest
from playwright.sync_api import expect

from accounts.models import User
from accounts.tests.factories import make_person
from config.tests.browsing import PHONE, Look, Visitor
from config.tests.test_story import (
    ask_for,
    follow,
    heading,
    log_in,
    press,
    set_up_a_second_step,
)
from core.actors import acting_as_service
from wallet import services as wallet
from wallet.models import DedicatedAccount
from wallet.tests.factories import make_wallet
from wallet.tests.money_in import give_bvn, send_to

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
]
looks = pytest.mark.parametrize("visitor", [Look(PHONE, "dark")], indirect=True, ids=lambda look: str(look))


@pytest.fixture
def amara() -> User:
    user = make_person(name="Amara Nwosu", email="amara@alajo.test")
    make_wallet(user, tier=3)
    give_bvn(user)
    return user


@looks
def test_pay_once_keep_the_card_pay_again_and_be_sent_money(visitor: Visitor, amara: User) -> None:
    page = visitor.page
    log_in(visitor, amara.email)
    visitor.check()
    follow(page, "Add money")
    ask_for(visitor, "2,500")
    press(page, "Pay ₦2,500.00")
    expect(page.get_by_role("heading", name="Keep this card for next time?")).to_be_visible()
    visitor.check()
    press(page, "Keep my card")
    expect(page.get_by_role("status").or_(page.get_by_role("alert")).first).to_contain_text("4081")

    visitor.go("/add-money/")
    follow(page, "Visa •••• 4081")
    heading(page, "Add money by card")
    visitor.check()
    page.get_by_label("How much?").fill("1,000")
    press(page, "Charge my card")
    set_up_a_second_step(visitor)
    expect(page.get_by_role("heading", name="Money received")).to_be_visible()
    visitor.go("/cards/")
    expect(page.get_by_role("main")).to_contain_text("Visa •••• 4081")

    visitor.go("/add-money/")
    press(page, "Get my account number")
    expect(page.get_by_role("main")).to_contain_text("Test Bank")
    with acting_as_service():
        number = DedicatedAccount.objects.get(owner=amara).account_number
    expect(page.get_by_role("main")).to_contain_text(number)
    page.locator("summary", has_text="Show as QR code").click()
    visitor.check()
    send_to(number, 1_200_000)
    visitor.go("/home/")
    expect(page.locator("#summary .balance-card")).to_contain_text("₦15,500.00")
    assert wallet.verify() == []
