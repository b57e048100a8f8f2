"""What the staff's first page counts of credit cases and of refusals that somebody must be told of."""

from datetime import datetime

from django.utils.translation import gettext_lazy as _

from core.staff import list_of
from core.staff_figures import Group, counted, register
from credit.models import AdverseAction, Case
from credit.services import adverse, cases


def _cases(at: datetime) -> Group:
    waiting = cases.waiting()
    second = waiting.filter(recommended_by__isnull=False)
    return Group(
        _("Credit cases"),
        Case,
        [
            counted(_("In the queue"), waiting, list_of(Case)),
            counted(_("Overdue"), waiting.filter(due_at__lte=at), list_of(Case, due="over"), alarming=True),
            counted(_("Waiting for a second person"), second, list_of(Case, turn="second")),
        ],
    )


def _adverse(at: datetime) -> Group:
    near = adverse.nearing(at=at)
    return Group(
        _("Refusals to tell of"),
        AdverseAction,
        [
            counted(_("Not told yet"), adverse.unsent(), list_of(AdverseAction, told="no")),
            counted(_("Due within 5 days"), near, list_of(AdverseAction, told="soon"), alarming=True),
        ],
    )


register(Case, _cases, order=25)
register(AdverseAction, _adverse, order=26)
