"""What two people do to a loan that is hard to pay: other days, another rate, a pause, giving it up, taking back."""

import pytest
from django.db import IntegrityError, transaction

from accounts.models import Approval, User
from accounts.services import approvals
from accounts.tests.approving import make_colleague
from accounts.tests.factories import make_person
from core.actors import acting_as_service
from core.ids import posting_id
from credit.models import DelinquencyPause, Instalment, Loan, Provider, ScheduleVersion
from credit.refusals import NotPossible
from credit.services.approved import losses, measures, taken_back
from credit.services.folding import Kind
from credit.services.measures import PauseInvalid
from credit.services.recovering import MoreThanOwed, recover
from credit.services.taking_back import TakenBackAlready
from credit.services.writing_off import TooSoon
from credit.states import GuardUnmet, State, StateRefused
from credit.tests.hard import (
    approver,
    charge,
    done,
    is_late_by,
    is_proven,
    money,
    pay,
    position_of,
    proposed,
    proposer,
    state_of,
)
from credit.tests.world import NAIRA, day, lender, lent, moment, product, transactions_of
from wallet import services as wallet
from wallet.refusals import LedgerRefusal
from wallet.services import Line
from wallet.services.approved.adjustments import OwnMoney
from wallet.tests.approving import again, approve

pytestmark = pytest.mark.django_db


@pytest.fixture
def provider() -> Provider:
    return lender(make_person())


@pytest.fixture
def ada() -> User:
    return make_person()


@pytest.fixture
def loan(ada: User, provider: Provider) -> Loan:
    """₦100,000 over a year, one instalment late."""
    return lent(ada, product(provider), at=moment(day(45)), wallet_naira=200_000)


def versions(loan: Loan) -> list[list[int]]:
    with acting_as_service():
        found = ScheduleVersion.objects.filter(loan=loan).order_by("number")
        return [
            [
                row.interest + row.principal
                for row in Instalment.objects.filter(version=one).order_by("number")
            ]
            for one in found
        ]


def test_new_days_are_shown_before_they_are_agreed_and_the_old_ones_stay_readable(loan: Loan) -> None:
    approval = proposed(measures.RESCHEDULE, loan, count=24, first_due=day(-20).isoformat())
    said = dict(approvals_words(approval))
    assert said["Instalments to come"] == "11 → 24"
    assert sum(label.startswith("Instalment ") for label in said) == 24
    first = versions(loan)
    assert len(first) == 1
    approve(approval, by=approver())
    assert versions(loan)[0] == first[0]
    assert len(versions(loan)[1]) == 24
    assert position_of(loan).next_due_on == day(-20)
    assert position_of(loan).due_since is not None
    done(measures.RE_AGE, loan, count=30, first_due=day(-25).isoformat())
    assert position_of(loan).due_since is None and position_of(loan).due_interest == 0
    is_proven(loan)


def approvals_words(approval: Approval) -> list[tuple[str, str]]:
    with acting_as_service():
        return approvals.description_of(Approval.objects.get(pk=approval.pk))


def test_nobody_decides_alone_nor_about_a_loan_of_their_own(loan: Loan, ada: User) -> None:
    both = make_colleague("credit.propose_loan_change", "credit.approve_loan_change")
    approval = proposed(measures.CAPITALISE, loan, by=both)
    with pytest.raises(approvals.OtherPersonNeeded):
        approve(approval, by=both)
    with pytest.raises(approvals.NotAllowedToDecide):
        approve(approval, by=proposer())
    with pytest.raises(IntegrityError, match="approval"), acting_as_service(), transaction.atomic():
        Approval.objects.filter(pk=approval.pk).update(state="APPLIED", checker=both, decided_by=both)
    theirs = lent(both, product(lender(make_person())), at=moment(day(45)))
    own = proposed(measures.CAPITALISE, theirs, by=both)
    with pytest.raises(OwnMoney):
        approve(own, by=approver())
    assert [row.kind for row in transactions_of(theirs)] == [Kind.DISBURSEMENT]


def test_what_was_proposed_on_another_state_of_the_loan_is_not_done(loan: Loan) -> None:
    approval = proposed(measures.RATE, loan, rate="12", keeps_instalment=False)
    pay(loan, 500, day(0))
    with pytest.raises(approvals.ApprovalStale):
        approve(approval, by=approver())
    assert again(approval).state == Approval.State.STALE
    assert Kind.RATE_CHANGE not in [row.kind for row in transactions_of(loan)]


def test_rate_and_capitalising_change_what_comes_and_what_cannot_be_is_not_proposed(loan: Loan) -> None:
    done(measures.RATE, loan, rate="12.5", keeps_instalment=True)
    before = position_of(loan)
    done(measures.CAPITALISE, loan)
    after = position_of(loan)
    assert after.principal == before.principal + before.due_interest and after.due_interest == 0
    for bad in ({"rate": "-1"}, {"rate": "1001"}, {"rate": "a"}):
        with pytest.raises(NotPossible):
            proposed(measures.RATE, loan, keeps_instalment=False, **bad)
    with pytest.raises(NotPossible):
        proposed(measures.CAPITALISE, loan)
    for count, first in ((0, None), (5000, None), (12, day(0).isoformat())):
        with pytest.raises(NotPossible):
            proposed(measures.RESCHEDULE, loan, count=count, first_due=first)
    is_proven(loan)


def test_a_pause_ends_by_itself_and_a_longer_one_takes_its_place(loan: Loan) -> None:
    with pytest.raises(PauseInvalid):
        proposed(measures.PAUSE, loan, until=day(0).isoformat())
    done(measures.PAUSE, loan, until=day(-30).isoformat())
    done(measures.PAUSE, loan, until=day(-60).isoformat())
    with acting_as_service():
        first, second = DelinquencyPause.objects.filter(loan=loan).order_by("pk")
    assert (first.until, second.until) == (day(-1), day(-60))
    assert second.holds(day(0)) and second.holds(day(-59)) and not second.holds(day(-60))
    assert position_of(loan).paused_until == day(-60)
    with pytest.raises(PauseInvalid):
        proposed(measures.PAUSE, loan, until=day(-200).isoformat())
    is_proven(loan)


def test_a_waived_charge_that_was_paid_pays_what_else_is_owed(loan: Loan, provider: Provider) -> None:
    row = charge(loan, 1_000, day(5))
    pay(loan, 15_000, day(4))
    assert position_of(loan).penalties == 0
    before, charged, held = (
        position_of(loan).principal,
        position_of(loan).penalties_charged,
        money(loan, provider),
    )
    done(taken_back.WAIVE, loan, transaction=str(row.pk))
    now = position_of(loan)
    assert now.principal < before and now.penalties_charged == charged - 1_000 * NAIRA
    assert money(loan, provider) == held
    with pytest.raises(TakenBackAlready):
        proposed(taken_back.WAIVE, loan, transaction=str(row.pk))
    is_proven(loan)


def test_a_loan_is_given_up_by_its_days_and_what_comes_later_is_recovered(
    loan: Loan, provider: Provider
) -> None:
    with pytest.raises(TooSoon):
        proposed(losses.CHARGE_OFF, loan)
    is_late_by(loan, 95)
    done(losses.CHARGE_OFF, loan)
    assert state_of(loan) == State.CHARGED_OFF
    with pytest.raises(TooSoon):
        proposed(losses.WRITE_OFF, loan)
    is_late_by(loan, 180)
    done(losses.WRITE_OFF, loan)
    given_up = transactions_of(loan)[-1]
    with pytest.raises(StateRefused):
        pay(loan, 100, day(0))
    user = owner(loan)
    facts = {"loan_id": loan.pk, "user": user, "posting_id": posting_id(), "at": moment(day(0))}
    with pytest.raises(MoreThanOwed) as refused:
        recover(**facts, amount=given_up.amount + 1)
    assert refused.value.data["owed"] == given_up.amount
    held = money(loan, provider)
    first = recover(**facts, amount=1_000_000)
    assert recover(**facts, amount=1_000_000) == first
    assert money(loan, provider) == [held[0] - 1_000_000, held[1], held[2] + 1_000_000]
    recover(**{**facts, "posting_id": posting_id()}, amount=given_up.amount - 1_000_000)
    with pytest.raises(MoreThanOwed):
        recover(**{**facts, "posting_id": posting_id()}, amount=1)
    assert state_of(loan) == State.WRITTEN_OFF
    assert position_of(loan).next_day is None
    is_proven(loan)


def owner(loan: Loan) -> User:
    with acting_as_service():
        return User.objects.get(pk=loan.user_id)


def test_a_write_off_is_undone_in_its_month_and_what_was_recovered_is_a_payment(
    loan: Loan, provider: Provider
) -> None:
    is_late_by(loan, 200)
    done(losses.WRITE_OFF, loan)
    recover(loan_id=loan.pk, user=owner(loan), amount=2_000_000, posting_id=posting_id(), at=moment(day(0)))
    held, before = money(loan, provider), position_of(loan)
    done(losses.UNDO, loan)
    assert state_of(loan) == State.ACTIVE
    now = position_of(loan)
    assert (now.recovered, now.next_day) == (0, day(0))
    assert now.principal < before.principal and money(loan, provider) == held
    is_proven(loan)
    pay(loan, 1_000, day(0))
    is_proven(loan)


def test_a_write_off_of_another_month_stays(loan: Loan) -> None:
    is_late_by(loan, 200)
    approval = proposed(losses.WRITE_OFF, loan)
    earlier = moment(day(0).replace(day=1) - (day(0) - day(1)))
    approvals.approve(approval_id=approval.pk, checker=approver(), at=earlier)
    with pytest.raises(GuardUnmet) as refused:
        proposed(losses.UNDO, loan)
    assert refused.value.data["unmet"] == ["same_period"]


def test_a_payment_is_taken_back_and_all_later_ones_go_where_they_then_go(
    loan: Loan, provider: Provider
) -> None:
    first = pay(loan, 9_400, day(20))
    pay(loan, 30_000, day(15))
    held = money(loan, provider)
    done(taken_back.TAKE_BACK, loan, transaction=str(first.pk))
    assert money(loan, provider) == [held[0] + first.amount, held[1], held[2] - first.amount]
    is_proven(loan)
    with pytest.raises(TakenBackAlready):
        proposed(taken_back.TAKE_BACK, loan, transaction=str(first.pk))


def test_a_closed_loan_is_open_again_once_a_payment_of_it_is_taken_back(
    loan: Loan, provider: Provider
) -> None:
    pay(loan, 20_000, day(20))
    last = pay(loan, 120_000, day(15))
    assert state_of(loan) == State.OVERPAID
    held = money(loan, provider)
    first = transactions_of(loan)[1]
    done(taken_back.TAKE_BACK, loan, transaction=str(first.pk))
    assert sum(money(loan, provider)) == sum(held)
    assert state_of(loan) in (State.ACTIVE, State.OVERPAID)
    is_proven(loan)
    done(taken_back.TAKE_BACK, loan, transaction=str(last.pk))
    assert state_of(loan) == State.ACTIVE
    assert money(loan, provider)[1] == 0
    assert position_of(loan).principal == 100_000 * NAIRA
    is_proven(loan)


def test_a_payment_before_a_new_schedule_is_taken_back_or_refused_whole(loan: Loan) -> None:
    paid = pay(loan, 40_000, day(20))
    done(measures.RESCHEDULE, loan, count=18, first_due=day(-10).isoformat())
    before = [(row.number, row.kind) for row in transactions_of(loan)]
    done(taken_back.TAKE_BACK, loan, transaction=str(paid.pk))
    assert len(versions(loan)) == 4
    is_proven(loan)
    assert [(row.number, row.kind) for row in transactions_of(loan)][:-1] == before


def test_a_lender_without_the_money_stops_it_and_nothing_is_half_done(ada: User) -> None:
    poor = lender(make_person(), naira=101_000)
    loan = lent(ada, product(poor), at=moment(day(45)), wallet_naira=200_000)
    paid = pay(loan, 40_000, day(20))
    with acting_as_service():
        left = wallet.balance_of(poor.account_id) - 10_000 * NAIRA
        out = Line("LENDER_PAYOUT", poor.account_id, wallet.system_account("EQUITY"), left)
        wallet.post(posting_id=posting_id(), lines=[out])
    with pytest.raises(LedgerRefusal):
        proposed(taken_back.TAKE_BACK, loan, transaction=str(paid.pk))
    assert len(transactions_of(loan)) == 2
    is_proven(loan)
