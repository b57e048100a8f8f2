"""A running loan as its borrower sees and pays it, in the pages: without JavaScript, each form once."""

import re
from datetime import timedelta

import pytest
from django.test import Client

from accounts import factors
from accounts.models import User
from accounts.tests.approving import make_colleague
from accounts.tests.factories import make_person, prove_factor
from accounts.tests.staff import at_work
from core.actors import acting_as_service
from core.staff import page_of
from credit.loan_chart import chart_of
from credit.models import DelinquencyPause, Loan, LoanTransaction, Position
from credit.services import loan_papers
from credit.services.reading import read_loan
from credit.tests.api import get
from credit.tests.closing import closed
from credit.tests.servicing import paid, state_of
from credit.tests.test_repaying import loan_of
from credit.tests.world import day, lender, lent, moment, product
from wallet.models import Document, Entry
from wallet.services import counterparties, explaining
from wallet.tests.api import client_of
from wallet.tests.pages import browser_of, hidden, text

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def loan(ada: User) -> Loan:
    return loan_of(ada)


@pytest.fixture
def browser(ada: User, loan: Loan) -> Client:
    browser = browser_of(ada)
    prove_factor(ada)
    return browser


def test_a_loan_is_read_and_is_nobody_elses(browser: Client, loan: Loan) -> None:
    page = text(browser.get(f"/loans/{loan.pk}/"))
    assert loan.number in page and "days late" in page and "Harvest Credit" in page
    assert "Version 1" in text(browser.get(f"/loans/{loan.pk}/schedule/"))
    assert "Owed before" in text(browser.get(f"/loans/{loan.pk}/schedule/?version=1"))
    assert text(browser.get(f"/loans/{loan.pk}/schedule/?version=x"))
    stranger = browser_of(make_person())
    for place in ("", "schedule/", "pay/", "payoff/", "statement/", "letter/"):
        assert stranger.get(f"/loans/{loan.pk}/{place}").status_code == 404
    assert stranger.post(f"/loans/{loan.pk}/refund/").status_code == 404


def test_the_proof_says_why_an_instalment_paid_on_its_eve_asked_for_less(ada: User) -> None:
    loan = lent(ada, product(lender(make_person())), naira=100_000, at=moment(day(50)))
    position = closed(loan, day(49))
    due, asked = position.next_due_on, position.next_due_amount
    assert due is not None
    closed(loan, due - 2 * DAY)
    paid(ada, loan, asked, at=moment(due - DAY))
    position = closed(loan, due)
    assert (position.due, position.due_since) == (0, None)
    assert position.next_due_on is not None and position.next_due_on > due
    page = text(browser_of(ada).get(f"/loans/{loan.pk}/proof/"))
    assert "Everything agrees" in page and "Asked for with this instalment" in page
    assert "Asked for with this instalment" not in text(
        browser_of(ada).get(f"/loans/{loan_of(ada).pk}/proof/")
    )


def test_the_borrower_and_staff_count_the_same_days_late(ada: User) -> None:
    late = lent(ada, product(lender(make_person())), naira=100_000, at=moment(day(50)))
    due = closed(late, day(49)).next_due_on
    assert due is not None
    with acting_as_service():
        DelinquencyPause.objects.create(loan=late, since=due + 3 * DAY, until=due + 6 * DAY, reason="ill")
    for days in range(9):
        on = due + days * DAY
        position = closed(late, on)
        with acting_as_service():
            reading = read_loan(late, on=on)
        assert (reading.days_late, reading.is_late) == (position.overdue_days, days > 0)
    days = closed(late, day(0)).overdue_days
    officer = make_colleague("credit.view_position")
    factors.enrol_totp(user=officer)
    assert f"Days, without pauses {days} " in text(at_work(officer).get(page_of(Position, late.pk)))
    for place in ("", "schedule/", "help/"):
        assert f"{days} days" in text(browser_of(ada).get(f"/loans/{late.pk}/{place}"))
    api = client_of(ada)
    [shown] = get(api, "loans")["data"]
    rows = get(api, f"loans/{shown['id']}/schedule")["instalments"]
    assert shown["days_late"] == rows[0]["days_late"] == days


def test_the_chart_shows_what_is_paid_of_an_instalment_that_is_not_paid_whole(ada: User) -> None:
    loan = loan_of(ada, back=45)
    with acting_as_service():
        first = read_loan(loan, on=day(0)).rows[0]
    paid(ada, loan, first.interest + first.principal // 2, at=moment(day(0)))
    with acting_as_service():
        drawn = chart_of(read_loan(loan, on=day(0)).rows)
    part, rest = drawn.bars[0], drawn.bars[1:]
    assert drawn.has_paid and not part.is_paid
    assert abs(part.paid_height - part.principal_height / 2) < 0.2
    assert part.paid_y + part.paid_height == pytest.approx(drawn.base, abs=0.2)
    assert not any(bar.paid_height for bar in rest)
    assert text(browser_of(ada).get(f"/loans/{loan.pk}/")).count("Paid") >= 1


def test_staff_see_what_happened_to_a_loan(loan: Loan) -> None:
    officer = make_colleague("credit.view_loan")
    factors.enrol_totp(user=officer)
    staff = at_work(officer)
    page = text(staff.get(page_of(Loan, loan.pk)))
    assert loan.number in page and "What each lender got back" in page
    assert loan.number in text(staff.get(f"/staff/credit/loan/?q={loan.number.lower()}"))


def test_a_payment_is_shown_then_made_once_and_explained(browser: Client, ada: User, loan: Loan) -> None:
    page = browser.get(f"/loans/{loan.pk}/pay/?amount=30000")
    assert "What is due now" in text(page)
    sent = {"form_key": hidden(page, "form_key"), "amount": "30,000"}
    review = browser.post(f"/loans/{loan.pk}/pay/", sent)
    assert "Where your payment goes" in text(review) and "Fewer instalments" in text(review)
    sent |= {"shown": hidden(review, "shown"), "effect": "FEWER", "sure": "1"}
    assert browser.post(f"/loans/{loan.pk}/pay/", {**sent, "shown": "1.2.0.0.0.0"}).status_code == 409
    for _click in range(2):
        assert browser.post(f"/loans/{loan.pk}/pay/", sent).url == f"/loans/{loan.pk}/"
    with acting_as_service():
        row = LoanTransaction.objects.get(loan=loan, kind="REPAYMENT")
        assert (row.amount, row.data["effect"]) == (3_000_000, "FEWER")
        entry = Entry.objects.filter(account__owner=ada, kind="LOAN_PRINCIPAL").get()
        found = explaining.causes_of(entry=entry, for_staff=False)
        assert (loan.number, f"/loans/{loan.pk}/") in [(one.text, one.href) for one in found]
        names = counterparties.purposes_of(account_ids=[entry.counterparty_id])
        assert list(names.values()) == ["Harvest Credit"]
    assert browser.post(f"/loans/{loan.pk}/pay/", {**sent, "amount": ""}).status_code == 422
    page = browser.get(f"/loans/{loan.pk}/pay/")
    sent = {"form_key": hidden(page, "form_key"), "amount": "5,000,000"}
    review = browser.post(f"/loans/{loan.pk}/pay/", sent)
    sent |= {"shown": hidden(review, "shown"), "sure": "1"}
    short = browser.post(f"/loans/{loan.pk}/pay/", sent)
    assert short.status_code == 422 and "Add money, or pay less" in text(short)


def test_a_loan_is_paid_off_as_quoted_and_its_papers_say_so(browser: Client, ada: User, loan: Loan) -> None:
    assert browser.get(f"/loans/{loan.pk}/letter/").url == f"/loans/{loan.pk}/"
    page = browser.get(f"/loans/{loan.pk}/payoff/")
    sent = {"quote": hidden(page, "quote")}
    assert browser.post(f"/loans/{loan.pk}/payoff/", {"quote": "x"}).status_code == 404
    for _click in range(2):
        assert browser.post(f"/loans/{loan.pk}/payoff/", sent).url == f"/loans/{loan.pk}/"
    assert state_of(loan) == "CLOSED_MET"
    assert "Letter that it is paid off" in text(browser.get(f"/loans/{loan.pk}/"))
    assert browser.get(f"/loans/{loan.pk}/payoff/").status_code == 302
    for place, kind in (("letter", "DISCHARGE_LETTER"), ("statement", "LOAN_STATEMENT")):
        drawn = browser.get(f"/loans/{loan.pk}/{place}/")
        assert drawn.content.startswith(b"%PDF") and loan.number in drawn["Content-Disposition"]
        assert browser.get(f"/loans/{loan.pk}/{place}/").content == drawn.content
        with acting_as_service():
            document = Document.objects.get(kind=kind)
            assert re.fullmatch("[0-9a-f]{64}", document.sha256)
    with acting_as_service():
        lines = loan_papers.lines_of(Loan.objects.get(pk=loan.pk), until=day(0))
        assert [line[1] for line in lines] == ["DISBURSEMENT", "PAY_OFF"]
        assert lines[-1][-1] == 0 == read_loan(loan, on=day(0)).outstanding.total
        paid = LoanTransaction.objects.get(loan=loan, kind="PAY_OFF")
        assert lines[-1][2:6] == [paid.amount, paid.interest, paid.fees + paid.penalties, paid.principal]
