"""What a seller's people do with its goods: list them, say how many there are, and take them off the shelves."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from accounts import audit
from accounts.models import User
from accounts.services import organizations
from accounts.services.organizations import OrganizationNotFound, RoleNotEnough
from core.actors import acting_as_service
from marketplace.models import Category, Product, Seller, TaxClass, Variant
from marketplace.refusals import (
    NoPrice,
    ProductInvalid,
    ProductNotFound,
    ProductStateRefused,
    SkuTaken,
    StockRefused,
)

State = Product.State
MOST_STOCK = 1_000_000
HEAVIEST = 1_000_000
LONGEST_TITLE, LONGEST_DESCRIPTION = 150, 5000
# What each step may begin from.
SUBMITS = (State.DRAFT, State.PAUSED)
PUBLISHES = (State.IN_REVIEW,)
PAUSES = (State.LIVE,)
REMOVES = (State.DRAFT, State.IN_REVIEW, State.LIVE, State.PAUSED)


@dataclass(frozen=True)
class Listing:
    """What a seller says of a product; `weight` is grams, `category` a path."""

    title: str
    category: str
    tax_class: str = "STANDARD"
    description: str = ""
    weight: int = 0


def list_product(*, product_id: UUID, seller_id: UUID, by: User, listing: Listing) -> Product:
    """Put a product down as a draft; the same id again changes nothing.

    Raises OrganizationNotFound, RoleNotEnough, ProductInvalid; ProductNotFound where another seller has the id.
    """
    with acting_as_service(), transaction.atomic():
        seller = managed(seller_id, by=by)
        product = Product.objects.filter(pk=product_id).first()
        if product is not None and product.seller_id != seller.pk:
            raise ProductNotFound
        if product is None:
            product = Product(pk=product_id, seller=seller, **_cleaned(listing))
            product.save(force_insert=True)
            _note(product, "listed", by, title=product.title)
    return product


def add_variant(
    *, product_id: UUID, by: User, sku: str, options: Mapping[str, str] | None = None, pieces: int = 0
) -> Variant:
    """Add a way in which a product is sold. Raises ProductNotFound, RoleNotEnough, ProductInvalid, SkuTaken."""
    if not 0 <= pieces <= MOST_STOCK:
        raise ProductInvalid(field="stock")
    with acting_as_service(), transaction.atomic():
        product = managed_product(product_id, by=by)
        variant = Variant(
            product=product, seller_id=product.seller_id, sku=sku.strip(), options=options or {}, stock=pieces
        )
        try:
            with transaction.atomic():
                variant.save(force_insert=True)
        except IntegrityError as error:
            broken = str(getattr(getattr(error.__cause__, "diag", None), "constraint_name", ""))
            if broken in ("variant_sku_once", "variant_options_once"):
                raise SkuTaken from error
            raise ProductInvalid(field="sku" if broken == "variant_sku" else "options") from error
        _note(product, "variant_added", by, variant=str(variant.pk), sku=variant.sku, pieces=pieces)
    return variant


def set_stock(*, variant_id: UUID, by: User, pieces: int) -> Variant:
    """Say how many pieces of a variant there are, those that are promised among them.

    Raises ProductNotFound, RoleNotEnough, ProductInvalid, StockRefused.
    """
    if not 0 <= pieces <= MOST_STOCK:
        raise ProductInvalid(field="stock")
    with acting_as_service(), transaction.atomic():
        variant = managed_variant(variant_id, by=by)
        was, variant.stock = variant.stock, pieces
        if variant.reserved > pieces:
            raise StockRefused(reserved=variant.reserved)
        variant.save(update_fields=["stock"])
        _note(variant.product, "stock_set", by, variant=str(variant.pk), was=was, now=pieces)
    return variant


def submit_product(*, product_id: UUID, by: User, at: datetime) -> Product:
    """Ask that a product be put on sale. Raises ProductNotFound, RoleNotEnough, ProductStateRefused, NoPrice."""
    with acting_as_service(), transaction.atomic():
        product = managed_product(product_id, by=by)
        keep_lowest(product, at=at)
        if product.lowest_price is None:
            raise NoPrice
        return _step(product, SUBMITS, State.IN_REVIEW, "submitted", by)


def publish_product(*, product_id: UUID, by: User, at: datetime) -> Product:
    """Put a product on sale that a member of staff looked at. Raises ProductNotFound, ProductStateRefused, NoPrice."""
    with acting_as_service(), transaction.atomic():
        product = locked(product_id)
        keep_lowest(product, at=at)
        if product.lowest_price is None:
            raise NoPrice
        product.live_at = product.live_at or at
        return _step(product, PUBLISHES, State.LIVE, "published", by)


def pause_product(*, product_id: UUID, by: User) -> Product:
    """Take a product off sale for a while. Raises ProductNotFound, RoleNotEnough, ProductStateRefused."""
    with acting_as_service(), transaction.atomic():
        return _step(managed_product(product_id, by=by), PAUSES, State.PAUSED, "paused", by)


def remove_product(*, product_id: UUID, by: User) -> Product:
    """Take a product off sale for good; orders of it go on.

    Raises ProductNotFound, RoleNotEnough, ProductStateRefused.
    """
    with acting_as_service(), transaction.atomic():
        return _step(managed_product(product_id, by=by), REMOVES, State.REMOVED, "removed", by)


def managed(seller_id: UUID, *, by: User) -> Seller:
    """Return a seller whose organisation, now locked, `by` manages. Raises OrganizationNotFound, RoleNotEnough."""
    seller = Seller.objects.filter(pk=seller_id).first()
    if seller is None:
        raise OrganizationNotFound
    if not organizations.locked(organization_id=seller.organization_id, by=by).manages:
        raise RoleNotEnough
    return seller


def managed_product(product_id: UUID, *, by: User) -> Product:
    """Lock a product of a seller that `by` manages. Raises ProductNotFound, RoleNotEnough."""
    product = Product.objects.filter(pk=product_id).first()
    if product is None:
        raise ProductNotFound
    try:
        managed(product.seller_id, by=by)
    except OrganizationNotFound as error:
        raise ProductNotFound from error
    return locked(product_id)


def managed_variant(variant_id: UUID, *, by: User) -> Variant:
    """Lock a variant after its product, of a seller that `by` manages. Raises ProductNotFound, RoleNotEnough."""
    product_id = Variant.objects.filter(pk=variant_id).values_list("product_id", flat=True).first()
    if product_id is None:
        raise ProductNotFound
    product = managed_product(product_id, by=by)
    variant = Variant.objects.select_for_update(no_key=True).get(pk=variant_id)
    variant.product = product
    return variant


def locked(product_id: UUID) -> Product:
    product = Product.objects.select_for_update(no_key=True).filter(pk=product_id).first()
    if product is None:
        raise ProductNotFound
    return product


def keep_lowest(product: Product, *, at: datetime) -> None:
    """Work out anew what the cheapest variant of a locked product costs today."""
    with connection.cursor() as cursor:
        cursor.execute("select marketplace.lowest_price(%s, %s)", [product.pk, timezone.localdate(at)])
        (product.lowest_price,) = cursor.fetchone()


def _step(product: Product, begins: tuple[str, ...], state: str, event: str, by: User) -> Product:
    if product.state not in begins:
        raise ProductStateRefused(state=product.state)
    was, product.state = product.state, state
    product.save(update_fields=["state", "live_at", "lowest_price"])
    _note(product, event, by, was=was)
    return product


def _note(product: Product, event: str, by: User, **data: Any) -> None:
    audit.record(action=f"marketplace.product.{event}", target=product, actor_id=by.pk, **data)


def _cleaned(listing: Listing) -> dict[str, Any]:
    title, description = " ".join(listing.title.split()), listing.description.strip()
    category = Category.objects.filter(path=listing.category, is_open=True).first()
    faults = {
        "title": not title or len(title) > LONGEST_TITLE,
        "description": len(description) > LONGEST_DESCRIPTION,
        "category": category is None,
        "tax_class": not TaxClass.objects.filter(pk=listing.tax_class).exists(),
        "weight": not 0 <= listing.weight <= HEAVIEST,
    }
    for field, is_wrong in faults.items():
        if is_wrong:
            raise ProductInvalid(field=field)
    return {
        "title": title,
        "description": description,
        "category": category,
        "tax_class_id": listing.tax_class,
        "weight": listing.weight,
    }
