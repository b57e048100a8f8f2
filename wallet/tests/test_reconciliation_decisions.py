"""What people decide: matches by hand, taking apart, explanations; suspense until it is somebody's."""

from datetime import timedelta

import pytest
from django.db import DatabaseError
from django.utils import timezone

from accounts.tests.factories import make_person
from core.actors import acting_as_service
from core.ids import posting_id
from wallet import services as wallet
from wallet.models import Break, GatewayRow, Match, SuspenseItem
from wallet.services import periods, reconciliation
from wallet.services.reconciliation import deciding
from wallet.tests.reconciling import Clearing, row

pytestmark = pytest.mark.django_db

WHY = "The bank's slip says so"


@pytest.fixture
def clearing(db) -> Clearing:
    return Clearing()


def match(clearing, rows, postings, reason=WHY):
    return reconciliation.match_by_hand(
        account_id=clearing.account.pk,
        row_ids=[each.pk for each in rows],
        posting_ids=postings,
        by=make_person(),
        reason=reason,
        at=timezone.now(),
    )


def take_apart(one):
    return reconciliation.take_apart(row_id=one.pk, by=make_person(), reason=WHY, at=timezone.now())


class TestByHand:
    def test_a_row_and_a_posting(self, clearing):
        key = clearing.posted(7_000)
        clearing.told(
            row(7_000, at=timezone.now() - timedelta(days=9)), since=timezone.localdate() - timedelta(days=10)
        )
        clearing.run()
        assert match(clearing, clearing.rows(), [key]).resolved == 2
        with acting_as_service():
            made = Match.objects.get()
            changes = set(Break.objects.values_list("changes__reason", flat=True)) - {""}
        assert (made.method, made.reason, clearing.breaks()) == ("MANUAL", WHY, [])
        assert changes == {f"Matched by hand: {WHY}"}

    def test_one_settlement_and_many_postings(self, clearing):
        keys = [clearing.posted(amount) for amount in (1_000, 2_000, 4_000)]
        clearing.told(row(7_000, "settlement-1"))
        clearing.run()
        assert len(clearing.breaks()) == 4
        match(clearing, clearing.rows(), keys)
        assert clearing.breaks() == [] and clearing.run().opened == 0

    def test_many_rows_and_one_posting(self, clearing):
        key = clearing.posted(7_000)
        clearing.told(row(3_000, "part-1"), row(4_500, "part-2"), row(-500, "part-fee"))
        clearing.run()
        match(clearing, clearing.rows(), [key])
        assert clearing.breaks() == [] and clearing.run().opened == 0

    def test_sums_must_agree(self, clearing):
        key = clearing.posted(7_000)
        clearing.told(row(6_999, "almost"))
        clearing.run()
        with pytest.raises(deciding.SumsDiffer) as refused:
            match(clearing, clearing.rows(), [key])
        assert refused.value.data == {"gateway": 6_999, "books": 7_000}

    def test_nothing_is_matched_twice(self, clearing):
        key, payment = clearing.posted(7_000), clearing.paid(7_000)
        clearing.told(row(7_000, "one"), row(7_000, "two"), row(7_000, payment.reference))
        clearing.run()
        one, two, third = clearing.rows()
        match(clearing, [one], [key])
        for rows, postings in (([two], [key]), ([two], [payment.posting_id]), ([third], [key])):
            with pytest.raises(deciding.AlreadyMatched):
                match(clearing, rows, postings)

    def test_what_is_not_of_this_account_is_not_matched(self, clearing):
        with acting_as_service():
            line = wallet.Line("FEE", clearing.fees, clearing.suspense, 7_000)
            elsewhere = wallet.post(posting_id=posting_id(), lines=[line]).id
        clearing.told(row(7_000, "one"), row(7_000, "usd", currency="USD"))
        naira, dollars = clearing.rows()
        for rows, postings in (([naira], [elsewhere]), ([naira], []), ([], [clearing.posted(7_000)])):
            with pytest.raises(deciding.NotTogether):
                match(clearing, rows, postings)
        with pytest.raises(deciding.NotTogether):
            match(clearing, [dollars], [clearing.posted(7_000)])

    def test_the_database_wants_a_person_and_a_reason(self, clearing):
        key = clearing.posted(7_000)
        clearing.told(row(7_000, "one"))
        facts = {
            "account": clearing.account,
            "posting_id": key,
            "key": key,
            "change": 7_000,
            "method": "MANUAL",
        }
        times = {"posted_at": timezone.now(), "made_at": timezone.now()}
        with pytest.raises(DatabaseError), acting_as_service():
            Match.objects.create(row=clearing.rows()[0], **facts, **times)


class TestTakingApart:
    def test_what_was_matched_by_score_is_not_matched_so_again(self, clearing):
        clearing.posted(7_000)
        clearing.told(row(7_000))
        assert clearing.run().matched == 1
        assert take_apart(clearing.rows()[0]).opened == 2
        assert (clearing.run().matched, len(clearing.breaks())) == (0, 2)

    def test_nor_what_its_reference_named(self, clearing):
        payment = clearing.paid(7_000)
        clearing.told(row(7_000, payment.reference))
        clearing.run()
        take_apart(clearing.rows()[0])
        assert clearing.run().resolved == 0 and len(clearing.breaks()) == 2
        with acting_as_service():
            undone = Match.objects.get()
        assert (undone.method, undone.undone_reason) == ("REFERENCE", WHY)

    def test_a_whole_settlement_comes_apart_and_can_be_put_together_again(self, clearing):
        keys = [clearing.posted(amount) for amount in (1_000, 2_000)]
        clearing.told(row(3_000, "settlement-1"))
        clearing.run()
        match(clearing, clearing.rows(), keys)
        take_apart(clearing.rows()[0])
        assert len(clearing.breaks()) == 3
        match(clearing, clearing.rows(), keys)
        assert clearing.breaks() == []

    def test_what_is_matched_with_nothing_is_not(self, clearing):
        clearing.told(row(3_000, "alone"))
        with pytest.raises(deciding.NotTogether):
            take_apart(clearing.rows()[0])


class TestExplaining:
    def explained(self, clearing):
        clearing.told(row(3_000, "somebody-elses"))
        clearing.run()
        with acting_as_service():
            found = Break.objects.get()
        return reconciliation.explain(break_id=found.pk, explanation=WHY, by=make_person(), at=timezone.now())

    def test_it_stays_explained_until_it_changes(self, clearing):
        found = self.explained(clearing)
        assert clearing.run().explained == 1
        clearing.told(row(1, "x", gateway_id="later"))
        with acting_as_service():
            other = GatewayRow.objects.get(gateway_id="later")
            GatewayRow.objects.filter(pk=other.pk).update(key=found.key, nth=1)
        run = clearing.run()
        assert (run.explained, clearing.breaks()) == (0, [("MISSING_IN_BOOKS", 3_001, None)])

    def test_it_can_be_taken_back_and_not_once_resolved(self, clearing):
        found = self.explained(clearing)
        reopened = reconciliation.reopen(break_id=found.pk, reason=WHY, by=make_person(), at=timezone.now())
        assert (reopened.state, reopened.explanation) == ("OPEN", "")
        clearing.paid(3_000, reference="somebody-elses")
        assert clearing.run().resolved == 1
        with pytest.raises(deciding.BreakOver):
            reconciliation.explain(break_id=found.pk, explanation=WHY, by=make_person(), at=timezone.now())

    def test_candidates_come_with_the_points_they_get(self, clearing):
        clearing.posted(3_000, description="paystack ref-7654321")
        clearing.posted(3_000)
        clearing.told(row(3_000, "ref-somebody"))
        clearing.run()
        with acting_as_service():
            found = Break.objects.get(kind="MISSING_IN_BOOKS")
            candidates = reconciliation.candidates_of(found=found)
        assert [(each.score, each.parts["amount"], each.parts["text"]) for each in candidates] == [
            (90, 60, 0)
        ] * 2


# The books are followed by the ids of transactions, so each step is one of its own.
@pytest.mark.django_db(transaction=True)
class TestSuspense:
    def test_each_amount_has_its_age_until_it_is_somebodys(self, clearing):
        key = clearing.posted(7_000)
        clearing.posted(500)
        reconciliation.follow_suspense()
        at = timezone.now() + timedelta(days=2)
        with acting_as_service():
            ages = [(age.count, age.amount) for age in reconciliation.ages(currency="NGN", at=at)]
            assert ages == [(0, 0), (2, 7_500), (0, 0), (0, 0)]
            given = wallet.reverse(posting_id=posting_id(), reverses=key)
        reconciliation.follow_suspense()
        with acting_as_service():
            item = SuspenseItem.objects.get(posting_id=key)
            assert (item.attributed_by, SuspenseItem.objects.filter(attributed_by=None).count()) == (
                given.id,
                1,
            )

    def test_a_posting_with_a_link_attributes_it_and_its_reversal_takes_that_back(self, clearing):
        key, by = clearing.posted(7_000), posting_id()
        reconciliation.follow_suspense()
        with acting_as_service():
            periods.link(
                posting_id=by,
                month=periods.month_of(timezone.now()),
                adjusts=key,
                reason=WHY,
                at=timezone.now(),
            )
            line = wallet.Line("ATTRIBUTION", clearing.suspense, clearing.customer.pk, 7_000)
            wallet.post(posting_id=by, lines=[line])
        reconciliation.follow_suspense()
        with acting_as_service():
            assert SuspenseItem.objects.get().attributed_by == by
            wallet.reverse(posting_id=posting_id(), reverses=by)
        assert reconciliation.follow_suspense()
        with acting_as_service():
            assert SuspenseItem.objects.get().attributed_by is None
