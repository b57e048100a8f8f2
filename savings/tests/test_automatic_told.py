"""Six weeks as their saver reads them, week by week: what the pages say is what is in the books."""

from datetime import date, time

import pytest
import time_machine

from accounts.models import User
from accounts.tests.factories import prove_factor
from core.actors import acting_as_service
from core.templatetags.money import money
from savings.models import ClosingQuote
from savings.services import Wish
from savings.tests.saving_itself import empty, mornings, planned, quiet, refill
from savings.tests.world import DAY, NAIRA, balance, day, funded, moment, opened
from wallet.models import Account
from wallet.tests.pages import balance as purse
from wallet.tests.pages import browser_of, hidden, text

pytestmark = pytest.mark.django_db
BEGAN = 50
MONDAYS = [day(BEGAN) + 7 * (week + 1) * DAY for week in range(6)]


def read(user: User, on: date, address: str) -> str:
    """What the page said on an evening; whoever reads it logged in on that day."""
    with time_machine.travel(moment(on, time(20)), tick=False):
        return text(browser_of(user).get(address))


@pytest.fixture
def source(ada: User) -> Account:
    return funded(ada)


def test_each_week_the_pages_tell_the_truth(ada: User, source: Account) -> None:
    plan = quiet("TARGET", penalty="SHARE", penalty_percent=5)
    wish = Wish(name="Rent", target=13_000 * NAIRA, target_date=day(1))
    saving = opened(ada, plan, naira=1_000, at=moment(day(BEGAN)), wish=wish)
    page, by_itself = f"/savings/{saving.pk}/", f"/savings/{saving.pk}/automatic/"
    facts = {"rhythm": "WEEKLY", "first_date": MONDAYS[0], "at": moment(day(BEGAN)), "follows_target": True}
    planned(ada, saving, amount=0, **facts)
    for address in (page, by_itself):
        said = read(ada, day(BEGAN), address)
        assert "7%" in said and "On track" in said and "₦1,000.00" in said
    assert "₦2,000.00 every week" in read(ada, day(BEGAN), by_itself)

    mornings(day(BEGAN), MONDAYS[1])
    said = read(ada, MONDAYS[1], by_itself)
    assert "38%" in said and "On track" in said and "2 saved, 0 skipped" in said

    gone = empty(source)
    mornings(MONDAYS[1] + DAY, MONDAYS[2])
    said = read(ada, MONDAYS[2], by_itself)
    assert "Waiting" in said and "There is not enough money available. We try again on" in said
    mornings(MONDAYS[2] + DAY, MONDAYS[2] + 5 * DAY)
    said = read(ada, MONDAYS[2] + 5 * DAY, by_itself)
    assert "Behind by ₦2,000.00" in said and "2 saved, 1 skipped" in said and "tried 4 times" in said
    assert "From then on ₦2,666.67 each time" in said and "₦2,666.67 every week" in said
    assert "Behind by ₦2,000.00" in read(ada, MONDAYS[2] + 5 * DAY, page)

    refill(source, gone)
    mornings(MONDAYS[2] + 6 * DAY, MONDAYS[4])
    said = read(ada, MONDAYS[4], by_itself)
    assert "79%" in said and "4 saved, 1 skipped" in said and balance(saving) == 1_033_334

    # Broken early: what the page quotes is what is in the wallet afterwards, to the kobo.
    with time_machine.travel(moment(MONDAYS[5] - DAY), tick=False):
        browser = browser_of(ada)
        prove_factor(ada)
        quoted = browser.get(f"{page}end/")
        with acting_as_service():
            quote = ClosingQuote.objects.get()
        assert quote.pays_out == 1_033_334 + quote.interest - quote.tax - 51_667
        for amount in (quote.pays_out, 51_667):
            assert money(amount, "NGN") in text(quoted)
        before = purse(source)
        done = browser.post(f"{page}end/", {"quote": hidden(quoted, "quote"), "agreed": "on"})
    assert (done.status_code, balance(saving), purse(source)) == (302, 0, before + quote.pays_out)
    mornings(MONDAYS[5], MONDAYS[5])
    assert "The saving has ended." not in read(ada, MONDAYS[5], by_itself)
    assert "4 saved, 1 skipped" in read(ada, MONDAYS[5], by_itself)
