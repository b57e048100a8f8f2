"""Who sells, and what we keep of it."""

from collections.abc import Iterable

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from core.staff import Panel, ReadOnlyAdmin, as_uuid, link_of, time_of
from core.templatetags.money import money
from marketplace.models import DeliveryOption, Seller, SellerCommission


@admin.register(Seller)
class SellerAdmin(ReadOnlyAdmin):
    list_display = ("display_name", "state", time_of("applied_at", _("Applied")))
    list_filter = ("state",)
    shown = (
        *("display_name", link_of("organization", _("Organisation")), link_of("account", _("Account"))),
        *("state", "reason", "about", "ships_within", "return_days"),
        *(time_of("applied_at", _("Applied")), time_of("decided_at", _("Decided"))),
    )
    search_help_text = _("By id, or the beginning of its name")

    def find(self, queryset: QuerySet[Seller], term: str) -> QuerySet[Seller]:
        key = as_uuid(term)
        if key:
            return queryset.filter(Q(pk=key) | Q(organization=key))
        return queryset.filter(display_name__istartswith=term)

    def panels(self, seller: Seller) -> Iterable[Panel]:
        rows = SellerCommission.objects.filter(seller=seller).order_by("-from_date")
        yield Panel(
            _("What we keep of what it sells"),
            [_("From"), _("Basis points")],
            [[row.from_date.isoformat(), row.basis_points] for row in rows],
        )
        ways = DeliveryOption.objects.filter(seller=seller).order_by("name")
        yield Panel(
            _("How it delivers"),
            [_("Name"), _("Costs"), _("Days")],
            [[way.name, money(way.amount, "NGN"), f"{way.least_days} – {way.most_days}"] for way in ways],
        )
