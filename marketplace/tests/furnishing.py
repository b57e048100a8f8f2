"""A row in every table of the shop that is about a person."""

from datetime import timedelta
from decimal import Decimal

from django.utils import timezone

from accounts.models import User
from core.actors import acting_as_service
from core.ids import posting_id
from marketplace.models import (
    Address,
    Cart,
    Checkout,
    DeliveryOption,
    Dispute,
    Order,
    Promotion,
    PromotionUse,
    Review,
    ReviewReport,
    Wish,
)
from marketplace.tests.factories import NAIRA, make_product, make_seller, variant_of

PAID = 5_000 * NAIRA
TAX = 348_84


def furnish_marketplace(buyer: User, shopkeeper: User) -> Order:
    """Something bought of somebody's shop, sent, disputed, reviewed; and more in the cart."""
    at = timezone.now()
    seller = make_seller(shopkeeper)
    product = make_product(seller, price=PAID)
    variant = variant_of(product)
    with acting_as_service():
        cart = Cart.objects.create(customer=buyer)
        cart.items.create(variant=variant, quantity=2, price=PAID)
        Wish.objects.create(customer=buyer, product=product)
        where = {"phone": "+2348031234567", "line": "12 Allen Avenue", "city": "Ikeja", "state": "Lagos"}
        address = Address.objects.create(customer=buyer, recipient="Ada Obi", **where)
        checkout = Checkout.objects.create(
            customer=buyer,
            address=address,
            amount=PAID,
            state="PAID",
            expires_at=at + timedelta(minutes=15),
            ended_at=at,
        )
        promotion = Promotion.objects.create(name="Opening week", kind="PERCENT", value=10, since=at)
        PromotionUse.objects.create(
            promotion=promotion, checkout=checkout, customer=buyer, amount=1, returned_at=at
        )
        order = Order.objects.create(
            checkout=checkout,
            customer=buyer,
            seller=seller,
            seller_name=seller.display_name,
            delivery_option=DeliveryOption.objects.create(seller=seller, name="Rider"),
            ship_to=where,
            goods=PAID,
            tax=TAX,
            paid=PAID,
            commission_points=500,
            commission_tax=Decimal("7.5"),
            return_days=7,
            state="DISPUTED",
        )
        item = order.items.create(
            variant=variant,
            title=product.title,
            sku=variant.sku,
            price=PAID,
            quantity=1,
            paid=PAID,
            tax_percent=Decimal("7.5"),
            tax=TAX,
        )
        order.changes.create(was="PLACED", now="PAID", event="pay", who="buyer", actor_id=buyer.pk)
        order.moves.create(posting_id=posting_id(), kind="ESCROW", amount=PAID)
        order.shipments.create(carrier="Kwik", shipped_at=at)
        order.refund_requests.create(amount=PAID, reason="It is torn", state="DISPUTED", ended_at=at)
        Dispute.objects.create(order=order, reason="It is torn")
        review = Review.objects.create(item=item, product=product, customer=buyer, stars=2, text="Torn")
        ReviewReport.objects.create(review=review, reporter=buyer, reason="I wrote it in anger")
    return order
