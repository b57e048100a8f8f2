"""What the staff's first page counts of loans: those that are parked, and whether their days are closed."""

from datetime import date, datetime, time, timedelta

from django.db.models import Q
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from core.staff import list_of
from core.staff_ages import figures_by_age
from core.staff_figures import Figure, Group, counted, register
from credit.models import Loan, LoanRoll

PARKED = Q(position__parked_at__isnull=False)
# By when the day before is closed: a roll begins just after midnight.
CLOSED_BY = time(6)
DAY = timedelta(days=1)


def late_day(at: datetime) -> date:
    """Return the newest day that ought to be closed for all by now."""
    local = timezone.localtime(at)
    return local.date() - (DAY if local.time() >= CLOSED_BY else 2 * DAY)


def _parked(at: datetime) -> Group:
    return Group(
        _("Parked loans"), Loan, figures_by_age(Loan, since="position__parked_at", waiting=PARKED, at=at)
    )


def _rolls(at: datetime) -> Group:
    due = late_day(at)
    finished = LoanRoll.objects.filter(finished_at__isnull=False).order_by("-day")
    last = finished.values_list("day", flat=True).first()
    late = LoanRoll.objects.filter(finished_at=None, day__lte=due)
    return Group(
        _("Closing of loans’ days"),
        LoanRoll,
        [
            Figure(
                _("Last day closed"),
                date_format(last) if last else _("None yet"),
                list_of(LoanRoll),
                alarm=last is not None and last < due,
            ),
            counted(_("Late"), late, list_of(LoanRoll, standing="late"), alarming=True),
        ],
    )


register(Loan, _parked, order=36)
register(LoanRoll, _rolls, order=38)
