"""Background work of money out: each task takes what is due. Two at once share it; twice changes nothing."""

import logging
from datetime import timedelta
from uuid import UUID

from celery import shared_task
from django.utils import timezone

from core.actors import acting_as_service
from core.errors import DomainError
from wallet.gateways.base import GatewayUnavailable
from wallet.models import Bank, PaymentGateway
from wallet.services import banks, bulk, payouts, scheduled
from wallet.services.merchants import daily

logger = logging.getLogger(__name__)
BATCH = 200
READ_EVERY = timedelta(hours=24)


@shared_task
def order_payout(*, payout_id: str) -> None:
    """Order what somebody just asked for. What cannot be ordered now is taken up by `check_payouts`."""
    try:
        payouts.order_payout(payout_id=UUID(payout_id), at=timezone.now())
    except DomainError as error:
        logger.warning("payout %s could not be ordered: %s", payout_id, error.code)


@shared_task
def check_payout(*, payout_id: str) -> None:
    """Ask about one that a person wants to know of."""
    try:
        payouts.check_payout(payout_id=UUID(payout_id), at=timezone.now())
    except DomainError as error:
        logger.warning("payout %s could not be checked: %s", payout_id, error.code)


@shared_task
def check_payouts() -> None:
    """Order what nobody ordered, and ask what became of what has no final answer.

    Several runs at once share the work. While a gateway does not answer, the rest is left to the next run.
    """
    for _ in range(BATCH):
        payout_id = payouts.take_due_payout(at=timezone.now())
        if payout_id is None:
            return
        try:
            payouts.check_payout(payout_id=payout_id, at=timezone.now())
        except DomainError as error:
            logger.warning("payout %s could not be checked: %s", payout_id, error.code)
            if isinstance(error, GatewayUnavailable):
                return


@shared_task
def read_banks() -> None:
    """Read the list of banks of each gateway that pays out, once a day."""
    at = timezone.now()
    with acting_as_service():
        fresh = Bank.objects.filter(read_at__gt=at - READ_EVERY).values("gateway")
        old = list(PaymentGateway.objects.filter(active=True).exclude(pk__in=fresh))
    for gateway in old:
        try:
            if banks.pays_out(gateway):
                banks.read_banks(gateway=gateway, at=at)
        except DomainError as error:
            logger.warning("the banks of %s could not be read: %s", gateway.pk, error.code)


@shared_task
def run_scheduled_transfers() -> None:
    """Make and pay what is due by today in Lagos, and what could not be paid before."""
    scheduled.make_due_runs(at=timezone.now())
    for _ in range(BATCH):
        run_id = scheduled.take_due_run(at=timezone.now())
        if run_id is None:
            return
        run = scheduled.run_scheduled(run_id=run_id, at=timezone.now())
        if run.code:
            logger.info("scheduled run %s was not sent: %s", run_id, run.code)


@shared_task
def settle_merchants() -> None:
    """Send merchants' balances to their banks, of whoever has it so, once a day each."""
    daily.make_due_runs(at=timezone.now())
    for _ in range(BATCH):
        run_id = daily.take_due(at=timezone.now())
        if run_id is None:
            return
        run = daily.run_due(run_id=run_id, at=timezone.now())
        if run.code:
            logger.warning("daily settlement %s was not sent: %s", run_id, run.code)


@shared_task
def pay_files() -> None:
    """Go on with the files of payouts that were confirmed, line by line."""
    for _ in range(BATCH):
        row_id = bulk.take_row(at=timezone.now())
        if row_id is None:
            return
        try:
            bulk.pay_row(row_id=row_id, at=timezone.now())
        except GatewayUnavailable as error:
            logger.warning("line %s could not be paid: %s", row_id, error.code)
            return
