"""A saving in a browser, from choosing a plan to ending it early: what it comes to is what was said each time."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts.models import User
from accounts.tests.factories import make_person, prove_factor
from config.tests.browsing import DESKTOP, PHONE, Look, Visitor
from config.tests.test_story import follow, heading, log_in, press
from core.actors import acting_as_service
from core.templatetags.money import money
from savings.models import ClosingQuote, UserSavings
from savings.services import Wish
from savings.tests.pages import a_fixed, a_flexible, a_target, an_up_front
from savings.tests.world import day, funded, moment, opened
from wallet import services as wallet
from wallet.models import Account

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
def ada() -> User:
    user = make_person(name="Ada Obi", email="ada@alajo.test")
    funded(user, 300_000)
    return user


def says(page: Page, words: str) -> None:
    expect(page.get_by_role("main")).to_contain_text(words)


def open_a_goal(visitor: Visitor) -> None:
    page = visitor.page
    visitor.go("/savings/")
    follow(page, "Choose a plan")
    heading(page, "Choose a plan")
    visitor.check()
    page.locator("a[href^='/savings/plans/target/']").click()
    heading(page, "target")
    visitor.check()
    page.get_by_label("More each month").fill("10,000")
    press(page, "Work it out")
    says(page, "Tax withheld (10%)")
    visitor.check()
    follow(page, "Open this saving")
    heading(page, "Open a saving")
    press(page, "See what it comes to")
    says(page, "This field is required")
    visitor.check()
    page.get_by_label("What are you saving for?").fill("Rent")
    page.get_by_label("How much do you want to have?").fill("200,000")
    page.get_by_label("By when?").fill((timezone.localdate() + timedelta(days=200)).isoformat())
    page.get_by_label("How much do you save now?").fill("20,000")
    press(page, "See what it comes to")
    heading(page, "Check and open")
    says(page, "Or every week")
    visitor.check()
    press(page, "Open it with ₦20,000.00")
    says(page, "Say that you know what ending early costs.")
    visitor.check()
    page.get_by_label("I know what ending it before").check()
    press(page, "Open it with ₦20,000.00")
    heading(page, "Rent")
    visitor.check()


def add_and_take_out(visitor: Visitor) -> None:
    page = visitor.page
    follow(page, "Add money")
    heading(page, "Add to your saving")
    visitor.check()
    page.get_by_label("How much?").fill("5,000")
    press(page, "Add it")
    says(page, "₦25,000.00")
    follow(page, "Take some out")
    page.get_by_label("How much?").fill("1,000")
    press(page, "See what it costs")
    heading(page, "Check and take out")
    visitor.check()
    press(page, "Take out ₦1,000.00")
    says(page, "₦24,000.00")
    visitor.check()


def end_it(visitor: Visitor) -> ClosingQuote:
    page = visitor.page
    follow(page, "End it early")
    heading(page, "End it early?")
    visitor.check()
    with acting_as_service():
        quote = ClosingQuote.objects.get()
    for amount in (quote.balance, quote.penalty, quote.pays_out):
        says(page, money(amount, "NGN"))
    press(page, f"End it and get {money(quote.pays_out, 'NGN')}")
    says(page, "Say that you know what it costs.")
    visitor.check()
    page.get_by_label("I know that ending it now costs").check()
    press(page, f"End it and get {money(quote.pays_out, 'NGN')}")
    heading(page, "Rent")
    says(page, "It was ended early")
    visitor.check()
    return quote


@looks
def test_a_goal_is_opened_paid_into_and_ended_as_it_was_quoted(visitor: Visitor, ada: User) -> None:
    a_target()
    log_in(visitor, ada.email)
    prove_factor(ada)
    open_a_goal(visitor)
    add_and_take_out(visitor)
    quote = end_it(visitor)
    with acting_as_service():
        purse = Account.objects.get(owner=ada, kind=Account.Kind.WALLET)
        assert purse.balance == 276_000_00 + quote.pays_out
        assert UserSavings.objects.get().state == "CLOSED"
    assert wallet.verify() == []


@pytest.mark.parametrize("visitor", [Look(DESKTOP)], indirect=True, ids=str)
def test_every_page_of_what_has_been_saved_for_weeks(visitor: Visitor, ada: User) -> None:
    weeks = moment(day(50))
    opened(ada, a_flexible(), naira=40_000, at=weeks, wish=Wish(name="Rainy day"))
    opened(ada, a_fixed(), naira=50_000, at=weeks, wish=Wish(name="Generator", days=90))
    opened(ada, an_up_front(), naira=30_000, at=weeks, wish=Wish(name="Wedding", days=60))
    log_in(visitor, ada.email)
    prove_factor(ada)
    page = visitor.page
    visitor.go("/home/")
    says(page, "₦120,000.00")
    for address in ("/savings/plans/", "/savings/plans/up-front/", "/savings/plans/fixed/open/", "/savings/"):
        visitor.go(address)
    hrefs = page.locator(".goal a").evaluate_all("links => links.map(link => link.getAttribute('href'))")
    assert len(hrefs) == 3
    for href in hrefs:
        # What ends a saving closes its days first.
        for part in ("end/", "", "interest/", "settings/"):
            visitor.go(f"{href}{part}")
        expect(page.get_by_role("main")).to_contain_text(re.compile("A pause|last day"))
