"""Stock: set aside for a checkout or not at all, given back when it ends, and never promised twice."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from accounts.models import AuditEvent, User
from accounts.tests.factories import make_person
from core.actors import acting_as_service
from core.ids import uuid7
from marketplace import tasks
from marketplace.models import Checkout, Reservation, Variant
from marketplace.pricing import QuantityRefused
from marketplace.refusals import CheckoutOver, NotEnoughStock
from marketplace.services import stock
from marketplace.tests.factories import make_checkout, make_product, make_seller, variant_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada(db: None) -> User:
    return make_person(email="ada@alajo.test")


@pytest.fixture
def two(ada: User) -> list[Variant]:
    seller = make_seller(make_person())
    return [variant_of(make_product(seller, name, stock=10)) for name in ("Shoes", "Belt")]


def counts(*variants: Variant) -> list[tuple[int, int]]:
    with acting_as_service():
        found = Variant.objects.in_bulk([variant.pk for variant in variants])
    return [(found[variant.pk].stock, found[variant.pk].reserved) for variant in variants]


def end(checkout: Checkout, state: str) -> int:
    with acting_as_service(), connection.cursor() as cursor:
        cursor.execute("select marketplace.end_reservations(%s, %s)", [[checkout.pk], state])
        return int(cursor.fetchone()[0])


def test_what_is_set_aside_is_there_for_nobody_else(ada, two):
    at, first, second = timezone.now(), make_checkout(ada), make_checkout(make_person())
    stock.reserve(checkout_id=first.pk, wanted={two[0].pk: 7, two[1].pk: 1}, at=at)
    assert counts(*two) == [(10, 7), (10, 1)]
    with pytest.raises(NotEnoughStock) as refused:
        stock.reserve(checkout_id=second.pk, wanted={two[0].pk: 4, two[1].pk: 2}, at=at)
    # All or none: of the belts there were enough.
    assert refused.value.public_data == {"missing": {str(two[0].pk): 3}}
    assert counts(*two) == [(10, 7), (10, 1)]
    stock.reserve(checkout_id=second.pk, wanted={two[0].pk: 3}, at=at)
    assert counts(*two) == [(10, 10), (10, 1)]


def test_the_same_checkout_again_sets_nothing_more_aside(ada, two):
    checkout, at = make_checkout(ada), timezone.now()
    for _again in range(3):
        stock.reserve(checkout_id=checkout.pk, wanted={two[0].pk: 2}, at=at)
    assert counts(two[0]) == [(10, 2)]
    with acting_as_service():
        event = AuditEvent.objects.get(action="marketplace.stock.reserved")
    assert (event.target_id, event.actor_id, event.data) == (
        str(checkout.pk),
        ada.pk,
        {"pieces": {str(two[0].pk): 2}},
    )


@pytest.mark.parametrize("quantity", [0, -1, 10_001, 2**63])
def test_a_quantity_that_is_none_is_refused(ada, two, quantity):
    with pytest.raises(QuantityRefused):
        stock.reserve(checkout_id=make_checkout(ada).pk, wanted={two[0].pk: quantity}, at=timezone.now())
    assert counts(two[0]) == [(10, 0)]


def test_what_is_closed_or_unknown_is_not_there(ada, two):
    with acting_as_service():
        Variant.objects.filter(pk=two[0].pk).update(is_open=False)
    nobodys = uuid7()
    with pytest.raises(NotEnoughStock) as refused:
        stock.reserve(checkout_id=make_checkout(ada).pk, wanted={two[0].pk: 1, nobodys: 1}, at=timezone.now())
    assert refused.value.data["missing"] == {str(two[0].pk): 0, str(nobodys): 0}


def test_whoever_leaves_gives_everything_back_once(ada, two):
    checkout, at = make_checkout(ada), timezone.now()
    stock.reserve(checkout_id=checkout.pk, wanted={two[0].pk: 7, two[1].pk: 1}, at=at)
    stock.leave(checkout_id=checkout.pk, customer_id=checkout.customer_id, at=at)
    assert counts(*two) == [(10, 0), (10, 0)]
    for deed in (
        lambda: stock.leave(checkout_id=checkout.pk, customer_id=checkout.customer_id, at=at),
        lambda: stock.reserve(checkout_id=checkout.pk, wanted={two[0].pk: 1}, at=at),
    ):
        with pytest.raises(CheckoutOver) as refused:
            deed()
        assert refused.value.data == {"state": "CANCELLED"}
    assert end(checkout, "RELEASED") == 0 and counts(*two) == [(10, 0), (10, 0)]


def test_what_is_sold_leaves_the_stock_once(ada, two):
    checkout, other, at = make_checkout(ada), make_checkout(make_person()), timezone.now()
    stock.reserve(checkout_id=checkout.pk, wanted={two[0].pk: 7, two[1].pk: 1}, at=at)
    stock.reserve(checkout_id=other.pk, wanted={two[0].pk: 2}, at=at)
    assert end(checkout, "SOLD") == 2
    assert end(checkout, "SOLD") == end(checkout, "RELEASED") == 0
    assert counts(*two) == [(3, 2), (9, 0)]
    with acting_as_service():
        assert set(Reservation.objects.values_list("state", "quantity")) == {
            ("SOLD", 7),
            ("SOLD", 1),
            ("HELD", 2),
        }


def test_what_was_not_paid_in_time_goes_back_and_what_is_in_time_stays(ada, two):
    late, in_time = make_checkout(ada, minutes=15), make_checkout(make_person(), minutes=60)
    at = timezone.now()
    for checkout in (late, in_time):
        stock.reserve(checkout_id=checkout.pk, wanted={two[0].pk: 3}, at=at)
    assert stock.release_expired(at=at) == 0
    later = at + timedelta(minutes=30)
    assert stock.release_expired(at=later) == 1
    assert stock.release_expired(at=later) == 0
    assert counts(two[0]) == [(10, 3)]
    with acting_as_service():
        late.refresh_from_db()
        assert (late.state, late.ended_at) == ("EXPIRED", later)
        event = AuditEvent.objects.get(action="marketplace.stock.released")
    assert (event.target_id, event.data) == (str(late.pk), {"because": "EXPIRED"})


def test_the_task_goes_on_until_none_is_left(ada, two, monkeypatch):
    monkeypatch.setattr(stock, "AT_A_TIME", 2)
    for _number in range(5):
        checkout = make_checkout(ada, minutes=-1)
        before = checkout.expires_at - timedelta(minutes=1)
        stock.reserve(checkout_id=checkout.pk, wanted={two[0].pk: 1}, at=before)
    tasks.release_reservations()
    assert counts(two[0]) == [(10, 0)]


def test_nothing_is_set_aside_for_a_checkout_whose_time_is_over(ada, two):
    checkout = make_checkout(ada)
    with pytest.raises(CheckoutOver):
        stock.reserve(checkout_id=checkout.pk, wanted={two[0].pk: 1}, at=checkout.expires_at)
    assert counts(two[0]) == [(10, 0)]


@pytest.mark.parametrize(
    "statement",
    [
        "update marketplace_variant set reserved = 11",
        "update marketplace_variant set reserved = -1",
        "update marketplace_variant set stock = -1",
        "update marketplace_variant set reserved = 5, stock = 4",
    ],
)
def test_no_statement_promises_more_than_there_is(two, statement):
    with acting_as_service(), pytest.raises(IntegrityError), transaction.atomic():
        connection.cursor().execute(statement)
