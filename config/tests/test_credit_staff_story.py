"""An officer's case by the keyboard alone: claim, read, decide, next; in both looks, with nothing for axe to find."""

import pytest
from django.conf import settings
from playwright.sync_api import expect

from config.tests.browsing import DESKTOP, Look, Visitor
from config.tests.visiting import heading
from credit.tests.scored import fresh
from credit.tests.test_case_pages import at_desk
from credit.tests.test_cases import referred

SAW = "Pay slips of six months agree, no mix"
pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
]


@pytest.mark.parametrize("visitor", [Look(DESKTOP)], indirect=True, ids=lambda look: str(look))
def test_claim_read_decide_next_by_the_keyboard_alone(visitor: Visitor, site: str) -> None:
    case = referred()
    _agent, desk = at_desk()
    name = settings.SESSION_COOKIE_NAME
    page = visitor.page
    page.context.add_cookies([{"name": name, "value": desk.cookies[name].value, "url": site}])
    visitor.go("/staff/credit/case/")
    page.keyboard.press("n")
    page.wait_for_url("**/change/")
    short = case.pk.hex[-8:]
    heading(page, f"Case {short}")
    visitor.check()
    page.keyboard.press("x")
    heading(page, f"Decline: case {short}")
    visitor.check()
    page.get_by_label("Reason").focus()
    page.keyboard.type("What lowered")
    page.get_by_label("What you saw, for colleagues").focus()
    # Letters that are typed are no commands.
    page.keyboard.type(SAW)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="The applicant will read")).to_be_visible()
    visitor.check()
    page.get_by_role("button", name="Decline", exact=True).focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/staff/credit/case/")
    visitor.check()
    assert fresh(case.application).state == "DECLINED"
    page.keyboard.press("n")
    expect(page.get_by_text("No case waits for you.").first).to_be_visible()
