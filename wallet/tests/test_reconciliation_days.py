"""A day of a clearing account: what lies between the two balances, who closes it, and what keeps it from closing."""

import json
from contextlib import contextmanager
from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.db.utils import DatabaseError
from django.utils import timezone

from accounts import roles
from accounts.services import approvals
from accounts.tests.approving import make_colleague
from core import ids
from core.actors import acting_as_service
from wallet.models import Break, ReconciledDay
from wallet.services import reconciliation
from wallet.services.approved import closing
from wallet.services.reconciliation import days
from wallet.tests.reconciling import Clearing, row

pytestmark = pytest.mark.django_db


@pytest.fixture
def clearing(db) -> Clearing:
    return Clearing()


@pytest.fixture
def people(db):
    return make_colleague(roles.PROPOSE_DAY, roles.APPROVE_DAY), make_colleague(roles.APPROVE_DAY)


TODAY = timezone.localdate
LATER = timedelta(days=3)


@contextmanager
def days_later():
    """The ledger's own clock cannot be moved: what is posted now belongs to today, and today is over in three days."""
    with time_machine.travel(timezone.now() + LATER):
        yield timezone.now()
    ids._sequence.restart()


def propose(clearing, by, day=None):
    """Propose a day as it stands once it is over, after a run."""
    clearing.run()
    day = day or TODAY()
    with days_later() as at, acting_as_service():
        payload = closing.day_payload(account=clearing.account, day=day, at=at)
        return approvals.propose(
            action=closing.DAY,
            payload=payload,
            target=f"{clearing.account.pk} {day}",
            maker=by,
            reason="Everything is matched",
            at=at,
        )


def close(proposed, by):
    with days_later() as at:
        approvals.approve(approval_id=proposed.pk, checker=by, at=at)
    with acting_as_service():
        return ReconciledDay.objects.get(approval=proposed)


def figures(clearing, day=None):
    day = day or TODAY()
    with days_later() as at:
        return reconciliation.standing(account=clearing.account, day=day, at=at).figures


def obstacle(clearing, day=None):
    day = day or TODAY()
    with days_later() as at:
        return reconciliation.standing(account=clearing.account, day=day, at=at).obstacle


def told(clearing, *rows, **days_asked):
    """What the gateway tells once the days it was asked for are over."""
    row_import = clearing.told(*rows, **days_asked)
    with acting_as_service():
        row_import.ended_at = timezone.now() + LATER
        row_import.save(update_fields=["ended_at"])
    return row_import


def test_clearing_reaches_the_gateways_balance(clearing, people):
    maker, checker = people
    payments = [clearing.paid(10_000 * n, fee=100 * n) for n in range(1, 4)]
    balance, rows = 0, []
    for payment in payments:
        balance += payment.amount - payment.fee
        rows.append(row(payment.amount - payment.fee, payment.reference, balance=balance))
    told(clearing, *rows)
    closed = close(propose(clearing, maker), checker)
    found = closed.figures
    assert (found["books"], found["gateway"], found["reported"]) == (59_400, 59_400, 59_400)
    assert (found["difference"], found["items"], found["opening_difference"]) == (0, [], 0)
    assert found["rows"] | {"digest": ""} == {
        "count": 3,
        "by_reference": 3,
        "by_score": 0,
        "by_hand": 0,
        "digest": "",
    }
    assert reconciliation.is_as_signed(closed)


def test_the_difference_is_explained_by_what_is_listed(clearing, people):
    maker, checker = people
    fits = clearing.paid(40_000)
    clearing.posted(7_000, description="never arrived")
    told(clearing, row(40_000, fits.reference), row(-300, "charge-for-a-letter"))
    clearing.run()
    with pytest.raises(days.OpenDifferences) as refused:
        propose(clearing, maker)
    assert refused.value.data == {"count": 2}
    with acting_as_service():
        for found in clearing_breaks(clearing):
            reconciliation.explain(
                break_id=found.pk, explanation="Asked the gateway", by=maker, at=timezone.now()
            )
    found = close(propose(clearing, maker), checker).figures
    assert (found["books"], found["gateway"], found["difference"]) == (47_000, 39_700, 7_300)
    assert sorted((item["kind"], item["books"] - item["gateway"]) for item in found["items"]) == [
        ("MISSING_AT_GATEWAY", 7_000),
        ("MISSING_IN_BOOKS", 300),
    ]
    assert (found["explained"], found["opening_difference"]) == (7_300, 0)


def test_what_the_gateway_held_before_is_no_difference_of_its_own(clearing):
    payment = clearing.paid(10_000)
    told(clearing, row(10_000, payment.reference, balance=15_000))
    found = figures(clearing)
    assert (found["opening"], found["gateway"], found["opening_difference"]) == (5_000, 15_000, -5_000)


def test_money_on_its_way_over_midnight_is_listed_by_name(clearing, people):
    payment = clearing.paid(10_000)
    tomorrow = timezone.now() + timedelta(days=1)
    told(clearing, row(10_000, payment.reference, at=tomorrow))
    proposed = propose(clearing, people[0])
    found = figures(clearing)
    assert [(item["kind"], item["books"]) for item in found["items"]] == [("IN_TRANSIT", 10_000)]
    assert found["opening_difference"] == 0
    closed = close(proposed, people[1])
    following = figures(clearing, day=closed.day + timedelta(days=1))
    assert (following["items"], following["difference"]) == ([], 0)


class TestWhoCloses:
    def test_it_takes_two_people(self, clearing, people):
        maker, _checker = people
        told(clearing)
        proposed = propose(clearing, maker)
        with pytest.raises(approvals.OtherPersonNeeded):
            close(proposed, maker)
        facts = {
            "account": clearing.account,
            "day": TODAY(),
            "figures": {},
            "signature": "x",
            "approval": proposed,
        }
        with pytest.raises(DatabaseError), acting_as_service():
            ReconciledDay.objects.create(made_by=maker, checked_by=maker, closed_at=timezone.now(), **facts)

    def test_figures_that_moved_since_are_proposed_anew(self, clearing, people):
        maker, checker = people
        told(clearing)
        proposed = propose(clearing, maker)
        payment = clearing.paid(5_000)
        told(clearing, row(5_000, payment.reference))
        with pytest.raises(approvals.ApprovalStale):
            close(proposed, checker)
        assert close(propose(clearing, maker), checker).figures["books"] == 5_000

    def test_other_figures_than_those_signed_are_not_proposed(self, clearing):
        told(clearing)
        today = TODAY()
        with days_later() as at, pytest.raises(days.FiguresChanged), acting_as_service():
            days.check_day(account=clearing.account, day=today, signature="0" * 64, at=at)

    def test_a_closed_day_is_never_changed(self, clearing, people):
        maker, checker = people
        told(clearing)
        closed = close(propose(clearing, maker), checker)
        with pytest.raises(days.DayIsClosed):
            propose(clearing, maker)
        for statement in (
            "update wallet_reconciledday set signature = 'x'",
            "delete from wallet_reconciledday",
        ):
            with pytest.raises(DatabaseError), acting_as_service(), connection.cursor() as cursor:
                cursor.execute(statement)
        assert reconciliation.is_as_signed(closed)


class TestWhatKeepsADayOpen:
    def test_it_is_not_over(self, clearing):
        told(clearing)
        now = reconciliation.standing(account=clearing.account, day=TODAY(), at=timezone.now())
        assert isinstance(now.obstacle, days.DayNotOver)

    def test_the_gateway_was_not_asked_about_all_of_it(self, clearing):
        clearing.told()
        assert isinstance(obstacle(clearing), days.DayNotCovered)

    def test_an_earlier_day_is_open(self, clearing):
        yesterday = timezone.now() - timedelta(days=1)
        told(clearing, row(1, "x", at=yesterday), since=TODAY() - timedelta(days=1))
        assert isinstance(obstacle(clearing), days.DayBeforeOpen)

    def test_rows_are_missing_between_two_balances(self, clearing):
        now = timezone.now()
        one, other = clearing.paid(1_000), clearing.paid(2_000)
        told(
            clearing,
            row(1_000, one.reference, balance=1_000, at=now - timedelta(seconds=2)),
            row(2_000, other.reference, balance=3_500, at=now),
        )
        assert isinstance(obstacle(clearing), days.RowsIncomplete)


def test_a_row_that_comes_after_its_day_was_closed_counts_on_the_next_and_the_day_stays(clearing, people):
    maker, checker = people
    payment = clearing.paid(6_000)
    told(clearing)
    clearing.run()
    with acting_as_service():
        for found in clearing_breaks(clearing):
            reconciliation.explain(break_id=found.pk, explanation="On its way", by=maker, at=timezone.now())
    closed = close(propose(clearing, maker), checker)
    told(clearing, row(6_000, payment.reference))
    assert clearing.run().resolved == 1
    assert clearing.rows()[0].day == closed.day + timedelta(days=1)
    with acting_as_service():
        again = ReconciledDay.objects.get(pk=closed.pk)
    assert reconciliation.is_as_signed(again) and json.dumps(again.figures) == json.dumps(closed.figures)
    following = figures(clearing, day=closed.day + timedelta(days=1))
    assert (following["difference"], following["items"]) == (0, [])


def clearing_breaks(clearing):
    return list(Break.objects.open().filter(account=clearing.account))
