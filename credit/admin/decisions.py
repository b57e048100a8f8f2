"""What was decided, for staff to look at: scores and their records, cards, searches, and who has to be told."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from core.staff import EMPTY, Panel, ReadOnlyAdmin, When, link_of, time_of, title_of
from core.templatetags.rates import percent
from credit import bureaux
from credit.admin import monitoring
from credit.admin.disputes import DISPUTE, address_to_dispute, dispute_for
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
    list_display = (
        *(title_of(_("Score")), link_of("application", _("Application"))),
        *("cut", "rules_hit", time_of("made_at", _("Made"))),
    )
    list_filter = ("outcome", When)
    list_select_related = ("application",)
    shown = (
        *(link_of("application", _("Application")), "card", "outcome", "score"),
        *("cut", "default", "rules_hit", "hash", time_of("made_at", _("Made")), "id"),
    )

    @admin.display(description=_("Cut-off"))
    def cut(self, obj: CreditScore) -> int:
        return obj.cut_off

    @admin.display(description=_("Rules that decline by themselves"))
    def rules_hit(self, obj: CreditScore) -> int:
        return obj.hard_rules

    @admin.display(description=_("Probability of default"))
    def default(self, obj: CreditScore) -> str:
        return percent(obj.pd * 100)

    @admin.display(description=_("Hash of its record (SHA-256)"))
    def hash(self, obj: CreditScore) -> str:
        return obj.sha256


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
    list_display = (
        *(title_of(_("Adverse action")), link_of("application", _("Application"))),
        *(time_of("due_at", _("Due")), time_of("sent_at", _("Told"))),
    )
    list_filter = (SentFilter, When)
    list_select_related = ("application",)
    shown = (
        *(link_of("application", _("Application")), "kind", "said"),
        *(time_of("due_at", _("Due")), time_of("sent_at", _("Told")), "id"),
    )

    @admin.display(description=_("Reasons"))
    def said(self, obj: AdverseAction) -> SafeString | str:
        lines = format_html_join("", "<li>{}</li>", ((one,) for one in obj.reasons))
        return format_html("<ul>{}</ul>", lines) if lines else EMPTY


@admin.register(BureauReport)
class BureauReportAdmin(ReadOnlyAdmin):
    """That somebody was searched for, under which consent; what was found stands on the screen of a case."""

    list_display = (
        *(title_of(_("Report")), link_of("application", _("Application"))),
        *("state", time_of("asked_at", _("Asked")), "disputed"),
    )
    list_filter = ("state", "kind", When)
    list_select_related = ("application",)
    shown = (
        *(link_of("application", _("Application")), "bureau_name", "kind", "under", "state", "error"),
        *(time_of("asked_at", _("Asked")), time_of("answered_at", _("Answered")), "disputed"),
        *("hash", "id"),
    )

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(dispute_for)
        return [path("<uuid:key>/dispute/", view, name=DISPUTE), *super().get_urls()]

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        address = address_to_dispute(kwargs["obj"], request.user)
        context["ways"] = [(_("Mark it as disputed"), address)] if address else []
        return super().render_change_form(request, context, *args, **kwargs)

    @admin.display(description=_("Bureau"))
    def bureau_name(self, obj: BureauReport) -> str:
        return bureaux.name_of(obj.bureau)

    @admin.display(description=_("Under the consent"))
    def under(self, obj: BureauReport) -> str:
        return str(obj.consent.get_kind_display())

    @admin.display(description=_("Hash of what came back (SHA-256)"))
    def hash(self, obj: BureauReport) -> str:
        return obj.sha256 or EMPTY

    @admin.display(description=_("Disputed"))
    def disputed(self, obj: BureauReport) -> Any:
        if not obj.disputed_at:
            return EMPTY
        return _("By an officer for the borrower") if obj.disputed_by_id else _("By the borrower")
