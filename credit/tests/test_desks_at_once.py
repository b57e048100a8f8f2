"""Two workers, or two people, at one loan at the same moment: reminded once, paid or written off, claimed by one."""

from collections import Counter
from datetime import time

import pytest
from django.db import transaction

from accounts.models import Notification, User
from accounts.tests.approving import make_colleague
from accounts.tests.factories import make_person
from core.actors import acting_as_service
from core.ids import posting_id
from core.tests.at_once import at_once
from credit.models import Case, LoanTransaction, Payout, Reminder
from credit.services import late_loans, reminding
from credit.services.cases import WORK, ClaimedByAnother
from credit.services.holding import hold
from credit.services.reading import read_loan
from credit.services.repaying import repay
from credit.services.writing_off import WRITE_OFF_AFTER, write_off
from credit.states import State, StateRefused
from credit.tests.closing import closed
from credit.tests.hard import is_late_by, is_proven, money, state_of
from credit.tests.test_repaying import loan_of
from credit.tests.world import day, lender, lent, moment, product

pytestmark = pytest.mark.django_db(transaction=True)


def test_two_workers_who_remind_at_once_remind_each_borrower_once() -> None:
    terms, people = product(lender(make_person())), [make_person() for _ in range(6)]
    loans = [lent(person, terms, naira=20_000, at=moment(day(34))) for person in people]
    on = closed(loans[0], day(33)).next_due_on
    assert on is not None
    for loan in loans:
        closed(loan, on)
    at = moment(on, time(9))

    def work() -> int:
        """As the task does, until nobody is left; whoever comes second may find all of them taken."""
        return sum(iter(lambda: reminding.remind_some(at=at, size=2), 0))

    made = at_once(work, work, work)
    made.append(work())
    assert all(isinstance(one, int) for one in made)
    with acting_as_service():
        rows = Counter(Reminder.objects.values_list("loan_id", "due_date", "kind"))
        told = Counter(Notification.objects.filter(event="loan.due_today").values_list("user_id", flat=True))
    assert sum(one for one in made if isinstance(one, int)) == len(loans)
    assert rows == Counter((loan.pk, on, "TODAY") for loan in loans)
    assert told == Counter(person.pk for person in people)


def test_a_loan_is_paid_off_or_written_off_and_never_half_of_each() -> None:
    for _round in range(3):
        paid_or_written_off(make_person())


def paid_or_written_off(ada: User) -> None:
    loan, at = loan_of(ada), moment(day(0))
    is_late_by(loan, WRITE_OFF_AFTER)
    with acting_as_service():
        lenders = [share.provider for share in loan.contract.shares.select_related("provider")]
        left = read_loan(loan, on=day(0)).outstanding.total
    before = money(loan, *lenders)

    def pay() -> LoanTransaction:
        return repay(loan_id=loan.pk, user=ada, amount=left, posting_id=posting_id(), at=at)

    def give_up() -> LoanTransaction:
        with acting_as_service(), transaction.atomic():
            return write_off(hold(loan.pk, user_id=None, at=at), reason="Nobody is to be found")

    found = at_once(pay, give_up)
    assert sorted(type(one).__name__ for one in found) == ["LoanTransaction", "StateRefused"]
    [row] = [one for one in found if isinstance(one, LoanTransaction)]
    is_paid = row.kind == LoanTransaction.Kind.REPAYMENT
    assert state_of(loan) == (State.CLOSED_MET if is_paid else State.WRITTEN_OFF)
    moved = left if is_paid else 0
    assert money(loan, *lenders) == [before[0] - moved, before[1], before[2] + moved]
    with acting_as_service():
        rows = LoanTransaction.objects.filter(loan=loan).order_by("number")
        assert list(rows.values_list("kind", flat=True)) == ["DISBURSEMENT", row.kind]
        assert Payout.objects.filter(transaction=row).exists() == is_paid
    is_proven(loan)
    for deed in (pay, give_up):
        with pytest.raises(StateRefused):
            deed()


def test_a_late_loan_is_claimed_by_one_of_two() -> None:
    loan = lent(make_person(), product(lender(make_person())), at=moment(day(45)))
    closed(loan, day(0))
    kemi, bayo = make_colleague(WORK), make_colleague(WORK)
    at = moment(day(0), time(9))
    found = at_once(*(lambda by=by: late_loans.claim(loan_id=loan.pk, by=by, at=at) for by in (kemi, bayo)))
    assert sorted(type(one) for one in found if not isinstance(one, Case)) == [ClaimedByAnother]
    with acting_as_service():
        assert Case.objects.filter(application=loan.pk).count() == 1
