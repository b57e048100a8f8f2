"""How long a case has waited, in steps that staff are measured by, and how urgent it is."""

from datetime import datetime, timedelta

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.models import KycApplication

# A customer is told to expect an answer within a day.
SOON, LATE = timedelta(hours=12), timedelta(hours=24)
IN_TIME, DUE, OVERDUE = "in-time", "due", "late"
STEPS = ((IN_TIME, _("Under 12 hours")), (DUE, _("Under a day")), (OVERDUE, _("Late")))
# The least priority of each band, from the most urgent down.
BANDS = (
    ("escalated", 90, _("Escalated")),
    ("high", 60, _("High risk")),
    ("medium", 30, _("Medium risk")),
    ("low", 0, _("Low risk")),
)


def step_of(submitted_at: datetime, at: datetime) -> str:
    waited = at - submitted_at
    return IN_TIME if waited < SOON else DUE if waited < LATE else OVERDUE


def waiting_for(cases: QuerySet[KycApplication], step: str, *, at: datetime) -> QuerySet[KycApplication]:
    """Those that wait for staff, sent in less than 12 hours ago, less than a day but not 12 hours, or longer."""
    waiting = cases.filter(state__in=KycApplication.QUEUED_STATES)
    if step == IN_TIME:
        return waiting.filter(submitted_at__gt=at - SOON)
    if step == DUE:
        return waiting.filter(submitted_at__lte=at - SOON, submitted_at__gt=at - LATE)
    return waiting.filter(submitted_at__lte=at - LATE)


def band_of(priority: int) -> str:
    """The name of a priority's band, in words."""
    return next(str(label) for _code, least, label in BANDS if priority >= least)


def in_band(cases: QuerySet[KycApplication], band: str) -> QuerySet[KycApplication]:
    bounds = {code: (least, most) for (code, least, _), most in zip(BANDS, (101, 90, 60, 30), strict=True)}
    least, most = bounds[band]
    return cases.filter(priority__gte=least, priority__lt=most)
