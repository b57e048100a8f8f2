"""Reminding borrowers of instalments, and taking them from their wallets on the day: once, in hours, not in a pause."""

from datetime import date, datetime, time, timedelta

import pytest

from accounts.models import Notification, User
from accounts.tests.factories import make_person
from core.actors import acting_as_service
from core.ids import uuid7
from credit.models import Application, Collection, DelinquencyPause, Loan, LoanTransaction, Reminder
from credit.services import collecting, reminding
from credit.tests.closing import closed
from credit.tests.world import NAIRA, day, lender, lent, moment, product
from wallet import services as wallet
from wallet.models import Account

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def loan_of(ada: User, *, collects: bool = True) -> tuple[Loan, date]:
    """A loan and the day on which its first instalment is due, a few days ago."""
    loan = lent(ada, product(lender(make_person())), naira=100_000, at=moment(day(45)), collects=collects)
    due = closed(loan, day(44)).next_due_on
    assert due is not None
    return loan, due


def at(on: date, clock: time = time(9)) -> datetime:
    return moment(on, clock)


def wallet_of(ada: User) -> int:
    with acting_as_service():
        return Account.objects.get(owner=ada, kind="WALLET").balance


def test_an_instalment_is_taken_on_its_day_once() -> None:
    ada = make_person()
    loan, due = loan_of(ada)
    before = wallet_of(ada)
    assert collecting.collect_due(at=at(due - DAY)) == 0
    assert collecting.collect_due(at=at(due)) == 1
    assert collecting.collect_due(at=at(due, time(10))) == 0
    with acting_as_service():
        one = Collection.objects.get()
        payment = LoanTransaction.objects.get(kind="REPAYMENT")
        assert (one.state, one.due_date, one.taken) == ("TAKEN", due, payment.amount)
        assert payment.posting_id == one.posting_id and loan.position.due == 0
    assert before - wallet_of(ada) == payment.amount > 0


def test_what_is_not_there_is_tried_again_after_one_three_and_five_days_and_then_given_up() -> None:
    ada = make_person()
    _loan, due = loan_of(ada)
    with acting_as_service():
        account = Account.objects.get(owner=ada, kind="WALLET")
        wallet.place_hold(
            hold_id=uuid7(),
            account_id=account.pk,
            amount=account.balance - 1_000 * NAIRA,
            expires_at=None,
            reason="a test",
        )
    tries = []
    for back in range(8):
        tries.append(collecting.collect_due(at=at(due + back * DAY)))
    assert tries == [1, 1, 0, 1, 0, 1, 0, 0]
    with acting_as_service():
        one = Collection.objects.get()
        assert (one.state, one.taken, one.tries, one.code) == (
            *("GIVEN_UP", 1_000 * NAIRA),
            *(3, collecting.TOO_LITTLE),
        )
        assert LoanTransaction.objects.filter(kind="REPAYMENT").count() == 1
        assert Notification.objects.filter(user=ada, event="loan.not_collected").count() == 2


def test_nothing_is_taken_without_agreement_nor_in_a_pause_nor_of_what_was_paid() -> None:
    ada, bola = make_person(), make_person()
    loan_of(ada, collects=False)
    loan, due = loan_of(bola)
    with acting_as_service():
        DelinquencyPause.objects.create(loan=loan, since=due, until=due + 2 * DAY, reason="ill")
    assert [collecting.collect_due(at=at(due + back * DAY)) for back in range(2)] == [1, 1]
    with acting_as_service():
        one = Collection.objects.get()
        assert (one.loan_id, one.state, one.tries, one.taken) == (loan.pk, "DUE", 0, 0)
        Application.objects.filter(pk=loan.pk).update(collects=False)
    collecting.collect_due(at=at(due + 2 * DAY))
    with acting_as_service():
        assert (Collection.objects.get().state, Collection.objects.get().code) == ("GIVEN_UP", "not_agreed")
        assert not LoanTransaction.objects.filter(kind="REPAYMENT").exists()


def test_borrowers_are_reminded_once_of_each_kind_in_the_hours_for_it() -> None:
    ada = make_person()
    loan, due = loan_of(ada, collects=False)

    def remind(on: date, clock: time = time(9)) -> int:
        closed(loan, on)
        return reminding.remind_some(at=at(on, clock))

    assert remind(due - 4 * DAY) == 0
    assert remind(due - 3 * DAY, time(7, 59)) == 0
    assert remind(due - 3 * DAY, time(21)) == 0
    assert remind(due - 3 * DAY, time(20, 59)) == 1
    assert remind(due - 2 * DAY) == 0
    assert remind(due) == 1
    assert remind(due + DAY) == 1
    assert remind(due + 2 * DAY) == 0
    with acting_as_service():
        DelinquencyPause.objects.create(loan=loan, since=due + 7 * DAY, until=due + 9 * DAY, reason="ill")
    assert [remind(due + back * DAY) for back in (7, 8, 9, 10)] == [0, 0, 1, 0]
    with acting_as_service():
        kinds = list(Reminder.objects.order_by("pk").values_list("kind", "due_date"))
        assert kinds == [("SOON", due), ("TODAY", due), ("LATE", due), ("LATE_WEEK", due)]
        told = Notification.objects.filter(user=ada, event__in=["loan.due_soon", "loan.late_week"])
        assert told.count() == 2
