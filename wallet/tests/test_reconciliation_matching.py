"""Rows of the gateway beside our postings: what fits, what does not and why, and what comes late."""

from datetime import timedelta

import pytest
from django.utils import timezone

from core.actors import acting_as_service
from core.ids import posting_id
from wallet import services as wallet
from wallet.models import Break, BreakChange, Match
from wallet.tests.reconciling import Clearing, row

pytestmark = pytest.mark.django_db


@pytest.fixture
def clearing(db) -> Clearing:
    return Clearing()


def test_what_fits_by_reference_leaves_no_difference(clearing):
    gross, net = clearing.paid(10_000), clearing.paid(50_000, fee=850)
    clearing.told(row(10_000, gross.reference), row(49_150, net.reference))
    run = clearing.run()
    assert (run.opened, run.open, clearing.breaks()) == (0, 0, [])
    assert {each.key for each in clearing.rows()} == {gross.posting_id, net.posting_id}


def test_a_fee_in_a_row_of_its_own_belongs_to_its_payment(clearing):
    payment = clearing.paid(50_000, fee=850)
    clearing.told(row(50_000, payment.reference), row(-850, payment.reference, source="CHARGE"))
    clearing.run()
    assert clearing.breaks() == []


@pytest.mark.parametrize(
    ("fee", "changes", "kind", "gateway"),
    [
        (0, [9_000], "AMOUNT", 9_000),
        (0, [60_000], "AMOUNT", 60_000),
        (850, [49_000], "FEE", 49_000),
        (850, [50_000], "FEE", 50_000),
        (0, [49_250], "FEE", 49_250),
        (0, [50_000, 50_000], "DUPLICATE", 100_000),
        (850, [49_150, 49_150], "DUPLICATE", 98_300),
        (0, [50_000, 1], "AMOUNT", 50_001),
    ],
)
def test_what_does_not_fit_is_named(clearing, fee, changes, kind, gateway):
    payment = clearing.paid(50_000, fee=fee)
    clearing.told(*[row(change, payment.reference, source="CHARGE") for change in changes])
    clearing.run()
    assert clearing.breaks() == [(kind, gateway, 50_000 - fee)]


def test_what_one_side_does_not_have_is_missing_there(clearing):
    clearing.posted(7_000)
    clearing.told(row(3_000, "somebody-elses"))
    clearing.run()
    assert clearing.breaks() == [("MISSING_AT_GATEWAY", None, 7_000), ("MISSING_IN_BOOKS", 3_000, None)]


def test_what_is_reversed_on_both_sides_fits(clearing):
    payment = clearing.paid(20_000)
    clearing.told(row(20_000, payment.reference))
    clearing.run()
    with acting_as_service():
        wallet.reverse(posting_id=posting_id(), reverses=payment.posting_id)
    clearing.run()
    assert clearing.breaks() == [("AMOUNT", 20_000, 0)]
    clearing.told(row(-20_000, payment.reference, source="CHARGE"))
    clearing.run()
    assert clearing.breaks() == []


def test_another_currency_is_nothing_to_add_up(clearing):
    payment = clearing.paid(5_000)
    clearing.told(row(5_000, payment.reference), row(900, "usd-1", currency="USD"))
    clearing.run()
    clearing.run()
    assert clearing.breaks() == [("CURRENCY", 900, None)]


def test_a_second_run_changes_nothing(clearing):
    clearing.posted(7_000)
    clearing.told(row(3_000, "x"), row(1, "y"))
    first = clearing.run()
    again = clearing.run()
    assert (first.opened, again.opened, again.resolved, again.open) == (3, 0, 0, 3)
    with acting_as_service():
        assert BreakChange.objects.count() == 3


def test_a_row_that_comes_late_closes_its_difference_by_itself(clearing):
    payment = clearing.paid(8_000)
    clearing.told()
    clearing.run()
    assert clearing.breaks() == [("MISSING_AT_GATEWAY", None, 8_000)]
    clearing.told(row(8_000, payment.reference))
    run = clearing.run()
    assert (run.resolved, clearing.breaks()) == (1, [])
    with acting_as_service():
        found = Break.objects.get()
        assert found.resolved_at is not None
        states = found.changes.order_by("id").values_list("was", "state")
        assert list(states) == [("", "OPEN"), ("OPEN", "RESOLVED")]


def test_a_posting_that_comes_late_does_too(clearing):
    payment = clearing.paid(8_000, posted=False)
    clearing.told(row(8_000, payment.reference))
    clearing.run()
    assert clearing.breaks() == [("MISSING_IN_BOOKS", 8_000, None)]
    with acting_as_service():
        line = wallet.Line("DEPOSIT", clearing.account.pk, clearing.suspense, 8_000)
        wallet.post(posting_id=payment.posting_id, lines=[line])
    assert clearing.run().resolved == 1


def test_a_payment_known_late_or_posted_under_another_id_takes_its_row_along(clearing):
    clearing.told(row(8_000, "alj-known-later"))
    clearing.run()
    payment = clearing.paid(8_000, reference="alj-known-later")
    assert (clearing.run().resolved, clearing.breaks()) == (1, [])
    assert clearing.rows()[0].key == payment.posting_id


def test_a_posting_of_the_last_minutes_is_not_missed_yet(clearing):
    clearing.posted(7_000)
    today = timezone.localdate()
    clearing.told(since=today - timedelta(days=1), until=today)
    clearing.run()
    assert clearing.breaks() == []


class TestByScore:
    def test_amount_and_time_are_enough_where_nothing_else_fits(self, clearing):
        key = clearing.posted(7_000)
        clearing.told(row(7_000, description="POS 4411"))
        assert clearing.run().matched == 1
        with acting_as_service():
            match = Match.objects.get()
        assert (match.method, match.posting_id, match.parts) == (
            "SCORED",
            key,
            {"amount": 60, "time": 30, "text": 0},
        )
        assert (match.score, clearing.breaks(), clearing.run().matched) == (90, [], 0)

    def test_a_tie_stays_open(self, clearing):
        clearing.posted(7_000)
        now = timezone.now()
        clearing.told(row(7_000, at=now), row(7_000, at=now))
        assert clearing.run().matched == 0
        assert len(clearing.breaks()) == 3

    def test_two_postings_of_one_amount_are_a_tie_as_well(self, clearing):
        clearing.posted(7_000)
        clearing.posted(7_000)
        clearing.told(row(7_000))
        assert clearing.run().matched == 0

    def test_words_break_a_tie(self, clearing):
        clearing.posted(7_000, description="paystack ref-1234567")
        clearing.posted(7_000, description="paystack ref-7654321")
        clearing.told(row(7_000, description="NIP/ref-7654321/ADA"))
        assert clearing.run().matched == 1
        assert clearing.breaks() == [("MISSING_AT_GATEWAY", None, 7_000)]

    def test_far_apart_is_not_the_same(self, clearing):
        clearing.posted(7_000)
        today = timezone.localdate()
        far = timezone.now() - timedelta(days=2)
        clearing.told(row(7_000, at=far), since=today - timedelta(days=4))
        assert clearing.run().matched == 0

    def test_a_row_that_names_its_payment_is_not_given_to_another(self, clearing):
        waiting = clearing.paid(7_000, posted=False)
        clearing.posted(7_000)
        clearing.told(row(7_000, waiting.reference))
        assert clearing.run().matched == 0
        assert [kind for kind, _gateway, _books in clearing.breaks()] == [
            "MISSING_AT_GATEWAY",
            "MISSING_IN_BOOKS",
        ]
