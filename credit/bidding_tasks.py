"""Background work of bidding: automatic offers, and what is over. Any number may run at once, and be killed."""

import logging
import time
from uuid import UUID

from celery import shared_task

from core.actors import acting_as_service
from core.errors import DomainError
from credit.services import automatic, expiring
from credit.services.locking import database_now

logger = logging.getLogger(__name__)
# After that others get their turn; well before a worker is killed for taking too long (CELERY_TASK_TIME_LIMIT).
SECONDS = 30


@shared_task
def offer_automatically(*, after: str | None = None) -> None:
    """Make the automatic offers for all open applications, or for those after one."""
    until = time.monotonic() + SECONDS
    last = UUID(after) if after else None
    while True:
        with acting_as_service():
            at = database_now()
        last = automatic.offer_next(at=at, after=last).last
        if last is None:
            return
        if time.monotonic() > until:
            offer_automatically.delay(after=str(last))
            return


@shared_task
def expire_listings() -> None:
    """End applications past their deadline, and offers past their time. One that cannot be keeps no other."""
    with acting_as_service():
        at = database_now()
    for expire, ids in (
        (expiring.expire_application, expiring.overdue(at=at)),
        (expiring.expire_bids, expiring.with_bids_over(at=at)),
    ):
        for application_id in ids:
            try:
                expire(application_id=application_id, at=at)
            except DomainError:
                logger.exception("application %s could not be expired", application_id)
