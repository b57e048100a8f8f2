"""An agent's morning by the keyboard alone: claim, look, decide, next; and the same without scripts, by plain forms."""

import hashlib
from collections.abc import Iterator
from uuid import UUID

import pytest
from django.contrib.auth.models import Group
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts import roles
from accounts.models import KycApplication, KycDocument, User
from accounts.services.kyc import applications
from accounts.tests.kyc_cases import (
    make_application,
    make_check,
    make_document,
    make_reviewer,
    now,
    recommended,
)
from config.tests.browsing import DESKTOP, Look, Visitor
from config.tests.visiting import heading, log_in, person
from core.actors import acting_as_service
from storage_app.services import objects
from storage_app.tests.factories import written
from storage_app.tests.pictures import photograph
from wallet.tests.demo_world import make_demo_world

QUEUE = "/staff/accounts/kycapplication/"
AGENT = "agent@alajo.test"
SAW = "Passport and selfie agree"
pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
]
BOTH = pytest.mark.parametrize("visitor", [Look(DESKTOP)], indirect=True, ids=lambda look: str(look))


@pytest.fixture
def cases(site: str) -> Iterator[list[KycApplication]]:
    """Two that wait, the first more urgent, each with two pictures and a check that agrees only in part."""
    make_demo_world()
    applications.withdraw(user=person("chidi@alajo.test"), at=timezone.now())
    made = []
    for priority in (70, 20):
        case = make_application(priority=priority)
        send(case, "PASSPORT", "FRONT", (900, 600))
        send(case, "SELFIE", "WHOLE", (600, 800))
        make_check(case, "BVN", "PARTIAL", {"first_name": "ADAEZE", "last_name": "Okafor"})
        made.append(case)
    yield made


def send(case: KycApplication, kind: str, side: str, size: tuple[int, int]) -> KycDocument:
    content = photograph(size)
    document = make_document(case, kind=kind, side=side, sha256=hashlib.sha256(content).hexdigest())
    with acting_as_service():
        place = objects.place_for(bucket_id="kyc", name=document.object_name, upsert=False)
        objects.put(place=place, written=written(content), content_type="image/jpeg", at=timezone.now())
    return document


def at_work(visitor: Visitor, *groups: str) -> User:
    with acting_as_service():
        User.objects.get(email=AGENT).groups.set(Group.objects.filter(name__in=groups))
    log_in(visitor, AGENT)
    return person(AGENT)


def tab_to(page: Page, name: str, role: str) -> None:
    """Go on from control to control until this one has the focus, and see that it shows."""
    wanted = page.get_by_role(role, name=name, exact=True)
    for _ in range(150):
        page.keyboard.press("Tab")
        if wanted.first.evaluate("one => one === document.activeElement"):
            drawn = wanted.first.evaluate("one => getComputedStyle(one).outlineStyle")
            assert drawn != "none", f"nobody sees that {name} has the focus"
            return
    raise AssertionError(f"{name} is not reached by the Tab key")


def type_into(page: Page, name: str, text: str) -> None:
    tab_to(page, name, "textbox")
    page.keyboard.type(text)


def key_of(page: Page) -> UUID:
    return UUID(page.url.split("/")[-3])


@BOTH
def test_claim_read_decide_next_by_the_keyboard_alone(visitor: Visitor, cases: list[KycApplication]) -> None:
    page, (urgent, other) = visitor.page, cases
    agent = at_work(visitor, roles.KYC)
    visitor.go(QUEUE)
    page.keyboard.press("n")
    page.wait_for_url("**/change/")
    assert key_of(page) == urgent.pk
    expect(page).to_have_title(
        f"The case is yours for 20 minutes from your last look. · Case {urgent.pk.hex[-8:]} · Alajo staff"
    )
    visitor.check()

    viewer, said = page.locator("[data-viewer]"), page.locator("[data-viewer-said]")
    expect(said).to_have_text("1 of 2: International passport, Front")
    shown = viewer.locator("img:visible")
    expect(shown).to_have_count(1)
    tab_to(page, "Documents", "link")
    page.keyboard.press("Enter")
    expect(shown).to_have_js_property("naturalWidth", 900)
    page.keyboard.press("r")
    expect(said).to_have_text("Turned to 90 degrees")
    assert shown.evaluate("one => getComputedStyle(one).rotate") == "90deg"
    page.keyboard.press("+")
    expect(said).to_have_text("150 percent")
    page.keyboard.press("-")
    page.keyboard.press("j")
    expect(said).to_have_text("2 of 2: Photograph of yourself, Whole")
    page.keyboard.press("j")
    page.keyboard.press("k")
    expect(said).to_have_text("2 of 2: Photograph of yourself, Whole")
    visitor.check()

    page.keyboard.press("a")
    heading(page, f"Approve: case {urgent.pk.hex[-8:]}")
    visitor.check()
    tab_to(page, "Reason", "combobox")
    page.keyboard.type("Everything")
    # Letters that are typed are no commands.
    type_into(page, "What you saw, for colleagues", f"{SAW}, no mix")
    tab_to(page, "See what the customer will read", "button")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="The customer will read")).to_be_visible()
    visitor.check()
    tab_to(page, "Approve", "button")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{QUEUE}")
    expect(page.get_by_role("main")).to_contain_text("Approved. The customer has been told.")
    expect(page.locator("[data-keys-said]")).to_have_text("Approved. The customer has been told.")
    visitor.check()
    done = now(urgent)
    assert (done.state, done.decided_by_id) == ("APPROVED", agent.pk)

    page.keyboard.press("n")
    page.wait_for_url("**/change/")
    assert key_of(page) == other.pk
    page.keyboard.press("m")
    heading(page, f"Ask for more: case {other.pk.hex[-8:]}")
    visitor.check()
    tab_to(page, "International passport, Front (optional)", "combobox")
    page.keyboard.type("Glare")
    type_into(page, "What you saw, for colleagues", "A lamp over the number")
    tab_to(page, "See what the customer will read", "button")
    page.keyboard.press("Enter")
    expect(page.get_by_role("main")).to_contain_text("Light hides a part of the document.")
    visitor.check()
    tab_to(page, "Ask for more", "button")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{QUEUE}")
    assert now(other).state == "MORE_NEEDED"
    page.keyboard.press("n")
    expect(page.get_by_role("main")).to_contain_text("No case waits for you.")


@BOTH
def test_help_says_the_keys_which_can_be_switched_off_and_nothing_holds_the_focus(
    visitor: Visitor, cases: list[KycApplication]
) -> None:
    page = visitor.page
    at_work(visitor, roles.KYC)
    visitor.go(f"{QUEUE}{cases[0].pk}/change/")
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog", name="Keys")
    expect(dialog).to_be_visible()
    visitor.check()
    page.keyboard.press("n")
    expect(dialog).to_be_visible()
    box = page.get_by_label("Single letters work, except while you type")
    box.focus()
    page.keyboard.press("Space")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    page.keyboard.press("c")
    page.reload()
    page.keyboard.press("c")
    expect(page.get_by_role("main")).to_contain_text("Nobody holds this case")
    assert now(cases[0]).claimed_by_id is None
    # From the top of the page to its end, every control once: the focus always moves on.
    seen: list[str] = []
    for _ in range(200):
        page.keyboard.press("Tab")
        here = page.evaluate(
            "(document.activeElement.dataset.nr ??= String(document.activeElement === document.body ? 'body' "
            ": (window.nr = (window.nr ?? 0) + 1)))"
        )
        if here == "body" or here in seen:
            break
        seen.append(here)
    else:
        raise AssertionError("the page never ends")
    assert len(seen) > 20


@pytest.mark.parametrize("visitor", [Look(DESKTOP, scripts=False)], indirect=True, ids=str)
def test_everything_works_by_plain_forms(visitor: Visitor, cases: list[KycApplication]) -> None:
    page = visitor.page
    at_work(visitor, roles.KYC)
    visitor.go(QUEUE)
    page.get_by_role("button", name="Next case").click()
    heading(page, f"Case {cases[0].pk.hex[-8:]}")
    expect(page.locator("[data-viewer] img")).to_have_count(2)
    visitor.check()
    page.get_by_role("link", name="Reject").click()
    page.get_by_label("Reason").select_option("UNDER_AGE")
    page.get_by_label("What you saw").fill("Born in 2012 by the passport")
    page.get_by_role("main").get_by_role("button").first.click()
    expect(page.get_by_role("main")).to_contain_text("This tier is for people of 18 years and more.")
    page.get_by_role("button", name="Change it").click()
    expect(page.get_by_label("What you saw")).to_have_value("Born in 2012 by the passport")
    page.get_by_role("main").get_by_role("button").first.click()
    page.get_by_role("button", name="Reject").click()
    page.wait_for_url(f"**{QUEUE}")
    assert now(cases[0]).state == "REJECTED"


@BOTH
def test_the_second_person_and_a_reveal(visitor: Visitor, cases: list[KycApplication]) -> None:
    page = visitor.page
    with acting_as_service():
        KycApplication.objects.filter(pk=cases[0].pk).update(target_tier=3)
    recommended(cases[0], make_reviewer())
    at_work(visitor, roles.COMPLIANCE)
    visitor.go("/staff/")
    visitor.go(f"{QUEUE}?turn=second")
    page.get_by_role("button", name="Next case").click()
    heading(page, f"Case {cases[0].pk.hex[-8:]}")
    page.get_by_text("Show what is masked").click()
    page.get_by_label("Why you need to see it").fill("Comparing with the passport")
    page.get_by_role("button", name="Show", exact=True).click()
    expect(page.get_by_role("main")).to_contain_text("Adaeze")
    visitor.check()
    visitor.go(f"{QUEUE}{cases[0].pk}/numbers/")
    visitor.go(f"{QUEUE}{cases[0].pk}/change/")
    page.get_by_role("link", name="Approve").click()
    with acting_as_service():
        found = KycApplication.objects.get(pk=cases[0].pk)
        found.address, found.revision = "1 Other Road", found.revision + 1
        found.save()
    page.get_by_label("Reason").select_option("ALL_IN_ORDER")
    page.get_by_label("What you saw").fill(SAW)
    visitor.meant.add(409)
    page.get_by_role("main").get_by_role("button").first.click()
    expect(page.get_by_role("main")).to_contain_text("The application has changed since you looked")
    expect(page.get_by_role("alert")).to_contain_text("Address")
    visitor.check()
