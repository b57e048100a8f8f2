"""A customer with a phone shows who they are: each step, the camera, a picture that is no good, what comes of it."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from accounts.models import KycApplication, KycDocument, User
from accounts.services.kyc.telling import tell
from accounts.tests.factories import make_person, prove_factor
from accounts.tests.kyc import ACCOUNT, BVN, NIN, ask_again, card, fresh, take_up
from config.tests.browsing import PHONE, Look, Visitor
from config.tests.serving import log_in, site  # noqa: F401
from core.actors import acting_as_service
from storage_app.tests.conftest import files  # noqa: F401

pytestmark = [
    pytest.mark.browser,
    pytest.mark.usefixtures("transactional_db", "files"),
]
BESIDE = "[data-upload-said]"


@pytest.fixture
def ada() -> User:
    return make_person(name="Ada Obi", email="ada@alajo.test")


@pytest.fixture
def agent() -> User:
    return make_person(email="agent@alajo.test", role="AGENT")


def main(page: Page) -> Any:
    return page.get_by_role("main")


def press(page: Page, name: str) -> None:
    main(page).get_by_role("button", name=name, exact=True).click()


def go_on(visitor: Visitor, step: str) -> None:
    """From the task list to the step that it says is next."""
    page = visitor.page
    main(page).get_by_role("link", name=f"Next: {step}").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(step)
    visitor.check()


def saved(visitor: Visitor, done: int) -> None:
    expect(main(visitor.page)).to_contain_text(f"{done} of 9 steps done")
    visitor.check()


def send_picture(page: Page, path: Path, *, by: str = "#id_photo") -> None:
    page.set_input_files(by, path)
    expect(page.locator("[data-picture-shown]")).to_be_visible()
    press(page, "Send it")


def fill_in(visitor: Visitor) -> None:
    """Every step without a picture, as the page leads from one to the next."""
    page = visitor.page
    go_on(visitor, "Your details")
    expect(page.get_by_label("Surname")).to_have_value("Obi")
    page.get_by_label("Date of birth").fill("1990-05-17")
    press(page, "Save")
    saved(visitor, 1)
    for done, (step, number) in enumerate((("BVN", BVN), ("NIN", NIN)), start=2):
        go_on(visitor, step)
        page.get_by_label(step).fill(number[:5])
        press(page, "Save")
        expect(page.get_by_label(step)).to_have_value("")
        visitor.check()
        page.get_by_label(step).fill(number)
        press(page, "Save")
        saved(visitor, done)
    go_on(visitor, "Where you live")
    page.get_by_label("Street and house number").fill("12 Allen Avenue")
    page.get_by_label("Town or city").fill("Ikeja")
    page.get_by_label("State").select_option("Lagos")
    press(page, "Save")
    saved(visitor, 4)
    go_on(visitor, "A bank account of yours")
    page.get_by_label("Bank", exact=True).select_option("Guaranty Trust Bank")
    page.get_by_label("Account number").fill(ACCOUNT)
    press(page, "Save")
    saved(visitor, 5)


def show_documents(visitor: Visitor, pictures: Path) -> None:
    """A licence from both sides, a face and a bill; two pictures are no good, and one is thought better of."""
    page = visitor.page
    for name, content in {
        "dark": card(light=0.1),
        "blurred": card(blur=9),
        "front": card(),
        "back": card(seed=3),
    }.items():
        (pictures / f"{name}.jpg").write_bytes(content)
    go_on(visitor, "Identity document")
    main(page).get_by_role("link", name="Driver's licence").click()
    visitor.check()
    page.set_input_files("#id_photo", pictures / "dark.jpg")
    expect(page.locator(BESIDE)).to_contain_text("too dark")
    visitor.check()
    send_picture(page, pictures / "blurred.jpg")
    expect(page.get_by_role("alert")).to_contain_text("blurred")
    visitor.check()
    send_picture(page, pictures / "front.jpg")
    expect(page.get_by_role("heading", level=1)).to_have_text("Driver's licence, back")
    send_picture(page, pictures / "back.jpg", by="#id_file")
    expect(page.get_by_role("heading", level=2).first).to_have_text("Driver's licence, front")
    page.wait_for_load_state("networkidle")
    preview = page.get_by_alt_text("What you sent: Driver's licence, front")
    assert preview.evaluate("picture => picture.naturalWidth") == 960
    visitor.check()
    main(page).get_by_role("link", name="Go on").click()
    main(page).get_by_role("link", name="Next: Photograph of yourself").click()
    assert page.locator("#id_photo").get_attribute("capture") == "user"
    send_picture(page, pictures / "front.jpg")
    main(page).get_by_role("link", name="Go on").click()
    go_on(visitor, "Proof of address")
    main(page).get_by_role("link", name="Utility bill").click()
    send_picture(page, pictures / "back.jpg")
    main(page).get_by_role("link", name="Go on").click()
    saved(visitor, 8)


@pytest.mark.parametrize("visitor", [Look(PHONE, "dark")], indirect=True, ids=str)
def test_from_the_start_page_to_sent_and_once_more(
    visitor: Visitor, ada: User, agent: User, dispatcher: None, tmp_path: Path
) -> None:
    page = visitor.page
    log_in(page, ada.email)
    main(page).get_by_role("link", name="Raise your tier").click()
    visitor.check()
    press(page, "Apply for tier 3")
    saved(visitor, 0)
    fill_in(visitor)
    show_documents(visitor, tmp_path)
    go_on(visitor, "Your consent")
    page.get_by_label("I have read this and agree").check()
    press(page, "I agree")
    main(page).get_by_role("link", name="Review and send").click()
    expect(main(page)).to_contain_text("•••• 8901")
    assert BVN not in page.content() and NIN not in page.content() and ACCOUNT not in page.content()
    visitor.check()
    press(page, "Send the application")
    expect(main(page)).to_contain_text("Waiting for review")
    visitor.check()

    with acting_as_service():
        application = KycApplication.objects.get()
        front = KycDocument.objects.get(kind="DRIVERS_LICENCE", side="FRONT")
    expect(page.locator("body")).to_have_attribute("data-listening", "true")
    take_up(application, by=agent)
    told = "Driver's licence, front: it is cut off. Take it again with all four corners."
    ask_again(application, {"document": str(front.pk)}, by=agent, message=told)
    with acting_as_service():
        tell(application=fresh(application), event="kyc.more_needed")
    expect(main(page)).to_contain_text("We need something more")
    expect(main(page)).to_contain_text(told)
    visitor.check()
    main(page).get_by_role("link", name="Take a new picture").click()
    send_picture(page, tmp_path / "front.jpg")
    expect(page.get_by_text("we have it, and it can be read")).to_be_visible()
    page.goto("/verify/")
    main(page).get_by_role("link", name="Review and send").click()
    press(page, "Send the application")
    expect(main(page)).to_contain_text("Waiting for review")
    assert fresh(application).state == "SUBMITTED"


@pytest.mark.parametrize("visitor", [Look(PHONE)], indirect=True, ids=str)
def test_a_number_is_shown_once_after_a_second_factor(visitor: Visitor, ada: User) -> None:
    page = visitor.page
    log_in(page, ada.email)
    page.goto("/verify/new/")
    press(page, "Apply for tier 2")
    page.goto("/verify/bvn/")
    page.get_by_label("BVN").fill(BVN)
    press(page, "Save")
    page.goto("/verify/bvn/")
    assert BVN not in page.content()
    prove_factor(ada)
    press(page, "Show it once")
    expect(main(page)).to_contain_text(BVN)
    visitor.check()
    page.goto("/verify/bvn/")
    assert BVN not in page.content()


@pytest.mark.parametrize("visitor", [Look(PHONE, scripts=False)], indirect=True, ids=str)
def test_a_picture_comes_without_scripts(visitor: Visitor, ada: User, tmp_path: Path) -> None:
    page = visitor.page
    (tmp_path / "front.jpg").write_bytes(card())
    log_in(page, ada.email)
    page.goto("/verify/new/")
    press(page, "Apply for tier 3")
    page.goto("/verify/documents/passport/whole/")
    page.set_input_files("#id_file", tmp_path / "front.jpg")
    press(page, "Send it")
    expect(page.get_by_text("we have it, and it can be read")).to_be_visible()
    visitor.check()
