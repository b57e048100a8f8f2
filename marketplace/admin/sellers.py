"""Who sells, and what we keep of it."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from core.staff import Panel, ReadOnlyAdmin, as_uuid, link_of, list_of, time_of
from core.templatetags.money import money
from marketplace.admin.sellers_form import proposing
from marketplace.models import DeliveryOption, Product, Seller, SellerCommission
from marketplace.services import approved


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

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        seller = kwargs["obj"]
        ways = [(_("Its products"), list_of(Product, seller__id__exact=seller.pk))]
        if request.user.has_perm(approved.PROPOSE):
            is_open = seller.state == Seller.State.APPROVED
            action = approved.PAUSE if is_open else approved.APPROVE_SELLER
            ways.append((_("Pause") if is_open else _("Approve"), proposing(action.code, seller)))
            ways.append((_("Set its commission"), proposing(approved.COMMISSION.code, seller)))
        context["ways"] = ways
        return super().render_change_form(request, context, *args, **kwargs)

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
