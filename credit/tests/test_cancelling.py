"""Going back on a contract: to the last moment of the cooling-off, and as staff on the day of the payout."""

from datetime import date, datetime, time, timedelta

import pytest
from django.utils import timezone

from accounts.tests.factories import make_person
from core.actors import acting_as_service
from core.ids import posting_id
from credit.agreed_times import cooling_off_until, sign_by
from credit.models import Contract, Loan, LoanTransaction, Payout, Position
from credit.replay import Repay
from credit.services import cancelling, disbursing
from credit.services.cancelling import AlreadyRepaid, CoolingOffOver, NotToday, cancel, undo_payout
from credit.services.folding import Kind, fold
from credit.services.holding import hold
from credit.services.noting import Part, enter
from credit.states import State, StateRefused
from credit.tests.agreed import accepted, paid_out, signed, state_of
from credit.tests.test_disbursing import wallet_of
from credit.tests.test_signing import refused, told
from credit.tests.world import NAIRA, balance_of, day, moment
from wallet import services as wallet
from wallet.models import Account
from wallet.refusals import InsufficientFunds
from wallet.services import Line

pytestmark = pytest.mark.django_db
AT = moment(day(0))
TICK = timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("signed_on", "until"),
    [
        (date(2026, 11, 30), date(2026, 12, 4)),  # Monday: Tuesday, Wednesday, Thursday
        (date(2026, 12, 3), date(2026, 12, 9)),  # Thursday: Friday, Monday, Tuesday
        (date(2026, 12, 5), date(2026, 12, 10)),  # Saturday: Monday to Wednesday
    ],
)
def test_three_whole_working_days_follow_the_day_itself(signed_on: date, until: date) -> None:
    end = timezone.make_aware(datetime.combine(until, time.min))
    for clock in (time.min, time(23, 59, 59)):
        assert cooling_off_until(moment(signed_on, clock), 3) == end
        assert sign_by(moment(signed_on, clock)) == end


def test_before_the_payout_it_is_cancelled_up_to_the_last_moment() -> None:
    ada, owner = make_person(), make_person()
    made = signed(accepted(ada, [owner], at=AT), at=AT)
    until = made.cooling_off_until
    assert until is not None
    refused(CoolingOffOver, lambda: cancel(application_id=made.application_id, user=ada, at=until))
    assert state_of(made) == State.SIGNED
    cancel(application_id=made.application_id, user=ada, at=until - TICK)
    assert state_of(made) == State.CANCELLED
    assert cancel(application_id=made.application_id, user=ada, at=until).state == State.CANCELLED
    assert not disbursing.disburse(application_id=made.application_id, at=AT)
    assert (told(ada)[-1], told(owner)[-1]) == ("loan.cancelled", "loan.not_lent")
    with acting_as_service():
        assert Account.objects.get(kind="LENDER").held == 0
        assert Contract.objects.get().ended_at == until - TICK


def test_after_the_payout_what_was_received_goes_back_and_nobody_earns() -> None:
    ada, owners = make_person(), [make_person(), make_person()]
    signed_at = moment(day(1))
    made = accepted(ada, owners, at=signed_at)
    with acting_as_service():
        providers = [share.provider for share in made.shares.select_related("provider")]
    whole = [balance_of(one) for one in providers]
    loan = paid_out(made, at=signed_at)
    until = loan.contract.cooling_off_until
    assert until is not None
    refused(CoolingOffOver, lambda: cancel(application_id=loan.pk, user=ada, at=until))
    # Part of it was paid back meanwhile: that comes back first, and then all goes.
    with acting_as_service():
        held = hold(loan.pk, user_id=None, at=AT)
        share = loan.contract.shares.select_related("provider").order_by("pk")[0]
        key = posting_id()
        line = Line("LOAN_PRINCIPAL", wallet_of(ada).pk, share.provider.account_id, 5_000 * NAIRA)
        wallet.post(posting_id=key, lines=[line])
        part = Part(share, key, principal=5_000 * NAIRA)
        enter(
            held,
            Repay(day(0), 5_000 * NAIRA),
            kind=Kind.REPAYMENT,
            amount=5_000 * NAIRA,
            posting_id=key,
            parts=[part],
        )
    cancel(application_id=loan.pk, user=ada, at=AT)
    cancel(application_id=loan.pk, user=ada, at=AT)
    assert state_of(made) == State.CANCELLED
    assert wallet_of(ada).balance == 0
    assert [balance_of(one) for one in providers] == whole
    with acting_as_service():
        rows = LoanTransaction.objects.order_by("number")
        assert [row.kind for row in rows] == [
            Kind.DISBURSEMENT,
            Kind.REPAYMENT,
            Kind.REVERSAL,
            Kind.CANCELLATION,
        ]
        assert rows.last().amount == made.received  # type: ignore[union-attr]
        position = Position.objects.get()
        assert (position.principal, position.accrued, position.per_day, position.due) == (0, 0, 0, 0)
        assert fold(loan, on=day(0)).standing.balance == 0
        assert sum(one.principal for one in Payout.objects.all()) == 0
        assert sum(one.charges for one in Payout.objects.all()) == 0
        assert Loan.objects.get().closed_on == day(0)
        assert wallet.balance_of(wallet.system_account("FEE_INCOME")) == 0
        assert wallet.verify() == []


def test_who_spent_the_money_cannot_cancel_until_it_is_there_again() -> None:
    ada, ben = make_person(), make_person()
    loan = paid_out(accepted(ada, [make_person()], at=AT), at=AT)
    with acting_as_service():
        other = wallet.open_wallet(owner_id=ben.pk)
        wallet.post(posting_id=posting_id(), lines=[Line("TRANSFER", wallet_of(ada).pk, other, 100)])
    refused(InsufficientFunds, lambda: cancel(application_id=loan.pk, user=ada, at=AT))
    assert state_of(loan) == State.ACTIVE
    with acting_as_service():
        wallet.post(posting_id=posting_id(), lines=[Line("TRANSFER", other, wallet_of(ada).pk, 100)])
        assert LoanTransaction.objects.count() == 1
    cancel(application_id=loan.pk, user=ada, at=AT)
    assert state_of(loan) == State.CANCELLED


def test_a_payout_is_undone_on_its_day_while_nothing_was_paid_back() -> None:
    ada, owner = make_person(), make_person()
    loan = paid_out(accepted(ada, [owner], at=AT), at=AT)
    refused(NotToday, lambda: undo_payout(application_id=loan.pk, reason="late", at=AT + timedelta(days=1)))
    undo_payout(application_id=loan.pk, reason="paid to the wrong person", at=AT)
    assert state_of(loan) == State.SIGNED
    assert wallet_of(ada).balance == 0
    assert told(ada)[-1] == "loan.payout_undone"
    refused(StateRefused, lambda: undo_payout(application_id=loan.pk, reason="again", at=AT))
    assert not disbursing.disburse(application_id=loan.pk, at=AT)
    with acting_as_service():
        assert LoanTransaction.objects.order_by("-number")[0].kind == Kind.DISBURSAL_UNDONE
    cancelling.end_unpaid(application_id=loan.pk, reason="it was a mistake", at=AT)
    assert state_of(loan) == State.CANCELLED

    other = paid_out(accepted(make_person(), [make_person()], at=AT), at=AT)
    with acting_as_service():
        held = hold(other.pk, user_id=None, at=AT)
        enter(held, Repay(day(0), 100), kind=Kind.REPAYMENT, amount=100)
    refused(AlreadyRepaid, lambda: undo_payout(application_id=other.pk, reason="too late", at=AT))
    assert state_of(other) == State.ACTIVE
