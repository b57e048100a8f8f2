"""Who calls, for floors below the one that knows people: settings BEARERS, BROWSERS and SESSIONS name who can tell."""

from collections.abc import Callable, Collection, Mapping
from functools import lru_cache
from typing import Any, cast
from uuid import UUID

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
    return cast(Actor, _named(settings.BEARERS)(token))


def actor_of_cookies(cookies: Mapping[str, str]) -> Actor:
    """Return the person whom a browser's cookies sign in to our pages. Raises BearerRefused.

    A browser sends them along wherever a page of somebody else's leads it: ask where the request comes from first.
    """
    return cast(Actor, _named(settings.BROWSERS)(cookies))


def ended_among(session_ids: Collection[UUID]) -> set[UUID]:
    """Return those of these sign-ins (claim `session_id`) that have ended, in one look-up."""
    return cast("set[UUID]", _named(settings.SESSIONS)(session_ids)) if session_ids else set()


@lru_cache(maxsize=3)
def _named(path: str) -> Callable[..., Any]:
    found: Callable[..., Any] = import_string(path)
    return found
