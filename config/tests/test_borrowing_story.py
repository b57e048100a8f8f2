"""A loan in a browser, from applying to the last kobo, in four weeks of simulated time.

Two lenders offer, one by a rule and one by hand; one instalment is paid late, something is paid ahead, and the rest at
once. What each page says is what is in the books.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, time
from decimal import Decimal
from io import StringIO
from typing import Any

import pytest
import time_machine
from django.core.management import call_command
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts import factors
from accounts.models import User
from accounts.tests.factories import PASSWORD, make_person, prove_factor
from config.tests.browsing import DESKTOP, Look, Visitor
from config.tests.test_story import follow, heading, log_in, press
from core.actors import acting_as_service
from core.rolling import close_whole_day
from core.templatetags.money import money
from credit import bidding_tasks
from credit.models import Application, Contract, Loan, LoanTransaction, ProductTerms
from credit.penalties import LateCharge
from credit.periods import ACT_364
from credit.product_rules import ProductRules
from credit.services.closing import LOANS
from credit.tests.scored import applicant
from credit.tests.world import DAY, NAIRA, day, lender, moment, product, rule
from credit.views import agreeing, lending_market, lending_signing, offers
from wallet import services as wallet
from wallet.models import Account
from wallet.rhythm import WEEKLY
from wallet.tests.factories import make_wallet

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
]
# What is set aside for an offer ends by the ledger's own clock, and an offer is open for 30 days at most.
BEGAN = day(28)
DUE = [BEGAN + (week + 1) * 7 * DAY for week in range(6)]
LATE = DUE[1] + 5 * DAY
AHEAD, ENDS = DUE[2], DUE[2] + 4 * DAY
LATE_CHARGE = LateCharge(percent=Decimal(2), most=500_000, cap=Decimal(10), days_free=3)
Kind = LoanTransaction.Kind


def says(page: Page, *words: str) -> None:
    for each in words:
        expect(page.get_by_role("main")).to_contain_text(each)


def evening(on: date, hour: int = 20) -> time_machine.travel:
    return time_machine.travel(moment(on, time(hour)), tick=True)


@contextmanager
def being(visitor: Visitor, user: User) -> Iterator[Page]:
    """Somebody else in the same browser for a while, whose second step is fresh."""
    kept = visitor.page.context.cookies()
    visitor.forget()
    page = visitor.page
    visitor.go("/accounts/login/")
    page.get_by_label("E-mail").fill(user.email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    press(page, "Log in")
    heading(page, "Enter your code")
    page.get_by_role("main").get_by_role("textbox").fill(factors.current_code(user=user))
    press(page, "Log in")
    page.wait_for_url("**/home/")
    yield page
    visitor.forget()
    page.context.add_cookies(kept)  # type: ignore[arg-type]


def weekly(by: User, name: str) -> ProductTerms:
    return product(
        lender(by, name=name),
        name=name,
        rules=ProductRules(rhythm=WEEKLY, day_count=ACT_364),
        late=LATE_CHARGE,
    )


def apply(visitor: Visitor) -> Application:
    page = visitor.page
    visitor.go("/borrow/")
    visitor.go("/borrow/apply/")
    press(page, "Begin")
    heading(page, "Your loan application")
    visitor.check()
    page.get_by_role("main").get_by_role("link", name="The loan you want").click()
    page.get_by_label("How much do you want to borrow?").fill("120,000")
    page.get_by_label("In how many monthly instalments?").fill("6")
    page.get_by_label("My business").check()
    press(page, "Save and go on")
    heading(page, "Your work")
    visitor.check()
    page.get_by_label("Employed", exact=True).check()
    page.get_by_label("Since when?").fill("2020-03-01")
    press(page, "Save and go on")
    heading(page, "Your month")
    page.get_by_label("What comes in a month, after tax?").fill("400,000")
    page.get_by_label("What do you spend a month?").fill("150,000")
    page.get_by_label("What do you pay on other loans a month?").fill("0")
    press(page, "Save and go on")
    heading(page, "What lenders see")
    page.get_by_label("Your Alajo score").check()
    press(page, "Save and go on")
    heading(page, "Your loan application")
    page.get_by_role("main").get_by_role("link", name="What you agree to").first.click()
    heading(page, "What you agree to")
    visitor.check()
    for kind in ("SOFT_SEARCH", "SCORING", "SHARE_FILE"):
        page.locator(f"#consent-{kind}").check()
    press(page, "I agree to what I ticked")
    heading(page, "Your loan application")
    visitor.check()
    follow(page, "Check and send")
    heading(page, "Check and send")
    visitor.check()
    press(page, "Send the application")
    heading(page, "Your loan application")
    page.reload()
    says(page, "Lenders can make offers until")
    visitor.check()
    with acting_as_service():
        return Application.objects.get()


def offer_by_hand(visitor: Visitor, by: User, terms: ProductTerms, asked: Application) -> None:
    desk = f"/organizations/{terms.product.provider.organization.slug}/lending/"
    with being(visitor, by) as page:
        visitor.go(f"{desk}market/")
        page.get_by_role("main").get_by_role("link", name="₦120,000.00").click()
        says(page, "What the applicant released")
        visitor.check()
        follow(page, "Make an offer")
        page.get_by_label("How much you lend").fill("120,000")
        page.get_by_label("Rate, percent a year").fill("24")
        page.get_by_label("Open for how many days").fill("30")
        press(page, "Work it out")
        says(page, "The borrower receives", "₦118,800.00")
        visitor.check()
        press(page, "Make this offer")
        says(page, "Your offer is made")
        visitor.check()


def accept_and_sign(visitor: Visitor, asked: Application, cheaper: str) -> Contract:
    page = visitor.page
    visitor.go(f"/borrow/applications/{asked.pk}/")
    says(page, "2 offers")
    follow(page, "Compare the offers")
    heading(page, "Your offers")
    visitor.check()
    page.get_by_role("link", name=f"Choose this one {cheaper}").click()
    heading(page, "Check and accept")
    visitor.check()
    press(page, "Accept ₦120,000.00")
    says(page, "You accepted the offer")
    follow(page, "To the agreement")
    heading(page, "Read it, then sign")
    press(page, "Sign the agreement")
    says(page, "Say that you have read the key facts.")
    visitor.check()
    page.locator("#searches").check()
    page.locator("#read").check()
    press(page, "Sign the agreement")
    says(page, "You signed.")
    visitor.check()
    with acting_as_service():
        return Contract.objects.get()


def countersign(visitor: Visitor, by: User, terms: ProductTerms, made: Contract) -> Loan:
    desk = f"/organizations/{terms.product.provider.organization.slug}/lending/"
    with being(visitor, by) as page:
        visitor.go(f"{desk}signing/")
        says(page, "Your turn")
        visitor.go(f"{desk}signing/{made.pk}/")
        says(page, "Paid as agreed")
        press(page, "Sign and lend ₦120,000.00")
        visitor.go(f"{desk}loans/")
        says(page, "₦120,000.00")
    with acting_as_service():
        return Loan.objects.select_related("user").get()


def nights(first: date, last: date) -> None:
    """Each day from `first` to `last` is closed for every loan."""
    while first <= last:
        assert close_whole_day(LOANS, day=first)
        first += DAY


def pay(visitor: Visitor, loan: Loan, amount: str, *, effect: str = "") -> LoanTransaction:
    """Pay an amount, and check that it went where it was shown to go."""
    page = visitor.page
    prove_factor(loan.user)
    visitor.go(f"/loans/{loan.pk}/")
    follow(page, "Pay")
    heading(page, "Pay on your loan")
    visitor.check()
    page.get_by_label("How much?").fill(amount)
    press(page, "See where it goes")
    heading(page, "Check and pay")
    visitor.check()
    if effect:
        page.locator(f"input[name=effect][value={effect}]").check()
    shown = page.get_by_role("main").inner_text()
    page.get_by_role("main").get_by_role("button", name="Pay ₦").click()
    heading(page, f"Loan {loan.number}")
    visitor.check()
    with acting_as_service():
        row = loan.transactions.filter(kind=Kind.REPAYMENT).order_by("-number")[0]
    for part in (row.interest, row.principal, row.penalties):
        assert not part or money(part, "NGN") in shown
    return row


def pay_off(visitor: Visitor, loan: Loan) -> None:
    page = visitor.page
    prove_factor(loan.user)
    visitor.go(f"/loans/{loan.pk}/")
    follow(page, "Pay it off")
    heading(page, "Pay it off")
    visitor.check()
    page.get_by_role("main").get_by_role("button", name="and be done").click()
    says(page, "Letter that it is paid off", "₦0.00")
    visitor.check()


@pytest.mark.parametrize("visitor", [Look(DESKTOP)], indirect=True, ids=str)
def test_a_borrower_goes_from_applying_to_the_last_kobo(
    visitor: Visitor, site: str, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.SESSION_COOKIE_AGE = 90 * 24 * 3600
    # The database's clock cannot be set, so what goes by it goes by the simulated one.
    for module in (agreeing, bidding_tasks, lending_market, lending_signing, offers):
        monkeypatch.setattr(module, "database_now", timezone.now)
    bola, chidi = make_person(name="Bola Ade"), make_person(name="Chidi Eze")
    with evening(BEGAN - 2 * DAY):
        ada = applicant(name="Ada Obi")
        for who, naira in ((ada, 100_000), (bola, 0), (chidi, 0)):
            make_wallet(who, amount=naira * NAIRA, tier=3)
        factors.enrol_totp(user=chidi)
        by_rule, by_hand = weekly(bola, "Harvest Credit"), weekly(chidi, "Rival Credit")
        rule(by_rule, rate=Decimal(30), valid_days=30)
    with evening(BEGAN, 10):
        log_in(visitor, ada.email)
        prove_factor(ada)
        asked = apply(visitor)
        bidding_tasks.offer_automatically()
        offer_by_hand(visitor, chidi, by_hand, asked)
        made = accept_and_sign(visitor, asked, "Rival Credit")
        loan = countersign(visitor, chidi, by_hand, made)
        visitor.go(f"/loans/{loan.pk}/")
        says(visitor.page, "₦120,000.00", f"{DUE[0]:%-d %b}")
        assert purse(ada).balance == (100_000 + 118_800) * NAIRA
    _weeks(visitor, loan)
    _agrees(visitor, loan)


def _weeks(visitor: Visitor, loan: Loan) -> None:
    """One instalment on its day, one late and charged for, one with something on top; then all of the rest."""
    page = visitor.page
    nights(BEGAN, DUE[0] - DAY)
    with acting_as_service():
        asked = [one.interest + one.principal for one in loan.schedules.get().instalments.order_by("number")]
    with evening(DUE[0]):
        first = pay(visitor, loan, str(Decimal(asked[0]) / 100))
        assert first.amount == asked[0] and first.interest and not first.penalties
    nights(DUE[0], LATE - DAY)
    charge = asked[1] * 2 // 100
    with evening(LATE):
        visitor.go(f"/loans/{loan.pk}/")
        says(page, "You are 4 days late", "Ask for help", money(charge, "NGN"))
        late = pay(visitor, loan, str(Decimal(asked[1] + charge) / 100))
        assert late.penalties == charge
        expect(page.get_by_role("main")).not_to_contain_text("You are 4 days late")
    nights(LATE, AHEAD - DAY)
    with evening(AHEAD):
        ahead = pay(visitor, loan, "60,000", effect="FEWER")
        assert ahead.ahead > 0
    nights(AHEAD, ENDS - DAY)
    with evening(ENDS):
        pay_off(visitor, loan)
        visitor.go(f"/loans/{loan.pk}/proof/")
        says(page, "Everything agrees")
        visitor.go("/borrow/mine/")


def _agrees(visitor: Visitor, loan: Loan) -> None:
    with acting_as_service():
        loan = Loan.objects.get()
        assert Application.objects.get().state == "CLOSED_MET" and loan.closed_on == ENDS
        kinds = list(loan.transactions.order_by("number").values_list("kind", flat=True))
    assert kinds == [
        *(Kind.DISBURSEMENT, Kind.REPAYMENT, Kind.PENALTY, Kind.REPAYMENT),
        *(Kind.REPAYMENT, Kind.PAY_OFF),
    ]
    assert wallet.verify() == []
    for command in ("verify_loans", "verify_ledger"):
        call_command(command, stdout=StringIO())


def purse(user: User) -> Account:
    with acting_as_service():
        return Account.objects.wallets().get(owner=user)
