"""Automatic saving, for staff: what is set up, what failed and why. To look at only."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.people_found import people
from core.staff import (
    EMPTY,
    Panel,
    ReadOnlyAdmin,
    When,
    amount,
    amount_of,
    as_uuid,
    link,
    link_of,
    list_of,
    time_of,
    yes_no,
)
from savings.figures import failing
from savings.models import AutoRun, AutoSaving

SHOWN = 30
CURRENCY = "saving.plan.currency_id"


class FailingFilter(admin.SimpleListFilter):
    title, parameter_name = _("fails"), "failing"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("yes", _("Skipped last time"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return failing(queryset) if self.value() == "yes" else queryset


@admin.register(AutoSaving)
class AutoSavingAdmin(ReadOnlyAdmin):
    linked_by = ("saving__id__exact",)
    list_display = (
        "id",
        link_of("saving.user", _("Owner")),
        link_of("saving", _("Saving")),
        *("kind", "rhythm", "state", "next_date"),
        "skips",
        amount_of("amount", _("Amount"), currency=CURRENCY),
    )
    list_filter = (FailingFilter, "state", "kind", When)
    list_select_related = ("saving__user", "saving__plan")
    shown = (
        *list_display[1:],
        yes_no("follows_target", _("Follows the target")),
        *("first_date", "reason"),
        time_of("made_at", _("Made")),
        time_of("ended_at", _("Ended")),
    )
    search_help_text = _("By id, that of its saving, or the start of its owner's e-mail address")

    def find(self, queryset: QuerySet[AutoSaving], term: str) -> QuerySet[AutoSaving]:
        key = as_uuid(term)
        if key:
            return queryset.filter(Q(pk=key) | Q(saving=key))
        return queryset.filter(saving__user__in=people(term))

    @admin.display(description=_("Skipped in a row"))
    def skips(self, automatic: AutoSaving) -> int:
        return automatic.skipped

    def panels(self, automatic: AutoSaving) -> Iterable[Panel]:
        runs = AutoRun.objects.filter(automatic=automatic).order_by("-due_date", "-pk")[:SHOWN]
        currency = automatic.saving.plan.currency_id
        yield Panel(
            _("Latest days"),
            [_("Day"), _("State"), _("Tries"), _("Why not"), _("Amount")],
            [
                [
                    link(run, run.due_date.isoformat()),
                    run.get_state_display(),
                    run.tries,
                    run.reason or run.code or EMPTY,
                    amount(run.amount, currency),
                ]
                for run in runs
            ],
            list_of(AutoRun, automatic__id__exact=automatic.pk),
        )


@admin.register(AutoRun)
class AutoRunAdmin(ReadOnlyAdmin):
    linked_by = ("automatic__id__exact",)
    list_display = (
        "id",
        "due_date",
        link_of("automatic.saving.user", _("Owner")),
        link_of("automatic.saving", _("Saving")),
        *("state", "tries", "code"),
        time_of("next_try_at", _("Next try")),
        amount_of("amount", _("Amount"), currency="automatic.saving.plan.currency_id"),
    )
    list_filter = ("state", When)
    list_select_related = ("automatic__saving__user", "automatic__saving__plan")
    shown = (
        *list_display[1:],
        link_of("automatic", _("Automatic saving")),
        *("reason", "posting_id"),
        amount_of("next_amount", _("From then on"), currency="automatic.saving.plan.currency_id"),
        time_of("ended_at", _("Ended")),
    )
    search_help_text = _("By id, that of its automatic saving, or its posting")

    def find(self, queryset: QuerySet[AutoRun], term: str) -> QuerySet[AutoRun]:
        key = as_uuid(term)
        if key is None:
            return queryset.none()
        return queryset.filter(Q(pk=key) | Q(automatic=key) | Q(posting_id=key))
