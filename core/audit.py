"""The audit trail, for floors below the one that keeps it: the setting AUDIT_TRAIL names the module that writes."""

from collections.abc import Iterable
from functools import lru_cache
from importlib import import_module
from typing import Any

from django.conf import settings
from django.db import models


def record(*, action: str, target: models.Model | None = None, **data: Any) -> None:
    """Write that whoever acts did `action` (`storage.bucket.made`); `data` must be JSON and hold no secret."""
    _keeper(settings.AUDIT_TRAIL).record(action=action, target=target, **data)


def record_each(*, action: str, targets: Iterable[tuple[models.Model, dict[str, Any]]]) -> None:
    """As `record`, for one deed done to many: a line for each, with its own data, in one insert."""
    _keeper(settings.AUDIT_TRAIL).record_each(action=action, targets=targets)


@lru_cache(maxsize=1)
def _keeper(path: str) -> Any:
    return import_module(path)
