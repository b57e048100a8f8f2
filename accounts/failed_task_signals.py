"""Where Celery tells that a task broke for good: after its own tries, where it has any."""

import logging
from typing import Any

from celery.signals import task_failure
from django.utils import timezone

from accounts.services import failed_tasks

logger = logging.getLogger(__name__)


@task_failure.connect(dispatch_uid="accounts.failed_tasks")
def keep_failure(
    sender: Any = None, exception: Any = None, args: Any = None, kwargs: Any = None, **_more: Any
) -> None:
    """Keep it for staff. What cannot be kept is in the log, where the failure itself stands already."""
    try:
        failed_tasks.note_failure(
            name=sender.name,
            arguments={"args": list(args or ()), "kwargs": dict(kwargs or {})},
            error=exception,
            at=timezone.now(),
        )
    except Exception:
        logger.exception("the failure of %s could not be kept", sender.name)
