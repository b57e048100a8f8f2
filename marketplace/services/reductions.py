"""Which promotions are there for a customer's items, locked, and what the arithmetic has to know of each."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from django.db.models import Count, Q

from marketplace import promotions as rules
from marketplace.models import CartItem, Category, Promotion, PromotionUse
from marketplace.promotions import Item, check_coupon


def items_of(items: Sequence[CartItem]) -> list[Item]:
    """Return the lines of a cart as promotions look at them; a category counts with all those above it."""
    paths = {item.variant.product.category.path for item in items}
    known = dict(
        Category.objects.filter(path__in={above for path in paths for above in _above(path)}).values_list(
            "path", "pk"
        )
    )
    return [
        Item(
            gross=item.price * item.quantity,
            product=str(item.variant.product_id),
            seller=str(item.variant.seller_id),
            categories=frozenset(str(known[one]) for one in _above(item.variant.product.category.path)),
        )
        for item in items
    ]


def _above(path: str) -> list[str]:
    """The paths of a category and of all those that it stands under."""
    slugs = path.split("/")
    return ["/".join(slugs[:depth]) for depth in range(1, len(slugs) + 1)]


def usable(
    customer_id: UUID,
    sellers: Collection[UUID],
    lines: Sequence[Item],
    coupons: Sequence[str],
    *,
    at: datetime,
) -> list[rules.Promotion]:
    """Lock and return the promotions of these sellers that could reduce the lines, and the coupons that were typed.

    Raises CouponRefused for a coupon that cannot be used. Two checkouts that share a budget wait for one another.
    """
    codes = {code.strip().upper() for code in coupons if code.strip()}
    known = Q(code=None, since__lte=at) & (Q(until=None) | Q(until__gt=at))
    rows = list(
        Promotion.objects.select_for_update(no_key=True)
        .filter(known | Q(code__in=codes), seller__in=sellers)
        .order_by("pk")
    )
    missing = codes - {row.code for row in rows}
    if missing:
        raise rules.CouponRefused(coupon=min(missing), why=str(rules.Why.NOTHING_FOR_IT), least=None)
    uses = dict(
        PromotionUse.objects.filter(promotion__in=rows, customer=customer_id, returned_at=None)
        .values_list("promotion")
        .annotate(Count("pk"))
    )
    found = [_rule(row, uses.get(row.pk, 0)) for row in rows]
    for row, rule in zip(rows, found, strict=True):
        if row.code is not None:
            check_coupon(rule, lines, at=at)
    return found


def _rule(row: Promotion, used: int) -> rules.Promotion:
    return rules.Promotion(
        key=str(row.pk),
        kind=rules.Kind(row.kind),
        value=row.value,
        since=row.since,
        until=row.until,
        most=row.most,
        least=row.least,
        only=frozenset(str(key) for key in row.only),
        seller=str(row.seller_id),
        budget_left=None if row.budget is None else row.budget - row.given,
        uses_left=None if row.uses_each is None else row.uses_each - used,
        is_combinable=row.is_combinable,
    )
