"""Every page in a browser, among the demo world's people: nothing keeps anyone out, nothing complains."""

from datetime import timedelta
from uuid import uuid4

import pytest
from allauth.mfa.models import Authenticator
from django.utils import timezone
from playwright.sync_api import expect

from accounts import unsubscribing
from accounts.models import Notification
from accounts.services import notify
from accounts.unsubscribing import Wish
from config.tests.browsing import PHONE, Visitor
from config.tests.visiting import ADA, CHIDI, NGOZI, VISITS, heading, log_in, person, press
from core.actors import acting_as_service
from credit.models import Application, Loan, Provider
from savings.models import SavingsGroup, UserSavings
from wallet import services as wallet
from wallet.management.commands.seed_demo import PASSWORD
from wallet.models import (
    Account,
    BankAccount,
    Entry,
    PayLink,
    Payment,
    PaymentRequest,
    Payout,
    ScheduledTransfer,
    SplitBill,
)
from wallet.services import bulk
from wallet.services.lookups import TooManyLookups
from wallet.tests.ledger import trust_new_factors

HELD = {"payment": "01900000-0000-7000-8000-000000000001", "amount": 250_000, "currency": "NGN"}
pytestmark = VISITS


def payment_in(state: str, *, amount: int) -> Payment:
    """One of Ada's, in a state that no page leads to."""
    with acting_as_service():
        mine = Payment.objects.filter(account__owner__email=ADA).first()
        assert mine is not None
        return Payment.objects.create(
            account_id=mine.account_id,
            gateway_id=mine.gateway_id,
            reference=f"alj-{uuid4().hex[:12]}",
            amount=amount,
            currency_id="NGN",
            state=state,
            expires_at=timezone.now() + timedelta(days=1),
        )


def entries_of(email: str) -> list[str]:
    """One entry of each kind and direction, by address."""
    with acting_as_service():
        account = Account.objects.get(owner__email=email, kind="WALLET")
        kinds = {
            (entry.kind, entry.change > 0): entry for entry in Entry.objects.filter(account_id=account.pk)
        }
    return [f"/transactions/{entry.pk}/" for entry in kinds.values()]


def test_a_strangers_pages(visitor: Visitor, site: str) -> None:
    page = visitor.page
    for address in ("/", "/help/", "/accounts/login/", "/accounts/signup/", "/accounts/password/reset/"):
        visitor.go(address)
    page.goto("/accounts/login/")
    page.get_by_label("E-mail").fill(ADA)
    page.get_by_label("Password", exact=True).fill("not this one at all")
    visitor.meant.add(400)
    press(page, "Log in")
    expect(page.get_by_role("alert")).to_be_visible()
    visitor.check()
    page.goto("/accounts/password/reset/")
    page.get_by_label("E-mail").fill(ADA)
    page.get_by_role("main").get_by_role("button").first.click()
    page.wait_for_url("**/reset/*/")
    visitor.check()


def test_a_page_that_is_not_there_and_a_form_that_is_not_ours(visitor: Visitor, site: str) -> None:
    page = visitor.page
    visitor.meant |= {403, 404}
    visitor.go("/nothing/here/")
    expect(page.get_by_role("main")).to_contain_text("404")
    page.goto("/accounts/login/")
    page.get_by_label("E-mail").fill(ADA)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    visitor.forget()
    press(page, "Log in")
    expect(page.get_by_role("main")).to_contain_text("403")
    visitor.check()


def test_a_customers_pages(visitor: Visitor, demo: None) -> None:
    page = visitor.page
    on_phone = visitor.look.viewport == PHONE
    log_in(visitor, ADA)
    for address in ("/activity/?q=nobody+of+that+name", "/activity/?direction=in", "/notices/", "/more/"):
        visitor.go(address)
    for address in entries_of(ADA):
        visitor.go(address)
    visitor.go("/home/")
    expect(page.get_by_role("main")).to_contain_text("Withdrawal on its way")
    visitor.picture("home-phone-dark.png" if on_phone else "home-desktop.png")
    visitor.go("/activity/")
    if not on_phone:
        visitor.picture("activity.png")
    page.get_by_text("More filters").click()
    visitor.check()
    for state in (Payment.State.PENDING, Payment.State.HELD, Payment.State.FAILED, Payment.State.REVIEW):
        visitor.go(f"/payments/{payment_in(state, amount=250_000).pk}/")
    visitor.go("/home/")


def test_the_pages_of_money_out(visitor: Visitor, demo: None) -> None:
    log_in(visitor, ADA)
    with acting_as_service():
        purse = Account.objects.get(owner=person(ADA), kind=Account.Kind.WALLET)
        payouts = list(Payout.objects.filter(account=purse).order_by("pk"))
        bank = BankAccount.objects.filter(owner=person(ADA)).first()
        plan = ScheduledTransfer.objects.filter(owner=person(ADA)).first()
        assert bank is not None and plan is not None
    sheet = b"account_number,bank,amount,name\n0000000220,Access Bank,500,=A1\n0000000220,044,500,\n"
    file = bulk.upload(by=person(ADA), account=purse, name="salaries.csv", raw=sheet, at=timezone.now())
    for payout in payouts:
        visitor.go(f"/withdrawals/{payout.pk}/")
    for address in ("/bank-accounts/", "/bank-accounts/add/", f"/bank-accounts/{bank.pk}/remove/"):
        visitor.go(address)
    for address in ("/scheduled/", "/scheduled/new/", f"/scheduled/{plan.pk}/"):
        visitor.go(address)
    for address in ("/payouts/", f"/payouts/{file.pk}/"):
        visitor.go(address)
    visitor.go("/withdraw/")
    visitor.page.get_by_label("How much arrives?").fill("500")
    press(visitor.page, "Review")
    heading(visitor.page, "Check and send")
    visitor.check()


def test_the_pages_of_saving_together_and_of_papers(visitor: Visitor, demo: None) -> None:
    log_in(visitor, ADA)
    with acting_as_service():
        group = SavingsGroup.objects.get(organiser=person(ADA))
        saving = UserSavings.objects.get(user=person(ADA), name="Rainy days")
        ended = UserSavings.objects.get(user=person(ADA), name="New phone")
        goal = UserSavings.objects.get(user=person(ADA), name="School fees")
    visitor.go(f"/savings/{goal.pk}/")
    if visitor.look.viewport != PHONE:
        visitor.picture("saving.png")
    for address in ("/savings/groups/", "/savings/groups/new/", f"/savings/groups/{group.pk}/"):
        visitor.go(address)
    visitor.go(f"/savings/{saving.pk}/papers/statement.pdf?since=2020-01-01&until=2020-01-02")
    for address in (
        f"/savings/{saving.pk}/papers/",
        f"/savings/{ended.pk}/papers/",
        "/savings/certificates/",
    ):
        visitor.go(address)
    visitor.meant.add(404)
    visitor.go("/savings/groups/join/0000-0000-0000-0000/")
    press(visitor.page, "See the group")
    expect(visitor.page.get_by_role("main")).to_contain_text("This code leads to no group")
    visitor.check()
    visitor.forget()
    log_in(visitor, NGOZI)
    visitor.go("/savings/groups/")
    visitor.go(f"/savings/groups/join/{group.code}/")


def test_the_pages_of_borrowing(visitor: Visitor, demo: None) -> None:
    page, bola = visitor.page, "bola@alajo.test"
    with acting_as_service():
        loan, lender = Loan.objects.get(user=person(ADA)), Provider.objects.get(display_name="Alajo Credit")
        late = Loan.objects.get(user=person("efe@alajo.test"))
        in_parts = Loan.objects.get(user=person(NGOZI))
        asked = Application.objects.get(user=person(bola))
    visitor.go("/borrow/")
    log_in(visitor, ADA)
    visitor.go("/home/")
    expect(page.get_by_role("main")).to_contain_text("Home or rent")
    for name in ("", "calculator/", f"lenders/{lender.pk}/", "mine/", "apply/"):
        visitor.go(f"/borrow/{name}")
    visitor.go(f"/loans/{loan.pk}/")
    if visitor.look.viewport != PHONE:
        visitor.picture("loan.png")
    for name in ("schedule/", "pay/", "payoff/", "help/", "proof/"):
        visitor.go(f"/loans/{loan.pk}/{name}")
    for name in ("", "consents/", "sign/", "cancel/"):
        visitor.go(f"/borrow/applications/{loan.pk}/{name}")
    visitor.forget()
    log_in(visitor, "efe@alajo.test")
    for name in ("", "pay/", "help/"):
        visitor.go(f"/loans/{late.pk}/{name}")
    visitor.forget()
    log_in(visitor, NGOZI)
    visitor.go(f"/borrow/applications/{in_parts.pk}/payout/")
    page.get_by_label("How much do you need?").fill("100,000")
    press(page, "See what comes of it")
    heading(page, "Check and take it")
    visitor.check()
    visitor.forget()
    log_in(visitor, bola)
    trust_new_factors()
    visitor.go("/home/")
    expect(page.get_by_role("main")).to_contain_text("You have offers to choose from")
    visitor.go(f"/borrow/applications/{asked.pk}/")
    page.get_by_role("link", name="Compare the offers").click()
    heading(page, "Your offers")
    visitor.check()
    expect(page.get_by_text("Open until").first).to_be_visible()
    if visitor.look.viewport != PHONE:
        visitor.picture("offers.png")
    page.get_by_role("link", name="Choose this one Alajo Credit").click()
    heading(page, "Check and accept")
    visitor.check()
    press(page, "Accept ₦400,000.00")
    visitor.check()
    visitor.go(f"/borrow/applications/{asked.pk}/sign/")
    heading(page, "Read it, then sign")


def test_the_pages_of_an_application(visitor: Visitor, demo: None) -> None:
    """Declined, and begun anew, step by step."""
    page, fatima = visitor.page, person("fatima@alajo.test")
    with acting_as_service():
        declined = Application.objects.get(user=fatima)
    log_in(visitor, fatima.email)
    for name in ("", "decision/"):
        visitor.go(f"/borrow/applications/{declined.pk}/{name}")
    visitor.go("/borrow/apply/")
    press(page, "Begin")
    heading(page, "Your loan application")
    visitor.check()
    own = page.url
    for name in ("loan/", "work/", "month/", "lenders/"):
        visitor.go(f"{own}{name}")
    visitor.go(f"{own}loan/")
    press(page, "Save and go on")
    expect(page.get_by_role("alert")).to_be_visible()
    visitor.check()
    for name in ("consents/", "send/"):
        visitor.go(f"{own}{name}")


def test_the_pages_of_limits(visitor: Visitor, demo: None) -> None:
    """Chidi has ₦2,500 left of today."""
    page = visitor.page
    log_in(visitor, CHIDI)
    visitor.go("/limits/")
    expect(page.get_by_role("main")).to_contain_text("₦47,500.00 used, ₦2,500.00 left")
    visitor.go("/send/")
    expect(page.get_by_role("main")).to_contain_text("You can still send ₦2,500.00 today.")
    page.get_by_label("To", exact=True).fill(NGOZI)
    page.get_by_label("Amount").fill("3,000")
    visitor.meant.add(422)
    press(page, "Review")
    heading(page, "This is over your limit")
    visitor.check()
    for address in ("/limits/", "/home/"):
        visitor.go(address)
        expect(page.get_by_role("main")).to_contain_text("Transfers that wait")
    press(page, "Do not keep it")
    expect(page.get_by_role("main")).not_to_contain_text("Transfers that wait")
    visitor.check()


def test_the_pages_that_add_and_send_money(
    visitor: Visitor, demo: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = visitor.page
    on_phone = visitor.look.viewport == PHONE
    trust_new_factors()
    log_in(visitor, ADA)
    visitor.go("/add-money/")
    page.get_by_label("How much?").fill("0")
    press(page, "Continue to payment")
    expect(page.get_by_role("alert")).to_be_visible()
    visitor.check()
    page.goto("/add-money/")
    page.get_by_role("link", name="₦5,000.00").click()
    expect(page.get_by_label("How much?")).to_have_value("5,000")
    visitor.check()
    if not on_phone:
        visitor.picture("add-money.png")
    press(page, "Continue to payment")
    page.wait_for_url("**/sandbox/paystack/checkout/*")
    visitor.check()
    if not on_phone:
        visitor.picture("checkout.png")
    visitor.go("/sandbox/paystack/")

    visitor.go("/send/")
    page.get_by_label("To", exact=True).fill("nobody at all")
    page.get_by_label("Amount").fill("900000000")
    press(page, "Review")
    expect(page.get_by_role("alert")).to_be_visible()
    visitor.check()
    page.get_by_label("To", exact=True).fill(NGOZI)
    page.get_by_label("Amount").fill("7500")
    page.get_by_label("Note for them").fill("School fees, part two")
    press(page, "Review")
    heading(page, "Check and send")
    visitor.check()
    if not on_phone:
        visitor.picture("send-review.png")

    def too_many(**_asked: object) -> None:
        raise TooManyLookups(retry_after=90)

    monkeypatch.setattr(wallet, "count_lookup", too_many)
    visitor.meant.add(429)
    press(page, "Change something")
    press(page, "Review")
    expect(page.get_by_role("main")).to_contain_text("429")
    visitor.check()


def test_the_pages_about_oneself(visitor: Visitor, demo: None) -> None:
    page = visitor.page
    user = person(ADA)
    log_in(visitor, ADA)
    for address in (
        "/accounts/email/",
        "/accounts/password/change/",
        "/security/",
        "/security/sessions/",
        "/security/history/",
        "/security/report/",
        "/security/reported/",
        "/security/closed/",
        "/files/",
        "/referrals/",
        "/profile/",
        "/verify/new/",
        "/accounts/2fa/",
    ):
        visitor.go(address)
    visitor.go("/security/export/")
    heading(page, "Download my data")
    visitor.go("/security/close/")
    heading(page, "Close my account")
    with acting_as_service():
        Authenticator.objects.filter(user=user).delete()
    visitor.go("/accounts/2fa/")
    page.get_by_role("link", name="Set up").click()
    heading(page, "Set up an authenticator app")
    expect(page.get_by_role("img", name="QR code")).to_be_visible()
    visitor.check()
    visitor.go("/accounts/logout/")
    visitor.go("/home/")
    page.locator("summary", has_text="Your account").click()
    visitor.check()
    page.locator("summary", has_text="Your account").click()
    page.locator("summary", has_text="Colours").click()
    visitor.check()
    assert not user.is_staff


def test_the_pages_of_requests(visitor: Visitor, demo: None) -> None:
    with acting_as_service():
        asked, bill = PaymentRequest.objects.get(note="Danfo, both ways"), SplitBill.objects.get()
        link, mine = PayLink.objects.get(), PaymentRequest.objects.filter(split=bill).latest("pk")
    visitor.go(f"/to/{link.slug}/")
    log_in(visitor, ADA)
    for page in ("", "new/", "blocked/", "split/", f"split/{bill.pk}/", "links/"):
        visitor.go(f"/requests/{page}")
    for page in (f"{asked.pk}/", f"{asked.pk}/pay/", f"{mine.pk}/"):
        visitor.go(f"/requests/{page}")


def test_the_pages_of_notices(visitor: Visitor, demo: None) -> None:
    page, ada = visitor.page, person(ADA)
    with acting_as_service():
        events = ("security.frozen", "organization.joined", "legal.terms_changed", "deposit.held")
        data = {"organization": "Kasuwa Stores", "slug": "kasuwa-stores", "name": "Bola", **HELD}
        notify(notices=[Notification(user=ada, event=event, data=data) for event in events * 7])
    log_in(visitor, ADA)
    visitor.go("/notices/")
    with acting_as_service():
        notify(notices=[Notification(user=ada, event="security.unfrozen", data={})])
    expect(page.get_by_role("main")).not_to_contain_text("Our staff unlocked your money")
    # What a socket will say; without one the page asks by itself, once a minute.
    page.evaluate("document.body.dispatchEvent(new Event('live'))")
    expect(page.get_by_role("main")).to_contain_text("Our staff unlocked your money")
    expect(page.locator("#bell")).to_have_count(1)
    visitor.check()
    visitor.go("/notices/?kind=NEWS")
    visitor.go("/notices/?show=unread&kind=SECURITY")
    page.locator(".notice__read").first.click()
    page.wait_for_load_state()
    expect(page.get_by_role("main")).to_contain_text("unread")
    visitor.check()
    visitor.go("/notices/preferences/")
    page.get_by_label("Money out: E-mail", exact=True).uncheck()
    page.get_by_label("From").fill("22:00")
    press(page, "Save")
    expect(page.get_by_role("alert")).to_contain_text("Say both when quiet hours begin")
    visitor.check()
    page.get_by_label("Until").fill("06:00")
    press(page, "Save")
    expect(page.get_by_role("main")).to_contain_text("This is how we reach you from now on.")
    expect(page.get_by_label("Money out: E-mail", exact=True)).not_to_be_checked()
    visitor.check()
    visitor.forget()
    visitor.go(unsubscribing.link(Wish(ada.pk, "MONEY_IN", "EMAIL")))
    press(page, "Switch it off")
    heading(page, "That is switched off")
    visitor.check()
    press(page, "Switch it on again")
    heading(page, "That is switched on again")
    visitor.check()
    visitor.meant.add(404)
    visitor.go("/notices/unsubscribe/nonsense/")
    visitor.go("/dev/texts/")
