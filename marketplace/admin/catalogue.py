"""What is on the shelves: products with their variants, prices and stock."""

from collections.abc import Iterable

from django.contrib import admin
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from core.staff import EMPTY, Panel, ReadOnlyAdmin, amount, amount_of, as_uuid, link_of, time_of, yes_no
from marketplace.models import Category, Price, Product

# Where a row says which currency its amounts are.
CURRENCY = "CURRENCY"
MOST_PRICES = 50


@admin.register(Category)
class CategoryAdmin(ReadOnlyAdmin):
    list_display = ("path", "name", yes_no("is_open", _("Open")))
    list_filter = ("is_open",)
    shown = (*list_display, "position", time_of("made_at", _("Made")))
    search_help_text = _("By id, or the beginning of its path")

    def find(self, queryset: QuerySet[Category], term: str) -> QuerySet[Category]:
        key = as_uuid(term)
        return queryset.filter(pk=key) if key else queryset.filter(path__startswith=term.lower())


@admin.register(Product)
class ProductAdmin(ReadOnlyAdmin):
    list_display = (
        "title",
        "state",
        link_of("seller", _("Seller")),
        amount_of("lowest_price", _("From"), currency=CURRENCY),
    )
    list_filter = ("state",)
    linked_by = ("seller",)
    list_select_related = ("seller",)
    shown = (
        *("title", "state", "reason", link_of("seller", _("Seller")), link_of("category", _("Category"))),
        *("tax_class", "weight", "description", "stars", "reviews_count"),
        *(time_of("made_at", _("Made")), time_of("live_at", _("On sale since"))),
    )
    search_help_text = _("By id, or the beginning of its title")

    def find(self, queryset: QuerySet[Product], term: str) -> QuerySet[Product]:
        key = as_uuid(term)
        return queryset.filter(pk=key) if key else queryset.filter(title__istartswith=term)

    def panels(self, product: Product) -> Iterable[Panel]:
        yield Panel(
            _("Variants"),
            [_("SKU"), _("Options"), _("Pieces"), _("Reserved"), _("Open")],
            [
                [
                    variant.sku,
                    ", ".join(f"{name}: {value}" for name, value in variant.options.items()) or EMPTY,
                    variant.stock,
                    variant.reserved,
                    _("yes") if variant.is_open else _("no"),
                ]
                for variant in product.variants.order_by("id")
            ],
        )
        prices = Price.objects.filter(variant__product=product).select_related("variant").order_by("-pk")
        yield Panel(
            _("Prices"),
            [_("SKU"), _("From"), _("Until"), _("Price")],
            [
                [
                    price.variant.sku,
                    price.valid.lower.isoformat(),
                    price.valid.upper.isoformat() if price.valid.upper else EMPTY,
                    amount(price.amount, product.CURRENCY),
                ]
                for price in prices[:MOST_PRICES]
            ],
        )
