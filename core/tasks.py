from celery import shared_task
from django.utils import timezone

from core import idempotency, partitions
from core.actors import acting_as_service


@shared_task
def make_partitions_ahead() -> None:
    """Keep the months to come ready in every partitioned table."""
    with acting_as_service():
        for table in partitions.partitioned_tables():
            partitions.ensure_ahead(table=table, at=timezone.now())


@shared_task
def forget_idempotency_keys() -> None:
    idempotency.purge(at=timezone.now())
