"""The demo world's people in a browser: how they get in, and in which windows each page is looked at."""

import pytest
from playwright.sync_api import Page, expect

from accounts.factors import current_code
from accounts.models import User
from config.tests.browsing import DESKTOP, PHONE, Look, Visitor
from core.actors import acting_as_service
from wallet.management.commands.seed_demo import PASSWORD

ADA, NGOZI, CHIDI = "ada@alajo.test", "ngozi@alajo.test", "chidi@alajo.test"
# On each module whose tests visit pages.
VISITS = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.parametrize(
        "visitor",
        [Look(DESKTOP), Look(PHONE, "dark", is_second=True)],
        indirect=True,
        ids=lambda look: str(look),
    ),
]


def person(email: str) -> User:
    with acting_as_service():
        return User.objects.get(email=email)


def press(page: Page, name: str) -> None:
    page.get_by_role("main").get_by_role("button", name=name, exact=True).click()


def heading(page: Page, text: str) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text(text)


def log_in(visitor: Visitor, email: str) -> None:
    page = visitor.page
    page.goto("/accounts/login/")
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    press(page, "Log in")
    heading(page, "Enter your code")
    visitor.check()
    page.get_by_role("main").get_by_role("textbox").fill(current_code(user=person(email)))
    press(page, "Log in")
    page.wait_for_url("**/home/")
