"""From a cart to the seller's money: each kobo is in one place, whatever happens in between."""

from collections import Counter
from contextlib import suppress
from datetime import timedelta
from decimal import Decimal
from functools import partial

import pytest
from django.db.backends.postgresql.psycopg_any import DateRange
from django.utils import timezone

from accounts.models import AuditEvent, Membership, User
from accounts.services.organizations import RoleNotEnough
from accounts.tests.factories import make_person
from core.actors import acting_as_service
from core.errors import DomainError
from core.ids import posting_id
from core.tests.at_once import at_once, killed_at_random
from marketplace.models import Cart, CartItem, Order, Price, Product, Promotion, Reservation, Seller
from marketplace.order_refusals import (
    AddressNotFound,
    CartChanged,
    CartEmpty,
    CheckoutNotFound,
    DecidedAlready,
    DeliveryRefused,
    NotForSale,
    OrderNotFound,
    RefundTooLarge,
    ReturnsOver,
)
from marketplace.pricing import QuantityRefused
from marketplace.promotions import CouponRefused
from marketplace.refusals import CheckoutOver
from marketplace.services.cancelling import cancel, decline
from marketplace.services.carts import cart_of, guest_cart, merge, set_quantity
from marketplace.services.checking_out import OPEN_FOR, Ask, check_out
from marketplace.services.deciding import decide
from marketplace.services.fulfilling import accept, complete_next, confirm, deliver, ship
from marketplace.services.lapsing import lapse_next
from marketplace.services.paying import pay
from marketplace.services.refunding import (
    ask_refund,
    dispute,
    grant_refund,
    refuse_refund,
    withdraw_refund,
)
from marketplace.services.stock import leave, release_expired
from marketplace.states import StateRefused
from marketplace.tests.factories import NAIRA, make_category, make_product, variant_of
from marketplace.tests.shopping import (
    AT,
    DAY,
    DELIVERY,
    agrees,
    ask,
    balance,
    bought,
    checked_out,
    fill,
    keeper_of,
    make_address,
    now_of,
    open_shop,
    ours,
    wallet_of,
)
from wallet import services as wallet
from wallet.refusals import InsufficientFunds
from wallet.services import Line
from wallet.tests.factories import make_wallet

pytestmark = pytest.mark.django_db(transaction=True)
RICH = 100_000 * NAIRA
COST = 5_000 * NAIRA
COMMISSION = 5_000 * NAIRA * 5 // 100
TAX = 18_75  # 7.5 % of 250.00


@pytest.fixture
def ada(db: None) -> User:
    person = make_person(email="ada@alajo.test")
    make_wallet(person, amount=RICH, tier=3)
    return person


@pytest.fixture
def seller(db: None) -> Seller:
    return open_shop(make_person(email="shop@alajo.test"))


@pytest.fixture
def cloth(seller: Seller) -> Product:
    return make_product(seller, price=COST, stock=10)


def sent(order: Order) -> Order:
    accept(order_id=order.pk, by=keeper_of(order), at=AT)
    ship(order_id=order.pk, by=keeper_of(order), carrier="Kwik", tracking="K1", at=AT)
    return now_of(order)


def stock_of(product: Product) -> tuple[int, int]:
    variant = variant_of(product)
    return variant.stock, variant.reserved


def test_goods_are_paid_sent_and_the_seller_is_paid_less_commission(
    ada: User, seller: Seller, cloth: Product
) -> None:
    order = bought(ada, {cloth: 2})
    assert (order.goods, order.delivery, order.paid) == (2 * COST, DELIVERY, 2 * COST + DELIVERY)
    assert (order.state, wallet_of(ada), stock_of(cloth)) == ("PAID", RICH - order.paid, (8, 0))
    assert ours("MARKETPLACE_ESCROW") == order.paid
    order = sent(order)
    agrees(order)
    confirm(order_id=order.pk, customer_id=ada.pk, at=AT + DAY)
    # 5 % of the goods, 7.5 % of that; the delivery is all the seller's.
    assert balance(seller.account_id) == order.paid - 2 * COMMISSION - 2 * TAX
    assert (ours("FEE_INCOME"), ours("VAT_PAYABLE")) == (2 * COMMISSION, 2 * TAX)
    agrees(order)
    with acting_as_service():
        steps = list(order.changes.order_by("made_at", "id").values_list("event", "now"))
        assert steps == [
            ("pay", "PAID"),
            ("accept", "ACCEPTED"),
            ("ship", "SHIPPED"),
            ("confirm", "COMPLETED"),
        ]
        assert AuditEvent.objects.filter(action="marketplace.order.confirm").count() == 1
        postings = order.moves.values_list("posting_id", flat=True).distinct()
        assert len(set(postings)) == 2  # the seller's part, the commission and its tax are one


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


def test_a_seller_that_is_paused_still_delivers_what_was_bought(
    ada: User, seller: Seller, cloth: Product
) -> None:
    order = bought(ada, {cloth: 1})
    with acting_as_service():
        seller.state = "PAUSED"
        seller.save(update_fields=["state"])
    confirm(order_id=sent(order).pk, customer_id=ada.pk, at=AT)
    agrees(order)


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


def test_before_it_is_sent_an_order_can_be_cancelled_and_all_goes_back(ada: User, cloth: Product) -> None:
    order = bought(ada, {cloth: 2})
    assert stock_of(cloth) == (8, 0)
    with pytest.raises(OrderNotFound):
        cancel(order_id=order.pk, customer_id=make_person().pk, at=AT)
    keeper = keeper_of(order)
    found = at_once(
        lambda: cancel(order_id=order.pk, customer_id=ada.pk, at=AT),
        lambda: decline(order_id=order.pk, by=keeper, at=AT, reason="Sold out"),
    )
    assert sorted(type(one).__name__ for one in found) == ["Order", "StateRefused"]
    assert (wallet_of(ada), stock_of(cloth)) == (RICH, (10, 0))
    agrees(order)
    order = sent(bought(ada, {cloth: 1}))
    with pytest.raises(StateRefused):
        cancel(order_id=order.pk, customer_id=ada.pk, at=AT)


def test_what_nobody_does_happens_by_itself(ada: User, cloth: Product) -> None:
    """Not taken on, not sent: cancelled. On its way for long: delivered, and then the seller is paid."""
    untaken, unsent, silent = bought(ada, {cloth: 1}), bought(ada, {cloth: 1}), bought(ada, {cloth: 1})
    accept(order_id=unsent.pk, by=keeper_of(unsent), at=AT)
    sent(silent)
    assert not lapse_next(at=AT + DAY)
    while lapse_next(at=AT + 4 * DAY):
        pass
    assert (now_of(untaken).state, now_of(unsent).state, now_of(silent).state) == (
        "CANCELLED",
        "CANCELLED",
        "SHIPPED",
    )
    assert lapse_next(at=AT + 10 * DAY)
    assert now_of(silent).state == "DELIVERED"
    assert not complete_next(at=AT + 12 * DAY)
    done = at_once(*[lambda: complete_next(at=AT + 13 * DAY)] * 3)
    assert sorted(done) == [False, False, True]
    assert now_of(silent).state == "COMPLETED"
    agrees(untaken, unsent, silent)


def test_a_refund_comes_out_of_escrow_before_and_of_the_seller_after(
    ada: User, seller: Seller, cloth: Product
) -> None:
    order = sent(bought(ada, {cloth: 2}))
    ask_refund(order_id=order.pk, customer_id=ada.pk, amount=COST, reason="One is torn", at=AT)
    grant_refund(order_id=order.pk, by=keeper_of(order), at=AT, amount=COST - 1)
    assert (now_of(order).state, now_of(order).refunded) == ("SHIPPED", COST - 1)
    agrees(order)
    confirm(order_id=order.pk, customer_id=ada.pk, at=AT)
    agrees(order)
    left = order.paid - (COST - 1)
    with pytest.raises(RefundTooLarge):
        ask_refund(order_id=order.pk, customer_id=ada.pk, amount=left + 1, reason="All", at=AT)
    ask_refund(order_id=order.pk, customer_id=ada.pk, amount=left, reason="All", at=AT)
    keeper = keeper_of(order)
    found = at_once(*[lambda: grant_refund(order_id=order.pk, by=keeper, at=AT)] * 2)
    assert sorted(type(one).__name__ for one in found) == ["RefundRequest", "StateRefused"]
    # As if nothing had been bought: nobody keeps a kobo of it.
    assert (wallet_of(ada), balance(seller.account_id)) == (RICH, 0)
    assert (ours("FEE_INCOME"), ours("VAT_PAYABLE"), ours("MARKETPLACE_ESCROW")) == (0, 0, 0)
    assert now_of(order).state == "REFUNDED"
    agrees(order)


def test_a_refund_has_its_days_and_may_be_withdrawn_or_refused(
    ada: User, seller: Seller, cloth: Product
) -> None:
    order = sent(bought(ada, {cloth: 1}))
    facts = {"order_id": order.pk, "customer_id": ada.pk, "amount": COST, "reason": "Torn"}
    ask_refund(**facts, at=AT)
    withdraw_refund(order_id=order.pk, customer_id=ada.pk, at=AT)
    deliver(order_id=order.pk, by=keeper_of(order), at=AT)
    ask_refund(**facts, at=AT)
    refuse_refund(order_id=order.pk, by=keeper_of(order), answer="It was whole", at=AT)
    assert now_of(order).state == "DELIVERED"
    assert complete_next(at=AT + 3 * DAY)
    with pytest.raises(ReturnsOver):
        ask_refund(**facts, at=AT + 8 * DAY)
    ask_refund(**facts, at=AT + 7 * DAY)
    # Nobody answers: staff look into it, and the seller is not paid a second time.
    before = balance(seller.account_id)
    assert lapse_next(at=AT + 10 * DAY)
    assert now_of(order).state == "DISPUTED"
    decide(order_id=order.pk, refund=0, answer="It was whole", at=AT + 11 * DAY)
    assert (now_of(order).state, balance(seller.account_id)) == ("COMPLETED", before)
    with pytest.raises(DecidedAlready):
        ask_refund(**facts, at=AT + 7 * DAY)
    agrees(order)


@pytest.mark.parametrize("part", [0, 1, 2])
def test_staff_divide_what_is_disputed(ada: User, seller: Seller, cloth: Product, part: int) -> None:
    order = sent(bought(ada, {cloth: 1}))
    dispute(order_id=order.pk, customer_id=ada.pk, reason="Never came", at=AT)
    refund = order.paid * part // 2
    with pytest.raises(RefundTooLarge):
        decide(order_id=order.pk, refund=order.paid + 1, answer="", at=AT)
    decide(order_id=order.pk, refund=refund, answer="Seen", at=AT)
    assert now_of(order).state == ("COMPLETED", "COMPLETED", "REFUNDED")[part]
    assert wallet_of(ada) == RICH - order.paid + refund
    kept = order.paid - refund
    assert balance(seller.account_id) + ours("FEE_INCOME") + ours("VAT_PAYABLE") == kept
    agrees(order)
    with pytest.raises(StateRefused):
        decide(order_id=order.pk, refund=0, answer="", at=AT)


def test_a_seller_who_spent_it_cannot_give_back_and_nothing_is_half_done(
    ada: User, seller: Seller, cloth: Product
) -> None:
    order = sent(bought(ada, {cloth: 1}))
    confirm(order_id=order.pk, customer_id=ada.pk, at=AT)
    with acting_as_service():
        wallet.post(
            posting_id=posting_id(),
            lines=[Line("ADJUSTMENT", seller.account_id, wallet.system_account("FEE_INCOME"), COST)],
        )
    ask_refund(order_id=order.pk, customer_id=ada.pk, amount=order.paid, reason="Torn", at=AT)
    with pytest.raises(InsufficientFunds):
        grant_refund(order_id=order.pk, by=keeper_of(order), at=AT)
    assert (now_of(order).state, now_of(order).refunded) == ("REFUND_REQUESTED", 0)
    agrees(order)


def test_killed_at_any_moment_nothing_is_paid_twice_and_nothing_lost(ada: User, seller: Seller) -> None:
    """Payment, delivery, the seller's money and refunds, done again and again by workers that are killed."""
    pot = make_product(seller, title="Pot", price=1_000 * NAIRA, stock=200)
    checkouts = [checked_out(ada, {pot: 1}) for _ in range(30)]

    def work() -> None:
        for number, checkout in enumerate(checkouts):
            pay(checkout_id=checkout.pk, customer_id=ada.pk, at=AT)
            with acting_as_service():
                order = checkout.orders.get()
            with suppress(StateRefused):  # another worker was there first
                go_on(order, is_wanted=number % 3 > 0)

    def go_on(order: Order, *, is_wanted: bool) -> None:
        theirs = {"order_id": order.pk, "by": keeper_of(order), "at": AT}
        if order.state == "PAID" and not is_wanted:
            cancel(order_id=order.pk, customer_id=ada.pk, at=AT)
        elif order.state == "PAID":
            accept(**theirs)
        elif order.state == "ACCEPTED":
            ship(**theirs, carrier="Kwik", tracking="")
        elif order.state == "SHIPPED":
            confirm(order_id=order.pk, customer_id=ada.pk, at=AT)

    def check() -> None:
        with acting_as_service():
            agrees(*Order.objects.all())

    killed_at_random(work, rounds=5, within=(0.05, 0.7), after_each=check)
    for _again in range(4):
        work()
    check()
    with acting_as_service():
        states = Counter(Order.objects.values_list("state", flat=True))
    assert states == {"COMPLETED": 20, "CANCELLED": 10}
    assert stock_of(pot) == (180, 0)
    kept = 20 * (1_000 * NAIRA + DELIVERY)
    assert (wallet_of(ada), ours("MARKETPLACE_ESCROW")) == (RICH - kept, 0)
    assert balance(seller.account_id) + ours("FEE_INCOME") + ours("VAT_PAYABLE") == kept


def test_only_who_manages_its_seller_takes_an_order_on(ada: User, cloth: Product) -> None:
    """Nobody else is told that there is one; a member who does not manage it is told why not."""
    order = bought(ada, {cloth: 1})
    other = make_person(email="other@alajo.test")
    open_shop(other, name="Other")
    for stranger in (ada, make_person(), other):
        for deed in (accept, deliver, partial(decline, reason="No"), partial(refuse_refund, answer="No")):
            with pytest.raises(OrderNotFound):
                deed(order_id=order.pk, by=stranger, at=AT)
    helper = make_person(email="helper@alajo.test")
    with acting_as_service():
        order.seller.organization.memberships.create(user=helper, role=Membership.Role.MEMBER)
    with pytest.raises(RoleNotEnough):
        accept(order_id=order.pk, by=helper, at=AT)
    assert now_of(order).state == "PAID"


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
