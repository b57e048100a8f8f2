"""From payment to the seller's money, and back: each kobo is in one place, whatever happens in between."""

from collections import Counter
from contextlib import suppress
from functools import partial

import pytest

from accounts.models import AuditEvent, Membership, User
from accounts.services.organizations import RoleNotEnough
from accounts.tests.factories import make_person
from core.actors import acting_as_service
from core.ids import posting_id
from core.tests.at_once import at_once, killed_at_random
from marketplace.models import Order, Product, Seller
from marketplace.order_refusals import (
    DecidedAlready,
    OrderNotFound,
    RefundTooLarge,
    ReturnsOver,
)
from marketplace.services.cancelling import cancel, decline
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
from marketplace.states import StateRefused
from marketplace.tests.factories import NAIRA, make_product
from marketplace.tests.shopping import (
    AT,
    COST,
    DAY,
    DELIVERY,
    RICH,
    agrees,
    balance,
    bought,
    checked_out,
    keeper_of,
    now_of,
    open_shop,
    ours,
    stock_of,
    wallet_of,
)
from wallet import services as wallet
from wallet.refusals import InsufficientFunds
from wallet.services import Line

pytestmark = pytest.mark.django_db(transaction=True)
COMMISSION = 5_000 * NAIRA * 5 // 100
TAX = 18_75  # 7.5 % of 250.00


def sent(order: Order) -> Order:
    accept(order_id=order.pk, by=keeper_of(order), at=AT)
    ship(order_id=order.pk, by=keeper_of(order), carrier="Kwik", tracking="K1", at=AT)
    return now_of(order)


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


def test_a_seller_that_is_paused_still_delivers_what_was_bought(
    ada: User, seller: Seller, cloth: Product
) -> None:
    order = bought(ada, {cloth: 1})
    with acting_as_service():
        seller.state = "PAUSED"
        seller.save(update_fields=["state"])
    confirm(order_id=sent(order).pk, customer_id=ada.pk, at=AT)
    agrees(order)


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
