"""What the staff's first page counts of savings."""

from datetime import datetime

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from core.staff import list_of
from core.staff_ages import figures_by_age
from core.staff_figures import Group, counted, register
from savings.models import AutoSaving, UserSavings

PARKED = Q(position__parked_at__isnull=False)


def failing(rows: QuerySet[AutoSaving]) -> QuerySet[AutoSaving]:
    """Those that go on and were skipped on their last day."""
    return rows.filter(skipped__gt=0).exclude(state=AutoSaving.State.ENDED)


def _parked(at: datetime) -> Group:
    figures = figures_by_age(UserSavings, since="position__parked_at", waiting=PARKED, at=at)
    return Group(_("Parked savings"), UserSavings, figures)


def _automatic(_at: datetime) -> Group:
    rows = failing(AutoSaving.objects.all())
    return Group(
        _("Automatic saving"),
        AutoSaving,
        [counted(_("Skipped"), rows, list_of(AutoSaving, failing="yes"))],
    )


register(UserSavings, _parked, order=30)
register(AutoSaving, _automatic, order=34)
