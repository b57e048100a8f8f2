"""The terms of plans on the staff's page of all rules."""

from collections.abc import Iterator
from datetime import date, timedelta
from itertools import groupby

from django.utils.translation import gettext_lazy

from core.staff_versions import Version, register
from savings import plan_words
from savings.models import PlanTerms

DAY = timedelta(days=1)


def _terms() -> Iterator[Version]:
    found = PlanTerms.objects.select_related("plan").prefetch_related("rates")
    ordered = found.order_by("plan__name", "plan", "-from_date")
    for plan, versions in groupby(ordered, key=lambda terms: terms.plan):
        later: date | None = None
        for terms in versions:
            last = later - DAY if later else None
            says = plan_words.table(terms.cells(), kind=plan.kind)
            yield Version(plan.name, terms, terms.from_date, last, says)
            later = terms.from_date


register(gettext_lazy("Savings plans"), PlanTerms, _terms)
