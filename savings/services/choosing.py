"""Whether a customer's savings earn: a wish that holds from today on, for those there are and those to come."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from accounts import audit
from accounts.models import User
from core.actors import acting_as_service
from savings.models import InterestChoice, Position, UserSavings
from savings.services.closing import close_saving
from savings.services.wishes import earns_now
from savings.states import GOES_ON


def choose_interest(*, user: User, earns: bool, at: datetime) -> bool:
    """Have a customer's savings earn from today on, or not; return whether that is new.

    What was earned before stays, and is paid when it would have been. To choose what holds already changes nothing.
    """
    today = timezone.localdate(at)
    with acting_as_service(), transaction.atomic():
        # As whoever opens a saving: one that is opened meanwhile follows the choice.
        User.objects.select_for_update(no_key=True).get(pk=user.pk)
        if earns_now(user.pk) == earns:
            return False
        savings = UserSavings.objects.filter(user=user, state__in=GOES_ON)
        for saving_id in savings.order_by("pk").values_list("pk", flat=True):
            close_saving(saving_id=saving_id, until=today)
        choice = InterestChoice.objects.create(user=user, earns=earns, from_date=today)
        # Asked again: one of them may have been saved again while we waited for it.
        Position.objects.filter(saving__in=savings).update(earns=earns)
        audit.record(action="savings.interest.chosen", target=choice, earns=earns, from_date=str(today))
    return True
