"""Telling the holders of open-ended savings that other terms come: some at a time, each of them once.

How far it got stands in `TermsTold`, moved in the transaction that tells: killed half way, nobody is left out and
nobody is told twice. Until the day of the terms, who opens a saving is told too.
"""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from accounts import services as accounts
from accounts.models import Notification
from core.actors import acting_as_service
from savings import plan_words
from savings.models import PlanTerms, TermsTold, UserSavings
from savings.services import planning
from savings.states import GOES_ON

AT_A_TIME = 500
EVENT = "saving.rate_changes"


def tell_some(*, at: datetime, size: int = AT_A_TIME) -> int | None:
    """Tell the next holders of one plan's new terms, and return how many; None when there is nothing to tell."""
    with acting_as_service(), transaction.atomic():
        open_ones = TermsTold.objects.select_for_update(skip_locked=True, no_key=True).filter(done_at=None)
        for told in open_ones.order_by("pk"):
            many = _tell(told, at, size)
            if many:
                return many
    return None


def _tell(told: TermsTold, at: datetime, size: int) -> int:
    terms = PlanTerms.objects.select_related("plan").prefetch_related("rates").get(pk=told.pk)
    holders = UserSavings.objects.filter(plan=terms.plan, terms=None, state__in=GOES_ON).order_by("pk")
    if told.last is not None:
        holders = holders.filter(pk__gt=told.last)
    found = list(holders[:size])
    if found:
        said = _said(terms)
        accounts.notify(
            notices=[
                Notification(
                    user_id=saving.user_id,
                    event=EVENT,
                    data={"saving": str(saving.pk), "name": saving.name, **said},
                )
                for saving in found
            ]
        )
        told.last, told.many = found[-1].pk, told.many + len(found)
    if len(found) < size and terms.from_date <= timezone.localdate(at):
        told.done_at = at
    told.save(update_fields=["last", "many", "done_at"])
    return len(found)


def _said(terms: PlanTerms) -> dict[str, str]:
    held, kind = planning.before(terms.plan, terms.from_date), terms.plan.kind
    return {
        "currency": terms.plan.currency_id,
        "from_date": terms.from_date.isoformat(),
        "was": plan_words.table(held.cells(), kind=kind) if held else "",
        "rates": plan_words.table(terms.cells(), kind=kind),
    }
