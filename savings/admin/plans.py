"""Plans and the versions of their terms, opening and closing them, and what is owed under each."""

from collections.abc import Iterable
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _

from accounts.roles import OPEN_PLAN, PROPOSE_PLAN
from core.staff import EMPTY, Panel, ReadOnlyAdmin, as_uuid, link, link_of, list_of, page_of, time_of, yes_no
from savings import plan_words
from savings.admin import liabilities
from savings.models import PlanTerms, SavingsPlan, UserSavings
from savings.services import planning
from savings.services.approved import plan_terms as approved
from wallet.admin.deeds import deed
from wallet.admin.reconciliation_forms import WordsForm

VERSIONS = Prefetch("terms", PlanTerms.objects.order_by("-from_date").prefetch_related("rates"))


@admin.register(SavingsPlan)
class SavingsPlanAdmin(ReadOnlyAdmin):
    list_display = ("name", "code", "kind", yes_no("is_open", _("Takes new savings")), "since", "rates")
    list_filter = ("kind", "is_open")
    shown = (*list_display[1:], "summary", "currency", time_of("made_at", _("Made")))
    search_help_text = _("By id, code, or the beginning of its name")

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("liabilities/", view(self.liabilities_view), name="savings_savingsplan_liabilities"),
            path("<uuid:key>/open/", view(self.open_view), name="savings_savingsplan_open"),
            path("<uuid:key>/close/", view(self.close_view), name="savings_savingsplan_close"),
            *super().get_urls(),
        ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[SavingsPlan]:
        found: QuerySet[SavingsPlan] = super().get_queryset(request)
        return found.prefetch_related(VERSIONS)

    def find(self, queryset: QuerySet[SavingsPlan], term: str) -> QuerySet[SavingsPlan]:
        key = as_uuid(term)
        if key:
            return queryset.filter(pk=key)
        return queryset.filter(Q(code=term.lower()) | Q(name__istartswith=term))

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        ways = [(_("What is owed to savers"), reverse("admin:savings_savingsplan_liabilities"))]
        if request.user.has_perm(PROPOSE_PLAN):
            ways.append((_("New plan"), proposing()))
        return super().changelist_view(request, {**(extra_context or {}), "ways": ways})

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        plan = kwargs["obj"]
        ways = []
        if request.user.has_perm(PROPOSE_PLAN):
            ways.append((_("New terms"), proposing(plan)))
        if request.user.has_perm(OPEN_PLAN):
            way, label = (
                ("close", _("Take no new savings")) if plan.is_open else ("open", _("Take new savings"))
            )
            ways.append((label, reverse(f"admin:savings_savingsplan_{way}", args=[plan.pk])))
        context["ways"] = [*ways, (_("Its savings"), list_of(UserSavings, plan__id__exact=plan.pk))]
        return super().render_change_form(request, context, *args, **kwargs)

    @admin.display(description=_("Since"))
    def since(self, plan: SavingsPlan) -> str:
        held = in_force(plan)
        return held.from_date.isoformat() if held else EMPTY

    @admin.display(description=_("Rates now"))
    def rates(self, plan: SavingsPlan) -> str:
        held = in_force(plan)
        return plan_words.table(held.cells(), kind=plan.kind) if held else str(_("Not yet"))

    def panels(self, plan: SavingsPlan) -> Iterable[Panel]:
        held, today = in_force(plan), timezone.localdate()
        yield Panel(
            _("Versions of its terms"),
            [_("From"), _("Holds"), _("Rates"), _("Tax withheld"), _("Paid"), _("Where it comes from")],
            [
                [
                    link(terms, terms.from_date.isoformat()),
                    _("Not yet")
                    if terms.from_date > today
                    else _("Now")
                    if terms == held
                    else _("No longer"),
                    plan_words.table(terms.cells(), kind=plan.kind),
                    plan_words.percent(terms.tax),
                    _("On the first day") if terms.up_front else terms.get_paid_display(),
                    terms.source,
                ]
                for terms in plan.terms.all()
            ],
            list_of(PlanTerms, plan__id__exact=plan.pk),
        )
        if held:
            yield Panel(
                _("What its terms say now"), [_("What"), _("Says")], plan_words.facts(held, kind=plan.kind)
            )

    def liabilities_view(self, request: HttpRequest) -> HttpResponse:
        """What is owed by product, over time, and held against the ledger where asked. Raises PermissionDenied."""
        if request.method not in ("GET", "HEAD") or not self.has_view_permission(request):
            raise PermissionDenied
        context = liabilities.page(
            by=request.GET.get("by", ""), compares="compare" in request.GET, on=timezone.localdate()
        )
        site = self.admin_site.each_context(request)
        return render(request, "admin/savings/liabilities.html", {**site, **context})

    def open_view(self, request: HttpRequest, key: UUID) -> HttpResponse:
        text = _("Customers can choose it again. Its terms are those in force on the day.")
        return self._deed(request, key, is_open=True, title=_("Take new savings"), text=text)

    def close_view(self, request: HttpRequest, key: UUID) -> HttpResponse:
        text = _("Nobody can open a saving under it any more. Those that go on are as they were.")
        return self._deed(request, key, is_open=False, title=_("Take no new savings"), text=text)

    def _deed(self, request: HttpRequest, key: UUID, *, is_open: bool, title: Any, text: Any) -> HttpResponse:
        plan = get_object_or_404(SavingsPlan, pk=key)
        return deed(
            request,
            permission=OPEN_PLAN,
            title=title,
            text=text,
            form_class=WordsForm,
            run=partial(_set_open, request, plan, is_open),
            back=page_of(SavingsPlan, key),
        )


def _set_open(
    request: HttpRequest, plan: SavingsPlan, is_open: bool, form: Any, at: datetime
) -> HttpResponse:
    planning.set_plan_open(plan=plan, is_open=is_open, reason=form.cleaned_data["reason"])
    messages.success(request, _("It takes new savings.") if is_open else _("It takes no new savings."))
    return redirect(page_of(SavingsPlan, plan.pk))


@admin.register(PlanTerms)
class PlanTermsAdmin(ReadOnlyAdmin):
    linked_by = ("plan__id__exact",)
    list_display = ("named", "from_date", "standing", "rates", "source")
    list_filter = ("plan",)
    list_select_related = ("plan", "approval")
    shown = (
        link_of("plan", _("Plan")),
        *("from_date", "standing", "source"),
        time_of("made_at", _("Made")),
        link_of("approval", _("Approved as")),
    )
    search_help_text = _("By id, or the code of its plan")

    def get_queryset(self, request: HttpRequest) -> QuerySet[PlanTerms]:
        today = timezone.localdate()
        later = PlanTerms.objects.filter(
            plan=OuterRef("plan"), from_date__gt=OuterRef("from_date"), from_date__lte=today
        )
        found: QuerySet[PlanTerms] = super().get_queryset(request)
        return found.annotate(is_followed=Exists(later)).prefetch_related("rates")

    def find(self, queryset: QuerySet[PlanTerms], term: str) -> QuerySet[PlanTerms]:
        key = as_uuid(term)
        return queryset.filter(pk=key) if key else queryset.filter(plan__code=term.lower())

    @admin.display(description=_("Plan"))
    def named(self, terms: PlanTerms) -> str:
        return terms.plan.name

    @admin.display(description=_("Holds"))
    def standing(self, terms: Any) -> Any:
        if terms.from_date > timezone.localdate():
            return _("Not yet")
        return _("No longer") if terms.is_followed else _("Now")

    @admin.display(description=_("Rates"))
    def rates(self, terms: PlanTerms) -> str:
        return plan_words.table(terms.cells(), kind=terms.plan.kind)

    def panels(self, terms: PlanTerms) -> Iterable[Panel]:
        kind = terms.plan.kind
        yield Panel(_("Rates"), [_("Days"), _("Balance"), _("A year")], list(plan_words.lines(terms)))
        yield Panel(_("What they say"), [_("What"), _("Says")], plan_words.facts(terms, kind=kind))


def in_force(plan: SavingsPlan) -> PlanTerms | None:
    """The terms of today, of those that were fetched with the plan, newest first."""
    today = timezone.localdate()
    return next((terms for terms in plan.terms.all() if terms.from_date <= today), None)


def proposing(plan: SavingsPlan | None = None) -> str:
    """The address of the form that proposes a plan, or new terms of one."""
    address = reverse("admin:accounts_propose", args=[approved.CODE])
    return f"{address}?{urlencode({'plan': plan.code})}" if plan else address
