"""Which promotions are there for a customer's items, locked, and what the arithmetic has to know of each."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db.models import Count, Q

from marketplace import promotions as rules
from marketplace.models import CartItem, Promotion, PromotionUse
from marketplace.promotions import Item, check_coupon


def items_of(items: Sequence[CartItem]) -> list[Item]:
    """Return the lines of a cart as promotions look at them; a category counts with all those above it."""
    return [
        Item(
            gross=item.price * item.quantity,
            product=str(item.variant.product_id),
            seller=str(item.variant.seller_id),
            categories=frozenset({str(item.variant.product.category_id)}),
        )
        for item in items
    ]


def usable(
    customer_id: UUID, items: Sequence[CartItem], coupons: Sequence[str], *, at: datetime
) -> list[tuple[Promotion, rules.Promotion]]:
    """Lock and return the sellers' promotions that could reduce these items, and the coupons that were typed.

    Raises CouponRefused for a coupon that cannot be used. Two checkouts that share a budget wait for one another.
    """
    codes = {code.strip().upper() for code in coupons if code.strip()}
    sellers = {item.variant.seller_id for item in items}
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
    found = [(row, _rule(row, uses.get(row.pk, 0))) for row in rows]
    lines = items_of(items)
    for row, rule in found:
        if row.code is not None:
            check_coupon(rule, lines, at=at)
    return found


def _rule(row: Promotion, used: int) -> rules.Promotion:
    only = {str(key) for key in row.only} or {str(row.seller_id)}
    return rules.Promotion(
        key=str(row.pk),
        kind=rules.Kind(row.kind),
        value=row.value,
        since=row.since,
        until=row.until,
        most=row.most,
        least=row.least,
        only=frozenset(only),
        budget_left=None if row.budget is None else row.budget - row.given,
        uses_left=None if row.uses_each is None else row.uses_each - used,
        is_combinable=row.is_combinable,
    )
