"""Savings as staff find them: by plan, state and owner, those that are parked, and all that hangs on one."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern
from django.utils.translation import gettext_lazy as _

from accounts.people_found import people
from accounts.roles import PROPOSE_BACKDATED
from core.staff import EMPTY, Panel, ReadOnlyAdmin, When, amount, as_uuid, link_of, moment, time_of
from core.staff_ages import age_filter
from savings.admin import deeds, saving_panels
from savings.admin.backdated_form import proposing
from savings.figures import PARKED
from savings.models import UserSavings
from savings.states import GIVES_MONEY

LONGEST_SHOWN = 40


class ParkedFilter(age_filter(since="position__parked_at", waiting=PARKED)):  # type: ignore[misc]
    title = _("parked for")


@admin.register(UserSavings)
class UserSavingsAdmin(ReadOnlyAdmin):
    linked_by = ("plan__id__exact", "group__id__exact", "position__parked_at__isnull")
    list_display = (
        "id",
        link_of("user", _("Owner")),
        link_of("plan", _("Plan")),
        "state",
        "balance_money",
        "matures_on",
        "closed_to",
        "in_the_way",
    )
    list_filter = ("plan", "state", ParkedFilter, When)
    list_select_related = ("user", "plan", "position", "account")
    shown = (
        *list_display[1:5],
        "position_money",
        "owed",
        *("opened_on", "matures_on", "closed_to", "parked", "error"),
        *("target_money", "target_date", "at_maturity"),
        link_of("terms", _("Terms of its own")),
        link_of("account", _("Ledger account")),
        link_of("group", _("Group")),
        link_of("rolled_from", _("Saved again from")),
        time_of("made_at", _("Made")),
        time_of("ended_at", _("Ended")),
    )
    search_help_text = _(
        "By id, that of its ledger account, its owner's, or the start of the owner's e-mail address"
    )

    def get_urls(self) -> list[URLPattern]:
        return [*deeds.urls(self.admin_site), *super().get_urls()]

    def find(self, queryset: QuerySet[UserSavings], term: str) -> QuerySet[UserSavings]:
        key = as_uuid(term)
        if key:
            return queryset.filter(Q(pk=key) | Q(account=key) | Q(user=key))
        return queryset.filter(user__in=people(term))

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        saving = kwargs["obj"]
        ways = deeds.deeds_on(request, saving)
        if request.user.has_perm(PROPOSE_BACKDATED) and saving.state in GIVES_MONEY:
            ways.append((_("Enter what is of a day that is over"), proposing(saving)))
        context["ways"] = ways
        return super().render_change_form(request, context, *args, **kwargs)

    def panels(self, saving: UserSavings) -> Iterable[Panel]:
        yield from saving_panels.of(saving)

    @admin.display(description=_("In the ledger"))
    def balance_money(self, saving: UserSavings) -> str:
        return amount(saving.account.balance, saving.plan.currency_id)

    @admin.display(description=_("What earns"))
    def position_money(self, saving: UserSavings) -> str:
        return amount(saving.position.balance, saving.plan.currency_id)

    @admin.display(description=_("Earned, not paid yet"))
    def owed(self, saving: UserSavings) -> str:
        return saving_panels.kobo(saving.position.carry)

    @admin.display(description=_("Open from"))
    def closed_to(self, saving: UserSavings) -> str:
        day = saving.position.next_day
        return day.isoformat() if day else EMPTY

    @admin.display(description=_("Parked"))
    def parked(self, saving: UserSavings) -> str:
        return moment(saving.position.parked_at)

    @admin.display(description=_("What is in the way"))
    def error(self, saving: UserSavings) -> str:
        return saving.position.error or EMPTY

    @admin.display(description=_("In the way"))
    def in_the_way(self, saving: UserSavings) -> str:
        error = saving.position.error
        return f"{error[:LONGEST_SHOWN]}…" if len(error) > LONGEST_SHOWN else error or EMPTY

    @admin.display(description=_("Target"))
    def target_money(self, saving: UserSavings) -> str:
        return amount(saving.target, saving.plan.currency_id)
