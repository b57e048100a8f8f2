"""Many who want the same things at the same moment, in any order, and workers that are killed."""

import random
from collections import Counter
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db.models import F, Sum
from django.utils import timezone

from accounts.models import User
from accounts.tests.factories import make_person
from core.actors import acting_as_service
from core.tests.at_once import at_once, killed_at_random
from marketplace.models import Checkout, Reservation, Variant
from marketplace.refusals import NotEnoughStock
from marketplace.services import stock
from marketplace.tests.factories import make_product, make_seller, variant_of

pytestmark = pytest.mark.django_db(transaction=True)

THREADS, EACH = 50, 4


@pytest.fixture
def ada(transactional_db: None) -> User:
    return make_person(email="ada@alajo.test")


def variants_of(pieces: int, *, many: int = 1) -> list[Variant]:
    seller = make_seller(make_person())
    return [variant_of(make_product(seller, f"Thing {n}", stock=pieces)) for n in range(many)]


def checkouts_of(buyer: User, many: int, *, minutes: int = 15) -> list[Checkout]:
    until = timezone.now() + timedelta(minutes=minutes)
    with acting_as_service():
        return Checkout.objects.bulk_create(
            Checkout(customer=buyer, expires_at=until) for _number in range(many)
        )


def agrees() -> bool:
    """Whether each variant has promised exactly what is set aside of it."""
    with acting_as_service():
        held = dict(
            Reservation.objects.filter(state="HELD").values_list("variant").annotate(pieces=Sum("quantity"))
        )
        return all(
            variant.reserved == held.get(variant.pk, 0) <= variant.stock for variant in Variant.objects.all()
        )


def test_of_two_hundred_who_want_ten_pieces_ten_get_one(ada):
    (variant,), at = variants_of(10), timezone.now()
    shares = [checkouts_of(ada, EACH) for _thread in range(THREADS)]

    def buy(mine: list[Checkout]) -> Callable[[], list[str]]:
        def deed() -> list[str]:
            said = []
            for checkout in mine:
                try:
                    stock.reserve(checkout_id=checkout.pk, wanted={variant.pk: 1}, at=at)
                    said.append("got one")
                except NotEnoughStock as refused:
                    assert refused.data["missing"] == {str(variant.pk): 0}
                    said.append("none left")
            return said

        return deed

    answers = at_once(*(buy(mine) for mine in shares))
    assert Counter(word for said in answers for word in said) == {"got one": 10, "none left": 190}
    with acting_as_service():
        variant.refresh_from_db()
        assert (variant.stock, variant.reserved) == (10, 10)
        assert Reservation.objects.filter(state="HELD").count() == 10


def test_carts_with_the_same_things_in_any_order_do_not_wait_in_a_circle(ada):
    variants, at, chance = variants_of(30, many=5), timezone.now(), random.Random(5)
    orders = [chance.sample(variants, 5) for _thread in range(12)]
    shares = [checkouts_of(ada, 6) for _thread in orders]

    def buy_and_leave(mine: list[Checkout], order: list[Variant]) -> Callable[[], int]:
        def deed() -> int:
            got = 0
            for number, checkout in enumerate(mine):
                try:
                    stock.reserve(checkout_id=checkout.pk, wanted={v.pk: 1 for v in order}, at=at)
                except NotEnoughStock:
                    continue
                got += 1
                if number % 2:
                    stock.leave(checkout_id=checkout.pk, customer_id=checkout.customer_id, at=at)
                    got -= 1
            return got

        return deed

    # A deadlock would come out of here as the database's error.
    got = sum(at_once(*map(buy_and_leave, shares, orders)))
    assert 0 < got <= 30 and agrees()
    with acting_as_service():
        assert set(Variant.objects.values_list("reserved", flat=True)) == {got}


def test_what_expires_while_others_buy_is_given_back_once(ada):
    (variant,), at = variants_of(10), timezone.now()
    late = checkouts_of(ada, 10)
    for checkout in late:
        stock.reserve(checkout_id=checkout.pk, wanted={variant.pk: 1}, at=at)
    later = at + timedelta(hours=1)
    waiting = checkouts_of(ada, 8, minutes=120)

    def buy(checkout: Checkout) -> Callable[[], None]:
        return lambda: stock.reserve(checkout_id=checkout.pk, wanted={variant.pk: 1}, at=later)

    def release() -> int:
        return stock.release_expired(at=later)

    answers = at_once(release, *map(buy, waiting), release, release)
    assert answers[0] + sum(answers[-2:]) == 10
    assert agrees()
    with acting_as_service():
        variant.refresh_from_db()
        assert variant.reserved == sum(answer is None for answer in answers[1:-2])
        assert Reservation.objects.filter(state="RELEASED").count() == 10


def test_killed_half_way_nothing_is_lost_and_nothing_given_back_twice(ada):
    variants, at = variants_of(200, many=3), timezone.now()
    late = checkouts_of(ada, 120)
    for checkout in late[:60]:
        stock.reserve(checkout_id=checkout.pk, wanted={v.pk: 2 for v in variants}, at=at)
    in_time = checkouts_of(ada, 40, minutes=120)

    def work() -> None:
        for checkout in in_time:
            stock.reserve(checkout_id=checkout.pk, wanted={v.pk: 1 for v in reversed(variants)}, at=at)
        while stock.release_expired(at=at + timedelta(hours=1)):
            continue

    killed_at_random(work, rounds=4, within=(0.05, 0.6), after_each=_agree)
    with acting_as_service():
        assert set(Variant.objects.values_list("stock", "reserved")) == {(200, 40)}
        assert Checkout.objects.filter(state="EXPIRED").count() == 120
        assert not Variant.objects.filter(reserved__gt=F("stock")).exists()


def _agree() -> None:
    assert agrees()
