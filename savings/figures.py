"""What the staff's first page counts of savings."""

from datetime import date, datetime, time, timedelta

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from core.staff import list_of
from core.staff_ages import figures_by_age
from core.staff_figures import Figure, Group, counted, register
from savings.models import AutoSaving, Roll, UserSavings

PARKED = Q(position__parked_at__isnull=False)
# By when the day before is closed: a roll begins just after midnight.
CLOSED_BY = time(6)
DAY = timedelta(days=1)


def late_day(at: datetime) -> date:
    """Return the newest day that ought to be closed for all by now."""
    local = timezone.localtime(at)
    return local.date() - (DAY if local.time() >= CLOSED_BY else 2 * DAY)


def failing(rows: QuerySet[AutoSaving]) -> QuerySet[AutoSaving]:
    """Those that go on and were skipped on their last day."""
    return rows.filter(skipped__gt=0).exclude(state=AutoSaving.State.ENDED)


def _parked(at: datetime) -> Group:
    figures = figures_by_age(UserSavings, since="position__parked_at", waiting=PARKED, at=at)
    return Group(_("Parked savings"), UserSavings, figures)


def _rolls(at: datetime) -> Group:
    due = late_day(at)
    finished = Roll.objects.filter(finished_at__isnull=False).order_by("-day")
    last = finished.values_list("day", flat=True).first()
    late = Roll.objects.filter(finished_at=None, day__lte=due)
    return Group(
        _("Closing of days"),
        Roll,
        [
            Figure(
                _("Last day closed"),
                date_format(last) if last else _("None yet"),
                list_of(Roll),
                alarm=last is not None and last < due,
            ),
            counted(_("Late"), late, list_of(Roll, standing="late"), alarming=True),
        ],
    )


def _automatic(_at: datetime) -> Group:
    rows = failing(AutoSaving.objects.all())
    return Group(
        _("Automatic saving"),
        AutoSaving,
        [counted(_("Skipped"), rows, list_of(AutoSaving, failing="yes"))],
    )


register(UserSavings, _parked, order=30)
register(Roll, _rolls, order=32)
register(AutoSaving, _automatic, order=34)
