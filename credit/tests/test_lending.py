"""A contract becomes a loan: what moves, what is written, and that it can be worked out again from its events."""

from decimal import Decimal

import pytest
from django.db import transaction

from accounts.tests.factories import make_person
from core.actors import acting_as_service
from credit.models import Instalment, LoanStanding, Payout, Position, ScheduleVersion
from credit.replay import Repay
from credit.services.folding import Kind, fold, kept
from credit.services.holding import hold
from credit.services.noting import enter, take_back
from credit.terms_data import standing_data
from credit.tests.world import NAIRA, day, lender, lent, moment, product, transactions_of
from wallet.models import Account

pytestmark = pytest.mark.django_db


def test_a_loan_is_paid_out_of_what_its_lender_set_aside_and_begins_its_days() -> None:
    ada, owner = make_person(), make_person()
    provider = lender(owner, naira=1_000_000)
    loan = lent(ada, product(provider), naira=100_000, at=moment(day(10)))
    with acting_as_service():
        account = Account.objects.get(pk=provider.account_id)
        assert (account.balance, account.held) == ((1_000_000 - 99_000 - 1_075) * NAIRA, 0)
        assert Account.objects.get(owner=ada, kind="WALLET").balance == 99_000 * NAIRA
        position = Position.objects.get(pk=loan.pk)
        assert (position.principal, position.next_day) == (100_000 * NAIRA, day(10))
        assert position.per_day > 0
        rows = Instalment.objects.filter(version__loan=loan)
        assert rows.count() == 12
        assert sum(row.principal for row in rows) == 100_000 * NAIRA
        assert Payout.objects.get().principal == -100_000 * NAIRA
    assert [row.kind for row in transactions_of(loan)] == [Kind.DISBURSEMENT]


def test_what_is_kept_of_a_loan_is_what_its_events_come_to() -> None:
    ada = make_person()
    loan = lent(ada, product(lender(make_person())), at=moment(day(55)))
    with acting_as_service(), transaction.atomic():
        for back, amount in ((24, 9_400 * NAIRA), (10, 30_000 * NAIRA)):
            held = hold(loan.pk, user_id=ada.pk, at=moment(day(back)))
            enter(held, Repay(day(back), amount), kind=Kind.REPAYMENT, amount=amount)
        record = LoanStanding.objects.get(pk=loan.pk)
        folded = fold(loan, on=day(10))
        position = Position.objects.get(pk=loan.pk)
        assert standing_data(kept(record, loan)) == standing_data(folded.standing)
        assert position.charged == folded.charged
        assert position.principal == folded.standing.balance
        assert ScheduleVersion.objects.filter(loan=loan).count() == 2


def test_a_payment_taken_back_leaves_the_loan_as_if_it_had_never_been_paid() -> None:
    ada = make_person()
    terms = product(lender(make_person()))
    loan, other = lent(ada, terms, at=moment(day(55))), lent(make_person(), terms, at=moment(day(55)))
    with acting_as_service(), transaction.atomic():
        held = hold(loan.pk, user_id=None, at=moment(day(20)))
        row = enter(held, Repay(day(20), 20_000 * NAIRA), kind=Kind.REPAYMENT, amount=20_000 * NAIRA)
        assert Position.objects.get(pk=loan.pk).principal < 90_000 * NAIRA
        held = hold(loan.pk, user_id=None, at=moment(day(5)))
        take_back(held, row, reason="the bank took it back")
        hold(other.pk, user_id=None, at=moment(day(5)))
        mine, theirs = Position.objects.get(pk=loan.pk), Position.objects.get(pk=other.pk)
        for name in ("charged", "principal", "due_interest", "due_principal", "due_since"):
            assert getattr(mine, name) == getattr(theirs, name)
        # Day by day each was rounded to ten places; what falls due next is exact again.
        assert abs(mine.accrued - theirs.accrued) < Decimal("1e-8")
        assert mine.accrued > Decimal(0)
