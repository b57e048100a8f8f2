"""The background work of files: safe to run twice, and at once with itself."""

import logging
from datetime import timedelta
from uuid import UUID

from celery import shared_task
from django.utils import timezone

from storage_app.services import documents, jobs, reconcile, removal, scanning, uploads

logger = logging.getLogger(__name__)

# Batches in one run of a task: it ends well before a worker's time does, and another goes on.
_AT_ONCE = 100


@shared_task
def remove_files(*, job_id: str) -> None:
    for _ in range(_AT_ONCE):
        if not jobs.step(job_id=UUID(job_id), at=timezone.now()):
            return
    remove_files.delay(job_id=job_id)


@shared_task
def go_on_removing_files() -> None:
    """Take up the jobs whose worker is gone, or which no worker was told of."""
    for id in jobs.stalled(at=timezone.now()):
        remove_files.delay(job_id=str(id))


@shared_task
def scan_waiting_files() -> None:
    scanning.scan_waiting()


@shared_task
def forget_pictures_sent() -> None:
    """Remove what was sent for a page that never took it over."""
    now = timezone.now()
    documents.forget_sent_before(moment=now - timedelta(days=1), at=now)


@shared_task
def remove_doomed_blobs() -> int:
    return removal.remove_doomed(at=timezone.now())


@shared_task
def expire_uploads() -> int:
    return uploads.expire(at=timezone.now())


@shared_task
def reconcile_files() -> int:
    """Bring rows and blobs in step after crashes; what that cannot mend is for somebody to look at."""
    faults = reconcile.reconcile(at=timezone.now(), repair=True)
    for fault in faults:
        level = logging.WARNING if fault.repaired else logging.ERROR
        logger.log(level, "files out of step: %s %s %s", fault.check, fault.row, fault.detail)
    return len(faults)
