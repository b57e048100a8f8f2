"""From a cart to orders that wait for payment: priced anew, the goods set aside, one order for each seller."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from accounts import audit
from core.actors import acting_as_service
from marketplace.models import (
    Address,
    CartItem,
    Checkout,
    DeliveryOption,
    Order,
    OrderItem,
    PromotionUse,
    Seller,
    TaxRate,
)
from marketplace.order_refusals import AddressNotFound, CartChanged, CartEmpty, DeliveryRefused
from marketplace.pricing import Line, Priced, price_order, tax_in
from marketplace.promotions import reductions
from marketplace.refusals import NotEnoughStock
from marketplace.services.carts import Change, Why, empty, lock_cart_of, recheck
from marketplace.services.reductions import items_of, usable
from marketplace.services.sellers import commission_on
from marketplace.services.stock import reserve

# Goods are set aside so long for whoever is about to pay.
OPEN_FOR = timedelta(minutes=15)
STANDARD = "STANDARD"
Bought = tuple[CartItem, Priced, Decimal]
Taken = Mapping[str, tuple[int, Sequence[int]]]
SHIP_TO = ("recipient", "phone", "line", "city", "state", "landmark")


@dataclass(frozen=True)
class Ask:
    """What a buyer wants: where to, how each seller (by id) is to deliver, and the coupons they typed."""

    address_id: UUID
    deliveries: Mapping[UUID, UUID]
    coupons: Sequence[str] = ()


def check_out(*, customer_id: UUID, ask: Ask, at: datetime) -> Checkout:
    """Make orders of all that is in a customer's cart, and set the goods aside until `expires_at`.

    Raises CartEmpty; CartChanged, after which the cart is put right; AddressNotFound, DeliveryRefused, CouponRefused,
    TooMuch.
    """
    try:
        with acting_as_service(), transaction.atomic():
            return _check_out(customer_id, ask, at)
    except CartChanged:
        with acting_as_service(), transaction.atomic():
            recheck(lock_cart_of(customer_id), at=at)
        raise


def _check_out(customer_id: UUID, ask: Ask, at: datetime) -> Checkout:
    cart = lock_cart_of(customer_id)
    if changes := recheck(cart, at=at):
        raise CartChanged(changes=[change.data() for change in changes])
    items = list(cart.items.select_related("variant__product__category", "variant__seller").order_by("pk"))
    if not items:
        raise CartEmpty
    address = Address.objects.filter(pk=ask.address_id, customer=customer_id, removed_at=None).first()
    if address is None:
        raise AddressNotFound
    checkout = Checkout.objects.create(customer_id=customer_id, address=address, expires_at=at + OPEN_FOR)
    lines = items_of(items)
    sellers = {item.variant.seller_id for item in items}
    promotions = usable(customer_id, sellers, lines, ask.coupons, at=at)
    _reserve(checkout, items, at)
    taken = reductions(promotions, lines, at=at)
    _use(checkout, {key: amount for key, (amount, _places) in taken.items()})
    today = timezone.localdate(at)
    rates = {rate.tax_class_id: rate.percent for rate in TaxRate.objects.on(today)}
    bought = _priced(items, rates, taken)
    for seller_id, mine in sorted(_by_seller(bought).items()):
        option = _delivery(mine, ask.deliveries.get(seller_id), address)
        commission = commission_on(seller_id, today)
        points = commission.basis_points if commission else 0
        _order(checkout, mine, option, points, rates[STANDARD])
    checkout.amount = sum(order.paid for order in checkout.orders.all())
    checkout.save(update_fields=["amount"])
    empty(cart, [item.variant_id for item in items])
    audit.record(action="marketplace.checkout.opened", target=checkout, amount=checkout.amount)
    return checkout


def _priced(items: Sequence[CartItem], rates: Mapping[str, Decimal], taken: Taken) -> list[Bought]:
    """Each line with what it costs after what is taken off it, and the percent of tax contained in that."""
    percents = [rates[item.variant.product.tax_class_id] for item in items]
    lines = [Line(item.price, item.quantity, percent) for item, percent in zip(items, percents, strict=True)]
    priced = price_order(lines, reductions=taken).lines
    return list(zip(items, priced, percents, strict=True))


def _by_seller(bought: Iterable[Bought]) -> dict[UUID, list[Bought]]:
    found: dict[UUID, list[Bought]] = {}
    for one in bought:
        found.setdefault(one[0].variant.seller_id, []).append(one)
    return found


def _reserve(checkout: Checkout, items: Sequence[CartItem], at: datetime) -> None:
    """Set all pieces aside, or none. Raises CartChanged, which names what there is too little of."""
    wanted = {item.variant_id: item for item in items}
    try:
        reserve(checkout_id=checkout.pk, wanted={key: item.quantity for key, item in wanted.items()}, at=at)
    except NotEnoughStock as refusal:
        changes = [_short(wanted[UUID(key)], left) for key, left in refusal.data["missing"].items()]
        raise CartChanged(changes=[change.data() for change in changes]) from refusal


def _short(item: CartItem, left: int) -> Change:
    why = Why.STOCK if left > 0 else Why.GONE
    return Change(str(item.variant_id), item.variant.product.title, why, item.quantity, max(left, 0))


def _use(checkout: Checkout, amounts: Mapping[str, int]) -> None:
    """Count what promotions take off: their rows are locked since they were read."""
    for key, amount in amounts.items():
        use = PromotionUse(
            promotion_id=UUID(key), checkout=checkout, customer_id=checkout.customer_id, amount=amount
        )
        use.save(force_insert=True)
        type(use.promotion).objects.filter(pk=use.promotion_id).update(given=F("given") + amount)


def _delivery(bought: Sequence[Bought], option_id: UUID | None, address: Address) -> DeliveryOption:
    """Return how a seller delivers what is bought of them. Raises DeliveryRefused."""
    seller: Seller = bought[0][0].variant.seller
    found = DeliveryOption.objects.filter(seller=seller, is_open=True)
    option = found.filter(pk=option_id).first() if option_id else None
    weight = sum(item.variant.product.weight * item.quantity for item, _priced, _percent in bought)
    if (
        option is None
        or (option.states and address.state not in option.states)
        or (option.heaviest is not None and weight > option.heaviest)
    ):
        raise DeliveryRefused(seller=str(seller.pk))
    return option


def _order(
    checkout: Checkout, bought: Sequence[Bought], option: DeliveryOption, points: int, standard: Decimal
) -> None:
    seller = option.seller
    goods = sum(priced.gross for _item, priced, _percent in bought)
    paid = sum(priced.paid for _item, priced, _percent in bought)
    delivery = 0 if option.free_from is not None and paid >= option.free_from else option.amount
    order = Order.objects.create(
        checkout=checkout,
        customer_id=checkout.customer_id,
        seller=seller,
        seller_name=seller.display_name,
        delivery_option=option,
        ship_to={name: getattr(checkout.address, name) for name in SHIP_TO},
        goods=goods,
        reduced=goods - paid,
        delivery=delivery,
        tax=sum(priced.tax for _item, priced, _percent in bought) + tax_in(delivery, standard),
        paid=paid + delivery,
        commission_points=points,
        commission_tax=standard,
        return_days=seller.return_days,
    )
    OrderItem.objects.bulk_create(
        OrderItem(
            order=order,
            variant=item.variant,
            title=item.variant.product.title,
            sku=item.variant.sku,
            options=item.variant.options,
            price=item.price,
            quantity=item.quantity,
            reductions=dict(priced.reductions),
            paid=priced.paid,
            tax_percent=percent,
            tax=priced.tax,
        )
        for item, priced, percent in bought
    )
