"""Help with a loan and the proof of it, on their pages: asked, answered, paid after it was given up, compared."""

import pytest
from django.utils import timezone

from accounts.models import User
from accounts.tests.approving import make_colleague
from accounts.tests.factories import make_person
from core.actors import acting_as_service
from credit.models import HardshipRequest, Loan
from credit.services import hardship
from credit.services.approved import losses, measures
from credit.tests.hard import done, is_late_by, is_proven, pay, proposer, state_of
from credit.tests.world import day, lender, lent, moment, product
from wallet.tests.approving import browser_of
from wallet.tests.pages import text

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada() -> User:
    return make_person()


@pytest.fixture
def loan(ada: User) -> Loan:
    return lent(ada, product(lender(make_person())), at=moment(day(45)), wallet_naira=100_000)


def asked(loan: Loan) -> HardshipRequest:
    with acting_as_service():
        return HardshipRequest.objects.select_related("loan").get(loan=loan)


def test_help_is_asked_for_once_answered_by_staff_and_read(ada: User, loan: Loan) -> None:
    client = browser_of(ada)
    address = f"/loans/{loan.pk}/help/"
    page = text(client.get(address))
    # What helps stands before what being late costs.
    assert page.index("Ask for help") < page.index("If you pay late all the same")
    form = {"do": "ask", "wish": "LONGER", "can_pay": "5,000", "text": "I lost my job"}
    assert client.post(address, {**form, "text": ""}).status_code == 422
    assert client.post(address, form).status_code == 302
    assert asked(loan).can_pay == 500_000
    with pytest.raises(hardship.AskedAlready):
        hardship.ask(loan_id=loan.pk, user=ada, wish="PAUSE", text="again", can_pay=None, at=timezone.now())
    with pytest.raises(hardship.LoanNotFound):
        hardship.ask(
            loan_id=loan.pk, user=make_person(), wish="PAUSE", text="mine?", can_pay=None, at=timezone.now()
        )
    hardship.answer(
        request_id=asked(loan).pk, granted=True, words="Twenty-four smaller ones", at=timezone.now()
    )
    assert "Twenty-four smaller ones" in text(client.get(address))
    with pytest.raises(hardship.RequestNotFound):
        hardship.withdraw(request_id=asked(loan).pk, user=ada, at=timezone.now())


def test_what_was_given_up_is_paid_on_the_help_page(ada: User, loan: Loan) -> None:
    is_late_by(loan, 200)
    done(losses.WRITE_OFF, loan)
    browser = browser_of(ada)
    page = browser.get(f"/loans/{loan.pk}/help/")
    assert "What is still owed" in text(page)
    key = page.context["pay"].initial["form_key"]
    form = {"do": "pay", "amount": "2,500", "form_key": key}
    for _twice in range(2):
        assert browser.post(f"/loans/{loan.pk}/help/", form).status_code == 302
    assert state_of(loan) == "WRITTEN_OFF"
    with acting_as_service():
        assert loan.position.recovered == 250_000
    assert browser.post(f"/loans/{loan.pk}/help/", {**form, "amount": "900,000"}).status_code == 422
    is_proven(loan)


def test_the_proof_shows_each_figure_and_names_what_was_changed(ada: User, loan: Loan) -> None:
    pay(loan, 9_400, day(10))
    done(measures.RE_AGE, loan, count=20, first_due=None)
    client = browser_of(ada)
    address = f"/loans/{loan.pk}/proof/"
    page = text(client.get(address))
    assert "Everything agrees" in page and "Period 1" in page and "rounded to a kobo" in page
    with acting_as_service():
        position = loan.position
        position.principal += 1
        position.save(update_fields=["principal"])
    page = text(client.get(address))
    assert "Something does not agree" in page and "position.principal" in page
    assert browser_of(make_person()).get(address).status_code == 404


def test_staff_answer_and_propose_from_the_request(loan: Loan, ada: User) -> None:
    hardship.ask(loan_id=loan.pk, user=ada, wish="PAUSE", text="I am ill", can_pay=None, at=timezone.now())
    staff = browser_of(
        make_colleague("credit.propose_loan_change", "credit.view_hardshiprequest", "accounts.view_approval")
    )
    page = f"/staff/credit/hardshiprequest/{asked(loan).pk}/"
    seen = staff.get(f"{page}change/")
    assert "I am ill" in text(seen) and measures.PAUSE in seen.content.decode()
    assert staff.post(f"{page}answer/", {"granted": "yes", "answer": "You have it"}).status_code == 302
    assert asked(loan).state == HardshipRequest.State.GRANTED
    assert browser_of(proposer()).get(f"{page}change/").status_code == 403
