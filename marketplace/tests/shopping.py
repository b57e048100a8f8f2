"""A shop and its buyers for tests: from a cart to an order that is paid, in one call each."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.db.models import Sum

from accounts.models import User
from core.actors import acting_as_service
from marketplace.models import (
    Address,
    Checkout,
    DeliveryOption,
    Order,
    OrderMove,
    Product,
    Seller,
    SellerCommission,
)
from marketplace.services.carts import cart_of, set_quantity
from marketplace.services.checking_out import Ask, check_out
from marketplace.services.paying import pay
from marketplace.tests.factories import LONG_AGO, NAIRA, make_seller, variant_of
from wallet import services as wallet

AT = datetime(2026, 12, 1, 9, tzinfo=UTC)
DAY = timedelta(days=1)
DELIVERY = 1_500 * NAIRA
RICH, COST = 100_000 * NAIRA, 5_000 * NAIRA


def make_address(customer: User, *, state: str = "Lagos") -> Address:
    with acting_as_service():
        return Address.objects.create(
            customer=customer,
            recipient="Ada Obi",
            phone="+2348031234567",
            line="12 Allen Avenue",
            city="Ikeja",
            state=state,
        )


def open_shop(owner: User, *, name: str = "Kasuwa Stores", delivery: int = DELIVERY) -> Seller:
    """A seller of whose goods we keep 5 percent, with one way of delivery."""
    seller = make_seller(owner, name=name)
    with acting_as_service():
        SellerCommission.objects.create(seller=seller, basis_points=500, from_date=LONG_AGO)
    make_option(seller, amount=delivery)
    return seller


def keeper_of(order: Order) -> User:
    """Whose shop it is that has to deliver an order."""
    with acting_as_service():
        return User.objects.get(memberships__organization__seller=order.seller_id)


def make_option(seller: Seller, **facts: object) -> DeliveryOption:
    with acting_as_service():
        return DeliveryOption.objects.create(seller=seller, name="Rider", **{"amount": DELIVERY, **facts})


def fill(customer: User, wanted: Mapping[Product, int], *, at: datetime = AT) -> None:
    for product, quantity in wanted.items():
        cart = cart_of(customer.pk)
        set_quantity(cart=cart, variant_id=variant_of(product).pk, quantity=quantity, at=at)


def checked_out(
    customer: User, wanted: Mapping[Product, int], *, at: datetime = AT, coupons: tuple[str, ...] = ()
) -> Checkout:
    """Put these products into the customer's cart and check out, by each seller's first way of delivery."""
    fill(customer, wanted, at=at)
    return check_out(customer_id=customer.pk, ask=ask(customer, wanted, coupons), at=at)


def ask(customer: User, wanted: Mapping[Product, int], coupons: tuple[str, ...] = ()) -> Ask:
    with acting_as_service():
        sellers = {product.seller_id for product in wanted}
        deliveries = {
            key: option.pk
            for key in sellers
            if (option := DeliveryOption.objects.filter(seller=key).order_by("pk").first())
        }
        address = Address.objects.filter(customer=customer).first()
    return Ask((address or make_address(customer)).pk, deliveries, coupons)


def bought(customer: User, wanted: Mapping[Product, int], *, at: datetime = AT) -> Order:
    """The one order of a checkout that is paid."""
    checkout = checked_out(customer, wanted, at=at)
    pay(checkout_id=checkout.pk, customer_id=customer.pk, at=at)
    with acting_as_service():
        order: Order = checkout.orders.get()
    return order


def now_of(order: Order) -> Order:
    with acting_as_service():
        return Order.objects.get(pk=order.pk)


def balance(account: UUID) -> int:
    with acting_as_service():
        return wallet.balance_of(account)


def stock_of(product: Product) -> tuple[int, int]:
    """How many pieces there are, and how many of them are promised."""
    variant = variant_of(product)
    return variant.stock, variant.reserved


def wallet_of(customer: User) -> int:
    with acting_as_service():
        return wallet.balance_of(wallet.open_wallet(owner_id=customer.pk, currency="NGN"))


def ours(code: str) -> int:
    with acting_as_service():
        return wallet.balance_of(wallet.system_account(code))


def agrees(*orders: Order) -> None:
    """Assert that orders, what they say moved, and escrow agree to the kobo."""
    with acting_as_service():
        waiting = 0
        for order in Order.objects.filter(pk__in=[one.pk for one in orders]):
            moved = dict(OrderMove.objects.filter(order=order).values_list("kind").annotate(Sum("amount")))
            put_in = moved.get("ESCROW", 0)
            out = sum(moved.get(kind, 0) for kind in ("RELEASE", "COMMISSION", "COMMISSION_TAX"))
            before = [one for one in ("PLACED", "CANCELLED") if order.state == one and not put_in]
            assert put_in == (0 if before else order.paid), order.state
            assert moved.get("REFUND", 0) == order.refunded
            assert order.refunded <= order.paid
            if order.state in ("COMPLETED", "CANCELLED", "REFUNDED"):
                assert put_in in (0, order.paid)
            waiting += 0 if out else put_in - order.refunded
        assert wallet.balance_of(wallet.system_account("MARKETPLACE_ESCROW")) == waiting
