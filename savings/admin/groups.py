"""Groups that save for one goal, and who saves in them. To look at only."""

from collections.abc import Iterable

from django.contrib import admin
from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.people_found import people
from core.staff import Panel, ReadOnlyAdmin, When, amount, amount_of, as_uuid, link, link_of, list_of, time_of
from savings.models import SavingsGroup, UserSavings
from savings.states import GOES_ON

SHOWN = 50


@admin.register(SavingsGroup)
class SavingsGroupAdmin(ReadOnlyAdmin):
    list_display = (
        "id",
        "name",
        link_of("organiser", _("Made by")),
        link_of("plan", _("Plan")),
        "target_date",
        time_of("closed_at", _("Closed to new people")),
        amount_of("target", _("Target"), currency="plan.currency_id"),
    )
    list_filter = ("plan", When)
    list_select_related = ("organiser", "plan")
    shown = (*list_display[1:], "members", time_of("made_at", _("Made")))
    search_help_text = _("By id, or the start of its maker's e-mail address")

    def find(self, queryset: QuerySet[SavingsGroup], term: str) -> QuerySet[SavingsGroup]:
        key = as_uuid(term)
        return queryset.filter(pk=key) if key else queryset.filter(organiser__in=people(term))

    @admin.display(description=_("Saving now"))
    def members(self, group: SavingsGroup) -> int:
        told = UserSavings.objects.filter(group=group).aggregate(many=Count("pk", Q(state__in=GOES_ON)))
        return int(told["many"])

    def panels(self, group: SavingsGroup) -> Iterable[Panel]:
        rows = UserSavings.objects.filter(group=group).select_related("user", "account")
        yield Panel(
            _("Its savings"),
            [_("Saving"), _("Owner"), _("State"), _("Balance")],
            [
                [
                    link(saving, saving.pk),
                    link(saving.user),
                    saving.get_state_display(),
                    amount(saving.account.balance, group.plan.currency_id),
                ]
                for saving in rows.order_by("-pk")[:SHOWN]
            ],
            list_of(UserSavings, group__id__exact=group.pk),
        )
