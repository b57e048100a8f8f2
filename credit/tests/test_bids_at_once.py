"""What a borrower, lenders and tasks do about one application at the same moment."""

from decimal import Decimal

import pytest
from django.utils import timezone

from accounts.models import User
from accounts.tests.factories import make_person
from core.actors import acting_as_service
from core.errors import DomainError
from core.ids import uuid7
from core.tests.at_once import at_once
from credit.models import Bid, Contract, ProductTerms, StatusChange
from credit.refusals import BidOver, OfferBarred
from credit.services import automatic, bidding
from credit.states import StateRefused
from credit.tests.bidding import accepted, held, listed, offer
from credit.tests.world import lender, product, rule
from wallet import services as wallet

pytestmark = pytest.mark.django_db(transaction=True)


def made(name: str = "Harvest Credit", naira: int = 250_000) -> tuple[ProductTerms, User]:
    owner = make_person()
    return product(lender(owner, name=name, naira=naira)), owner


def refusals(done: list[object]) -> list[str]:
    return sorted(one.code for one in done if isinstance(one, DomainError))


def test_of_two_acceptances_at_once_one_wins_and_the_other_is_told_so() -> None:
    ada, (terms, owner), (others, rival) = make_person(), made(), made("Rival")
    asked = listed(ada)
    bid, other = offer(terms, asked, owner), offer(others, asked, rival, rate=Decimal(30))
    done = at_once(lambda: accepted(asked, [bid]), lambda: accepted(asked, [other]))
    assert refusals(done) == [StateRefused.code]
    with acting_as_service():
        contract = Contract.objects.get()
        assert sorted(Bid.objects.values_list("state", flat=True)) == ["ACCEPTED", "LOST"]
        assert contract.shares.get().bid.state == "ACCEPTED"
        assert StatusChange.objects.filter(event="accept").count() == 1
        assert sum(held(one) > 0 for one in (terms, others)) == 1 and wallet.verify() == []


def test_the_same_acceptance_clicked_thrice_at_once_is_one_contract() -> None:
    ada, (terms, owner), key = make_person(), made(), uuid7()
    asked = listed(ada)
    bid = offer(terms, asked, owner)
    done = at_once(*[lambda: accepted(asked, [bid], key=key)] * 3)
    assert done == [Contract(pk=key)] * 3
    assert held(terms) == bid.reserve


def test_a_lender_that_offers_twice_at_once_has_one_live_offer() -> None:
    ada, (terms, owner) = make_person(), made()
    asked = listed(ada)
    done = at_once(*[lambda: offer(terms, asked, owner)] * 3)
    assert refusals(done) == [OfferBarred.code] * 2
    with acting_as_service():
        assert held(terms) == Bid.objects.get().reserve


def test_one_balance_does_not_back_two_offers() -> None:
    terms, owner = made(naira=150_000)
    asked = [listed(make_person()) for _ in range(3)]
    done = at_once(*[lambda one=one: offer(terms, one, owner) for one in asked])  # type: ignore[misc]
    assert refusals(done) == [OfferBarred.code] * 2
    with acting_as_service():
        assert held(terms) == Bid.objects.get().reserve and wallet.verify() == []


def test_an_offer_is_either_taken_back_or_accepted() -> None:
    ada, (terms, owner) = make_person(), made()
    asked = listed(ada)
    bid = offer(terms, asked, owner)
    done = at_once(
        lambda: accepted(asked, [bid]),
        lambda: bidding.withdraw_bid(bid_id=bid.pk, by=owner, at=timezone.now()),
    )
    assert refusals(done) == [BidOver.code]
    with acting_as_service():
        was_accepted = Contract.objects.exists()
        assert Bid.objects.get().state == ("ACCEPTED" if was_accepted else "WITHDRAWN")
        assert held(terms) == (bid.reserve if was_accepted else 0)


def test_two_workers_make_each_automatic_offer_once_beside_lenders_who_offer_by_hand() -> None:
    found = [made(f"Lender {number}", naira=10_000_000) for number in range(3)]
    for terms, _owner in found:
        rule(terms)
    asked = [listed(make_person()) for _ in range(4)]
    at = timezone.now()
    terms, owner = found[0]
    done = at_once(
        lambda: automatic.offer_next(at=at),
        lambda: automatic.offer_next(at=at),
        lambda: offer(terms, asked[0], owner),
    )
    assert set(refusals(done)) <= {OfferBarred.code}
    automatic.offer_next(at=timezone.now())
    with acting_as_service():
        pairs = list(Bid.objects.filter(state="LIVE").values_list("application_id", "provider_id"))
        assert len(pairs) == len(set(pairs)) == 12
        assert sum(held(one) for one, _owner in found) == sum(bid.reserve for bid in Bid.objects.all())
        assert StatusChange.objects.filter(event="offer").count() == 4 and wallet.verify() == []
