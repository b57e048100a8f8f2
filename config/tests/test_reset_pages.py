"""In a browser: two members of staff take the factors off somebody who lost them; a customer says "this was not me"."""

import pytest
from django.contrib.auth.models import Group
from django.utils import timezone
from playwright.sync_api import expect

from accounts import factors, roles
from accounts.models import FactorReset, User
from accounts.services import factor_resets
from accounts.tests.factories import PASSWORD, make_person
from config.tests.browsing import DESKTOP, PHONE, Look, Visitor
from core.actors import acting_as_service

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.parametrize(
        "visitor",
        [Look(DESKTOP), Look(PHONE, "dark")],
        indirect=True,
        ids=lambda look: str(look),
    ),
]


@pytest.fixture
def ada(site: str) -> User:
    user = make_person(name="Ada Obi", email="ada@alajo.test")
    factors.enrol_totp(user=user)
    return user


def make_support(name: str) -> User:
    user = make_person(name=name, role="AGENT")
    factors.enrol_totp(user=user)
    with acting_as_service():
        user.groups.set(Group.objects.filter(name=roles.SUPPORT))
    return user


def press(visitor: Visitor, name: str) -> None:
    visitor.page.get_by_role("main").get_by_role("button", name=name, exact=True).click()


def log_in(visitor: Visitor, user: User) -> None:
    page = visitor.page
    page.goto("/accounts/login/")
    page.get_by_label("E-mail").fill(user.email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    press(visitor, "Log in")
    expect(page.get_by_role("heading", level=1)).to_have_text("Enter your code")
    page.get_by_role("main").get_by_role("textbox").fill(factors.current_code(user=user))
    press(visitor, "Log in")
    page.wait_for_url("**/home/")


def test_a_second_person_finds_the_open_reset_and_carries_it_out(visitor: Visitor, ada: User) -> None:
    asker, decider = make_support("Femi Bello"), make_support("Kemi Cole")
    why = "Phone lost at the market, called back on the number we know, ticket 4711"
    factor_resets.ask(user=ada, by=asker, reason=why, at=timezone.now())
    page = visitor.page
    log_in(visitor, decider)
    visitor.go("/staff/")
    page.get_by_role("link", name="Waiting for a second person 1").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Factor resets")
    expect(page.get_by_role("main")).to_contain_text("Femi Bello")
    visitor.check()
    page.get_by_role("link", name="Approve or decline").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Reset second factors")
    expect(page.get_by_role("main")).to_contain_text(why)
    visitor.check()
    press(visitor, "Take off all second factors")
    expect(page.get_by_role("main")).to_contain_text("Reset carried out.")
    visitor.check()
    with acting_as_service():
        assert FactorReset.objects.get().decided_by_id == decider.pk
    visitor.go("/staff/accounts/factorreset/")
    page.locator(".staff-table tbody th a").first.click()
    page.wait_for_url("**/change/")
    expect(page.get_by_role("main")).to_contain_text("Kemi Cole")
    visitor.check()


def test_a_customer_reads_what_a_report_does_before_and_after(visitor: Visitor, ada: User) -> None:
    page = visitor.page
    log_in(visitor, ada)
    visitor.go("/security/report/")
    expect(page.get_by_role("main")).to_contain_text("API keys that you made for organisations are revoked")
    press(visitor, "It was not me: lock my account")
    expect(page.get_by_role("heading", level=1)).to_have_text("Your account is locked")
    visitor.check()
