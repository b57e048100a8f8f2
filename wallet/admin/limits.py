"""What tiers allow, as dated rules. Another is made by an approved proposal, never by hand."""

from datetime import date
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.kyc import steps
from core.staff import ReadOnlyAdmin, amount_of, link_of
from wallet import rule_versions  # noqa: F401 - they stand on the page of all rules
from wallet.admin.proposals import ways
from wallet.models import CoolingOffRule, ReversalRule, TierRule
from wallet.services.approved import rules

APPROVAL = link_of("approval", _("Approved as"))


@admin.register(TierRule)
class TierRuleAdmin(ReadOnlyAdmin):
    list_display = (
        "__str__",
        "tier",
        "from_date",
        "standing",
        amount_of("daily_sending", _("Sending in a day")),
        amount_of("daily_receiving", _("Receiving in a day")),
        amount_of("single_amount", _("In one transfer")),
        amount_of("balance_cap", _("Balance")),
    )
    list_filter = ("tier", "currency")
    shown = (*list_display[1:], "currency", "requires_shown", "grace_days", "source", APPROVAL)
    search_help_text = _("By tier")

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        context = {**(extra_context or {}), "ways": ways(request, (rules.TIER, {}))}
        return super().changelist_view(request, context)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        context["ways"] = ways(request, (rules.TIER, {"tier": kwargs["obj"].tier}))
        return super().render_change_form(request, context, *args, **kwargs)

    def find(self, queryset: QuerySet[TierRule], term: str) -> QuerySet[TierRule]:
        return queryset.filter(tier=int(term)) if term.isdecimal() and len(term) < 4 else queryset.none()

    def get_queryset(self, request: HttpRequest) -> QuerySet[TierRule]:
        later = TierRule.objects.filter(
            tier=OuterRef("tier"),
            currency=OuterRef("currency"),
            from_date__gt=OuterRef("from_date"),
            from_date__lte=timezone.localdate(),
        )
        found: QuerySet[TierRule] = super().get_queryset(request)
        return found.annotate(is_followed=Exists(later))

    @admin.display(description=_("Holds"))
    def standing(self, rule: Any) -> Any:
        if rule.from_date > timezone.localdate():
            return _("Not yet")
        return _("No longer") if rule.is_followed else _("Now")

    @admin.display(description=_("Asks for"))
    def requires_shown(self, rule: TierRule) -> str:
        return ", ".join(str(steps.STEPS[code].title) for code in rule.requires)


class DatedAmountAdmin(ReadOnlyAdmin):
    """Rules of one amount."""

    action: ClassVar[str]

    list_display = ("__str__", "from_date", amount_of("amount", _("At most in all")))
    list_filter = ("currency",)
    shown = (*list_display[1:], "currency", "source", APPROVAL)
    search_help_text = _("By the year from which it holds")

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return super().changelist_view(
            request, {**(extra_context or {}), "ways": ways(request, (self.action, {}))}
        )

    def find(self, queryset: QuerySet[Any], term: str) -> QuerySet[Any]:
        if not term.isdecimal() or not date.min.year <= int(term[:5]) <= date.max.year:
            return queryset.none()
        return queryset.filter(from_date__year=int(term))


@admin.register(CoolingOffRule)
class CoolingOffRuleAdmin(DatedAmountAdmin):
    action = rules.COOLING_OFF


@admin.register(ReversalRule)
class ReversalRuleAdmin(DatedAmountAdmin):
    action = rules.REVERSAL
