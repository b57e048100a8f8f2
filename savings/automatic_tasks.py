"""Background work of saving automatically: each task takes what is due. Two at once share it; twice changes nothing."""

import logging

from celery import shared_task
from django.utils import timezone

from savings.services import automatic

logger = logging.getLogger(__name__)
BATCH = 500


@shared_task
def save_automatically() -> None:
    """Make and save what is due by today in Lagos, and what could not be saved before."""
    automatic.make_due_runs(at=timezone.now())
    for _ in range(BATCH):
        run_id = automatic.take_due_run(at=timezone.now())
        if run_id is None:
            return
        run = automatic.run_automatic(run_id=run_id, at=timezone.now())
        if run.code:
            logger.info("automatic saving %s saved nothing: %s", run_id, run.code)
