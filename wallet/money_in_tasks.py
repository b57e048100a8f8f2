"""What keeps refunds, disputes and account numbers going: each task takes what is due, and twice changes nothing."""

import logging

from celery import shared_task
from django.utils import timezone

from core.actors import acting_as_service
from core.errors import DomainError
from wallet.gateways.base import GatewayUnavailable
from wallet.models import PaymentGateway, Refund
from wallet.services import dedicated_accounts, disputes, refund_accounts, refunds, unasked_deposits

logger = logging.getLogger(__name__)
BATCH = 100


@shared_task
def settle_refunds() -> None:
    """Order the refunds that wait, and ask about those under way. While the gateway is away, the rest waits."""
    for _ in range(BATCH):
        at = timezone.now()
        refund = refunds.take_due_refund(at=at)
        if refund is None:
            return
        try:
            if refund.state == Refund.State.HELD:
                refunds.order_refund(refund_id=refund.pk, at=at)
            elif refund.state == Refund.State.NEEDS_ATTENTION and refund.bank_account_id:
                refund_accounts.send_to_account(refund_id=refund.pk, at=at)
            else:
                refunds.check_refunds(gateway=refund.gateway, reference=refund.reference, at=at)
        except DomainError as error:
            logger.warning("refund %s could not be settled: %s", refund.pk, error.code)
            if isinstance(error, GatewayUnavailable):
                return


@shared_task
def deliver_dispute_answers() -> None:
    for dispute_id in disputes.undelivered():
        try:
            disputes.deliver_answer(dispute_id=dispute_id, at=timezone.now())
        except DomainError as error:
            logger.warning("the answer to dispute %s is not delivered: %s", dispute_id, error.code)


@shared_task
def open_account_numbers() -> None:
    """Ask again for numbers that have not come, and give up those whose owner has left."""
    for _ in range(BATCH):
        row_id = dedicated_accounts.take_due_account(at=timezone.now())
        if row_id is None:
            return
        try:
            dedicated_accounts.carry_on(row_id=row_id, at=timezone.now())
        except DomainError as error:
            logger.warning("account number %s is not settled: %s", row_id, error.code)
            if isinstance(error, GatewayUnavailable):
                return


@shared_task
def look_for_deposits() -> None:
    """Read what came into account numbers at gateways that list it, for what they did not tell of."""
    with acting_as_service():
        gateways = list(PaymentGateway.objects.filter(active=True).order_by("code"))
    for gateway in gateways:
        try:
            unasked_deposits.look_for_deposits(gateway=gateway, at=timezone.now())
        except DomainError as error:
            logger.warning("deposits at %s could not be looked for: %s", gateway.pk, error.code)
