"""The audit trail, for floors below the one that keeps it: the setting AUDIT_TRAIL names the function that writes."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.db import models
from django.utils.module_loading import import_string


def record(*, action: str, target: models.Model | None = None, **data: Any) -> None:
    """Write that whoever acts did `action` (`storage.bucket.made`); `data` must be JSON and hold no secret."""
    _writer(settings.AUDIT_TRAIL)(action=action, target=target, **data)


@lru_cache(maxsize=1)
def _writer(path: str) -> Callable[..., None]:
    writer: Callable[..., None] = import_string(path)
    return writer
