"""The daily close of loans (`core/tests/test_rolling.py` shows the roll itself): late days, parking, kills."""

from datetime import date
from io import StringIO
from threading import Thread

import pytest
from django.core.management import call_command
from django.core.management.base import OutputWrapper
from django.db import connections, transaction
from django.db.models import F, Sum
from django.utils import timezone

from accounts.models import AuditEvent, Notification
from accounts.tests.factories import make_person
from core.actors import acting_as_service
from core.management.rolling import roll_by_hand
from core.rolling import DAY, Closed, close_again, close_next_chunk, close_whole_day, finish_roll, start_roll
from core.tests.at_once import killed_at_random
from credit import closing_tasks
from credit.models import Loan, LoanDay, LoanRoll, LoanRollChunk, LoanStanding, LoanTransaction, Position
from credit.refusals import LoanNotParked, LoanParked
from credit.services.closing import LOANS
from credit.services.holding import hold
from credit.tests.closing import closed
from credit.tests.hard import is_proven
from credit.tests.world import day, lender, lent, moment, product


def many(number: int, *, since: date) -> list[Loan]:
    terms = product(lender(make_person()))
    ada = make_person()
    loans = [lent(ada, terms, naira=20_000, at=moment(since)) for _ in range(number)]
    return sorted(loans, key=lambda loan: loan.pk)


@pytest.mark.django_db
def test_days_that_were_missed_are_closed_one_by_one_each_once_by_task_and_by_command() -> None:
    many(4, since=day(3))
    assert [result.closed for result in close_whole_day(LOANS, day=day(3), size=3)] == [3, 1]
    with acting_as_service():
        said = LoanDay.objects.aggregate(sum=Sum(F("accrued") + F("adjusted")))["sum"]
        assert LoanRollChunk.objects.aggregate(sum=Sum("accrued"))["sum"] == said > 0
        before = list(LoanDay.objects.order_by("pk").values())
        assert close_whole_day(LOANS, day=day(3)) == []
        assert list(LoanDay.objects.order_by("pk").values()) == before
    for _ in range(2):
        closing_tasks.roll_loans()
    with acting_as_service():
        rolls = LoanRoll.objects.exclude(finished_at=None)
        assert set(rolls.values_list("day", "loans")) == {(day(back), 4) for back in (3, 2, 1)}
        assert LoanDay.objects.count() == 12
        assert set(Position.objects.values_list("next_day", flat=True)) == {day(0)}
    many(1, since=day(1))
    out = StringIO()
    call_command("roll_loans", stdout=out)
    assert f"Closed to {day(1)}." in out.getvalue()
    with acting_as_service():
        assert LoanDay.objects.count() == 13


@pytest.mark.django_db
def test_a_parked_loan_takes_no_payment_until_its_days_are_closed_again() -> None:
    [loan] = many(1, since=day(45))
    due = closed(loan, day(44)).next_due_on
    assert due is not None
    with acting_as_service():
        record = LoanStanding.objects.get(pk=loan.pk)
        was = record.data
        LoanStanding.objects.filter(pk=loan.pk).update(data={**was, "rate": "none"})
    closing_tasks.roll_loans()
    with acting_as_service(), transaction.atomic():
        position = Position.objects.get(pk=loan.pk)
        assert position.parked_at is not None and position.next_day == due - DAY
        with pytest.raises(LoanParked):
            hold(loan.pk, user_id=None, at=timezone.now())
        assert not close_again(LOANS, loan, reason="try", at=timezone.now())
        LoanStanding.objects.filter(pk=loan.pk).update(data=was)
        assert close_again(LOANS, loan, reason="mended", at=timezone.now())
        assert Position.objects.get(pk=loan.pk).next_day == day(0)
        with pytest.raises(LoanNotParked):
            close_again(LOANS, loan, reason="again", at=timezone.now())


@pytest.mark.django_db(transaction=True)
def test_a_loan_that_is_being_written_to_is_come_back_to() -> None:
    loans = many(2, since=day(1))
    found: list[Closed | None] = []

    def work() -> None:
        with acting_as_service():
            start_roll(LOANS, day=day(1))
        found.append(close_next_chunk(LOANS, day=day(1)))
        connections.close_all()

    with acting_as_service(), transaction.atomic():
        Position.objects.select_for_update().get(pk=loans[1].pk)
        thread = Thread(target=work)
        thread.start()
        thread.join()
    [first] = found
    assert first is not None and (first.closed, first.busy) == (1, 1)
    with acting_as_service():
        assert not finish_roll(LOANS, day=day(1))
        again = close_next_chunk(LOANS, day=day(1))
        assert again is not None and again.closed == 1
        assert finish_roll(LOANS, day=day(1))


LENT, CHUNK = 12, 2


def by_hand() -> None:
    roll_by_hand(LOANS, until=day(1), out=OutputWrapper(StringIO()), size=CHUNK)


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_killed_at_random_moments_each_loan_and_day_is_closed_once() -> None:
    """On one of the days an instalment falls due, on another it is late, and on a third that is charged for."""
    loans = many(LENT, since=day(36))
    due = closed(loans[0], day(35)).next_due_on
    assert due is not None
    until = due - DAY
    with acting_as_service():
        for loan in loans:
            closed(loan, until)
        before = LoanDay.objects.count()
    killed_at_random(by_hand, rounds=6)
    with acting_as_service():
        since_until = (day(0) - until).days
        assert LoanDay.objects.count() == before + LENT * since_until
        assert LoanRollChunk.objects.aggregate(sum=Sum("closed"))["sum"] == LENT * since_until
        assert set(Position.objects.values_list("next_day", flat=True)) == {day(0)}
        rows = LoanDay.objects.values("loan_id").annotate(sum=Sum(F("accrued") + F("adjusted")))
        assert {row["loan_id"]: row["sum"] for row in rows} == dict(
            Position.objects.values_list("pk", "accrued")
        )
        charges = LoanTransaction.objects.filter(kind=LoanTransaction.Kind.PENALTY)
        charged = {loan.pk for loan in loans}
        assert sorted(charges.values_list("loan_id", "number")) == sorted((pk, 2) for pk in charged)
        trail = AuditEvent.objects.filter(action="credit.loan.penalty").values_list("target_id", flat=True)
        told = Notification.objects.filter(event="loan.late_charge").values_list("data__loan", flat=True)
        assert sorted(trail) == sorted(told) == sorted(map(str, charged))
    for loan in loans:
        is_proven(loan)
