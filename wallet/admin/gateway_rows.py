"""What gateways and banks said, how it was taken in, what was matched with it, and what nobody is known for."""

from collections.abc import Iterable
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.roles import RECONCILE
from core.staff import (
    EMPTY,
    Panel,
    ReadOnlyAdmin,
    When,
    amount_of,
    as_uuid,
    link_of,
    link_to_row,
    moment,
    time_of,
)
from wallet.admin.deeds import deed
from wallet.admin.reconciliation_forms import WordsForm
from wallet.admin.reconciliation_panels import rows_panel, transactions_panel
from wallet.models import GatewayRow, Match, MatchingRule, SuspenseItem, Transaction
from wallet.services import reconciliation


@admin.register(GatewayRow)
class GatewayRowAdmin(ReadOnlyAdmin):
    linked_by = ("account__id__exact", "day__exact")
    list_display = (
        "__str__",
        "source",
        "account",
        time_of("at", _("When")),
        "day",
        "description",
        amount_of("change", _("Amount"), currency="currency", sign=True),
        amount_of("balance", _("Balance after it"), currency="currency"),
    )
    list_filter = ("source", When)
    list_select_related = ("account",)
    shown = (
        "id",
        "reference",
        "gateway_id",
        *list_display[1:],
        "source_id",
        link_of("row_import", _("Taken in by")),
    )
    search_help_text = _("By reference, their id, its id or its posting's")

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.apart_view)
        return [path("<uuid:key>/apart/", view, name="wallet_gatewayrow_apart"), *super().get_urls()]

    def find(self, queryset: QuerySet[GatewayRow], term: str) -> QuerySet[GatewayRow]:
        key = as_uuid(term)
        if key:
            return queryset.filter(Q(pk=key) | Q(key=key, nth=0) | Q(key=key, nth__gt=0))
        return queryset.filter(Q(gateway_id=term) | Q(reference=term))

    def panels(self, row: GatewayRow) -> Iterable[Panel]:
        side = self._side(row)
        yield transactions_panel(_("What it is matched with"), side.transactions if side else ())
        others = GatewayRow.objects.filter(account=row.account, key=row.key).exclude(pk=row.pk)
        yield rows_panel(_("Other rows of the same"), others.order_by("at", "id")[:50])
        yield Panel(
            _("Decisions"),
            [_("Match"), _("Posting"), _("When"), _("By"), _("Why"), _("Taken apart"), _("Why")],
            [
                [
                    each.get_method_display(),
                    link_to_row(Transaction, each.posting_id),
                    moment(each.made_at),
                    each.made_by or EMPTY,
                    each.reason or EMPTY,
                    moment(each.undone_at),
                    each.undone_reason or EMPTY,
                ]
                for each in row.matches.select_related("made_by").order_by("-pk")
            ],
        )

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        row = kwargs["obj"]
        if request.user.has_perm(RECONCILE) and self._side(row):
            address = reverse("admin:wallet_gatewayrow_apart", args=[row.pk])
            context["ways"] = [(_("Take apart"), address)]
        return super().render_change_form(request, context, *args, **kwargs)

    def _side(self, row: GatewayRow) -> reconciliation.Side | None:
        return reconciliation.side_of(account=row.account, posting_id=row.key) if row.is_placed else None

    def apart_view(self, request: HttpRequest, key: UUID) -> HttpResponse:
        """Undo what a row was matched with. Raises PermissionDenied."""
        row = get_object_or_404(GatewayRow, pk=key)
        return deed(
            request,
            permission=RECONCILE,
            title=_("Take apart"),
            text=_("This row no longer counts as what it was matched with, and both are looked for again."),
            form_class=WordsForm,
            run=partial(_take_apart, request, row),
            back=reverse("admin:wallet_gatewayrow_change", args=[row.pk]),
        )


def _take_apart(request: HttpRequest, row: GatewayRow, form: Any, at: datetime) -> HttpResponse:
    user: Any = request.user
    reconciliation.take_apart(row_id=row.pk, by=user, reason=form.cleaned_data["reason"], at=at)
    messages.success(request, _("Taken apart."))
    return redirect("admin:wallet_gatewayrow_change", row.pk)


@admin.register(Match)
class MatchAdmin(ReadOnlyAdmin):
    list_display = (
        "id",
        "method",
        "score",
        link_of("row", _("Row")),
        "posting_id",
        time_of("made_at", _("Made")),
        time_of("undone_at", _("Taken apart")),
    )
    list_filter = ("method", When)
    list_select_related = ("row",)
    shown = (*list_display, "account", "key", "parts", "made_by", "reason", "undone_by", "undone_reason")
    search_help_text = _("By id, or its posting's")

    def find(self, queryset: QuerySet[Match], term: str) -> QuerySet[Match]:
        key = as_uuid(term)
        return queryset.filter(Q(pk=key) | Q(posting_id=key)) if key else queryset.none()


@admin.register(MatchingRule)
class MatchingRuleAdmin(ReadOnlyAdmin):
    list_display = ("from_date", "auto_score", "suggest_score", "days", "grace_minutes", "fee_permille")
    shown = (*list_display, "amount_points", "time_points", "text_points", "lookback_days", "source")
    search_help_text = _("By the year from which it holds")

    def find(self, queryset: QuerySet[MatchingRule], term: str) -> QuerySet[MatchingRule]:
        if not term.isdecimal() or not 1 <= int(term[:5]) <= 9999:
            return queryset.none()
        return queryset.filter(from_date__year=int(term))


class Standing(admin.SimpleListFilter):
    """Suspense that nobody was given yet, by its age."""

    title, parameter_name = _("standing for"), "standing"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        words = (_("Under a day"), _("Under a week"), _("Under a month"), _("Longer"))
        steps = [str(since) for since, _until in reconciliation.SUSPENSE_AGES]
        return [("any", _("Any time")), *zip(steps, words, strict=True)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        steps = {str(step[0]): step for step in reconciliation.SUSPENSE_AGES}
        if self.value() == "any":
            return queryset.filter(attributed_by=None)
        step = steps.get(self.value() or "")
        return reconciliation.standing_for(queryset, step, at=timezone.now()) if step else queryset


@admin.register(SuspenseItem)
class SuspenseItemAdmin(ReadOnlyAdmin):
    list_display = (
        "id",
        "kind",
        "description",
        "account",
        time_of("suspended_at", _("Put aside")),
        time_of("attributed_at", _("Given to somebody")),
        amount_of("amount", _("Amount"), currency="currency"),
    )
    list_filter = (Standing, When)
    list_select_related = ("account",)
    shown = (*list_display, "posting_id", "attributed_by")
    search_help_text = _("By id, or its posting's")

    def find(self, queryset: QuerySet[SuspenseItem], term: str) -> QuerySet[SuspenseItem]:
        key = as_uuid(term)
        return (
            queryset.filter(Q(pk=key) | Q(posting_id=key) | Q(attributed_by=key)) if key else queryset.none()
        )

    def panels(self, item: SuspenseItem) -> Iterable[Panel]:
        yield transactions_panel(_("How it came"), Transaction.objects.of_posting(item.posting_id))
        given = Transaction.objects.of_posting(item.attributed_by) if item.attributed_by else ()
        yield transactions_panel(_("Where it went"), given)
