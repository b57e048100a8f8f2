"""Differences between the gateway's word and our books: the queue, both sides of each, and what staff decide."""

from collections.abc import Iterable
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.timesince import timesince
from django.utils.translation import gettext_lazy as _

from accounts.roles import RECONCILE
from core.staff import EMPTY, Panel, ReadOnlyAdmin, amount, amount_of, as_uuid, moment, time_of
from wallet.admin.deeds import deed
from wallet.admin.reconciliation_forms import MatchForm, WordsForm
from wallet.admin.reconciliation_panels import (
    MOST_SHOWN,
    candidates_panel,
    known_panel,
    label_of,
    rows_panel,
    transactions_panel,
)
from wallet.models import Break, GatewayRow
from wallet.services import reconciliation


class AgeFilter(admin.SimpleListFilter):
    title, parameter_name = _("age"), "age"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(Break.STEPS)

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        step = self.value()
        if step not in Break.AGES:
            return queryset
        return Break.objects.filter(pk__in=queryset.order_by().values("pk")).aged(step, at=timezone.now())


@admin.register(Break)
class BreakAdmin(ReadOnlyAdmin):
    linked_by = ("account__id__exact", "day__exact")
    list_display = (
        "named",
        "kind",
        "state",
        "account",
        "day",
        "age",
        amount_of("gateway_amount", _("The gateway"), currency="currency", sign=True),
        amount_of("book_amount", _("Our books"), currency="currency", sign=True),
        amount_of("difference", _("Difference"), currency="currency", sign=True),
    )
    list_filter = ("state", "kind", AgeFilter)
    list_select_related = ("account",)
    shown = (
        *list_display[1:5],
        time_of("happened_at", _("Moved")),
        *list_display[6:],
        "explanation",
        "key",
        time_of("found_at", _("Found")),
        time_of("resolved_at", _("Resolved")),
    )
    search_help_text = _("By reference, or the id of its posting or row")

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("<uuid:key>/match/", view(self.match_view), name="wallet_break_match"),
            path("<uuid:key>/explain/", view(self.explain_view), name="wallet_break_explain"),
            path("<uuid:key>/reopen/", view(self.reopen_view), name="wallet_break_reopen"),
            *super().get_urls(),
        ]

    def find(self, queryset: QuerySet[Break], term: str) -> QuerySet[Break]:
        key = as_uuid(term)
        return queryset.filter(key=key) if key else queryset.filter(reference=term)

    @admin.display(description=_("Reference"))
    def named(self, found: Break) -> str:
        return found.reference or str(found.key)

    @admin.display(description=_("Age"))
    def age(self, found: Break) -> str:
        return timesince(found.happened_at, found.resolved_at or timezone.now(), depth=1)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        found = kwargs["obj"]
        if found.state != Break.State.RESOLVED and request.user.has_perm(RECONCILE):
            lone = found.kind in (Break.Kind.MISSING_IN_BOOKS, Break.Kind.MISSING_AT_GATEWAY)
            explained = found.state == Break.State.EXPLAINED
            deeds = [("match", _("Match by hand"))] if lone else []
            deeds.append(("reopen", _("Open again")) if explained else ("explain", _("Explain")))
            context["ways"] = [
                (label, reverse(f"admin:wallet_break_{way}", args=[found.pk])) for way, label in deeds
            ]
        return super().render_change_form(request, context, *args, **kwargs)

    def panels(self, found: Break) -> Iterable[Panel]:
        rows = GatewayRow.objects.filter(account=found.account, key=found.key).order_by("at", "id")[
            :MOST_SHOWN
        ]
        yield rows_panel(_("What the gateway says"), rows)
        side = reconciliation.side_of(account=found.account, posting_id=found.key)
        yield transactions_panel(_("What our books say"), side.transactions if side else ())
        yield known_panel(found)
        yield candidates_panel(reconciliation.candidates_of(found=found))
        yield Panel(
            _("What became of it"),
            [_("From"), _("To"), _("Kind"), _("When"), _("By"), _("Why"), _("The gateway"), _("Our books")],
            [
                [
                    each.was or EMPTY,
                    each.get_state_display(),
                    each.get_kind_display(),
                    moment(each.at),
                    each.actor_id or EMPTY,
                    each.reason or EMPTY,
                    amount(each.gateway_amount, found.currency),
                    amount(each.book_amount, found.currency),
                ]
                for each in found.changes.order_by("id")
            ],
        )

    def match_view(self, request: HttpRequest, key: UUID) -> HttpResponse:
        found = get_object_or_404(Break.objects.select_related("account"), pk=key)
        candidates = reconciliation.candidates_of(found=found)
        choices = [(str(each.key), label_of(each, found.currency)) for each in candidates]
        text = _("Say what on the other side this is. Both sides must add up to the same.")
        form_class = partial(MatchForm, choices=choices)
        return self._deed(
            request, found, _("Match by hand"), text, form_class, partial(_match, request, found)
        )

    def explain_view(self, request: HttpRequest, key: UUID) -> HttpResponse:
        found = get_object_or_404(Break.objects.select_related("account"), pk=key)
        text = _("It stays listed with these words, and no longer keeps its day from being closed.")
        return self._deed(request, found, _("Explain"), text, WordsForm, partial(_explain, request, found))

    def reopen_view(self, request: HttpRequest, key: UUID) -> HttpResponse:
        found = get_object_or_404(Break.objects.select_related("account"), pk=key)
        text = _("The explanation no longer counts, and the day cannot be closed with it.")
        return self._deed(request, found, _("Open again"), text, WordsForm, partial(_reopen, request, found))

    def _deed(
        self, request: HttpRequest, found: Break, title: Promise, text: Promise, form_class: Any, run: Any
    ) -> HttpResponse:
        back = _page(found)
        return deed(
            request, permission=RECONCILE, title=title, text=text, form_class=form_class, run=run, back=back
        )


def _match(request: HttpRequest, found: Break, form: Any, at: datetime) -> HttpResponse:
    rows, postings = [], []
    if found.book_amount is None:
        rows = list(
            GatewayRow.objects.filter(account=found.account, key=found.key).values_list("pk", flat=True)
        )
    else:
        postings = [found.key]
    known = set(GatewayRow.objects.filter(pk__in=form.chosen()).values_list("pk", flat=True))
    rows += [key for key in form.chosen() if key in known]
    postings += [key for key in form.chosen() if key not in known]
    user: Any = request.user
    reconciliation.match_by_hand(
        account_id=found.account_id,
        row_ids=rows,
        posting_ids=postings,
        by=user,
        reason=form.cleaned_data["reason"],
        at=at,
    )
    messages.success(request, _("Matched."))
    return redirect(_page(found))


def _explain(request: HttpRequest, found: Break, form: Any, at: datetime) -> HttpResponse:
    user: Any = request.user
    reconciliation.explain(break_id=found.pk, explanation=form.cleaned_data["reason"], by=user, at=at)
    messages.success(request, _("Explained."))
    return redirect(_page(found))


def _reopen(request: HttpRequest, found: Break, form: Any, at: datetime) -> HttpResponse:
    user: Any = request.user
    reconciliation.reopen(break_id=found.pk, reason=form.cleaned_data["reason"], by=user, at=at)
    messages.success(request, _("Open again."))
    return redirect(_page(found))


def _page(found: Break) -> str:
    return reverse("admin:wallet_break_change", args=[found.pk])
