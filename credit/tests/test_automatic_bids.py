"""Lenders' automatic offers: whom they are for, how many fit, and that many cost no more queries than few."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Membership, Notification
from accounts.tests.factories import make_person
from core.actors import acting_as_service
from credit import bidding_tasks
from credit.automatic import check, unmet
from credit.models import Application, AutoRule, Bid, Provider
from credit.services import automatic, bidding
from credit.states import State
from credit.tests.bidding import accepted, held, listed, offer, stage_of
from credit.tests.world import DAY, NAIRA, lender, product, rule

FILE: dict[str, Any] = {
    "amount": 100_000 * NAIRA,
    "count": 12,
    "purpose": "BUSINESS",
    "income": 400_000 * NAIRA,
    "employed_since": date(2020, 1, 1),
    "score": None,
}


# The conditions


@pytest.mark.parametrize(
    ("conditions", "missing"),
    [
        ({}, ()),
        ({"income": {"min": 400_000 * NAIRA}}, ()),
        ({"income": {"min": 400_000 * NAIRA + 1}}, ("income",)),
        ({"count": {"min": 12, "max": 12}}, ()),
        ({"count": {"max": 11}, "amount": {"max": 1}}, ("amount", "count")),
        ({"purpose": {"in": ["BUSINESS", "HEALTH"]}}, ()),
        ({"purpose": {"in": ["HEALTH"]}}, ("purpose",)),
        ({"employed_since": {"max": "2020-01-01"}}, ()),
        ({"employed_since": {"max": "2019-12-31"}}, ("employed_since",)),
        # What is not known, or was not released, meets nothing.
        ({"score": {"min": 0}}, ("score",)),
        ({"debts": {"max": 10**12}}, ("debts",)),
    ],
)
def test_a_file_meets_what_it_says_and_no_more(conditions: dict[str, Any], missing: tuple[str, ...]) -> None:
    assert unmet(conditions, FILE) == missing


@pytest.mark.parametrize(
    "conditions",
    [
        {"religion": {"in": ["ANY"]}},
        {"purpose_text": {"in": ["shop"]}},
        {"income": {}},
        {"income": {"in": [1]}},
        {"income": {"min": 1.5}},
        {"income": {"min": True}},
        {"count": {"min": 12, "max": 6}},
        {"purpose": {"in": []}},
        {"purpose": {"min": 1}},
        {"employed_since": {"max": 2020}},
        {"employed_since": {"max": "soon"}},
    ],
)
def test_what_is_no_condition_is_refused(conditions: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        check(conditions)


# The offers


def offers() -> list[Bid]:
    with acting_as_service():
        return list(Bid.objects.select_related("rule").order_by("pk"))


def run() -> int:
    return automatic.offer_next(at=timezone.now()).made


@pytest.mark.django_db
def test_the_first_rule_that_fits_makes_the_one_offer_of_its_lender() -> None:
    terms = product(lender(make_person()))
    rule(terms, name="Rich", position=0, conditions={"income": {"min": 10**12}})
    rule(terms, name="Shops", position=1, conditions={"purpose": {"in": ["BUSINESS"]}}, rate=Decimal(20))
    rule(terms, name="All", position=2, rate=Decimal(30))
    shop, study = listed(make_person()), listed(make_person(), purpose="EDUCATION")
    silent = listed(make_person(), state=State.SUBMITTED)
    assert run() == 2
    made = {bid.application_id: bid for bid in offers()}
    assert {key: (bid.rule.name, bid.rate) for key, bid in made.items() if bid.rule} == {
        shop.pk: ("Shops", Decimal(20)),
        study.pk: ("All", Decimal(30)),
    }
    assert made[shop.pk].expires_at == made[shop.pk].made_at + 7 * DAY
    assert held(terms) == sum(bid.reserve for bid in made.values())
    assert [stage_of(one) for one in (shop, study, silent)] == [State.OFFERED, State.OFFERED, State.SUBMITTED]
    with acting_as_service():
        assert Notification.objects.filter(event="loan.offered").count() == 2
    assert run() == 0
    # An offer made so is the same as one made by hand.
    contract = accepted(shop, [made[shop.pk]])
    assert contract.sha256 == made[shop.pk].sha256


@pytest.mark.django_db
def test_what_is_not_released_is_not_looked_at() -> None:
    terms = product(lender(make_person()))
    rule(terms, conditions={"income": {"min": 1}, "debts": {"min": 0}})
    listed(make_person(), released=["income"])
    assert run() == 0
    listed(make_person(), released=["income", "debts"])
    assert run() == 1


@pytest.mark.django_db
def test_money_goes_as_far_as_it_goes_the_oldest_application_first() -> None:
    terms, rich = product(lender(make_person(), naira=250_000)), product(lender(make_person(), name="Rich"))
    rule(terms)
    rule(rich)
    asked = [listed(make_person()) for _ in range(3)]
    assert run() == 5
    of_poor = [bid.application_id for bid in offers() if bid.provider_id == terms.product.provider_id]
    assert of_poor == [one.pk for one in asked[:2]]


@pytest.mark.django_db
def test_money_that_went_elsewhere_after_it_was_planned_places_the_rest(monkeypatch: Any) -> None:
    terms, other = product(lender(make_person(), naira=150_000)), product(lender(make_person(), name="Other"))
    rule(terms)
    rule(other)
    asked = [listed(make_person()) for _ in range(2)]
    monkeypatch.setattr(automatic, "_headroom", lambda providers, at: {one.pk: 10**12 for one in providers})
    assert run() == 3
    assert held(terms) == next(bid.reserve for bid in offers())
    assert {stage_of(one) for one in asked} == {State.OFFERED}


@pytest.mark.django_db
def test_who_may_not_lend_or_had_its_say_makes_no_automatic_offer() -> None:
    owner, ada = make_person(), make_person()
    terms = product(lender(owner))
    provider = terms.product.provider
    made = rule(terms)
    asked = listed(ada)
    for model, facts, back in (
        (Provider.objects.filter(pk=provider.pk), {"state": "SUSPENDED"}, {"state": "ACTIVE"}),
        (
            Provider.objects.filter(pk=provider.pk),
            {"licensed_until": timezone.localdate() - DAY},
            {"licensed_until": timezone.localdate()},
        ),
        (AutoRule.objects.filter(pk=made.pk), {"is_on": False}, {"is_on": True}),
        (AutoRule.objects.filter(pk=made.pk), {"ended_at": timezone.now()}, {"ended_at": None}),
    ):
        with acting_as_service():
            model.update(**facts)
        assert run() == 0
        with acting_as_service():
            model.update(**back)
    with acting_as_service():
        member = Membership.objects.create(organization=provider.organization, user=ada, role="MEMBER")
    assert run() == 0
    with acting_as_service():
        member.delete()
    by_hand = offer(terms, asked, owner)
    bidding.withdraw_bid(bid_id=by_hand.pk, by=owner, at=timezone.now())
    assert run() == 0


@pytest.mark.django_db
def test_a_rule_that_its_lender_stops_while_offers_are_planned_makes_none(monkeypatch: Any) -> None:
    terms = product(lender(make_person()))
    made, asked = rule(terms), listed(make_person())
    place = automatic.place

    def stopped(planned: Any, *, at: Any) -> int:
        with acting_as_service():
            AutoRule.objects.filter(pk=made.pk).update(is_on=False)
        return place(planned, at=at)

    monkeypatch.setattr(automatic, "place", stopped)
    assert run() == 0 and stage_of(asked) == State.LISTED


@pytest.mark.django_db
def test_twenty_applications_cost_no_more_queries_than_two() -> None:
    rules = [rule(product(lender(make_person(), name=name))) for name in ("One", "Two")]
    counted = []
    for number in (2, 20):
        asked = [listed(make_person()) for _ in range(number)]
        with CaptureQueriesContext(connection) as queries:
            assert run() == number * len(rules)
        counted.append(len(queries))
        with acting_as_service():
            Application.objects.filter(pk__in=[one.pk for one in asked]).update(state=State.WITHDRAWN)
    assert counted[0] == counted[1]


@pytest.mark.django_db
def test_the_tasks_offer_and_expire_and_may_run_twice() -> None:
    terms = product(lender(make_person()))
    rule(terms)
    asked = listed(make_person())
    gone = listed(make_person(), at=timezone.now() - 8 * DAY)
    for _ in range(2):
        bidding_tasks.offer_automatically()
        bidding_tasks.expire_listings()
    assert [bid.application_id for bid in offers()] == [asked.pk]
    assert (stage_of(asked), stage_of(gone)) == (State.OFFERED, State.EXPIRED)
    with acting_as_service():
        Application.objects.filter(pk=asked.pk).update(state=State.WITHDRAWN)
    bidding_tasks.expire_listings()
    assert [bid.state for bid in offers()] == ["LOST"] and held(terms) == 0
