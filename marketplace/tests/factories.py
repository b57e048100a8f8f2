"""Sellers, products and stock for tests."""

from datetime import date, timedelta
from itertools import count
from typing import Any

from django.db.backends.postgresql.psycopg_any import DateRange
from django.utils import timezone

from accounts.models import User
from accounts.tests.factories import make_organization
from core.actors import acting_as_service
from marketplace.models import Category, Checkout, Price, Product, Seller, Variant
from wallet import services as wallet

NAIRA = 100
LONG_AGO = date(2020, 6, 1)
_numbers = count(1)


def make_seller(owner: User, *, name: str = "Kasuwa Stores", state: str = "APPROVED") -> Seller:
    firm = make_organization(owner=owner, name=name)
    with acting_as_service():
        return Seller.objects.create(
            organization=firm,
            account_id=wallet.open_seller(organization_id=firm.pk),
            display_name=name,
            support_email="help@kasuwa.example",
            state=state,
        )


def make_category(slug: str = "", *, parent: Category | None = None, **facts: Any) -> Category:
    with acting_as_service():
        category = Category.objects.create(
            slug=slug or f"shelf-{next(_numbers)}", name="Shelf", parent=parent, **facts
        )
        category.refresh_from_db()
    return category


def make_product(
    seller: Seller,
    title: str = "Ankara fabric",
    *,
    price: int = 5_000 * NAIRA,
    stock: int = 10,
    state: str = "LIVE",
    category: Category | None = None,
    **facts: Any,
) -> Product:
    """A product of one variant, with its price since long ago."""
    category = category or make_category()
    with acting_as_service():
        product = Product.objects.create(
            seller=seller, category=category, tax_class_id="STANDARD", title=title, **facts
        )
        variant = Variant.objects.create(product=product, sku=f"SKU-{next(_numbers)}", stock=stock)
        Price.objects.create(variant=variant, amount=price, valid=DateRange(LONG_AGO, None))
        product.lowest_price, product.state, product.live_at = price, state, timezone.now()
        product.save(update_fields=["lowest_price", "state", "live_at"])
    return product


def variant_of(product: Product) -> Variant:
    with acting_as_service():
        return Variant.objects.get(product=product)


def make_checkout(customer: User, *, minutes: int = 15) -> Checkout:
    with acting_as_service():
        return Checkout.objects.create(
            customer=customer, expires_at=timezone.now() + timedelta(minutes=minutes)
        )
