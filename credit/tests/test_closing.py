"""A loan's days are closed: what they earned, how late it was, what it cost to be late, and where it stands after."""

import random
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import transaction

from accounts.tests.factories import make_person
from core.actors import acting_as_service
from core.rolling import END, FIRST
from credit.delinquency import CURE, Bucket, Lateness, allowance, days_late, late_by
from credit.models import BucketChange, DelinquencyPause, LoanStanding, LossRates, Position, StatusChange
from credit.penalties import LateCharge
from credit.replay import Disburse, Repay, happen
from credit.schedule import roll
from credit.services.closing import close_day
from credit.services.folding import Kind, fold, kept
from credit.services.holding import hold
from credit.services.noting import enter, take_back
from credit.standing import begin
from credit.terms_data import standing_data, terms_of
from credit.tests.closing import closed, days_of, earned, earned_by
from credit.tests.world import NAIRA, day, lender, lent, moment, product, transactions_of

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def world(**changes: object) -> object:
    return product(lender(make_person()), **changes)


def test_days_say_what_was_owed_and_earned_and_how_late_it_was() -> None:
    loan = lent(make_person(), world(), naira=100_000, at=moment(day(50)))
    position = closed(loan, day(0))
    rows = days_of(loan)
    assert [row.day for row in rows] == [day(back) for back in range(50, 0, -1)]
    assert position.next_day == day(0)
    due = position.due_since
    assert due is not None and due < day(15)
    by_day = {row.day: row for row in rows}
    assert (by_day[due].overdue_days, by_day[due].bucket, by_day[due].overdue > 0) == (0, "CURRENT", True)
    assert (by_day[due + DAY].overdue_days, by_day[due + DAY].bucket) == (1, "DAYS_1_30")
    assert by_day[due - DAY].overdue == 0
    with acting_as_service():
        folded = fold(loan, on=day(0))
        assert abs(earned(loan) - earned_by(folded, day(0))) < Decimal("1e-8")
        assert earned(loan) == position.accrued == position.noted
        [change] = BucketChange.objects.filter(loan=loan)
        assert (change.day, change.was, change.now) == (due + DAY, "CURRENT", "DAYS_1_30")
        [step] = StatusChange.objects.filter(application=loan.pk, event="fall_behind")
        assert (step.on, step.was, step.now) == (due + 2 * DAY, "ACTIVE", "ACTIVE")
        record = LoanStanding.objects.get(pk=loan.pk)
        assert standing_data(roll(kept(record, loan), day(0))) == standing_data(folded.standing)
        rates = LossRates.objects.get()
        first = by_day[loan.opened_on]
        expected = allowance(exposed=first.principal, default=rates.stage_1, loss=rates.loss)
        assert first.allowance == expected > 0


def test_being_late_costs_once_for_each_instalment_after_the_free_days() -> None:
    loan = lent(make_person(), world(), naira=100_000, at=moment(day(50)))
    position = closed(loan, day(0))
    [_payout, charge] = transactions_of(loan)
    due = position.due_since
    assert due is not None
    assert (charge.kind, charge.on, charge.data) == (Kind.PENALTY, due + 4 * DAY, {"row": 1})
    assert charge.amount == (position.due_interest + position.due_principal) // 100
    assert (position.penalties, position.penalties_charged, position.charged_row) == (
        *(charge.amount, charge.amount),
        1,
    )
    with acting_as_service():
        assert fold(loan, on=day(0)).standing.penalties == charge.amount


def test_no_late_charge_in_a_pause_and_its_days_do_not_count() -> None:
    loan = lent(make_person(), world(), naira=100_000, at=moment(day(50)))
    due = closed(loan, day(49)).next_due_on
    assert due is not None
    with acting_as_service():
        DelinquencyPause.objects.create(loan=loan, since=due + 3 * DAY, until=due + 10 * DAY, reason="ill")
        # One that is agreed while another runs counts no day twice.
        DelinquencyPause.objects.create(loan=loan, since=due + 5 * DAY, until=due + 9 * DAY, reason="ill")
    position = closed(loan, due + 15 * DAY)
    # The first two days after it count, and those from the tenth on.
    assert position.overdue_days == 14 - 7
    charge = transactions_of(loan)[-1]
    assert (charge.kind, charge.on) == (Kind.PENALTY, due + 11 * DAY)


def test_what_a_payment_changes_of_days_before_it_is_an_adjustment_of_its_own_day() -> None:
    loan = lent(make_person(), world(), naira=100_000, at=moment(day(50)))
    with acting_as_service(), transaction.atomic():
        held = hold(loan.pk, user_id=None, at=moment(day(30)))
        enter(held, Repay(day(30), 40_000 * NAIRA), kind=Kind.REPAYMENT, amount=40_000 * NAIRA)
    closed(loan, day(0))
    with acting_as_service():
        assert abs(earned(loan) - earned_by(fold(loan, on=day(0)), day(0))) < Decimal("1e-8")
    by_day = {row.day: row for row in days_of(loan)}
    assert by_day[day(31)].principal == 100_000 * NAIRA > by_day[day(30)].principal


def test_a_loan_that_is_paid_has_its_last_day_and_one_that_is_owed_again_goes_on() -> None:
    loan = lent(make_person(), world(), naira=100_000, at=moment(day(20)))
    with acting_as_service(), transaction.atomic():
        held = hold(loan.pk, user_id=None, at=moment(day(15)))
        row = enter(held, Repay(day(15), 110_000 * NAIRA), kind=Kind.REPAYMENT, amount=110_000 * NAIRA)
    position = closed(loan, day(10))
    assert (position.next_day, position.principal) == (None, 0)
    assert [one.day for one in days_of(loan)][-1] == day(15)
    with acting_as_service(), transaction.atomic():
        take_back(hold(loan.pk, user_id=None, at=moment(day(5))), row, reason="the bank took it back")
    closed(loan, day(0))
    with acting_as_service():
        assert abs(earned(loan) - earned_by(fold(loan, on=day(0)), day(0))) < Decimal("1e-8")
        assert [one.day for one in days_of(loan)][-5:] == [day(back) for back in range(5, 0, -1)]


def test_many_loans_day_by_day_come_to_what_each_comes_to_at_once_and_by_the_rules() -> None:
    chance = random.Random(8)
    made = world(late=LateCharge(Decimal(2), most=150_000, cap=Decimal(3), days_free=1))
    loans = {}
    for number in range(6):
        facts = {"naira": chance.randint(20_000, 400_000), "count": chance.randint(1, 18)}
        ada, opened = make_person(), day(chance.randint(40, 52))
        loans[number] = [lent(ada, made, at=moment(opened), **facts) for _twin in range(2)]
    pauses = {}
    with acting_as_service():
        for number in (1, 4):
            since = day(chance.randint(8, 12))
            pauses[number] = [(since, since + 5 * DAY)]
            for loan in loans[number]:
                DelinquencyPause.objects.create(loan=loan, since=since, until=since + 5 * DAY, reason="ill")
        Position.objects.filter(pk__in=[pair[1].pk for pair in loans.values()]).update(
            parked_at=moment(day(52))
        )
        on = day(52)
        while on < day(0):
            with transaction.atomic():
                close_day(on, FIRST, END)
            on += DAY
        Position.objects.update(parked_at=None)
    for number, (one, other) in loans.items():
        closed(other, day(0))
        values = [
            [(row.day, row.principal, row.accrued, row.adjusted, row.overdue, row.overdue_days, row.bucket,
              row.stage, row.allowance) for row in days_of(loan)]
            for loan in (one, other)
        ]  # fmt: skip
        assert values[0] == values[1]
        with acting_as_service():
            mine, theirs = Position.objects.get(pk=one.pk), Position.objects.get(pk=other.pk)
            for field in Position._meta.fields:
                if field.name != "loan":
                    assert getattr(mine, field.name) == getattr(theirs, field.name), field.name
        _check_lateness(one, pauses.get(number, []))


def _check_lateness(loan: object, pauses: list[tuple[date, date]]) -> None:
    """The rules in Python say of each day what the statement wrote."""
    now, due_since = Lateness(), None
    with acting_as_service():
        rates = LossRates.objects.get()
        percent = {1: rates.stage_1, 2: rates.stage_2, 3: rates.stage_3}
        for row in days_of(loan):
            standing = roll(
                happen(begin(terms_of(loan.terms)), Disburse(loan.opened_on, loan.amount)), row.day
            )
            due_since = min(
                (one.due for one in standing.rows if one.unpaid_interest or one.unpaid_principal),
                default=None,
            )
            now = late_by(now, day=row.day, due_since=due_since, pauses=pauses)
            assert (row.overdue_days, row.bucket, row.stage) == (now.days, now.bucket, now.stage)
            exposed = row.principal + standing.overdue_interest
            assert row.allowance == allowance(exposed=exposed, default=percent[now.stage], loss=rates.loss)


def test_stages_and_their_cure_are_the_same_in_the_statement_and_in_the_rules() -> None:
    """A loan's position is set as it might stand, a day is closed, and both say what it is then."""
    chance = random.Random(3)
    loan = lent(make_person(), world(), at=moment(day(20)))
    on = day(10)
    closed(loan, on)
    seen = set()
    for _try in range(60):
        was = Lateness(0, chance.choice(list(Bucket)), chance.randint(1, 3))
        due_since = chance.choice([None, None, on, on - chance.randint(1, 130) * DAY])
        cured = (
            on - chance.randint(CURE - 2, CURE + 2) * DAY if was.stage > 1 and chance.random() < 0.8 else None
        )
        was = Lateness(was.days, was.bucket, was.stage, cured)
        wanted = late_by(was, day=on, due_since=due_since)
        with acting_as_service(), transaction.atomic():
            Position.objects.filter(pk=loan.pk).update(
                next_day=on, due_since=due_since, bucket=was.bucket, stage=was.stage, cured_since=cured
            )
            close_day(on, FIRST, END)
            position = Position.objects.get(pk=loan.pk)
            found = Lateness(position.overdue_days, position.bucket, position.stage, position.cured_since)
            transaction.set_rollback(True)
        assert found == wanted
        seen.add((was.stage, wanted.stage))
    assert {(1, 2), (1, 3), (2, 1), (3, 2), (3, 3)} <= seen


def test_a_loan_that_cannot_be_worked_out_is_parked_and_keeps_no_other_waiting() -> None:
    made = world()
    one, broken, other = sorted(
        (lent(make_person(), made, at=moment(day(45))) for _ in range(3)), key=lambda loan: loan.pk
    )
    due = closed(broken, day(44)).next_due_on
    assert due is not None
    for loan in (one, broken, other):
        closed(loan, due - DAY)
    with acting_as_service(), transaction.atomic():
        record = LoanStanding.objects.get(pk=broken.pk)
        was, record.data = record.data, {**record.data, "rate": "not a number"}
        record.save()
        result = close_day(due - DAY, FIRST, END)
        assert (result.closed, result.sums["folded"], result.parked) == (2, 2, 1)
        position = Position.objects.get(pk=broken.pk)
        assert position.parked_at is not None and position.error and position.next_day == due - DAY
        assert Position.objects.get(pk=other.pk).next_day == due
        record.data = was
        record.save()


def test_days_late_leave_out_pauses() -> None:
    due = date(2026, 3, 31)
    assert [days_late(due, day=due + n * DAY) for n in (-1, 0, 1, 30)] == [0, 0, 1, 30]
    pause = (date(2026, 4, 2), date(2026, 4, 5))
    assert [days_late(due, day=due + n * DAY, pauses=[pause]) for n in (1, 2, 4, 5)] == [1, 1, 1, 2]
    assert days_late(None, day=due) == 0
