"""Six weeks of a saving in a browser: the pages tell the truth each week, and breaking it comes to what was quoted."""

from datetime import date, time
from itertools import pairwise
from typing import Any

import pytest
import time_machine
from playwright.sync_api import Page, expect

from accounts.models import User
from accounts.tests.factories import make_person, prove_factor
from config.tests.browsing import DESKTOP, Look, Visitor
from config.tests.test_story import follow, heading, log_in, press
from core.actors import acting_as_service
from core.templatetags.money import money
from savings.models import AutoRun, ClosingQuote, UserSavings
from savings.tests.saving_itself import empty, mornings, quiet, refill
from savings.tests.world import DAY, balance, day, funded, moment
from wallet import services as wallet
from wallet.models import Account

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
]
BEGAN, ENDS = day(50), day(1)
WEEKS = [BEGAN + 7 * (week + 1) * DAY for week in range(6)]
# The wallet is empty in the third week, and has money again in the fourth.
SHORT, PAID_AGAIN = WEEKS[2], WEEKS[3]
SAID = {
    WEEKS[0]: ("1 saved, 0 skipped", "On track"),
    WEEKS[1]: ("2 saved, 0 skipped", "On track", "38%"),
    SHORT: ("Waiting", "There is not enough money available. We try again on"),
    # Tried again one, three and five days later, and then skipped.
    SHORT + 5 * DAY: ("2 saved, 1 skipped", "Behind by ₦2,000.00", "From then on ₦2,666.67 each time"),
    PAID_AGAIN: ("3 saved, 1 skipped", "₦2,666.67 every week"),
    WEEKS[4]: ("4 saved, 1 skipped", "79%"),
}


def says(page: Page, *words: str) -> None:
    for each in words:
        expect(page.get_by_role("main")).to_contain_text(each)


def evening(on: date) -> time_machine.travel:
    return time_machine.travel(moment(on, time(20)), tick=True)


def open_it(visitor: Visitor) -> str:
    """A target of 13,000 naira within seven weeks, with 1,000 to begin with; returns the address of its page."""
    page = visitor.page
    visitor.go("/savings/plans/target/open/")
    page.get_by_label("What are you saving for?").fill("Rent")
    page.get_by_label("How much do you want to have?").fill("13,000")
    page.get_by_label("By when?").fill(ENDS.isoformat())
    page.get_by_label("How much do you save now?").fill("1,000")
    press(page, "See what it comes to")
    page.get_by_label("I know what ending it before").check()
    press(page, "Open it with ₦1,000.00")
    heading(page, "Rent")
    return page.url


def save_by_itself(visitor: Visitor) -> None:
    """Each week what the target needs, from next week on."""
    page = visitor.page
    follow(page, "Save by itself")
    follow(page, "A fixed amount")
    page.get_by_label("Every week").check()
    page.get_by_label("What my target needs").check()
    page.get_by_label("First on").fill(WEEKS[0].isoformat())
    press(page, "Set it up")
    says(page, "₦2,000.00 every week", "On track", "7%")
    visitor.check()


@pytest.mark.parametrize("visitor", [Look(DESKTOP)], indirect=True, ids=str)
def test_six_weeks_with_a_failed_debit_broken_early(visitor: Visitor, settings: Any) -> None:
    settings.SESSION_COOKIE_AGE = 90 * 24 * 3600  # one log-in for all of them
    ada = make_person(name="Ada Obi", email="ada@alajo.test")
    source = funded(ada)
    quiet("TARGET", code="target", penalty="SHARE", penalty_percent=5)
    page = visitor.page
    with evening(BEGAN):
        log_in(visitor, ada.email)
        prove_factor(ada)
        saving_page = open_it(visitor)
        save_by_itself(visitor)
        by_itself = page.url

    gone = 0
    for before, on in pairwise([BEGAN, *SAID]):
        if on == SHORT:
            gone = empty(source)
        mornings(before + DAY, on - DAY)
        if on == PAID_AGAIN:
            refill(source, gone)
        mornings(on, on)
        with evening(on):
            _read(visitor, by_itself, on)

    with evening(WEEKS[5] - DAY):
        visitor.go(saving_page)
        _break(visitor, ada, source)


def _read(visitor: Visitor, address: str, on: date) -> None:
    """What the page says is what is in the books: the days that were saved, and what is in it."""
    visitor.go(address)
    says(visitor.page, *SAID[on])
    with acting_as_service():
        saved = AutoRun.objects.filter(state="SAVED").count()
        saving = UserSavings.objects.get()
    says(visitor.page, f"{saved} saved", money(balance(saving), "NGN"))


def _break(visitor: Visitor, ada: User, source: Account) -> None:
    page = visitor.page
    prove_factor(ada)
    follow(page, "End it early")
    with acting_as_service():
        quote = ClosingQuote.objects.get()
        before = Account.objects.get(pk=source.pk).balance
    says(page, money(quote.balance, "NGN"), money(quote.penalty, "NGN"), money(quote.pays_out, "NGN"))
    visitor.check()
    page.get_by_label("I know that ending it now costs").check()
    press(page, f"End it and get {money(quote.pays_out, 'NGN')}")
    says(page, "It was ended early")
    with acting_as_service():
        assert Account.objects.get(pk=source.pk).balance == before + quote.pays_out
        assert UserSavings.objects.get().state == "CLOSED"
        assert (
            quote.balance - quote.pays_out + quote.interest - quote.tax
            == quote.penalty
            == quote.balance // 20 + 1
        )
    assert wallet.verify() == []
