"""Background work that broke: kept for staff, who run it again or leave it. Tasks are safe to run twice."""

import json
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from celery import current_app
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from accounts import audit
from accounts.models import FailedTask, User
from core import encryption
from core.actors import acting_as_service
from core.errors import DomainError
from core.ids import uuid7
from core.masking import masked_text
from core.staff import as_uuid

KEPT = timedelta(days=90)
LONGEST = 500
State = FailedTask.State


class TaskDealtWith(DomainError):
    code = "task_dealt_with"
    kind = "conflict"
    message = _("Somebody dealt with this already.")


class TaskUnknown(DomainError):
    code = "task_unknown"
    kind = "not_found"
    message = _("There is no task of this name any more.")


def note_failure(*, name: str, arguments: dict[str, Any], error: BaseException, at: datetime) -> None:
    """Keep that a task broke. The same one, called with the same, is counted while it waits for staff."""
    text = json.dumps(arguments, sort_keys=True, default=str)
    index = encryption.blind_index(text, purpose="failed-task")
    said = masked_text(f"{type(error).__name__}: {error}")[:LONGEST]
    with acting_as_service():
        open_ = FailedTask.objects.filter(name=name, arguments_index=index, state=State.OPEN)
        again = {"times": F("times") + 1, "last_failed_at": at, "error": said}
        if open_.update(**again):
            return
        key = uuid7()
        row = FailedTask(
            id=key,
            name=name,
            arguments=encryption.seal(text, aad=_place(key)),
            arguments_index=index,
            named=_named(arguments.get("kwargs", {})),
            error=said,
            failed_at=at,
            last_failed_at=at,
        )
        try:
            with transaction.atomic():
                row.save(force_insert=True)
        except IntegrityError:
            open_.update(**again)


def run_again(*, task_id: UUID, by: User, at: datetime) -> None:
    """Hand a task to a worker once more, with what it was called with. Raises TaskDealtWith, TaskUnknown."""
    with acting_as_service():
        row = _deal(task_id, State.RUN_AGAIN, by, at)
        task = current_app.tasks.get(row.name)
        if task is None:
            raise TaskUnknown(name=row.name)
        called = json.loads(encryption.open_sealed(row.arguments, aad=_place(row.pk)))
        transaction.on_commit(
            lambda: task.apply_async(args=called.get("args"), kwargs=called.get("kwargs")), robust=True
        )


def leave(*, task_id: UUID, by: User, at: datetime) -> None:
    """Take a task off those that wait, without running it. Raises TaskDealtWith."""
    with acting_as_service():
        _deal(task_id, State.DISMISSED, by, at)


def forget(*, at: datetime) -> None:
    """Delete what was dealt with long ago; what nobody looked at stays."""
    FailedTask.objects.filter(dealt_at__lt=at - KEPT).delete()


def _deal(task_id: UUID, state: State, by: User, at: datetime) -> FailedTask:
    row = FailedTask.objects.select_for_update().filter(pk=task_id, state=State.OPEN).first()
    if row is None:
        raise TaskDealtWith
    row.state, row.dealt_by, row.dealt_at = state, by, at
    row.save(update_fields=["state", "dealt_by", "dealt_at"])
    audit.record(
        action=f"accounts.failed_task.{state.lower()}",
        target=row,
        actor_id=by.pk,
        task=row.name,
        error=row.error,
    )
    return row


def _named(called: dict[str, Any]) -> str:
    """What it was about, as far as ids say it: anything else may be a letter or a code."""
    parts = [f"{key}={value}" if as_uuid(str(value)) else key for key, value in sorted(called.items())]
    return ", ".join(parts)[:300]


def _place(key: UUID) -> str:
    return f"accounts_failedtask.arguments.{key}"
