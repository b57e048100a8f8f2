"""A borrower accepts: one contract, exactly once, of what still holds; the others are free again."""

from collections.abc import Callable
from decimal import Decimal
from hashlib import sha256
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import Notification, User
from accounts.tests.factories import make_person
from core.actors import acting_as_service
from core.errors import DomainError
from core.ids import uuid7
from credit.models import Bid, Contract, ProductTerms, Provider, Share
from credit.penalties import LateCharge
from credit.product_rules import ProductRules
from credit.refusals import ApplicationNotFound, BidNotFound, BidOver, IdReused, OfferBarred
from credit.services import bidding
from credit.services.accepting import OneOfferOnly, PartFunded
from credit.states import State, StateRefused
from credit.terms import Method
from credit.terms_data import rules_data
from credit.tests.bidding import TICK, accepted, held, listed, offer, open_holds, stage_of, state_of
from credit.tests.world import DAY, NAIRA, lender, priced, product
from wallet import services as wallet
from wallet.models import Hold

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada(db: None) -> User:
    return make_person()


@pytest.fixture
def owner(db: None) -> User:
    return make_person()


@pytest.fixture
def rival(db: None) -> User:
    return make_person()


@pytest.fixture
def terms(owner: User) -> ProductTerms:
    return product(lender(owner))


@pytest.fixture
def others(rival: User) -> ProductTerms:
    return product(lender(rival, name="Rival"))


def shares_of(contract: Contract) -> list[Share]:
    with acting_as_service():
        return list(contract.shares.select_related("bid").order_by("bid_id"))


def refused(kind: type[DomainError], deed: Callable[[], object]) -> dict[str, Any]:
    with pytest.raises(kind) as refusal:
        deed()
    return refusal.value.public_data


def test_one_offer_becomes_a_contract_of_its_very_terms_and_the_others_are_lost(
    ada: User, owner: User, rival: User, terms: ProductTerms, others: ProductTerms
) -> None:
    asked, at = listed(ada), timezone.now()
    bid, lost = offer(terms, asked, owner), offer(others, asked, rival, rate=Decimal(30))
    contract = accepted(asked, [bid])
    assert (contract.terms, contract.sha256) == (bid.terms, bid.sha256)
    assert (contract.amount, contract.rate, contract.received, contract.apr) == (
        bid.amount,
        bid.rate,
        bid.received,
        bid.apr,
    )
    [share] = shares_of(contract)
    assert (share.bid, share.amount, share.our_fee, share.our_tax) == (
        bid,
        bid.amount,
        bid.our_fee,
        bid.our_tax,
    )
    assert (state_of(bid), state_of(lost), stage_of(asked)) == ("ACCEPTED", "LOST", State.ACCEPTED)
    # Set aside for the share, without an end, and no longer for the offer.
    [hold] = open_holds(terms)
    assert (hold.pk, hold.amount, hold.expires_at) == (share.hold_id, bid.reserve, None)
    assert held(others) == 0
    with acting_as_service():
        asked.refresh_from_db()
        assert asked.sign_by is not None and asked.sign_by >= at + 3 * DAY
        told = Notification.objects.filter(event__startswith="loan.offer_").values_list("user_id", "event")
        assert set(told) == {(owner.pk, "loan.offer_chosen"), (rival.pk, "loan.offer_not_chosen")}


def test_the_same_again_is_the_same_contract_and_another_comes_too_late(
    ada: User, owner: User, rival: User, terms: ProductTerms, others: ProductTerms
) -> None:
    asked, key = listed(ada), uuid7()
    bid, other = offer(terms, asked, owner), offer(others, asked, rival)
    first = accepted(asked, [bid], key=key)
    assert accepted(asked, [bid], key=key) == first
    assert refused(IdReused, lambda: accepted(asked, [other], key=key)) == {"field": "bids"}
    too_late = refused(StateRefused, lambda: accepted(asked, [other]))
    assert too_late == {"state": "ACCEPTED", "event": "accept"}
    assert StateRefused.kind == "conflict"
    with acting_as_service():
        assert Contract.objects.count() == 1 and Hold.objects.open().count() == 1


def test_what_changed_since_the_offer_bars_it_and_nothing_is_written(
    ada: User, owner: User, terms: ProductTerms
) -> None:
    asked = listed(ada, at=timezone.now() - 8 * DAY)
    bid = offer(terms, asked, owner, at=asked.made_at, expires_at=timezone.now() + DAY)
    assert asked.deadline is not None
    late = refused(OfferBarred, lambda: accepted(asked, [bid], at=asked.deadline))
    assert late == {"bars": ["PAST_DEADLINE"]}
    at = asked.deadline - TICK
    providers = Provider.objects.filter(pk=bid.provider_id)
    for facts, bars in (
        ({"state": "SUSPENDED"}, ["PROVIDER_INACTIVE"]),
        ({"state": "ACTIVE", "licensed_until": timezone.localdate() - 30 * DAY}, ["NOT_LICENSED"]),
    ):
        with acting_as_service():
            providers.update(**facts)
        found = refused(OfferBarred, lambda: accepted(asked, [bid], at=at))
        assert found == {"bars": bars, "bid": str(bid.pk)}
    with acting_as_service():
        providers.update(licensed_until=timezone.localdate() + DAY)
        # What was set aside for it is gone: somebody released it, and spent the money.
        wallet.release_hold(hold_id=bid.hold_id)
    assert refused(OfferBarred, lambda: accepted(asked, [bid], at=at))["bars"] == ["HEADROOM_SHORT"]
    assert (state_of(bid), stage_of(asked)) == ("LIVE", State.OFFERED)
    with acting_as_service():
        assert not Contract.objects.exists()


def test_an_offer_in_the_very_moment_it_ends_is_over(ada: User, owner: User, terms: ProductTerms) -> None:
    asked = listed(ada)
    bid = offer(terms, asked, owner)
    found = refused(OfferBarred, lambda: accepted(asked, [bid], at=bid.expires_at))
    assert found["bars"] == ["EXPIRED"]
    bidding.withdraw_bid(bid_id=bid.pk, by=owner, at=timezone.now())
    assert refused(BidOver, lambda: accepted(asked, [bid])) == {"state": "WITHDRAWN"}


def test_terms_that_a_lender_edits_meanwhile_change_no_offer_that_was_made(
    ada: User, owner: User, terms: ProductTerms
) -> None:
    asked = listed(ada)
    bid = offer(terms, asked, owner)
    with acting_as_service():
        edited = ProductTerms.objects.get(pk=terms.pk)
        edited.pk, edited.from_date = uuid7(), timezone.localdate()
        edited.rules = rules_data(ProductRules(method=Method.FLAT))
        edited.late, edited.highest_rate, edited.lowest_rate = {"percent": "9"}, Decimal(40), Decimal(30)
        edited.save(force_insert=True)
    contract = accepted(asked, [bid])
    assert (contract.rules, contract.late, contract.rate) == (terms.rules, terms.late, Decimal(24))
    assert contract.sha256 == bid.sha256


def test_only_the_borrowers_own_and_only_one_unless_they_pool(
    ada: User, owner: User, rival: User, terms: ProductTerms, others: ProductTerms
) -> None:
    asked, elsewhere = listed(ada), listed(make_person())
    bid, other = offer(terms, asked, owner), offer(others, asked, rival)
    strange = offer(terms, elsewhere, owner)
    refused(ApplicationNotFound, lambda: accepted(asked, [bid], user=rival))
    for bids, kind in (([strange], BidNotFound), ([], BidNotFound), ([bid, other], OneOfferOnly)):
        refused(kind, lambda bids=bids: accepted(asked, bids))
    part = offer(terms, asked, owner, amount=40_000 * NAIRA, replaces=bid.pk)
    assert refused(PartFunded, lambda: accepted(asked, [part])) == {"short_by": 60_000 * NAIRA}
    assert accepted(asked, [part], takes_part=True).amount == 40_000 * NAIRA


def pooled(ada: User, *made: tuple[ProductTerms, User, int, int], **changes: Any) -> tuple[Any, list[Bid]]:
    asked = listed(ada, pools=True, naira=100_000, **changes)
    bids = [
        offer(terms, asked, owner, amount=naira * NAIRA, rate=Decimal(rate))
        for terms, owner, naira, rate in made
    ]
    return asked, bids


def test_a_pool_fills_from_the_cheapest_and_runs_at_the_blended_rate(
    ada: User, owner: User, rival: User, terms: ProductTerms
) -> None:
    mild = LateCharge(percent=Decimal("0.5"), days_free=7)
    others = product(lender(rival, name="Rival"), late=mild, cooling_off_days=5)
    asked, [cheap, dear] = pooled(ada, (terms, owner, 60_000, 20), (others, rival, 80_000, 30))
    contract = accepted(asked, [dear, cheap])
    shares = {share.bid_id: share for share in shares_of(contract)}
    assert [shares[bid.pk].amount // NAIRA for bid in (cheap, dear)] == [60_000, 40_000]
    assert contract.rate == Decimal(24)
    # Half of the dear one is taken: half its fees, and half of what it owes us.
    assert (shares[dear.pk].fees, shares[dear.pk].our_fee) == (dear.fees // 2, dear.our_fee // 2)
    assert contract.fees == sum(share.fees for share in shares.values()) == 1_000 * NAIRA
    cost = priced(terms, amount=100_000 * NAIRA, count=12, rate=Decimal(24)).cost
    assert (contract.total_payable, contract.received) == (cost.payable, cost.received)
    assert sha256(contract.terms.encode()).hexdigest() == contract.sha256
    assert all(str(one) in contract.terms for one in (cheap.provider_id, dear.provider_id, cheap.pk, dear.pk))
    # Of the rest, what is best for the borrower.
    assert (contract.late, contract.cooling_off_days) == (others.late, 5)
    assert held(terms) == 59_400 * NAIRA + shares[cheap.pk].our_fee + shares[cheap.pk].our_tax
    assert held(others) == 39_600 * NAIRA + shares[dear.pk].our_fee + shares[dear.pk].our_tax


def test_a_pool_that_is_short_is_taken_in_part_only_by_who_says_so(
    ada: User, owner: User, rival: User, terms: ProductTerms, others: ProductTerms
) -> None:
    asked, bids = pooled(ada, (terms, owner, 30_000, 20), (others, rival, 25_000, 24))
    assert refused(PartFunded, lambda: accepted(asked, bids)) == {"short_by": 45_000 * NAIRA}
    assert stage_of(asked) == State.OFFERED
    contract = accepted(asked, bids, takes_part=True)
    assert (contract.amount, len(shares_of(contract))) == (55_000 * NAIRA, 2)


def test_a_pool_takes_no_offer_that_it_does_not_need_nor_one_that_is_paid_back_otherwise(
    ada: User, owner: User, rival: User, terms: ProductTerms, others: ProductTerms
) -> None:
    asked, bids = pooled(ada, (terms, owner, 100_000, 20), (others, rival, 50_000, 24))
    refused(OneOfferOnly, lambda: accepted(asked, bids))
    flat = product(lender(make_person(), name="Flat"), rules=ProductRules(method=Method.FLAT))
    with acting_as_service():
        boss = flat.product.provider.organization.memberships.get().user
    assert refused(OfferBarred, lambda: offer(flat, asked, boss))["bars"] == ["NOT_POOLABLE"]
    found = refused(OfferBarred, lambda: offer(others, asked, rival, count=10))
    assert set(found["bars"]) == {"OFFER_ALREADY_LIVE", "TERM_NOT_ASKED"}
    assert accepted(asked, bids[:1]).sha256 == bids[0].sha256


def test_what_lenders_owe_us_changes_no_share(ada: User, rival: User) -> None:
    """The fees are turned round, and the same offers carry the same parts."""
    outcomes = []
    for commissions in ((0, 10), (10, 0)):
        owners = [make_person(), make_person()]
        made = [
            (product(lender(one, name=name, commission=Decimal(percent))), one, 70_000, 24)
            for one, name, percent in zip(owners, ("First", "Second"), commissions, strict=True)
        ]
        asked, bids = pooled(make_person(), *made)
        contract = accepted(asked, bids)
        parts = {share.bid_id: share.amount for share in shares_of(contract)}
        outcomes.append(([parts[bid.pk] for bid in bids], contract.total_payable, contract.apr))
    assert outcomes[0] == outcomes[1]
