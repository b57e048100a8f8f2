"""What staff read instead of ids and codes, on the pages of credit: never whose it is, unless it is masked."""

import re

import pytest
from django.utils import timezone

from accounts.models import User
from accounts.tests.approving import make_colleague
from accounts.tests.factories import make_person
from core.actors import acting_as_service
from core.staff import list_of, page_of
from credit.models import (
    AdverseAction,
    Application,
    BureauReport,
    Contract,
    CreditScore,
    Disbursement,
    Loan,
    StatusChange,
)
from credit.services.scoring import decide_application
from credit.states import Actor, Event
from credit.tests.agreed import accepted, signed
from credit.tests.scored import BAD, applicant, searched, submitted
from credit.tests.servicing import paid
from credit.tests.test_repaying import loan_of
from credit.tests.world import day, moment
from credit.titles import loan_number, titled
from wallet.tests.approving import browser_of

pytestmark = pytest.mark.django_db
SEES = tuple(
    f"credit.view_{name}"
    for name in (
        *("application", "contract", "disbursement", "loan"),
        *("creditscore", "adverseaction", "bureaureport"),
    )
)
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-")


def pages(row: object) -> tuple[str, str, str]:
    """The title of a row's page, all of that page, and its list, as somebody with the right to look reads them."""
    staff = browser_of(make_colleague(*SEES))
    model = type(row)
    page, rows = staff.get(page_of(model, row.pk)), staff.get(list_of(model))  # type: ignore[attr-defined,arg-type]
    assert (page.status_code, rows.status_code) == (200, 200)
    shown = page.content.decode()
    title = re.search(r"<h1>.*?</span>(.*?)</h1>", shown, re.DOTALL)
    assert title is not None
    return title[1].strip(), shown, rows.content.decode()


def words_of(page: str) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", page).split())


def test_an_application_and_its_contract_are_called_by_amount_number_and_day(ada: User) -> None:
    now = timezone.now()
    made = signed(accepted(ada, [make_person()], at=now), at=now)
    with acting_as_service():
        asked = Application.objects.get(pk=made.application_id)
        payout = Disbursement.objects.select_related("share__provider").get(share__contract=made)
    title, page, rows = pages(asked)
    assert title.startswith("₦") and not UUID.search(title)
    assert title in rows and not UUID.search(words_of(rows))
    assert ada.email not in page and ada.staff_name in page
    number = loan_number(asked.pk)
    title, page, rows = pages(made)
    assert title == titled(number, at=made.accepted_at) and title in rows
    assert not UUID.search(words_of(rows)) and ada.email not in page
    signatures = words_of(page[page.index("Signatures") :])
    assert ada.staff_name in signatures and payout.share.provider.display_name in signatures
    assert not UUID.search(signatures)
    title, page, rows = pages(payout)
    assert title.startswith(number) and title in rows and payout.share.provider.display_name in rows


def test_what_a_decision_came_of_is_called_by_its_outcome_and_day() -> None:
    made = submitted(applicant())
    bad, _good = searched(made, BAD)
    decide_application(application_id=made.pk, at=timezone.now())
    with acting_as_service():
        score = CreditScore.objects.get(application=made)
        told = AdverseAction.objects.get(application=made)
    for row, said in ((score, f"{score.score} · Below"), (told, "Declined"), (bad, "Meridian Credit Bureau")):
        title, page, rows = pages(row)
        assert title.startswith(said) and title in rows
        assert not UUID.search(words_of(rows)) and not re.search(r"\b(Pd|Sha256|Cut off)\b", page)
    assert "<li>Standing at the credit bureaux" in pages(told)[1]
    assert isinstance(bad, BureauReport)


def test_what_happened_stands_in_words(ada: User) -> None:
    loan: Loan = loan_of(ada)
    paid(ada, loan, 10_000_00, at=moment(day(0)))
    with acting_as_service():
        asked = Application.objects.get(pk=loan.pk)
        steps = list(StatusChange.objects.filter(application=asked).values_list("event", "who"))
    page = pages(asked)[1]
    history = words_of(page[page.index("History") : page.index("Consents")])
    for event, who in steps:
        assert str(Event(event).label) in history and str(Actor(who).label) in history
    assert not re.search(r"\b(repay|fall_behind|disburse|provider|borrower|system)\b", history)
    assert all(str(each.label) and each.label != each.value for each in Event)


def test_a_contract_is_found_by_its_loans_number(ada: User) -> None:
    loan = loan_of(ada)
    staff = browser_of(make_colleague(*SEES))
    with acting_as_service():
        title = Contract.objects.get(pk=loan.contract_id).staff_name
    assert title in staff.get(list_of(Contract, q=loan.number.lower())).content.decode()
    assert title not in staff.get(list_of(Contract, q="L-00000-00000")).content.decode()
