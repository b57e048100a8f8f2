"""Withdrawing to a bank whose answer is lost, in a browser: the page says that we are checking, and settles itself."""

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts.models import User
from accounts.tests.factories import make_person, prove_factor
from config.tests.browsing import PHONE, Look, Visitor
from config.tests.test_story import (
    balance_on,
    follow,
    heading,
    log_in,
    never_loaded_again,
    press,
    still_the_same,
)
from core.actors import acting_as_service
from wallet import payout_tasks
from wallet import services as wallet
from wallet.models import Payout
from wallet.sandbox.models import SandboxTransfer
from wallet.tests.deposits import calls_answered_again, fault
from wallet.tests.factories import make_wallet

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
]
looks = pytest.mark.parametrize("visitor", [Look(PHONE, "dark")], indirect=True, ids=lambda look: str(look))


@pytest.fixture
def ada() -> User:
    user = make_person(name="Ada Obi", email="ada@alajo.test")
    make_wallet(user, amount=30_000_00)
    return user


def add_a_bank_account(visitor: Visitor) -> None:
    page = visitor.page
    visitor.go("/withdraw/")
    follow(page, "Add a bank account")
    heading(page, "Add a bank account")
    visitor.check()
    page.get_by_label("Bank", exact=True).select_option(label="Access Bank")
    page.get_by_label("Account number").fill("000 000 0220")
    press(page, "Find its name")
    heading(page, "Is this the account?")
    expect(page.get_by_role("main")).to_contain_text("OBI ADA GRACE")
    visitor.check()
    press(page, "Add this account")
    heading(page, "Bank accounts")
    visitor.check()


def ask_to_withdraw(visitor: Visitor) -> None:
    page = visitor.page
    follow(page, "Withdraw to a bank")
    heading(page, "Withdraw")
    page.get_by_label("How much arrives?").fill("5,000")
    expect(page.locator("#cost")).to_contain_text("₦5,010.75")
    visitor.check()
    press(page, "Review")
    heading(page, "Check and send")
    expect(page.get_by_role("main")).to_contain_text("VAT on the fee")
    visitor.check()


def becomes(page: Page, title: str) -> None:
    expect(page.locator("#withdrawal h2")).to_have_text(title)


def the_worker_asks() -> None:
    with acting_as_service():
        Payout.objects.update(next_check_at=timezone.now())
    payout_tasks.check_payouts()


@looks
def test_a_withdrawal_without_an_answer_is_being_checked_and_settles_itself(
    visitor: Visitor, ada: User, settings
) -> None:
    page = visitor.page
    settings.PAYSTACK_WEBHOOK_URL = f"{visitor.site}/nobody/listens/"
    log_in(visitor, ada.email)
    prove_factor(ada)
    add_a_bank_account(visitor)
    ask_to_withdraw(visitor)
    # It gets through, and neither its answer nor any other reaches us.
    fault("DROP_REPLY", endpoint="transfer", remaining=3)
    fault("HTML_503", endpoint="transfer_verify", remaining=100)
    press(page, "Withdraw ₦5,000.00")
    heading(page, "Withdrawal")
    becomes(page, "We are checking")
    expect(page.get_by_role("main")).not_to_contain_text("Not sent")
    visitor.check()
    never_loaded_again(page)
    calls_answered_again()
    the_worker_asks()
    becomes(page, "Sent")
    still_the_same(page)
    visitor.check()
    with acting_as_service():
        assert SandboxTransfer.objects.count() == 1
    follow(page, "See the receipt")
    heading(page, "Withdrawal")
    visitor.check()
    visitor.go("/home/")
    balance_on(page, "₦24,989.25")
    assert wallet.verify() == []
