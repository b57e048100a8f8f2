"""A limit stops a transfer; the customer shows who they are, two of staff decide on it, and the transfer goes on."""

from pathlib import Path

import pytest
from django.contrib.auth.models import Group
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from accounts import factors, roles
from accounts.models import KycApplication, KycDocument, User
from accounts.tests.factories import PASSWORD, make_person, prove_factor
from accounts.tests.kyc import BILL, SELFIE, Kind, Side, agree, card, declare, show
from config.tests.browsing import DESKTOP, PHONE, Look, Visitor
from config.tests.serving import log_in, site  # noqa: F401
from config.tests.test_kyc_story import main, press, send_picture
from core.actors import acting_as, acting_as_service
from core.ids import posting_id
from storage_app.tests.conftest import files  # noqa: F401
from wallet import services as wallet
from wallet.models import PausedTransfer
from wallet.tests.factories import make_wallet
from wallet.tests.ledger import trust_new_factors

QUEUE = "/staff/accounts/kycapplication/"
pytestmark = [
    pytest.mark.browser,
    pytest.mark.usefixtures("transactional_db", "files"),
]


@pytest.fixture
def ada() -> User:
    """At tier 1, with ₦5,000 of today's ₦50,000 left, and a friend to send to."""
    user, bola = (
        make_person(name="Ada Obi", email="ada@alajo.test"),
        make_person(name="Bola Ade", email="bola@alajo.test"),
    )
    source = make_wallet(user, amount=100_000_00)
    trust_new_factors()
    with acting_as(user):
        wallet.transfer(
            posting_id=posting_id(), source=source, recipient_id=bola.id, amount=45_000_00, at=timezone.now()
        )
    return user


def member_of(group: str, name: str) -> User:
    agent = make_person(role="AGENT", name=name, email=f"{name.split()[0].lower()}@alajo.test")
    factors.enrol_totp(user=agent)
    with acting_as_service():
        agent.groups.set(Group.objects.filter(name=group))
    return agent


def at_work(staff: Visitor, agent: User) -> Page:
    """Log a member of staff in, with both factors, and open their next case."""
    page = staff.page
    staff.forget()
    page.goto("/accounts/login/")
    page.get_by_label("E-mail").fill(agent.email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    press(page, "Log in")
    main(page).get_by_role("textbox").fill(factors.current_code(user=agent))
    press(page, "Log in")
    page.wait_for_url("**/home/")
    next_case(staff)
    return page


def next_case(staff: Visitor) -> None:
    staff.go(QUEUE)
    main(staff.page).get_by_role("button", name="Next case").click()
    staff.page.wait_for_url("**/change/")
    staff.check()


def decide(staff: Visitor, way: str, saw: str, **choices: str) -> None:
    """Choose a way on the case, say why, read what the customer will read, and do it."""
    page = staff.page
    main(page).get_by_role("link", name=way, exact=True).click()
    for label, choice in choices.items():
        page.get_by_label(label, exact=True).select_option(choice)
    page.get_by_label("What you saw").fill(saw)
    main(page).get_by_role("button").first.click()
    staff.check()
    press(page, way)
    page.wait_for_url(f"**{QUEUE}")


def send_15_000(page: Page) -> None:
    page.goto("/send/")
    expect(main(page)).to_contain_text("You can still send ₦5,000.00 today.")
    page.get_by_label("To", exact=True).fill("bola@alajo.test")
    page.get_by_label("Amount").fill("15,000")
    press(page, "Review")


@pytest.mark.parametrize("visitor", [Look(PHONE)], indirect=True, ids=str)
def test_from_the_limit_to_the_transfer_that_it_stopped(
    chromium: Browser, visitor: Visitor, dispatcher: None, ada: User, tmp_path: Path
) -> None:
    page = visitor.page
    first, second = member_of(roles.KYC, "Kemi Ojo"), member_of(roles.COMPLIANCE, "Tunde Bello")
    log_in(page, ada.email)
    send_15_000(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("This is over your limit")
    for said in ("₦50,000.00", "₦45,000.00", "₦5,000.00", "at midnight"):
        expect(main(page)).to_contain_text(said)
    visitor.check()

    main(page).get_by_role("link", name="Raise your limits").click()
    press(page, "Apply for tier 3")
    declare(ada)
    show(ada, (Kind.DRIVERS_LICENCE, Side.FRONT), (Kind.DRIVERS_LICENCE, Side.BACK), SELFIE, BILL)
    agree(ada)
    page.goto("/verify/")
    main(page).get_by_role("link", name="Review and send").click()
    visitor.check()
    press(page, "Send the application")
    expect(main(page)).to_contain_text("Waiting for review")
    with acting_as_service():
        sent = set(KycDocument.objects.values_list("pk", flat=True))

    staff = Visitor(chromium, visitor.site, Look(DESKTOP))
    try:
        at_work(staff, first)
        glare = {"Driver's licence, Front (optional)": "GLARE"}
        decide(staff, "Ask for more", "A lamp over the number", **glare)

        expect(main(page)).to_contain_text("We need something more")
        expect(main(page)).to_contain_text("Light hides a part of the document.")
        visitor.check()
        again = main(page).get_by_role("link", name="Take a new picture")
        expect(again).to_have_count(1)
        again.click()
        (tmp_path / "front.jpg").write_bytes(card(seed=7))
        send_picture(page, tmp_path / "front.jpg")
        expect(page.get_by_text("we have it, and it can be read")).to_be_visible()
        page.goto("/verify/")
        main(page).get_by_role("link", name="Review and send").click()
        press(page, "Send the application")
        expect(main(page)).to_contain_text("Waiting for review")

        next_case(staff)
        decide(staff, "Recommend approval", "Everything can be read now", Reason="SEEN_BY_HAND")
        at_work(staff, second)
        decide(staff, "Approve", "Agrees with the document", Reason="SEEN_BY_HAND")
        assert staff.complaints == []
    finally:
        staff.leave()

    expect(main(page)).to_contain_text("You are on tier 3")
    visitor.check()
    page.goto("/home/")
    expect(main(page)).to_contain_text("It fits into your limits now.")
    visitor.check()
    prove_factor(ada)
    main(page).get_by_role("link", name="Review and send").click()
    press(page, "Send ₦15,000.00")
    expect(page.get_by_role("status").first).to_contain_text("You sent ₦15,000.00 to Bola Ade.")

    with acting_as_service():
        application = KycApplication.objects.get()
        assert (application.state, application.recommended_by_id, application.decided_by_id) == (
            "APPROVED",
            first.pk,
            second.pk,
        )
        new = KycDocument.objects.exclude(pk__in=sent).values_list("kind", "side")
        assert list(new) == [("DRIVERS_LICENCE", "FRONT")]
        assert PausedTransfer.objects.get().state == "SENT"
        # Two transfers were large enough for stamp duty.
        assert wallet.balance_of(make_wallet(ada).pk) == 40_000_00 - 2 * 50_00
