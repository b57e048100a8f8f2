"""The shop in the life of a person's account: what is exported of what they put in carts, bought, and said of it."""

from collections.abc import Iterator
from typing import Any

from django.db.models import QuerySet

from accounts import life
from accounts.models import User
from marketplace.models import (
    Address,
    Cart,
    CartItem,
    Checkout,
    Dispute,
    Order,
    OrderChange,
    OrderItem,
    PromotionUse,
    RefundRequest,
    Review,
    ReviewReport,
    Shipment,
    Wish,
)

ADDRESS = (
    *("id", "recipient", "phone", "line", "city", "state", "landmark", "is_default"),
    *("made_at", "removed_at"),
)
CHECKOUT = (
    *("id", "address_id", "state", "amount", "hold_id", "posting_id", "made_at", "expires_at", "ended_at"),
)
ORDER = (
    *("id", "checkout_id", "seller_name", "ship_to", "goods", "reduced"),
    *("delivery", "tax", "paid", "refunded", "state", "came_from", "return_days", "placed_at", "changed_at"),
    *("lapses_at", "completes_at", "delivered_at"),
)
ITEM = (
    *("id", "order_id", "title", "sku", "options", "price", "quantity", "reductions", "paid"),
    *("tax_percent", "tax"),
)
REFUND = ("order_id", "amount", "refunded", "reason", "answer", "state", "posting_id", "made_at", "ended_at")


def export(user: User) -> Iterator[life.File]:
    """What somebody means to buy, bought, and said of it; of its sellers their names. Amounts are kobo.

    It reads no table of the catalogue: what is no longer on sale, its buyers no longer see there.
    """
    carts = Cart.objects.visible_to(user)
    yield "carts", _rows(carts, "id", "made_at", "changed_at")
    items = CartItem.objects.filter(cart__in=carts)
    yield (
        "cart_items",
        _rows(items, "variant_id", "quantity", "price", "made_at"),
    )
    yield "wishes", _rows(Wish.objects.filter(customer=user), "product_id", "made_at")
    yield "addresses", _rows(Address.objects.filter(customer=user), *ADDRESS)
    yield "checkouts", _rows(Checkout.objects.visible_to(user), *CHECKOUT)
    uses = PromotionUse.objects.filter(customer=user)
    yield "promotions_used", _rows(uses, "promotion_id", "checkout_id", "amount", "made_at", "returned_at")
    orders = Order.objects.filter(customer=user)
    yield "orders", _rows(orders, *ORDER)
    yield "order_items", _rows(OrderItem.objects.filter(order__in=orders), *ITEM)
    changes = OrderChange.objects.filter(order__in=orders)
    yield "order_states", _rows(changes, "order_id", "was", "now", "event", "who", "made_at")
    shipments = Shipment.objects.filter(order__in=orders)
    yield "shipments", _rows(shipments, "order_id", "carrier", "tracking", "shipped_at", "delivered_at")
    yield "order_refunds", _rows(RefundRequest.objects.filter(order__in=orders), *REFUND)
    disputes = Dispute.objects.filter(order__in=orders)
    yield (
        "order_disputes",
        _rows(disputes, "order_id", "reason", "outcome", "refund", "made_at", "decided_at"),
    )
    reviews = Review.objects.filter(customer=user)
    yield "reviews", _rows(reviews, "item_id", "product_id", "stars", "text", "state", "made_at")
    reports = ReviewReport.objects.filter(reporter=user)
    yield "review_reports", _rows(reports, "review_id", "reason", "made_at", "decided_at")


def register() -> None:
    life.exporters.append(export)


def _rows(rows: QuerySet[Any], *fields: str) -> Iterator[dict[str, Any]]:
    return rows.order_by("pk").values(*fields).iterator(chunk_size=500)
