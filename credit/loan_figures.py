"""What the staff's first page counts of loans: those that are parked."""

from datetime import datetime

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from core.staff_ages import figures_by_age
from core.staff_figures import Group, register
from credit.models import Loan

PARKED = Q(position__parked_at__isnull=False)


def _parked(at: datetime) -> Group:
    return Group(
        _("Parked loans"), Loan, figures_by_age(Loan, since="position__parked_at", waiting=PARKED, at=at)
    )


register(Loan, _parked, order=36)
