"""What staff and a borrower do to one loan at the same moment: one after the other, and nothing of both."""

import pytest

from accounts.models import User
from accounts.services.approvals import ApprovalDecided, ApprovalStale
from accounts.tests.factories import make_person
from core.actors import acting_as_service
from core.errors import DomainError
from core.ids import posting_id
from core.tests.at_once import at_once
from credit.models import Loan
from credit.services.approved import losses, taken_back
from credit.services.approved.deeds import LoanChanged
from credit.services.folding import Kind
from credit.services.recovering import MoreThanOwed, recover
from credit.states import State, StateRefused
from credit.tests.hard import approver, is_late_by, is_proven, money, pay, proposed, state_of
from credit.tests.world import day, lender, lent, moment, product, transactions_of
from wallet.tests.approving import approve

pytestmark = pytest.mark.django_db(transaction=True)


def owner(loan: Loan) -> User:
    with acting_as_service():
        return User.objects.get(pk=loan.user_id)


def test_a_payment_and_a_write_off_at_once_come_one_after_the_other() -> None:
    loan = lent(make_person(), product(lender(make_person())), at=moment(day(45)), wallet_naira=200_000)
    is_late_by(loan, 200)
    approval, second = proposed(losses.WRITE_OFF, loan), approver()
    done = at_once(lambda: pay(loan, 1_000, day(0)), lambda: approve(approval, by=second))
    refused = [one for one in done if isinstance(one, DomainError)]
    kinds = [row.kind for row in transactions_of(loan)]
    assert len(refused) == 1
    if state_of(loan) == State.WRITTEN_OFF:
        assert isinstance(refused[0], StateRefused) and Kind.REPAYMENT not in kinds
    else:
        assert isinstance(refused[0], ApprovalStale | LoanChanged) and Kind.WRITE_OFF not in kinds
    is_proven(loan)


def test_what_is_taken_back_twice_at_once_goes_back_once_and_nobody_recovers_more_than_is_owed() -> None:
    provider = lender(make_person())
    loan = lent(make_person(), product(provider), at=moment(day(45)), wallet_naira=200_000)
    paid = pay(loan, 30_000, day(10))
    held = money(loan, provider)
    approval, people = (
        proposed(taken_back.TAKE_BACK, loan, transaction=str(paid.pk)),
        [approver(), approver()],
    )
    done = at_once(*[lambda one=one: approve(approval, by=one) for one in people])  # type: ignore[misc]
    assert sum(isinstance(one, ApprovalDecided) for one in done) == 1
    assert money(loan, provider) == [held[0] + paid.amount, held[1], held[2] - paid.amount]
    is_late_by(loan, 200)
    approve(proposed(losses.WRITE_OFF, loan), by=people[0])
    owed, user = transactions_of(loan)[-1].amount, owner(loan)
    facts = {"loan_id": loan.pk, "user": user, "amount": owed // 2 + 1, "at": moment(day(0))}
    done = at_once(*[lambda: recover(**facts, posting_id=posting_id())] * 2)  # type: ignore[arg-type]
    assert sum(isinstance(one, MoreThanOwed) for one in done) == 1
    is_proven(loan)
