"""From a cart to a checkout that is paid or ends: what changed is named, and the last piece goes to one buyer."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db.backends.postgresql.psycopg_any import DateRange
from django.utils import timezone

from accounts.models import User
from accounts.tests.factories import make_person
from core.actors import acting_as_service
from core.errors import DomainError
from core.tests.at_once import at_once
from marketplace.models import Cart, CartItem, Order, Price, Product, Promotion, Reservation, Seller
from marketplace.order_refusals import (
    AddressNotFound,
    CartChanged,
    CartEmpty,
    CheckoutNotFound,
    DeliveryRefused,
    NotForSale,
)
from marketplace.pricing import QuantityRefused
from marketplace.promotions import CouponRefused
from marketplace.refusals import CheckoutOver
from marketplace.services.carts import cart_of, guest_cart, merge, set_quantity
from marketplace.services.checking_out import OPEN_FOR, Ask, check_out
from marketplace.services.paying import pay
from marketplace.services.stock import leave, release_expired
from marketplace.tests.factories import NAIRA, make_category, make_product, variant_of
from marketplace.tests.shopping import (
    AT,
    COST,
    DAY,
    DELIVERY,
    RICH,
    agrees,
    ask,
    checked_out,
    fill,
    make_address,
    open_shop,
    stock_of,
    wallet_of,
)
from wallet.refusals import InsufficientFunds
from wallet.tests.factories import make_wallet

pytestmark = pytest.mark.django_db(transaction=True)


def test_of_two_sellers_each_gets_an_order_and_both_are_paid_at_once(ada: User, cloth: Product) -> None:
    other = open_shop(make_person(email="other@alajo.test"), name="Other", delivery=0)
    pot = make_product(other, title="Pot", price=3_000 * NAIRA)
    checkout = checked_out(ada, {cloth: 1, pot: 2})
    assert checkout.amount == COST + DELIVERY + 6_000 * NAIRA
    pay(checkout_id=checkout.pk, customer_id=ada.pk, at=AT)
    with acting_as_service():
        orders = list(checkout.orders.all())
        assert len({one.moves.get().posting_id for one in orders}) == 1
        assert not Cart.objects.get(customer=ada).items.exists()
    agrees(*orders)


def test_what_changed_since_it_was_put_into_the_cart_is_named_and_put_right(
    ada: User, cloth: Product
) -> None:
    other = make_product(cloth.seller, title="Pot", price=300 * NAIRA, stock=5)
    gone = make_product(cloth.seller, title="Lamp", price=700 * NAIRA)
    wanted = {cloth: 1, other: 5, gone: 1}
    fill(ada, wanted)
    with acting_as_service():
        today = timezone.localdate(AT)
        Price.objects.filter(variant__product=cloth).update(valid=DateRange(today - 9 * DAY, today))
        Price.objects.create(variant=variant_of(cloth), amount=COST + 1, valid=DateRange(today, None))
        variant = variant_of(other)
        variant.stock = 3
        variant.save(update_fields=["stock"])
        gone.state = "PAUSED"
        gone.save(update_fields=["state"])
    with pytest.raises(CartChanged) as refused:
        check_out(customer_id=ada.pk, ask=ask(ada, wanted), at=AT)
    found = {one["title"]: (one["why"], one["was"], one["now"]) for one in refused.value.data["changes"]}
    assert found == {
        cloth.title: ("price", COST, COST + 1),
        "Pot": ("stock", 5, 3),
        "Lamp": ("gone", 1, 0),
    }
    # It has been put right: the same again goes through, at what was named.
    checkout = check_out(customer_id=ada.pk, ask=ask(ada, wanted), at=AT)
    assert checkout.amount == COST + 1 + 900 * NAIRA + DELIVERY


def test_what_is_not_there_or_not_ones_own_is_refused_and_nothing_is_set_aside(
    ada: User, seller: Seller, cloth: Product
) -> None:
    bola = make_person(email="bola@alajo.test")
    theirs = make_address(bola)
    with pytest.raises(CartEmpty):
        check_out(customer_id=ada.pk, ask=Ask(make_address(ada).pk, {}), at=AT)
    fill(ada, {cloth: 1})
    good = ask(ada, {cloth: 1})
    with pytest.raises(AddressNotFound):
        check_out(customer_id=ada.pk, ask=Ask(theirs.pk, good.deliveries), at=AT)
    with pytest.raises(DeliveryRefused):
        check_out(customer_id=ada.pk, ask=Ask(good.address_id, {}), at=AT)
    with pytest.raises(CouponRefused):
        check_out(customer_id=ada.pk, ask=Ask(good.address_id, good.deliveries, ("NONE",)), at=AT)
    for quantity in (-1, 10_001):
        with pytest.raises(QuantityRefused):
            set_quantity(cart=cart_of(ada.pk), variant_id=variant_of(cloth).pk, quantity=quantity, at=AT)
    with acting_as_service():
        seller.state = "PAUSED"
        seller.save(update_fields=["state"])
    with pytest.raises(NotForSale):
        set_quantity(cart=cart_of(ada.pk), variant_id=variant_of(cloth).pk, quantity=1, at=AT)
    with acting_as_service():
        assert (stock_of(cloth), Order.objects.count(), Reservation.objects.count()) == ((10, 0), 0, 0)


def test_too_little_money_pays_nothing_and_the_goods_wait(seller: Seller, cloth: Product) -> None:
    poor = make_person(email="poor@alajo.test")
    make_wallet(poor, amount=COST, tier=3)
    checkout = checked_out(poor, {cloth: 1})
    with pytest.raises(InsufficientFunds):
        pay(checkout_id=checkout.pk, customer_id=poor.pk, at=AT)
    assert (wallet_of(poor), stock_of(cloth)) == (COST, (10, 1))
    assert release_expired(at=AT + OPEN_FOR)
    assert stock_of(cloth) == (10, 0)
    assert not release_expired(at=AT + OPEN_FOR)


def test_a_checkout_is_paid_or_ends_and_only_its_own_customer_may(ada: User, cloth: Product) -> None:
    checkout = checked_out(ada, {cloth: 1})
    with pytest.raises(CheckoutNotFound):
        pay(checkout_id=checkout.pk, customer_id=make_person().pk, at=AT)
    with pytest.raises(CheckoutOver):
        pay(checkout_id=checkout.pk, customer_id=ada.pk, at=AT + OPEN_FOR)
    leave(checkout_id=checkout.pk, customer_id=ada.pk, at=AT)
    with pytest.raises(CheckoutOver):
        pay(checkout_id=checkout.pk, customer_id=ada.pk, at=AT)
    assert (wallet_of(ada), stock_of(cloth)) == (RICH, (10, 0))


def test_one_checkout_paid_many_times_at_once_and_expiring_is_paid_once_or_not_at_all(
    ada: User, cloth: Product
) -> None:
    for late in (timedelta(), OPEN_FOR):
        checkout = checked_out(ada, {cloth: 1})
        before = wallet_of(ada)
        found = at_once(
            *[lambda key=checkout.pk: pay(checkout_id=key, customer_id=ada.pk, at=AT)] * 4,
            lambda late=late: release_expired(at=AT + late),
        )
        with acting_as_service():
            [order] = checkout.orders.all()
        taken = before - wallet_of(ada)
        assert taken == (order.paid if order.state == "PAID" else 0)
        assert all(isinstance(one, CheckoutOver) or not isinstance(one, DomainError) for one in found)
    with acting_as_service():
        paid = Order.objects.filter(state="PAID").count()
    assert stock_of(cloth) == (10 - paid, 0)


def test_the_last_pieces_go_to_as_many_as_there_are(seller: Seller) -> None:
    rare = make_product(seller, title="Rare", stock=3)
    buyers = [make_person(email=f"buyer{n}@alajo.test") for n in range(8)]
    for one in buyers:
        make_wallet(one, amount=RICH, tier=3)
        fill(one, {rare: 1})
    asks = {one.pk: ask(one, {rare: 1}) for one in buyers}

    def buy(buyer: User) -> Order:
        checkout = check_out(customer_id=buyer.pk, ask=asks[buyer.pk], at=AT)
        pay(checkout_id=checkout.pk, customer_id=buyer.pk, at=AT)
        with acting_as_service():
            return checkout.orders.get()

    found = at_once(*[lambda one=one: buy(one) for one in buyers])
    orders = [one for one in found if isinstance(one, Order)]
    assert len(orders) == 3
    assert {type(one) for one in found} == {Order, CartChanged}
    assert stock_of(rare) == (0, 0)
    agrees(*orders)


def test_a_guests_cart_is_merged_once(ada: User, cloth: Product) -> None:
    pot = make_product(cloth.seller, title="Pot")
    guest = guest_cart("a" * 64)
    set_quantity(cart=guest, variant_id=variant_of(cloth).pk, quantity=3, at=AT)
    set_quantity(cart=guest, variant_id=variant_of(pot).pk, quantity=1, at=AT)
    fill(ada, {cloth: 1})
    assert merge(token_digest="a" * 64, customer_id=ada.pk, at=AT) == 2
    assert merge(token_digest="a" * 64, customer_id=ada.pk, at=AT) == 0
    with acting_as_service():
        found = dict(CartItem.objects.filter(cart__customer=ada).values_list("variant__product", "quantity"))
    assert found == {cloth.pk: 3, pot.pk: 1}


def test_a_coupon_is_used_as_often_as_it_may_be_and_its_budget_holds(ada: User, cloth: Product) -> None:
    with acting_as_service():
        promotion = Promotion.objects.create(
            seller=cloth.seller, name="Tenth", code="TENTH", kind="PERCENT", value=Decimal(10),
            since=AT - DAY, budget=800 * NAIRA, uses_each=1,
        )  # fmt: skip
    checkout = checked_out(ada, {cloth: 1}, coupons=("tenth ",))
    with acting_as_service():
        [order] = checkout.orders.all()
        [item] = order.items.all()
    assert (order.reduced, item.reductions) == (500 * NAIRA, {str(promotion.pk): 500 * NAIRA})
    assert item.paid == COST - 500 * NAIRA
    with pytest.raises(CouponRefused) as refused:
        checked_out(ada, {cloth: 1}, coupons=("TENTH",))
    assert refused.value.data["why"] == "used"
    # Nobody pays: it may be used again, and what it gave is there again.
    leave(checkout_id=checkout.pk, customer_id=ada.pk, at=AT)
    bola = make_person(email="bola@alajo.test")
    make_wallet(bola, amount=RICH, tier=3)
    fill(ada, {cloth: 1})
    fill(bola, {cloth: 1})
    asks = {one: ask(one, {cloth: 1}, ("TENTH",)) for one in (ada, bola)}
    found = at_once(
        *[lambda one=one: check_out(customer_id=one.pk, ask=asks[one], at=AT) for one in (ada, ada, bola)]
    )
    assert sum(isinstance(one, DomainError) for one in found) == 1
    with acting_as_service():
        promotion.refresh_from_db()
        assert promotion.given == 800 * NAIRA
        assert sorted(Order.objects.filter(state="PLACED").values_list("reduced", flat=True)) == [
            300 * NAIRA,
            500 * NAIRA,
        ]


def test_a_sellers_promotion_reduces_their_own_goods_alone_and_a_category_those_below_it(
    ada: User, seller: Seller
) -> None:
    """Both sell shoes; who pays for the reduction is who offers it."""
    other = open_shop(make_person(email="other@alajo.test"), name="Other", delivery=0)
    fashion = make_category("fashion")
    shoes = make_category("shoes", parent=fashion)
    mine = make_product(seller, title="Mine", price=COST, category=shoes)
    theirs = make_product(other, title="Theirs", price=COST, category=shoes)
    elsewhere = make_product(seller, title="Elsewhere", price=COST)
    with acting_as_service():
        Promotion.objects.create(
            seller=seller, name="Fashion", kind="PERCENT", value=10, since=AT - DAY, only=[fashion.pk]
        )
    checkout = checked_out(ada, {mine: 1, theirs: 1, elsewhere: 1})
    with acting_as_service():
        reduced = {
            item.title: sum(item.reductions.values())
            for order in checkout.orders.all()
            for item in order.items.all()
        }
    assert reduced == {"Mine": COST // 10, "Theirs": 0, "Elsewhere": 0}
