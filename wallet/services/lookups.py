"""How often one person may look up others, so that nobody can walk through handles and collect names."""

import logging
from datetime import datetime
from uuid import UUID

from django.core.cache import cache
from django.utils.translation import gettext_lazy as _
from redis.exceptions import RedisError

from core.errors import DomainError

LOOKUPS, WINDOW = 30, 600  # tries in so many seconds

logger = logging.getLogger(__name__)


class TooManyLookups(DomainError):
    """`data["retry_after"]` says in how many seconds the next try is free."""

    code = "too_many_lookups"
    kind = "limited"
    message = _("You have looked up too many people in a short time.")
    public = ("retry_after",)


def count_lookup(*, user_id: UUID, at: datetime) -> None:
    """Count one look-up of a recipient. Raises TooManyLookups. Counts nothing while the cache is away."""
    seconds = int(at.timestamp())
    key = f"lookups:{user_id}:{seconds // WINDOW}"
    try:
        cache.add(key, 0, timeout=WINDOW)
        tries = cache.incr(key)
    except (RedisError, ValueError):
        logger.warning("look-ups are not counted: the cache does not answer", exc_info=True)
        return
    if tries > LOOKUPS:
        raise TooManyLookups(retry_after=WINDOW - seconds % WINDOW)
