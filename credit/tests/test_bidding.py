"""A lender offers, changes its mind, takes back: what is set aside, what bars it, and what others see."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from hashlib import sha256
from time import sleep
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from accounts.models import AuditEvent, Membership, Notification, User
from accounts.services.organizations import RoleNotEnough
from accounts.tests.factories import make_person
from core.actors import OrganizationCaller, acting_as, acting_as_service
from core.errors import DomainError
from core.ids import uuid7
from credit.models import (
    AdverseAction,
    Application,
    Bid,
    Consent,
    ProductTerms,
    Provider,
    Question,
    StatusChange,
)
from credit.refusals import (
    BidNotFound,
    BidOver,
    IdReused,
    NotOnMarket,
    NotPossible,
    OfferBarred,
    ProviderNotFound,
)
from credit.services import bidding, expiring, outcomes
from credit.services.products import ProductNotFound
from credit.states import State
from credit.tests.bidding import TICK, accepted, held, listed, offer, open_holds, stage_of, state_of
from credit.tests.world import DAY, NAIRA, application, fund, lender, priced, product
from wallet import services as wallet

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada(db: None) -> User:
    return make_person()


@pytest.fixture
def owner(db: None) -> User:
    return make_person()


@pytest.fixture
def terms(owner: User) -> ProductTerms:
    return product(lender(owner, naira=250_000), conditions=["Salary is paid in here."])


def barred(deed: Callable[[], object]) -> list[str]:
    with pytest.raises(OfferBarred) as refusal:
        deed()
    return sorted(refusal.value.public_data["bars"])


def test_an_offer_is_priced_by_us_hashed_and_its_money_set_aside(
    ada: User, owner: User, terms: ProductTerms
) -> None:
    asked = listed(ada)
    bid = offer(terms, asked, owner, conditions=("A guarantor signs too.",))
    cost = priced(terms, amount=100_000 * NAIRA, count=12, rate=Decimal(24)).cost
    assert (bid.fees, bid.received, bid.total_payable) == (1_000 * NAIRA, 99_000 * NAIRA, cost.payable)
    assert abs(bid.apr - cost.aprc) < Decimal("1e-11")
    # 1 % for us, and 7.5 % tax on that.
    assert (bid.our_fee, bid.our_tax) == (1_000 * NAIRA, 75 * NAIRA)
    assert bid.conditions == ["Salary is paid in here.", "A guarantor signs too."]
    assert sha256(bid.terms.encode()).hexdigest() == bid.sha256 and str(bid.provider_id) in bid.terms
    assert held(terms) == bid.reserve == 100_075 * NAIRA
    [hold] = open_holds(terms)
    assert (hold.pk, hold.expires_at, hold.counted) == (bid.hold_id, bid.expires_at, 0)
    with acting_as_service():
        change = StatusChange.objects.get(application=asked)
        assert (change.was, change.now, change.who) == (State.LISTED, State.OFFERED, "provider")
        assert Notification.objects.filter(user=ada, event="loan.offered").count() == 1
        assert AuditEvent.objects.filter(action="credit.bid.made", target_id=str(bid.pk)).count() == 1


def test_a_change_is_a_new_offer_and_the_first_again_stays_what_it_was(
    ada: User, owner: User, terms: ProductTerms
) -> None:
    asked, key, at = listed(ada), uuid7(), timezone.now()
    first = offer(terms, asked, owner, bid_id=key, at=at)
    assert offer(terms, asked, owner, bid_id=key, at=at) == first
    with pytest.raises(IdReused):
        offer(terms, asked, owner, bid_id=key, rate=Decimal(23))
    assert barred(lambda: offer(terms, asked, owner, rate=Decimal(23))) == ["OFFER_ALREADY_LIVE"]
    with pytest.raises(BidNotFound):
        offer(terms, asked, owner, replaces=uuid7())
    # There is room for one more only because the first gives back what it holds.
    with acting_as_service():
        wallet.place_hold(
            hold_id=uuid7(),
            account_id=terms.product.provider.account_id,
            amount=140_000 * NAIRA,
            expires_at=None,
            reason="other",
        )
    second = offer(terms, asked, owner, rate=Decimal(23), replaces=first.pk)
    assert second.supersedes_id == first.pk
    assert (state_of(first), state_of(second)) == ("SUPERSEDED", "LIVE")
    assert held(terms) == second.reserve + 140_000 * NAIRA
    with acting_as_service():
        assert StatusChange.objects.filter(application=asked).count() == 1


@pytest.mark.parametrize(
    ("change", "bars"),
    [
        ({"amount": 9_999 * NAIRA}, ["AMOUNT_OUTSIDE_PRODUCT"]),
        ({"amount": 100_001 * NAIRA}, ["AMOUNT_ABOVE_ASKED"]),
        ({"count": 61}, ["TERM_OUTSIDE_PRODUCT"]),
        ({"rate": Decimal("48.0001")}, ["RATE_ABOVE_CAP"]),
        ({"rate": Decimal("11.9999")}, ["RATE_BELOW_PRODUCT"]),
        (
            {
                "amount": 9_000_000 * NAIRA,
                "count": 61,
                "rate": Decimal(50),
                "expires_at": timezone.now() - DAY,
            },
            [
                *("AMOUNT_ABOVE_ASKED", "AMOUNT_OUTSIDE_PRODUCT", "EXPIRED", "HEADROOM_SHORT"),
                *("RATE_ABOVE_CAP", "TERM_OUTSIDE_PRODUCT"),
            ],
        ),
    ],
)
def test_everything_that_bars_an_offer_is_named_and_nothing_is_set_aside(
    ada: User, owner: User, terms: ProductTerms, change: dict[str, Any], bars: list[str]
) -> None:
    asked = listed(ada)
    assert barred(lambda: offer(terms, asked, owner, **change)) == bars
    assert held(terms) == 0 and stage_of(asked) == State.LISTED


def test_a_lender_that_is_suspended_or_whose_licence_ran_out_offers_nothing(
    ada: User, owner: User, terms: ProductTerms
) -> None:
    asked, providers = listed(ada), Provider.objects.filter(pk=terms.product.provider_id)
    today = timezone.localdate()
    for facts, bars in (
        ({"state": "SUSPENDED"}, ["PROVIDER_INACTIVE"]),
        ({"state": "ACTIVE", "licensed_until": today - DAY}, ["NOT_LICENSED"]),
    ):
        with acting_as_service():
            providers.update(**facts)
        assert barred(lambda: offer(terms, asked, owner)) == bars
    with acting_as_service():
        providers.update(licensed_until=today)
    assert offer(terms, asked, owner).state == "LIVE"


def test_the_very_moment_of_the_deadline_is_too_late(ada: User, owner: User, terms: ProductTerms) -> None:
    asked = listed(ada, at=timezone.now() - 8 * DAY)
    assert asked.deadline is not None
    late = {"expires_at": asked.deadline + 3 * DAY}
    assert barred(lambda: offer(terms, asked, owner, at=asked.deadline, **late)) == ["PAST_DEADLINE"]
    bid = offer(terms, asked, owner, at=asked.deadline - TICK, **late)
    assert barred(lambda: bidding.withdraw_bid(bid_id=bid.pk, by=owner, at=asked.deadline)) == [
        "PAST_DEADLINE"
    ]
    assert not expiring.expire_application(application_id=asked.pk, at=asked.deadline - TICK)
    assert expiring.expire_application(application_id=asked.pk, at=asked.deadline)
    assert (stage_of(asked), state_of(bid), held(terms)) == (State.EXPIRED, "LOST", 0)
    with acting_as_service():
        assert Notification.objects.filter(user=ada, event="loan.listing_expired").count() == 1
        assert Notification.objects.filter(user=owner, event="loan.offer_not_chosen").count() == 1
    assert not expiring.expire_application(application_id=asked.pk, at=asked.deadline)


def test_an_offer_past_its_time_is_ended_and_makes_room_for_another(
    ada: User, owner: User, terms: ProductTerms
) -> None:
    """Whether the ledger has given its money back by then or not."""
    asked = listed(ada, at=timezone.now() - 2 * DAY)
    for releases in (False, True):
        first = offer(terms, asked, owner, expires_at=timezone.now() + timedelta(seconds=1))
        sleep(1)
        if releases:
            with acting_as_service():
                wallet.release_expired_holds()
        with pytest.raises(BidOver):
            bidding.withdraw_bid(bid_id=first.pk, by=owner, at=timezone.now())
        second = offer(terms, asked, owner)
        assert (state_of(first), state_of(second), held(terms)) == ("EXPIRED", "LIVE", second.reserve)
        assert expiring.with_bids_over(at=second.expires_at - TICK) == []
        assert expiring.with_bids_over(at=second.expires_at) == [asked.pk]
        assert expiring.expire_bids(application_id=asked.pk, at=second.expires_at) == 1
        assert (state_of(second), held(terms), stage_of(asked)) == ("EXPIRED", 0, State.OFFERED)


def test_an_offer_taken_back_frees_its_money_once(ada: User, owner: User, terms: ProductTerms) -> None:
    asked = listed(ada)
    bid = offer(terms, asked, owner)
    for _ in range(2):
        assert bidding.withdraw_bid(bid_id=bid.pk, by=owner, at=timezone.now()).state == "WITHDRAWN"
    assert held(terms) == 0 and stage_of(asked) == State.OFFERED
    again = offer(terms, asked, owner)
    accepted(asked, [again])
    with pytest.raises(BidOver):
        bidding.withdraw_bid(bid_id=again.pk, by=owner, at=timezone.now())


def test_only_managers_of_the_lender_and_its_program_offer_for_it(
    ada: User, owner: User, terms: ProductTerms
) -> None:
    asked, clerk, stranger = listed(ada), make_person(), make_person()
    organization = terms.product.provider.organization_id
    with acting_as_service():
        Membership.objects.create(organization_id=organization, user=clerk, role="MEMBER")
    with pytest.raises(RoleNotEnough):
        offer(terms, asked, clerk)
    other = OrganizationCaller(id=uuid7(), key_id=uuid7(), mode="LIVE")
    for caller in (stranger, ada, other):
        with pytest.raises(ProviderNotFound):
            offer(terms, asked, caller)  # type: ignore[arg-type]
    program = OrganizationCaller(id=organization, key_id=uuid7(), mode="LIVE")
    bid = offer(terms, asked, program)  # type: ignore[arg-type]
    assert bid.made_by_id is None
    theirs = product(lender(stranger))
    with pytest.raises(ProductNotFound):
        offer(terms, asked, owner, product_id=theirs.product_id, bid_id=uuid7())


def test_nobody_lends_to_one_of_its_own_people(ada: User, owner: User, terms: ProductTerms) -> None:
    asked = listed(owner)
    assert barred(lambda: offer(terms, asked, owner)) == ["OWN_APPLICATION"]


def test_what_is_not_listed_or_no_longer_shown_takes_no_offer(
    ada: User, owner: User, terms: ProductTerms
) -> None:
    asked = listed(ada, state=State.SUBMITTED)
    with pytest.raises(NotOnMarket):
        offer(terms, asked, owner)
    hidden = listed(ada)
    with acting_as_service():
        Consent.objects.filter(application=hidden).update(withdrawn_at=timezone.now())
    with pytest.raises(NotOnMarket):
        offer(terms, hidden, owner)


def test_what_cannot_be_lent_is_refused_with_the_reason(ada: User, owner: User) -> None:
    asked = listed(ada)
    dear = product(lender(owner), fee_percent=Decimal(100))
    for change in ({}, {"rate": Decimal("24.00001")}, {"conditions": ("",)}):
        with pytest.raises(NotPossible):
            offer(dear, asked, owner, **change)


def test_the_ledger_has_the_last_word_on_headroom(
    ada: User, owner: User, terms: ProductTerms, monkeypatch: Any
) -> None:
    """Money that was there when the offer was looked at, and was spent before it was set aside."""
    asked = listed(ada)
    monkeypatch.setattr(bidding, "headroom_of", lambda *_: 10**12)
    with acting_as_service():
        wallet.place_hold(
            hold_id=uuid7(),
            account_id=terms.product.provider.account_id,
            amount=200_000 * NAIRA,
            expires_at=None,
            reason="other",
        )
    assert barred(lambda: offer(terms, asked, owner)) == ["HEADROOM_SHORT"]
    with acting_as_service():
        assert not Bid.objects.exists()
    with acting_as_service():
        fund(terms.product.provider, 100_000)
    assert offer(terms, asked, owner).state == "LIVE"


def test_offers_are_sealed_from_every_other_lender_and_open_to_the_borrower(
    ada: User, owner: User, terms: ProductTerms
) -> None:
    asked, rival = listed(ada), make_person()
    others = product(lender(rival, name="Rival"))
    bid, dearer = offer(terms, asked, owner), offer(others, asked, rival, rate=Decimal(30))
    for person, seen in (
        (owner, {bid.pk}),
        (rival, {dearer.pk}),
        (ada, {bid.pk, dearer.pk}),
        (make_person(), set()),
    ):
        with acting_as(person), connection.cursor() as cursor:
            cursor.execute("select id from credit_bid")
            assert {row[0] for row in cursor.fetchall()} == seen
            assert set(Bid.objects.visible_to(person).values_list("pk", flat=True)) == seen
            if person != ada:
                assert not Application.objects.exists()
    assert outcomes.outcome_of(bid_id=bid.pk, by=owner, at=timezone.now()) is None
    with pytest.raises(DomainError):
        outcomes.outcome_of(bid_id=bid.pk, by=rival, at=timezone.now())
    accepted(asked, [bid])
    mine = outcomes.outcome_of(bid_id=bid.pk, by=owner, at=timezone.now())
    theirs = outcomes.outcome_of(bid_id=dearer.pk, by=rival, at=timezone.now())
    assert mine is not None and theirs is not None
    assert (mine.rank, theirs.rank, theirs.among) == (1, 2, 2)
    low, high = theirs.band or (Decimal(0), Decimal(0))
    assert low <= bid.apr < high and high - low == 5


def test_what_nobody_answers_expires_and_is_told_with_what_was_asked(ada: User) -> None:
    at = timezone.now()
    asked = application(ada, state=State.INCOMPLETE, at=at - 20 * DAY, deadline=at, listings=0)
    with acting_as_service():
        officer = make_person(name="Officer Obi")
        Question.objects.create(application=asked, text="Your payslip?", asked_by=officer, asked_at=at)
    assert asked.pk not in expiring.overdue(at=at - TICK)
    assert not expiring.expire_application(application_id=asked.pk, at=at - TICK)
    assert asked.pk in expiring.overdue(at=at)
    assert expiring.expire_application(application_id=asked.pk, at=at)
    assert not expiring.expire_application(application_id=asked.pk, at=at)
    with acting_as_service():
        asked.refresh_from_db()
        told = AdverseAction.objects.get(application=asked)
    assert (asked.state, told.kind, told.sent_at) == (State.EXPIRED, "INCOMPLETE", None)
    assert told.due_at == at + 10 * DAY
    assert "Your payslip?" in told.reasons[0]
