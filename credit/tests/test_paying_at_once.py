"""What people and tasks do to one loan at the same moment."""

import pytest

from accounts.models import User
from accounts.tests.factories import make_person
from core.actors import acting_as_service
from core.errors import DomainError
from core.ids import posting_id
from core.tests.at_once import at_once
from credit.models import LoanTransaction
from credit.services.paying_off import QuoteOvertaken, pay_off, quote_payoff
from credit.services.reading import read_loan
from credit.services.refunding import refund
from credit.states import StateRefused
from credit.tests.servicing import paid, state_of
from credit.tests.test_repaying import agrees, loan_of
from credit.tests.world import NAIRA, day, moment

pytestmark = pytest.mark.django_db(transaction=True)


def test_payments_at_once_are_each_taken_once_and_a_loan_is_paid_off_once() -> None:
    ada: User = make_person()
    loan, at, key = loan_of(ada), moment(day(0)), posting_id()
    # Two payments, one of them sent three times.
    found = at_once(
        *[lambda: paid(ada, loan, 5_000 * NAIRA, at=at, posting_id=key)] * 3,
        lambda: paid(ada, loan, 7_000 * NAIRA, at=at),
    )
    assert all(isinstance(one, LoanTransaction) for one in found)
    assert len({one.pk for one in found if isinstance(one, LoanTransaction)}) == 2
    with acting_as_service():
        assert read_loan(loan, on=day(0)).paid == 12_000 * NAIRA
    # A quote twice, and a payment that overtakes it or comes too late.
    quoted = quote_payoff(loan_id=loan.pk, user=ada, at=at)
    found = at_once(
        lambda: pay_off(quote_id=quoted.pk, user=ada, at=at),
        lambda: pay_off(quote_id=quoted.pk, user=ada, at=at),
        lambda: paid(ada, loan, 1_000 * NAIRA, at=at),
    )
    refused = [type(one) for one in found if isinstance(one, DomainError)]
    assert refused in ([StateRefused], [QuoteOvertaken, QuoteOvertaken])
    with acting_as_service():
        left = read_loan(loan, on=day(0)).outstanding.total
    assert (left == 0) == (refused == [StateRefused])
    # All that is left, twice at once: one of them finds the loan at its end.
    if left:
        found = at_once(*[lambda: paid(ada, loan, left + 100, at=at)] * 2)
        assert sorted(type(one).__name__ for one in found) == ["LoanTransaction", "StateRefused"]
        assert state_of(loan) == "OVERPAID"
        given = at_once(*[lambda: refund(loan_id=loan.pk, user=ada, at=at)] * 3)
        assert len({one.pk for one in given if isinstance(one, LoanTransaction)}) == 1
    assert state_of(loan) == "CLOSED_MET"
    agrees(loan)
