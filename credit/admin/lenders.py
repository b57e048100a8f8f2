"""Lenders, what they lend and under which terms, and how their money does."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from core.staff import Panel, ReadOnlyAdmin, as_uuid, link_of, list_of, time_of, yes_no
from core.templatetags.money import money
from core.templatetags.rates import percent
from credit.admin.lenders_form import proposing
from credit.models import Commission, LoanProduct, ProductTerms, Provider
from credit.services import lender_reports
from credit.services.approved import lenders as approved


@admin.register(Provider)
class ProviderAdmin(ReadOnlyAdmin):
    list_display = ("display_name", "state", "licensed_until", time_of("applied_at", _("Applied")))
    list_filter = ("state",)
    shown = (
        *("display_name", link_of("organization", _("Organisation")), "state", "reason", "about"),
        *("licence_number", "licensed_until", "complaints_email", "complaints_phone"),
        *(time_of("applied_at", _("Applied")), time_of("decided_at", _("Decided"))),
    )
    search_help_text = _("By id, licence, or the beginning of its name")

    def find(self, queryset: QuerySet[Provider], term: str) -> QuerySet[Provider]:
        key = as_uuid(term)
        if key:
            return queryset.filter(Q(pk=key) | Q(organization=key))
        return queryset.filter(Q(licence_number__iexact=term) | Q(display_name__istartswith=term))

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        provider = kwargs["obj"]
        ways = [(_("Its products"), list_of(LoanProduct, provider__id__exact=provider.pk))]
        if request.user.has_perm(approved.PROPOSE):
            admit = _("Renew its licence") if provider.state == "ACTIVE" else _("Admit")
            ways.append((admit, proposing(approved.ADMIT.code, provider)))
            ways.append((_("Set its commission"), proposing(approved.COMMISSION.code, provider)))
            if provider.state == Provider.State.ACTIVE:
                ways.append((_("Suspend"), proposing(approved.SUSPEND.code, provider)))
        context["ways"] = ways
        return super().render_change_form(request, context, *args, **kwargs)

    def panels(self, provider: Provider) -> Iterable[Panel]:
        standing = lender_reports.standing_of(provider)
        yield Panel(
            _("Its money"),
            [_("What"), _("How much")],
            [
                [_("May still be promised"), money(standing.available, "NGN")],
                [_("Set aside for offers"), money(standing.promised, "NGN")],
                [_("Principal that is out"), money(standing.owed, "NGN")],
                [_("Interest received"), money(standing.interest, "NGN")],
                [_("Late"), money(standing.late, "NGN")],
            ],
        )
        rows = Commission.objects.filter(provider=provider).order_by("-from_date")
        yield Panel(
            _("What it owes us of what it lends"),
            [_("From"), _("Percent")],
            [[row.from_date.isoformat(), percent(row.percent)] for row in rows],
        )


@admin.register(LoanProduct)
class LoanProductAdmin(ReadOnlyAdmin):
    list_display = ("name", link_of("provider", _("Lender")), yes_no("is_open", _("Takes new borrowers")))
    list_filter = ("is_open",)
    shown = (*list_display[1:], "summary", "currency", time_of("made_at", _("Made")))
    search_help_text = _("By id, or the beginning of its name")

    def find(self, queryset: QuerySet[LoanProduct], term: str) -> QuerySet[LoanProduct]:
        key = as_uuid(term)
        return queryset.filter(pk=key) if key else queryset.filter(name__istartswith=term)

    def panels(self, product: LoanProduct) -> Iterable[Panel]:
        rows = ProductTerms.objects.filter(product=product).order_by("-from_date")
        yield Panel(
            _("Versions of its terms"),
            [_("From"), _("Amount"), _("Instalments"), _("Rate a year"), _("Fee"), _("Late charge")],
            [
                [
                    row.from_date.isoformat(),
                    f"{money(row.least, 'NGN')} – {money(row.most, 'NGN')}",
                    f"{row.shortest} – {row.longest}",
                    f"{percent(row.lowest_rate)} – {percent(row.highest_rate)}",
                    percent(row.fee_percent),
                    f"{row.late.get('percent', '0')}%",
                ]
                for row in rows
            ],
        )
