"""Going back on a contract: to the last moment of the cooling-off, and as staff on the day of the payout."""

from datetime import date, datetime, time, timedelta

import pytest
from django.db import transaction
from django.db.models import Sum
from django.utils import timezone

from accounts.models import Customer
from accounts.tests.approving import make_colleague
from accounts.tests.factories import make_person
from core.actors import acting_as_service
from core.ids import posting_id
from credit.agreed_times import cooling_off_until, sign_by
from credit.models import Contract, Loan, LoanDay, LoanTransaction, Payout, Position
from credit.services import cancelling, disbursing
from credit.services.approved.payouts import UNDO
from credit.services.cancelling import AlreadyRepaid, CoolingOffOver, NotToday, cancel, undo_payout
from credit.services.closing import close_loan
from credit.services.folding import Kind, fold
from credit.states import State, StateRefused
from credit.tests.agreed import accepted, paid_out, signed, state_of
from credit.tests.hard import approver, is_proven, pay, proposed
from credit.tests.test_disbursing import wallet_of
from credit.tests.test_signing import refused, told
from credit.tests.world import NAIRA, balance_of, day, moment
from wallet import services as wallet
from wallet.models import Account
from wallet.refusals import InsufficientFunds
from wallet.services import Line
from wallet.tests.approving import approve, browser_of

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
    pay(loan, 5_000, day(0))
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
    is_proven(loan)
    # A day had been closed with its interest: the next one takes that back.
    with acting_as_service(), transaction.atomic():
        assert LoanDay.objects.aggregate(sum=Sum("accrued"))["sum"] > 0
        close_loan(loan_id=loan.pk, until=day(-1))
        earned = LoanDay.objects.aggregate(sum=Sum("accrued"), more=Sum("adjusted"))
        assert earned["sum"] + earned["more"] == 0
        assert Position.objects.get().parked_at is None
    is_proven(loan)


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
        is_proven(other)
    pay(other, 1, day(0))
    refused(AlreadyRepaid, lambda: undo_payout(application_id=other.pk, reason="too late", at=AT))
    assert state_of(other) == State.ACTIVE


def test_undoing_takes_two_people_of_staff() -> None:
    ada = make_person()
    loan = paid_out(accepted(ada, [make_person()], at=AT), at=AT)
    approval = proposed(UNDO, loan)
    assert state_of(loan) == State.ACTIVE  # it was tried and taken back
    assert wallet_of(ada).balance == 99_000 * NAIRA
    approve(approval, by=approver())
    assert state_of(loan) == State.SIGNED
    assert wallet_of(ada).balance == 0
    is_proven(loan)
    with pytest.raises(StateRefused):
        proposed(UNDO, loan)


def test_staff_see_what_is_in_the_way_and_end_it() -> None:
    ada = make_person()
    made = signed(accepted(ada, [make_person()], at=AT), at=AT)
    with acting_as_service():
        Customer.objects.filter(user=ada).update(status="FROZEN")
    assert not disbursing.disburse(application_id=made.application_id, at=AT)
    views = ("credit.view_contract", "credit.view_disbursement", "credit.work_credit")
    browser = browser_of(make_colleague(*views))
    assert (
        "customer_no_credit" in browser.get("/staff/credit/disbursement/?state__exact=DUE").content.decode()
    )
    page = browser.get(f"/staff/credit/contract/{made.pk}/change/").content.decode()
    assert "customer_no_credit" in page
    assert made.sha256 in page
    assert f"/staff/credit/contract/{made.pk}/end-unpaid/" in page
    typed = {"reason": "The wallet stays frozen by order of a court"}
    assert browser.post(f"/staff/credit/contract/{made.pk}/end-unpaid/", typed).status_code == 302
    assert state_of(made) == State.CANCELLED
