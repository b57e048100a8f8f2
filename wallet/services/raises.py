"""What waits for a customer who may move more than before: a source of the dispatcher (setting REALTIME_SOURCES)."""

import logging
from uuid import UUID

from django.utils import timezone

from core.actors import acting_as_service
from wallet.models import Account, LimitRaise
from wallet.refusals import LedgerRefusal
from wallet.services.paused import offer_paused
from wallet.services.releasing import release_held

logger = logging.getLogger(__name__)
AT_ONCE = 20


def follow_raises() -> bool:
    """Deal with raises that nobody has dealt with; return whether there were any.

    Each stands for itself: it is deleted in the transaction that does what it asks for, so what is cut off comes again,
    and several dispatchers share the work. One that breaks is logged, left for the next turn, and holds up no other.
    """
    with acting_as_service():
        keys = list(LimitRaise.objects.order_by("pk").values_list("pk", flat=True)[:AT_ONCE])
    done = 0
    for key in keys:
        try:
            done += _take(key)
        except Exception:
            logger.exception("the raise %s is not dealt with yet", key)
    return done > 0


def _take(key: int) -> bool:
    with acting_as_service():
        found = LimitRaise.objects.select_for_update(skip_locked=True).filter(pk=key).first()
        if found is None:
            return False
        _deal_with(found.owner_id)
        found.delete()
    return True


def _deal_with(owner_id: UUID) -> None:
    held = Account.objects.filter(owner=owner_id, kind=Account.Kind.HELD, balance__gt=0)
    for currency in held.values_list("currency_id", flat=True):
        try:
            release_held(owner_id=owner_id, currency=currency)
        except LedgerRefusal as refusal:
            # Restricted: lifting that is a raise of its own.
            logger.info("nothing of what is kept for %s is released: %s", owner_id, refusal.code)
    offer_paused(owner_id=owner_id, at=timezone.now())
