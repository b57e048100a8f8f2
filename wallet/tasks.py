"""The wallet's background work: each task takes what is due. Two at once share it; twice changes nothing."""

import logging
from uuid import UUID

from celery import shared_task
from django.utils import timezone

from core.actors import acting_as_service
from core.errors import DomainError
from wallet.gateways.base import GatewayUnavailable
from wallet.services import books, deposits, holds, paused, webhooks
from wallet.services.requests import asking

logger = logging.getLogger(__name__)
BATCH = 200


@shared_task
def process_webhook(*, event_id: str) -> None:
    webhooks.process_webhook(event_id=UUID(event_id), at=timezone.now())


@shared_task
def process_waiting_webhooks() -> None:
    """Take up what no worker took, or what failed. Several runs at once share the work.

    A failure ends the run, as the gateway may be down: the next one goes on with another.
    """
    for _ in range(BATCH):
        event_id = webhooks.take_due_webhook(at=timezone.now())
        if event_id is None:
            return
        event = webhooks.process_webhook(event_id=event_id, at=timezone.now())
        if event.error:
            logger.warning("webhook %s is not done: %s", event_id, event.error)
            return


@shared_task
def check_open_payments() -> None:
    """Ask the gateway about payments that no webhook settled and whose time to ask has come.

    Several runs at once share the work. While the gateway does not answer, the rest is left to the next run.
    """
    for _ in range(BATCH):
        payment_id = deposits.take_due_payment(at=timezone.now())
        if payment_id is None:
            return
        try:
            deposits.check_payment(payment_id=payment_id, at=timezone.now())
        except DomainError as error:
            logger.warning("payment %s could not be checked: %s", payment_id, error.code)
            if isinstance(error, GatewayUnavailable):
                return


@shared_task
def release_expired_holds() -> None:
    with acting_as_service():
        holds.release_expired_holds()


@shared_task
def offer_paused_transfers() -> None:
    """Once the day began anew, or whatever else made room: tell who waits. What waited too long ends."""
    with acting_as_service():
        paused.expire_paused(at=timezone.now())
        paused.offer_paused(at=timezone.now())


@shared_task
def expire_payment_requests() -> None:
    """End requests that nobody answered in time; as many as are due, in bites."""
    while asking.expire_requests(at=timezone.now()):
        continue


@shared_task
def fold_hot_accounts() -> None:
    with acting_as_service():
        books.fold()


@shared_task
def seal_ledger() -> None:
    with acting_as_service():
        books.seal()


@shared_task
def verify_ledger() -> None:
    """Prove the books; a fault is logged as an error, which is what wakes somebody."""
    for fault in books.verify():
        logger.error("ledger fault: %s %s %s", fault.check, fault.row, fault.detail)
