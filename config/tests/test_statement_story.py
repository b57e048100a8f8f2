"""A month's statement: downloaded by whoever it is about, confirmed by a stranger who has nothing but the paper."""

import re
from datetime import datetime, timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, expect
from pypdf import PdfReader

from config.tests.browsing import PHONE, Look, Visitor
from config.tests.visiting import ADA, heading, log_in, press
from wallet import services as wallet
from wallet.services.statements import make_monthly
from wallet.services.statements.lines import LAGOS
from wallet.tests.demo_world import make_demo_world

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.parametrize("visitor", [Look(PHONE, "dark")], indirect=True, ids=lambda look: str(look)),
]
CODE = re.compile(r"[0-9A-Z]{4}(?:-[0-9A-Z]{4}){4}")


def months_are_over() -> None:
    """Make the statements of this month, as on the first of the next."""
    today = timezone.localdate()
    first = (today.replace(day=1) + timedelta(days=32)).replace(day=1)
    make_monthly(month=today, at=datetime(first.year, first.month, first.day, 0, 5, tzinfo=LAGOS))


def test_a_statement_is_downloaded_and_its_code_confirmed(
    visitor: Visitor, chromium: Browser, site: str
) -> None:
    make_demo_world()
    months_are_over()
    page = visitor.page
    log_in(visitor, ADA)
    for address in ("/spending/", "/balance/"):
        visitor.go(address)
    page.get_by_role("main").get_by_role("link", name="Transfer").first.click()
    visitor.check()
    page.locator(".row__title, .row a").first.click()
    visitor.check()
    page.get_by_role("link", name="Why is this here?").click()
    visitor.check()
    visitor.go("/statements/")
    page.get_by_role("link", name=f"{timezone.localdate():%B %Y}").first.click()
    heading(page, f"{timezone.localdate():%B %Y}")
    visitor.check()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download PDF").click()
    paper = "".join(sheet.extract_text() for sheet in PdfReader(download.value.path()).pages)
    found = CODE.search(paper)
    assert found, paper

    stranger = Visitor(chromium, site, visitor.look)
    stranger.go("/documents/")
    stranger.page.get_by_label("Code on the paper").fill(found[0].lower())
    press(stranger.page, "Check the code")
    expect(stranger.page.get_by_role("heading", name="Yes, we issued this")).to_be_visible()
    stranger.check()
    told = stranger.page.get_by_role("main").inner_text()
    assert "Account statement" in told and "Ada" not in told and "₦" not in told
    stranger.meant.add(404)
    stranger.page.goto("/verify/0000-0000-0000-0000-0000/")
    expect(stranger.page.get_by_role("heading", name="We know of no such paper")).to_be_visible()
    stranger.check()
    stranger.leave()
    assert not stranger.complaints
    assert wallet.verify() == []
