"""Orders: what was bought, what became of it, and where its money is."""

from collections.abc import Iterable

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from core.staff import Panel, ReadOnlyAdmin, amount, amount_of, as_uuid, link_of, moment, time_of
from marketplace.models import Order

# Where a row says which currency its amounts are.
CURRENCY = "CURRENCY"


@admin.register(Order)
class OrderAdmin(ReadOnlyAdmin):
    list_display = (
        *(
            "__str__",
            "state",
            link_of("seller", _("Seller")),
            amount_of("paid", _("Paid"), currency=CURRENCY),
        ),
        time_of("placed_at", _("Placed")),
    )
    list_filter = ("state",)
    list_select_related = ("seller",)
    shown = (
        *("state", link_of("customer", _("Buyer")), link_of("seller", _("Seller"))),
        *(
            amount_of("goods", _("Goods"), currency=CURRENCY),
            amount_of("reduced", _("Reduced"), currency=CURRENCY),
        ),
        *(
            amount_of("delivery", _("Delivery"), currency=CURRENCY),
            amount_of("tax", _("Tax in it"), currency=CURRENCY),
        ),
        *(
            amount_of("paid", _("Paid"), currency=CURRENCY),
            amount_of("refunded", _("Refunded"), currency=CURRENCY),
        ),
        *(time_of("placed_at", _("Placed")), time_of("delivered_at", _("Delivered"))),
        *(time_of("lapses_at", _("Lapses")), time_of("completes_at", _("Completed by itself"))),
    )
    search_help_text = _("By the id of the order, its checkout, its buyer or its seller")

    def find(self, queryset: QuerySet[Order], term: str) -> QuerySet[Order]:
        key = as_uuid(term)
        if key is None:
            return queryset.none()
        return queryset.filter(Q(pk=key) | Q(checkout=key) | Q(customer=key) | Q(seller=key))

    def panels(self, order: Order) -> Iterable[Panel]:
        yield Panel(
            _("What was bought"),
            [_("Title"), _("SKU"), _("Pieces"), _("Price"), _("Paid"), _("Tax in it")],
            [
                [
                    *(item.title, item.sku, item.quantity, amount(item.price, order.CURRENCY)),
                    *(amount(item.paid, order.CURRENCY), amount(item.tax, order.CURRENCY)),
                ]
                for item in order.items.order_by("pk")
            ],
        )
        yield Panel(
            _("What became of it"),
            [_("When"), _("Was"), _("Is"), _("By"), _("Why")],
            [
                [
                    *(moment(change.made_at), change.get_was_display(), change.get_now_display()),
                    *(change.who, change.reason),
                ]
                for change in order.changes.order_by("pk")
            ],
        )
        yield Panel(
            _("Its money"),
            [_("When"), _("What"), _("How much"), _("Posting")],
            [
                [
                    *(moment(move.made_at), move.get_kind_display(), amount(move.amount, order.CURRENCY)),
                    str(move.posting_id),
                ]
                for move in order.moves.order_by("pk")
            ],
        )
