"""Staff at work on loans: closes and their progress, parked loans, applications, the collections queue."""

from datetime import time, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import AuditEvent, User
from accounts.tests.approving import make_colleague
from accounts.tests.factories import make_person
from core.actors import acting_as_service
from core.staff import list_of, page_of
from credit import closing_tasks
from credit.models import (
    Application,
    Case,
    Collection,
    DelinquencyPause,
    Loan,
    LoanRoll,
    LoanRollChunk,
    LoanStanding,
    Position,
    Reminder,
)
from credit.services import cases, late_loans
from credit.services.cases import WORK, ClaimedByAnother, NotClaimed, NotForYou
from credit.services.late_loans import NoHourForIt, NotContactedNow
from credit.services.reminding import may_contact
from credit.tests.closing import closed
from credit.tests.world import agree, application, bid, day, lender, lent, moment, product
from wallet.tests.approving import browser_of
from wallet.tests.test_admin import only_reads

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
WHY = "Mended its standing, ticket 4711"
SEES = tuple(f"credit.view_{name}" for name in ("loan", "loanroll", "application", "position", "case"))


def desk(*rights: str) -> Client:
    return browser_of(make_colleague(*SEES, *rights))


def text_of(answer: Any) -> str:
    assert answer.status_code == 200, answer.status_code
    return str(answer.content.decode())


def late_loan(user: User | None = None, *, until: int = 0) -> Loan:
    """One instalment late since about two weeks."""
    loan = lent(user or make_person(), product(lender(make_person())), at=moment(day(45)))
    closed(loan, day(until))
    return loan


def test_closes_show_their_progress_and_a_parked_loan_is_closed_again_once_it_is_mended() -> None:
    loan = lent(make_person(), product(lender(make_person())), at=moment(day(36)))
    due = closed(loan, day(35)).next_due_on
    assert due is not None
    with acting_as_service():
        record = LoanStanding.objects.get(pk=loan.pk)
        LoanStanding.objects.filter(pk=loan.pk).update(data={**record.data, "rate": "none"})
    closing_tasks.roll_loans()
    staff, clerk = desk(), desk("credit.retry_parked_loan")
    assert "1 / 1" in text_of(staff.get(list_of(LoanRoll)))
    page = text_of(staff.get(page_of(LoanRoll, due - DAY)))
    assert "Closed for all loans" in page and list_of(Loan, position__parked_at__isnull="False") in page
    parked = list_of(Loan, position__parked_at__isnull="False")
    assert loan.number in text_of(staff.get(parked))
    assert "In the way" in text_of(staff.get(list_of(Loan, age="day")))
    again = reverse("admin:credit_loan_close-again", args=[loan.pk])
    assert again not in text_of(staff.get(page_of(Loan, loan.pk)))
    assert staff.post(again, {"reason": WHY}).status_code == 403
    assert again in text_of(clerk.get(page_of(Loan, loan.pk)))
    assert clerk.post(again, {"reason": "short"}).status_code == 422
    answer = clerk.post(again, {"reason": WHY}, follow=True)
    assert "It is parked again." in text_of(answer)
    with acting_as_service():
        LoanStanding.objects.filter(pk=loan.pk).update(data=record.data)
    assert "closed up to yesterday" in text_of(clerk.post(again, {"reason": WHY}, follow=True))
    with acting_as_service():
        assert Position.objects.get(pk=loan.pk).next_day == day(0)
        noted = AuditEvent.objects.filter(action="credit.loan.closed_again").order_by("-pk")[0]
        assert noted.data["reason"] == WHY and noted.data["error"]
    assert loan.number not in text_of(staff.get(parked))
    assert clerk.post(again, {"reason": WHY}).status_code == 422
    with acting_as_service():
        running = LoanRoll.objects.create(day=day(60), loans=9, started_at=timezone.now() - DAY)
        chunk = {"first": loan.pk, "next": loan.pk, "closed": 3}
        LoanRollChunk.objects.create(roll=running, number=1, done_at=timezone.now(), **chunk)
        LoanRollChunk.objects.create(roll=running, number=2, **{**chunk, "closed": 0})
    page = text_of(staff.get(page_of(LoanRoll, running.pk) + "?watch=1"))
    assert 'http-equiv="refresh"' in page and "Late: it ought" in page and 'value="50"' in page
    assert str(day(60)) in text_of(staff.get(list_of(LoanRoll, standing="late")))


def test_an_application_shows_what_became_of_it_and_nothing_that_is_secret() -> None:
    ada, staff = make_person(), desk()
    asked = application(ada, naira=250_000, purpose_text="For a new oven")
    agree(asked, "SOFT_SEARCH")
    offered = bid(asked, product(lender(make_person(), name="Sealed Bank")))
    with acting_as_service():
        case = cases.open_case(asked, Case.Kind.REVIEW, at=timezone.now(), text="Please look again")
    page = text_of(staff.get(page_of(Application, asked.pk)))
    assert "Sealed Bank" in page and page.count("<td>Sealed</td>") == 3
    assert "24%" not in page and page_of(Case, case.pk) in page
    assert "A soft search at the credit bureaux" in page
    for secret in ("For a new oven", "₦400,000.00", "Please look again", ada.email, offered.sha256):
        assert secret not in page
    with acting_as_service():
        Application.objects.filter(pk=asked.pk).update(state="EXPIRED")
    page = text_of(staff.get(page_of(Application, asked.pk)))
    assert "24%" in page and "<td>Sealed</td>" not in page
    loan = lent(ada, product(lender(make_person())))
    page = text_of(staff.get(page_of(Application, loan.pk)))
    assert page_of(Loan, loan.pk) in page
    for term, found in (
        (str(asked.pk), [asked.pk]),
        (loan.number.lower(), [loan.pk]),
        (str(ada.pk), [loan.pk, asked.pk]),
        (ada.email, [loan.pk, asked.pk]),
        ("' or true --", []),
    ):
        rows = staff.get(list_of(Application, q=term)).context["cl"].result_list
        assert [row.pk for row in rows] == found
    assert [
        row.pk for row in staff.get(list_of(Application, state__exact="EXPIRED")).context["cl"].result_list
    ] == [asked.pk]
    for query in ("?purpose_text__startswith=F", "?income__gte=1"):
        assert staff.get(list_of(Application) + query).status_code in (302, 400)
    assert staff.post(page_of(Application, asked.pk), {"state": "ACTIVE"}).status_code == 403
    assert browser_of(make_colleague("credit.view_loan")).get(list_of(Application)).status_code == 403


def test_late_loans_are_listed_the_longest_first_with_what_staff_must_know() -> None:
    staff, ada = desk(WORK), make_person()
    loan, younger = late_loan(ada), late_loan()
    lent(make_person(), product(lender(make_person())), at=moment(day(3)))
    with acting_as_service():
        Position.objects.filter(pk=younger.pk).update(due_since=day(2), bucket="DAYS_31_60")
        position = Position.objects.get(pk=loan.pk)
        assert position.due_since is not None
        DelinquencyPause.objects.create(loan=younger, since=day(1), until=day(-5), reason="In hospital")
        Reminder.objects.create(loan=loan, due_date=position.due_since, kind="LATE")
        tried = Collection.objects.create(
            loan=loan, due_date=position.due_since, next_try_at=moment(day(-1)), code="wallet_too_little"
        )
    rows = list(staff.get(list_of(Position)).context["cl"].result_list)
    assert [row.pk for row in rows] == [loan.pk, younger.pk]
    assert rows[0].tried_next_at == tried.next_try_at and rows[0].contacted_at is not None
    assert (rows[0].paused, rows[1].paused, rows[1].contacted_at) == (None, day(-5), None)
    for query, found in (
        ({"bucket": "DAYS_31_60"}, [younger.pk]),
        ({"pause": "no"}, [loan.pk]),
        ({"held": "mine"}, []),
        ({"q": loan.number}, [loan.pk]),
        ({"q": ada.email}, [loan.pk]),
        ({"before": f"{position.due_since}~{loan.pk}"}, [younger.pk]),
        ({"after": f"{day(2)}~{younger.pk}"}, [loan.pk]),
    ):
        rows = staff.get(list_of(Position, **query)).context["cl"].result_list
        assert [row.pk for row in rows] == found, query
    page = text_of(staff.get(page_of(Position, loan.pk)))
    assert "wallet_too_little" in page and ada.email not in page
    assert "In hospital" in text_of(staff.get(page_of(Position, younger.pk)))
    with CaptureQueriesContext(connection) as few:
        staff.get(list_of(Position))
    for _ in range(5):
        late_loan()
    with CaptureQueriesContext(connection) as many:
        staff.get(list_of(Position))
    assert len(only_reads(many)) == len(only_reads(few))


def test_a_late_loan_is_claimed_by_one_in_the_hours_for_it_and_what_was_said_is_kept() -> None:
    kemi, bayo, ada = make_colleague(*SEES, WORK), make_colleague(*SEES, WORK), make_person()
    loan, morning = late_loan(ada), moment(day(0), time(8))
    facts = {"loan_id": loan.pk}
    for clock in (time(7, 59), time(21)):
        with pytest.raises(NoHourForIt):
            late_loans.claim(**facts, by=kemi, at=moment(day(0), clock))
    case = late_loans.claim(**facts, by=kemi, at=moment(day(0), time(20, 59)))
    assert late_loans.claim(**facts, by=kemi, at=moment(day(0), time(20, 59))) == case
    with pytest.raises(ClaimedByAnother):
        late_loans.claim(**facts, by=bayo, at=moment(day(0), time(20, 59)))
    with pytest.raises(NotForYou):
        late_loans.claim(**facts, by=make_colleague(*SEES), at=morning)
    with pytest.raises(NotClaimed):
        late_loans.finish(**facts, by=bayo, text="Pays on Friday", at=moment(day(0), time(20, 59)))
    late_loans.finish(**facts, by=kemi, text="Pays on Friday", at=moment(day(0), time(20, 59, 30)))
    # The next one opens a case of its own; a lease that ran out is nobody's.
    again = late_loans.claim(**facts, by=bayo, at=morning)
    assert again != case
    assert late_loans.claim(**facts, by=kemi, at=morning + cases.LEASE) == again
    with acting_as_service():
        DelinquencyPause.objects.create(loan=loan, since=day(0), until=day(-3), reason="Ill")
    with pytest.raises(NotContactedNow):
        late_loans.claim(**facts, by=kemi, at=morning + cases.LEASE)
    with acting_as_service():
        found = late_loans.late_loans(on=day(0)).get()
        assert (found.contacted_at, found.holder) == (moment(day(0), time(20, 59, 30)), kemi.pk)
        # Not one of those that are decided on the case screen.
        assert not cases.waiting().exists()


def test_the_page_of_a_late_loan_claims_and_keeps_by_plain_forms() -> None:
    kemi = make_colleague(*SEES, WORK)
    staff, loan = browser_of(kemi), late_loan()
    claim, finish = (reverse(f"admin:credit_position_{name}", args=[loan.pk]) for name in ("claim", "finish"))
    may = may_contact(timezone.now())
    page = text_of(staff.get(page_of(Position, loan.pk)))
    assert (claim in page) == may
    assert ("nobody is contacted now" in page) != may
    answer = text_of(staff.post(claim, follow=True))
    assert ("It is yours" in answer, "are not contacted about a debt now" in answer) == (may, not may)
    if not may:
        with acting_as_service():
            Case.objects.create(
                application_id=loan.pk,
                kind=Case.Kind.COLLECTIONS,
                due_at=timezone.now(),
                claimed_by=kemi,
                leased_until=timezone.now() + cases.LEASE,
            )
    assert finish in text_of(staff.get(page_of(Position, loan.pk)))
    assert "Say in a few words" in text_of(staff.post(finish, {"text": "x"}, follow=True))
    assert "Pays on Friday" in text_of(staff.post(finish, {"text": "Pays on Friday"}, follow=True))
    assert "do not hold this case" in text_of(staff.post(finish, {"text": "Pays on Friday"}, follow=True))
    assert desk().post(claim).status_code == 403
    assert staff.get(claim).status_code == 403
