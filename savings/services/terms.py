"""Which terms hold for a saving, how long it may run under them, and from which day its money counts."""

from datetime import date, datetime, time, timedelta
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from savings.models import PlanTerms, UserSavings
from savings.refusals import PlanClosed, SavingInvalid

LONGEST = 3660


def terms_in_force(plan_id: UUID, on: date) -> PlanTerms:
    """Return a plan's terms of a day, with their rates. Raises PlanClosed where it has none yet."""
    found = PlanTerms.objects.filter(plan_id=plan_id).in_force(on).prefetch_related("rates").first()
    if found is None:
        raise PlanClosed
    return found


def terms_of(saving: UserSavings, on: date) -> PlanTerms:
    """Return the terms that a saving is under on a day: its own, or its plan's."""
    return saving.terms or terms_in_force(saving.plan_id, on)


def value_day(at: datetime, cut_off: time | None) -> date:
    """Return the day that money counts from: Lagos's day, or from the plan's cut-off on the next one."""
    local = timezone.localtime(at)
    late = cut_off is not None and local.time() >= cut_off
    return local.date() + timedelta(days=late)


def check_length(terms: PlanTerms, days: int, *, field: str) -> None:
    """Raise SavingInvalid where terms do not cover so many days."""
    shortest, longest = terms.shortest or 1, terms.longest or LONGEST
    if not shortest <= days <= longest:
        words = _("This plan runs for %(shortest)s to %(longest)s days.")
        raise SavingInvalid(words % {"shortest": shortest, "longest": longest}, field=field)
    try:
        terms.for_term(days)
    except ValueError:
        raise SavingInvalid(_("This plan has no rate for so short a time."), field=field) from None
