"""A day of a clearing account: what lies between the two balances, who closes it, and what keeps it from closing."""

import json
from datetime import timedelta

import pytest
from django.db import connection
from django.db.utils import DatabaseError
from django.utils import timezone

from accounts.tests.factories import make_person
from core.actors import acting_as_service
from wallet.models import Break, ReconciledDay
from wallet.services import reconciliation
from wallet.services.reconciliation import days
from wallet.tests.reconciling import Clearing, row

pytestmark = pytest.mark.django_db


@pytest.fixture
def clearing(db) -> Clearing:
    return Clearing()


@pytest.fixture
def people(db):
    return make_person(name="Maker"), make_person(name="Checker")


TODAY = timezone.localdate
LATER = timedelta(days=3)


def propose(clearing, by, day=None, at=None):
    return reconciliation.propose_day(
        account_id=clearing.account.pk, day=day or TODAY(), by=by, at=at or timezone.now() + LATER
    )


def close(proposed, by, at=None):
    return reconciliation.close_day(day_id=proposed.pk, by=by, at=at or timezone.now() + LATER)


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
    figures = closed.figures
    assert (figures["books"], figures["gateway"], figures["reported"]) == (59_400, 59_400, 59_400)
    assert (figures["difference"], figures["items"], figures["opening_difference"]) == (0, [], 0)
    assert figures["rows"] | {"digest": ""} == {
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
    figures = close(propose(clearing, maker), checker).figures
    assert (figures["books"], figures["gateway"], figures["difference"]) == (47_000, 39_700, 7_300)
    assert sorted((item["kind"], item["books"] - item["gateway"]) for item in figures["items"]) == [
        ("MISSING_AT_GATEWAY", 7_000),
        ("MISSING_IN_BOOKS", 300),
    ]
    assert (figures["explained"], figures["opening_difference"]) == (7_300, 0)


def test_what_the_gateway_held_before_is_no_difference_of_its_own(clearing, people):
    payment = clearing.paid(10_000)
    told(clearing, row(10_000, payment.reference, balance=15_000))
    figures = propose(clearing, people[0]).figures
    assert (figures["opening"], figures["gateway"], figures["opening_difference"]) == (5_000, 15_000, -5_000)


def test_money_on_its_way_over_midnight_is_listed_by_name(clearing, people):
    payment = clearing.paid(10_000)
    tomorrow = timezone.now() + timedelta(days=1)
    told(clearing, row(10_000, payment.reference, at=tomorrow))
    proposed = propose(clearing, people[0])
    figures = proposed.figures
    assert [(item["kind"], item["books"]) for item in figures["items"]] == [("IN_TRANSIT", 10_000)]
    assert figures["opening_difference"] == 0
    closed = close(proposed, people[1])
    following = propose(clearing, people[0], day=closed.day + timedelta(days=1))
    assert (following.figures["items"], following.figures["difference"]) == ([], 0)


class TestWhoCloses:
    def test_it_takes_two_people(self, clearing, people):
        maker, _checker = people
        told(clearing)
        proposed = propose(clearing, maker)
        with pytest.raises(days.SamePerson):
            close(proposed, maker)
        with pytest.raises(DatabaseError), acting_as_service():
            ReconciledDay.objects.filter(pk=proposed.pk).update(
                state="CLOSED", checked_by=maker, checked_at=timezone.now()
            )

    def test_figures_that_moved_since_are_put_forward_anew(self, clearing, people):
        maker, checker = people
        told(clearing)
        proposed = propose(clearing, maker)
        payment = clearing.paid(5_000)
        told(clearing, row(5_000, payment.reference))
        with pytest.raises(days.FiguresChanged):
            close(proposed, checker)
        assert close(propose(clearing, maker), checker).figures["books"] == 5_000

    def test_a_closed_day_is_never_changed(self, clearing, people):
        maker, checker = people
        told(clearing)
        closed = close(propose(clearing, maker), checker)
        with pytest.raises(days.DayIsClosed):
            propose(clearing, maker)
        for statement in ("update wallet_reconciledday set reason = 'x'", "delete from wallet_reconciledday"):
            with pytest.raises(DatabaseError), acting_as_service(), connection.cursor() as cursor:
                cursor.execute(statement)
        assert closed.state == "CLOSED"

    def test_a_day_is_sent_back_with_a_reason(self, clearing, people):
        told(clearing)
        proposed = propose(clearing, people[0])
        sent = reconciliation.send_back(day_id=proposed.pk, by=people[1], reason="The fees look wrong")
        assert (sent.state, sent.reason) == ("OPEN", "The fees look wrong")
        with pytest.raises(days.NotProposed):
            close(sent, people[1])


class TestWhatKeepsADayOpen:
    def test_it_is_not_over(self, clearing, people):
        told(clearing)
        with pytest.raises(days.DayNotOver):
            propose(clearing, people[0], at=timezone.now())

    def test_the_gateway_was_not_asked_about_all_of_it(self, clearing, people):
        clearing.told()
        with pytest.raises(days.DayNotCovered):
            propose(clearing, people[0])

    def test_an_earlier_day_is_open(self, clearing, people):
        told(clearing, row(1, "x", at=timezone.now() - timedelta(days=1)), since=TODAY() - timedelta(days=1))
        with pytest.raises(days.DayBeforeOpen):
            propose(clearing, people[0])

    def test_rows_are_missing_between_two_balances(self, clearing, people):
        now = timezone.now()
        one, other = clearing.paid(1_000), clearing.paid(2_000)
        told(
            clearing,
            row(1_000, one.reference, balance=1_000, at=now - timedelta(seconds=2)),
            row(2_000, other.reference, balance=3_500, at=now),
        )
        with pytest.raises(days.RowsIncomplete):
            propose(clearing, people[0])


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
    following = propose(clearing, maker, day=closed.day + timedelta(days=1))
    assert (following.figures["difference"], following.figures["items"]) == (0, [])


def clearing_breaks(clearing):
    return list(Break.objects.open().filter(account=clearing.account))
