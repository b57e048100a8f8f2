"""A receipt in a browser: on paper it is one page without the ways around it; its problem is reported from it."""

import re

import pytest
from playwright.sync_api import expect

from accounts.models import User
from config.tests.browsing import PHONE, Look, Visitor
from config.tests.visiting import ADA, log_in
from core.actors import acting_as, acting_as_service
from wallet.models import Case, Entry

LOOKS = [Look(PHONE, "dark"), Look(PHONE, scripts=False)]
pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.parametrize("visitor", LOOKS, indirect=True, ids=str),
]


@pytest.fixture
def receipt(demo: None, visitor: Visitor) -> str:
    """The address of a transfer of Ada's, who is logged in."""
    log_in(visitor, ADA)
    with acting_as_service():
        ada = User.objects.get(email=ADA)
    with acting_as(ada):
        entry = Entry.objects.visible_to(ada).filter(kind="TRANSFER").order_by("-version").first()
        assert entry
        return f"/transactions/{entry.pk}/"


def test_on_paper_it_is_one_page_that_anyone_may_be_given(visitor: Visitor, receipt: str) -> None:
    page = visitor.page
    visitor.go(receipt)
    button = page.get_by_role("button", name="Print")
    expect(button).to_be_visible(visible=visitor.look.scripts)
    page.emulate_media(media="print")
    for shown in ("Alajo · Receipt", "Amount", "When", "Reference"):
        expect(page.get_by_role("main").get_by_text(shown, exact=True)).to_be_visible()
    for left_out in ("Balance after", "Report a problem", "Copy", "All activity", "Activity", "Help"):
        expect(page.get_by_text(left_out, exact=True).filter(visible=True)).to_have_count(0)
    colours = page.evaluate("getComputedStyle(document.documentElement).colorScheme")
    assert colours == "light"
    page.emulate_media(media="null")
    assert len(re.findall(rb"/Type\s*/Page\b", page.pdf(format="A4"))) == 1


def test_a_problem_is_reported_from_it(visitor: Visitor, receipt: str) -> None:
    page, main = visitor.page, visitor.page.get_by_role("main")
    visitor.go(receipt)
    main.get_by_role("link", name="Report a problem").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Report a problem")
    visitor.check()
    main.get_by_role("button", name="Send the report").click()
    expect(page.get_by_role("heading", name="Please check what you entered")).to_be_visible()
    visitor.check()
    page.get_by_label("What is wrong").fill("I never bought anything from this person.")
    main.get_by_role("button", name="Send the report").click()
    expect(main).to_contain_text("You reported a problem on")
    visitor.check()
    with acting_as_service():
        assert Case.objects.filter(kind=Case.Kind.REPORTED).count() == 1
