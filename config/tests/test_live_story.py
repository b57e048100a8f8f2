"""Two browsers: one sends money, the other sees balance, activity and notice change without loading a page again."""

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from accounts.models import Session, User
from accounts.services import sessions
from accounts.tests.factories import make_person
from config.asgi import application
from config.tests.browsing import PHONE, Look, Visitor
from config.tests.serving import log_in, site  # noqa: F401
from config.tests.test_story import balance_on, never_loaded_again, set_up_a_second_step, still_the_same
from core.actors import acting_as, acting_as_service
from core.ids import posting_id
from storage_app.tests.conftest import files  # noqa: F401
from wallet import services as wallet
from wallet.tests.factories import make_wallet

pytestmark = [
    pytest.mark.browser,
    pytest.mark.usefixtures("transactional_db", "files"),
]


@pytest.fixture
def ada() -> User:
    user = make_person(name="Ada Obi", email="ada@alajo.test")
    make_wallet(user, amount=10_000_00)
    return user


@pytest.fixture
def bola() -> User:
    user = make_person(name="Bola Adeyemi", email="bola@alajo.test")
    make_wallet(user, amount=40_000_00)
    return user


def listening(page: Page) -> None:
    """Wait until the page's socket has joined: from then on it is told."""
    expect(page.locator("body")).to_have_attribute("data-listening", "true")


def test_one_sends_money_and_the_other_sees_it_come(
    chromium: Browser,
    visitor: Visitor,
    dispatcher: None,
    ada: User,
    bola: User,
) -> None:
    receiver = visitor
    home = receiver.page
    log_in(home, ada.email)
    balance_on(home, "₦10,000.00")
    activity = receiver.open_tab()
    activity.goto("/activity/")
    for page in (home, activity):
        listening(page)
        never_loaded_again(page)
    expect(home.get_by_role("link", name="Notices", exact=True)).to_be_visible()

    sender = Visitor(chromium, visitor.site, Look(PHONE, "dark"))
    try:
        page = sender.page
        log_in(page, bola.email)
        sender.go("/send/")
        page.get_by_label("To", exact=True).fill("ada@alajo.test")
        page.get_by_label("Amount").fill("2,500")
        page.get_by_role("button", name="Review").click()
        page.get_by_role("button", name="Send ₦2,500.00").click()
        set_up_a_second_step(sender)
        expect(page.get_by_role("status").first).to_contain_text("You sent ₦2,500.00 to Ada Obi.")
    finally:
        sender.leave()

    balance_on(home, "₦12,500.00")
    expect(home.get_by_role("link", name="Notices, 1 unread")).to_be_visible()
    expect(activity.locator("#entries")).to_contain_text("Bola Adeyemi")
    for page in (home, activity):
        still_the_same(page)
        receiver.check(page)
    assert sender.complaints == []


def cut_all_sockets() -> None:
    """As a server that dies does."""
    for loop, events in application._events.items():
        for socket in events.hub.sockets:
            loop.call_soon_threadsafe(socket.cut_off)


def test_what_came_while_the_socket_was_away_is_there_when_it_is_back(
    visitor: Visitor, ada: User, bola: User
) -> None:
    """Nobody dispatches here: only the page itself can find out."""
    page = visitor.page
    log_in(page, ada.email)
    listening(page)
    never_loaded_again(page)
    source = make_wallet(bola)
    with acting_as(bola):
        wallet.transfer(
            posting_id=posting_id(), source=source, recipient_id=ada.id, amount=100_00, at=timezone.now()
        )
    balance_on(page, "₦10,000.00")
    cut_all_sockets()
    balance_on(page, "₦10,100.00")
    still_the_same(page)


def test_a_sign_in_that_ends_closes_its_sockets_at_once(
    visitor: Visitor, dispatcher: None, ada: User
) -> None:
    page = visitor.page
    # What it asks for on joining must have come: an answer to nobody is a complaint of the browser.
    with page.expect_response("**/home/summary/**"), page.expect_response("**/notices/bell/**"):
        log_in(page, ada.email)
        listening(page)
    with acting_as_service():
        session = Session.objects.live().get(user=ada)
    sessions.end(session_id=session.pk, reason=Session.Reason.ENDED, at=timezone.now())
    expect(page.locator("body")).to_have_attribute("data-listening", "ended")
