"""What wallets tell of savings: by their names, as one's own money, and why."""

from dataclasses import replace

import pytest
from django.utils import timezone

from accounts.models import User
from core.actors import acting_as, acting_as_service
from core.ids import posting_id
from savings import services
from savings.interest import Every
from savings.models import UserSavings
from savings.tests.world import NAIRA, TEN, day, funded, moment, opened, plan_of
from wallet.models import Account, Entry
from wallet.services import spending
from wallet.tests.api import client_of
from wallet.tests.pages import browser_of, text

pytestmark = pytest.mark.django_db
DAILY = replace(TEN, paid=Every.DAY)


def saved(user: User) -> UserSavings:
    funded(user)
    saving = opened(user, plan_of("FLEXIBLE", terms=DAILY), naira=50_000, at=moment(day(3)))
    facts = {"saving_id": saving.pk, "user": user, "posting_id": posting_id()}
    services.withdraw(amount=2_000 * NAIRA, at=moment(day(0)), **facts)
    return saving


def entry(user: User, kind: str) -> Entry:
    with acting_as(user):
        return Entry.objects.visible_to(user).filter(kind=kind, account__kind="WALLET").get()


def test_what_went_into_a_saving_bears_its_name_and_not_ones_own(ada: User) -> None:
    saving = saved(ada)
    browser = browser_of(ada)
    feed = text(browser.get("/activity/"))
    assert "Saved Rent ·" in feed and "From your savings Rent ·" in feed
    page = text(browser.get(f"/transactions/{entry(ada, 'SAVING').pk}/"))
    assert "To Your saving “Rent”" in page and "Card or bank account" not in page
    back = text(browser.get(f"/transactions/{entry(ada, 'UNSAVING').pk}/"))
    assert "From Your saving “Rent”" in back
    with acting_as_service():
        UserSavings.objects.filter(pk=saving.pk).update(name="House")
    assert "Saved House ·" in text(browser.get("/activity/"))


def test_the_page_that_explains_a_movement_explains_interest_and_its_tax(ada: User) -> None:
    saving = saved(ada)
    with acting_as_service():
        posted = Entry.objects.filter(account_id=saving.account_id)
        interest, tax = (posted.filter(kind=kind).first() for kind in ("INTEREST", "WITHHOLDING_TAX"))
    browser = browser_of(ada)
    for one in (interest, tax):
        why = text(browser.get(f"/transactions/{one.pk}/why/"))
        assert "Rent · " in why and "at 10% a year" in why and "tax is withheld" in why
    assert "Counts from" in text(browser.get(f"/transactions/{entry(ada, 'SAVING').pk}/why/"))


def test_saving_is_no_spending(ada: User) -> None:
    saved(ada)
    with acting_as(ada):
        wallet = Account.objects.visible_to(ada).wallets().get()
        month = spending.month_of(account=wallet, first_day=timezone.localdate().replace(day=1))
    assert (month.money_out, month.saved) == (0, 48_000 * NAIRA)
    page = browser_of(ada).get(f"/spending/{month.first_day.year}/{month.first_day.month}/")
    assert "Put into savings" in text(page)


def test_a_savings_account_is_among_no_wallets(ada: User) -> None:
    saved(ada)
    found = client_of(ada).get("/api/v1/accounts").json()
    assert [account["kind"] for account in found["data"]] == ["WALLET"]
    home = text(browser_of(ada).get("/home/"))
    assert "52,000" in home
