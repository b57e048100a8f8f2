"""Whom a bearer token names, for floors below the one that knows people: the setting BEARERS names who can tell."""

from collections.abc import Callable
from functools import lru_cache

from django.conf import settings
from django.utils.module_loading import import_string
from django.utils.translation import gettext_lazy as _

from core.actors import Actor
from core.errors import DomainError


class BearerRefused(DomainError):
    """The token is no token of ours, is out of its time, or names somebody who may not come in. `reason` says which."""

    code = "bearer_refused"
    kind = "forbidden"
    message = _("This token is not valid, or its session has ended.")
    public = ("reason",)


def actor_of_bearer(token: str) -> Actor:
    """Return who acts by this token: a person, or an app that came without one. Raises BearerRefused."""
    return _reader(settings.BEARERS)(token)


@lru_cache(maxsize=1)
def _reader(path: str) -> Callable[[str], Actor]:
    reader: Callable[[str], Actor] = import_string(path)
    return reader
