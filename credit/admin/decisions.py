"""What was decided, for staff to look at: scores and their records, cards, searches, and who has to be told."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from core.staff import EMPTY, Panel, ReadOnlyAdmin, When, pretty, time_of
from credit.admin import monitoring
from credit.models import AdverseAction, BureauReport, CreditScore, ScorecardVersion
from credit.services.adverse import nearing
from credit.services.cards import in_words


@admin.register(ScorecardVersion)
class ScorecardAdmin(ReadOnlyAdmin):
    list_display = ("name", "version", "from_date", time_of("made_at", _("Made")))
    shown = ("name", "version", "from_date", "sha256", "source", "approval")

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("<uuid:key>/monitoring/", view(monitoring.show), name=monitoring.NAME),
            *super().get_urls(),
        ]

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        context["ways"] = [(_("Monitoring"), reverse(f"admin:{monitoring.NAME}", args=[kwargs["obj"].pk]))]
        return super().render_change_form(request, context, *args, **kwargs)

    def panels(self, obj: ScorecardVersion) -> Iterable[Panel]:
        if obj.backtest:
            yield Panel(
                _("Back-test"), [_("What"), _("How many")], [list(line) for line in in_words(obj.backtest)]
            )
        card: dict[str, Any] = obj.card
        rows = [
            [one["label"], each["words"], each["points"], one["average"]]
            for one in card["characteristics"]
            for each in one["bins"]
        ]
        yield Panel(
            _("Factors"), [_("Fact"), _("Bin"), _("Points"), _("Average of those who just pass")], rows
        )
        rules = [[one["label"], each["words"]] for one in card["rules"] for each in one["bins"]]
        yield Panel(_("Decline by themselves"), [_("Fact"), _("Bin")], rules)


@admin.register(CreditScore)
class CreditScoreAdmin(ReadOnlyAdmin):
    list_display = ("id", "score", "cut_off", "outcome", "hard_rules", time_of("made_at", _("Made")))
    list_filter = ("outcome", When)
    shown = (
        *("application", "card", "outcome", "score", "cut_off", "pd", "hard_rules", "sha256"),
        time_of("made_at", _("Made")),
    )


class SentFilter(admin.SimpleListFilter):
    title, parameter_name = _("told"), "told"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("no", _("Not yet")), ("soon", _("Not yet, and due within 5 days"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() == "no":
            return queryset.filter(sent_at=None)
        if self.value() == "soon":
            return queryset.filter(pk__in=nearing(at=timezone.now()).order_by().values("pk"))
        return queryset


@admin.register(AdverseAction)
class AdverseActionAdmin(ReadOnlyAdmin):
    list_display = ("id", "kind", time_of("due_at", _("Due")), time_of("sent_at", _("Told")))
    list_filter = (SentFilter, When)
    shown = ("application", "kind", "said", time_of("due_at", _("Due")), time_of("sent_at", _("Told")))

    @admin.display(description=_("Reasons"))
    def said(self, obj: AdverseAction) -> SafeString:
        return pretty(obj.reasons)


@admin.register(BureauReport)
class BureauReportAdmin(ReadOnlyAdmin):
    """That somebody was searched for, under which consent; what was found stands on the screen of a case."""

    list_display = ("id", "bureau", "kind", "state", time_of("asked_at", _("Asked")), "disputed")
    list_filter = ("state", "kind", When)
    shown = (
        *("application", "bureau", "kind", "consent", "state", "error", "sha256"),
        *(time_of("asked_at", _("Asked")), time_of("answered_at", _("Answered")), "disputed"),
    )

    @admin.display(description=_("Disputed"))
    def disputed(self, obj: BureauReport) -> Any:
        return _("Yes") if obj.disputed_at else EMPTY
