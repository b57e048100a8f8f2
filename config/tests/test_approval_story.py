"""An adjustment proposed by one agent, approved by another: in two browsers, at a desk and on a phone."""

import pytest
from django.contrib.auth.models import Group
from playwright.sync_api import Page, expect

from accounts import roles
from accounts.models import User
from config.tests.browsing import DESKTOP, Look, Visitor
from config.tests.visiting import ADA, heading, log_in, person, press
from core.actors import acting_as_service
from wallet import services as wallet
from wallet.models import Account
from wallet.tests.demo_world import make_demo_world
from wallet.tests.ledger import prove_the_books

AGENT, BOSS = "agent@alajo.test", "admin@alajo.test"
pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
]
BOTH = pytest.mark.parametrize("visitor", [Look(DESKTOP)], indirect=True, ids=lambda look: str(look))
WHY = "The fee of 4 March was charged twice"


@pytest.fixture
def demo(site: str) -> None:
    make_demo_world()
    with acting_as_service():
        User.objects.get(email=AGENT).groups.set(Group.objects.filter(name=roles.FINANCE))


def account_of(email: str) -> Account:
    with acting_as_service():
        return Account.objects.get(owner=person(email), kind=Account.Kind.WALLET)


def propose(page: Page, credit: Account) -> None:
    page.get_by_label("Account to debit").fill("fee_income")
    page.get_by_label("Account to credit").fill(str(credit.pk))
    page.get_by_label("Amount").fill("-3")
    page.get_by_label("What the customer reads").fill("Fee given back")
    page.get_by_label("Reason").fill(WHY)
    page.get_by_label("Ticket").fill("T-4711")
    press(page, "See what it changes")
    expect(page.get_by_label("Amount")).to_have_attribute("aria-invalid", "true")
    page.get_by_label("Amount").fill("250")
    press(page, "See what it changes")


@BOTH
def test_an_adjustment_is_proposed_by_one_agent_and_approved_by_another(
    visitor: Visitor, chromium, demo: None
) -> None:
    page, ada = visitor.page, account_of(ADA)
    with acting_as_service():
        earned = wallet.balance_of(wallet.system_account("FEE_INCOME"))
    log_in(visitor, AGENT)
    visitor.go("/staff/accounts/approval/")
    page.get_by_text("Propose something").click()
    visitor.check()
    page.get_by_role("link", name="Adjustment", exact=True).first.click()
    heading(page, "Propose Adjustment")
    visitor.check()
    propose(page, ada)
    expect(page.get_by_role("main")).to_contain_text("Nothing happens until somebody else approves it")
    visitor.check()
    press(page, "Propose this")
    expect(page.get_by_role("main")).to_contain_text("so somebody else decides on it")
    visitor.check()
    assert account_of(ADA).balance == ada.balance

    second = Visitor(chromium, visitor.site, visitor.look)
    try:
        log_in(second, BOSS)
        second.go("/staff/")
        second.go("/staff/accounts/approval/?turn=decide")
        second.page.get_by_role("table").get_by_role("link", name="Adjustment", exact=True).click()
        expect(second.page.get_by_role("main")).to_contain_text(WHY)
        second.check()
        if visitor.look.viewport == DESKTOP:
            second.picture("approval.png")
        second.page.get_by_label("What you looked at").fill("Both charges are on the statement")
        press(second.page, "Approve")
        expect(second.page.get_by_role("main")).to_contain_text("Approved and done.")
        second.check()
        second.page.get_by_role("link", name="Look at it").click()
        expect(second.page.get_by_role("main")).to_contain_text("ADJUSTMENT")
        second.check()
    finally:
        second.leave()
    assert second.complaints == []
    assert account_of(ADA).balance == ada.balance + 250_00
    with acting_as_service():
        assert wallet.balance_of(wallet.system_account("FEE_INCOME")) == earned - 250_00
    prove_the_books()
