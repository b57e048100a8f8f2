"""How often one person may look up others, so that nobody can walk through handles or account numbers for names."""

import logging
from datetime import datetime
from uuid import UUID

from django.core.cache import cache
from django.utils.translation import gettext_lazy as _
from redis.exceptions import RedisError

from core.errors import DomainError

LOOKUPS, WINDOW = 30, 600  # tries in so many seconds
# Each asks a bank, so there are fewer.
RESOLVES, RESOLVES_WITHIN = 15, 3600

logger = logging.getLogger(__name__)


class TooManyLookups(DomainError):
    """`data["retry_after"]` says in how many seconds the next try is free."""

    code = "too_many_lookups"
    kind = "limited"
    message = _("You have looked up too many people in a short time.")
    public = ("retry_after",)


class TooManyResolves(TooManyLookups):
    code = "too_many_lookups"
    message = _("You have looked up many bank accounts in a short time. Please try again in an hour.")


def count_lookup(*, user_id: UUID, at: datetime) -> None:
    """Count one look-up of a recipient. Raises TooManyLookups. Counts nothing while the cache is away."""
    left = _wait_of(f"lookups:{user_id}", most=LOOKUPS, within=WINDOW, at=at)
    if left:
        raise TooManyLookups(retry_after=left)


def count_resolve(*, user_id: UUID, at: datetime) -> None:
    """Count one question to a bank whose account a number is. Raises TooManyResolves."""
    left = _wait_of(f"resolves:{user_id}", most=RESOLVES, within=RESOLVES_WITHIN, at=at)
    if left:
        raise TooManyResolves(retry_after=left)


def _wait_of(name: str, *, most: int, within: int, at: datetime) -> int:
    """Count one more, and return how many seconds to wait when it is too many; 0 otherwise, and without a cache."""
    seconds = int(at.timestamp())
    key = f"{name}:{seconds // within}"
    try:
        cache.add(key, 0, timeout=within)
        tries = cache.incr(key)
    except (RedisError, ValueError):
        logger.warning("look-ups are not counted: the cache does not answer", exc_info=True)
        return 0
    return within - seconds % within if tries > most else 0
