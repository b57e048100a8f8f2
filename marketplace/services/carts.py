"""What somebody means to buy. A guest's cart is found by a token of theirs and becomes a customer's when they sign in.

A cart promises nothing: prices and stock are those of the checkout, and `recheck` names what is another one by then.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import OuterRef, Subquery
from django.utils import timezone

from core.actors import acting_as_service
from marketplace.models import Cart, CartItem, Price, Product, Seller, Variant
from marketplace.order_refusals import CartFull, NotForSale
from marketplace.pricing import checked

# More lines than this nobody orders at once.
MOST_LINES = 50


class Why(StrEnum):
    PRICE = "price"
    GONE = "gone"
    STOCK = "stock"


@dataclass(frozen=True)
class Change:
    """What is not as it was when it was put into a cart: kobo for a price, pieces for stock."""

    variant: str
    title: str
    why: Why
    was: int
    now: int

    def data(self) -> dict[str, Any]:
        return asdict(self)


def cart_of(customer_id: UUID) -> Cart:
    """Return a customer's cart, made when there is none."""
    with acting_as_service():
        return Cart.objects.get_or_create(customer_id=customer_id)[0]


def guest_cart(token_digest: str) -> Cart:
    """Return a guest's cart by the keyed digest of their token, made when there is none."""
    with acting_as_service():
        return Cart.objects.get_or_create(token_digest=token_digest)[0]


def set_quantity(*, cart: Cart, variant_id: UUID, quantity: int, at: datetime) -> None:
    """Put so many pieces of a variant into a cart, instead of those that are in it; none takes it out.

    Raises NotForSale, CartFull, QuantityRefused.
    """
    with acting_as_service(), transaction.atomic():
        _lock(cart)
        if quantity == 0:
            CartItem.objects.filter(cart=cart, variant=variant_id).delete()
        else:
            checked(quantity)
            price = _on_sale(at).filter(pk=variant_id).values_list("costs", flat=True).first()
            if price is None:
                raise NotForSale
            facts = {"quantity": quantity, "price": price}
            if not CartItem.objects.filter(cart=cart, variant=variant_id).update(**facts):
                if CartItem.objects.filter(cart=cart).count() >= MOST_LINES:
                    raise CartFull(most=MOST_LINES)
                CartItem.objects.create(cart=cart, variant_id=variant_id, **facts)
        Cart.objects.filter(pk=cart.pk).update(changed_at=at)


def merge(*, token_digest: str, customer_id: UUID, at: datetime) -> int:
    """Put what a guest chose into the cart of the customer they turned out to be; return how many lines that were.

    Of what is in both carts the larger quantity stays, so that whoever signs in twice has not ordered twice.
    """
    with acting_as_service(), transaction.atomic():
        guest = Cart.objects.select_for_update().filter(token_digest=token_digest, customer=None).first()
        if guest is None:
            return 0
        cart = cart_of(customer_id)
        _lock(cart)
        own = {item.variant_id: item for item in cart.items.all()}
        moved = list(guest.items.order_by("pk"))
        for item in moved:
            mine = own.get(item.variant_id)
            if mine is None and len(own) < MOST_LINES:
                own[item.variant_id] = CartItem.objects.create(
                    cart=cart, variant_id=item.variant_id, quantity=item.quantity, price=item.price
                )
            elif mine is not None and item.quantity > mine.quantity:
                mine.quantity = item.quantity
                mine.save(update_fields=["quantity"])
        guest.delete()
        Cart.objects.filter(pk=cart.pk).update(changed_at=at)
        return len(moved)


def recheck(cart: Cart, *, at: datetime) -> list[Change]:
    """Return what has changed since it was put into a locked cart, and put the cart right: needs a transaction.

    What is not for sale any more is taken out; of what there are too few, as many as there are stay.
    """
    items = list(cart.items.select_related("variant__product").order_by("pk"))
    here = {one.pk: one for one in _on_sale(at).filter(pk__in=[item.variant_id for item in items])}
    changes: list[Change] = []
    for item in items:
        variant, key = here.get(item.variant_id), str(item.variant_id)
        title = item.variant.product.title
        if variant is None or variant.available <= 0:
            changes.append(Change(key, title, Why.GONE, item.quantity, 0))
            item.delete()
            continue
        if variant.costs != item.price:
            changes.append(Change(key, title, Why.PRICE, item.price, variant.costs))
        if variant.available < item.quantity:
            changes.append(Change(key, title, Why.STOCK, item.quantity, variant.available))
        right = {"price": variant.costs, "quantity": min(item.quantity, variant.available)}
        if right != {"price": item.price, "quantity": item.quantity}:
            CartItem.objects.filter(pk=item.pk).update(**right)
            item.price, item.quantity = right["price"], right["quantity"]
    return changes


def empty(cart: Cart, variant_ids: Sequence[UUID]) -> None:
    """Take out what was ordered."""
    CartItem.objects.filter(cart=cart, variant__in=variant_ids).delete()


def lock_cart_of(customer_id: UUID) -> Cart:
    """Return a customer's cart, locked: needs a transaction."""
    cart = cart_of(customer_id)
    _lock(cart)
    return cart


def _lock(cart: Cart) -> None:
    Cart.objects.select_for_update(no_key=True).get(pk=cart.pk)


def _on_sale(at: datetime) -> Any:
    """What can be bought now, with what a piece `costs`."""
    today = timezone.localdate(at)
    price = Price.objects.on(today).filter(variant=OuterRef("pk")).values("amount")[:1]
    return Variant.objects.annotate(costs=Subquery(price)).filter(
        is_open=True,
        product__state=Product.State.LIVE,
        seller__state=Seller.State.APPROVED,
        costs__isnull=False,
    )
