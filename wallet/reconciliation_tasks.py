"""The background work of reconciling: each morning every gateway is asked for yesterday, and both sides are matched."""

import logging
from datetime import date, timedelta
from uuid import UUID

from celery import shared_task
from django.utils import timezone

from core.actors import acting_as_service
from core.errors import DomainError
from wallet.models import Account, PaymentGateway
from wallet.services import reconciliation

logger = logging.getLogger(__name__)
AT_MOST = 50


@shared_task
def reconcile_yesterday() -> None:
    """Ask each gateway that keeps a ledger for yesterday, and match. One that does not answer holds up no other."""
    yesterday = timezone.localdate() - timedelta(days=1)
    with acting_as_service():
        gateways = list(PaymentGateway.objects.filter(active=True).order_by("code"))
    for gateway in gateways:
        for currency in gateway.currencies:
            ask_gateway(gateway=gateway.code, currency=currency, day=yesterday.isoformat())
    for account in reconciliation.accounts_with_rows():
        reconciliation.reconcile(account_id=account.pk, at=timezone.now())


@shared_task
def ask_gateway(*, gateway: str, currency: str, day: str) -> None:
    """Take in what a gateway paid into our bank and says of a day, and of the days before it once more."""
    with acting_as_service():
        found = PaymentGateway.objects.get(pk=gateway)
    on, at = date.fromisoformat(day), timezone.now()
    try:
        reconciliation.take_in_settlements(gateway=found, currency=currency, on=on, at=at)
        row_import = reconciliation.import_day(gateway=found, currency=currency, on=on, at=at)
    except Account.DoesNotExist:
        return
    except DomainError as error:
        logger.warning("the ledger of %s for %s could not be taken in: %s", gateway, day, error.code)
        return
    reconciliation.reconcile(account_id=row_import.account_id, at=timezone.now())


@shared_task
def reconcile_account(*, account_id: str) -> None:
    reconciliation.reconcile(account_id=UUID(account_id), at=timezone.now())


@shared_task
def follow_suspense() -> None:
    for _ in range(AT_MOST):
        if not reconciliation.follow_suspense():
            return
