"""How often one caller may ask. Each hit is one script in Valkey, so that parallel hits cannot pass a limit.

Each request counts against `default` (or `anonymous`, by address, while nobody is known); one by a key also against
what its organisation may ask in all; and a route that is dear against its own policy as well.
When Valkey is away, requests pass uncounted: it must not stop the API.
"""

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from math import ceil
from typing import cast

from django.conf import settings
from limits import RateLimitItem, parse
from limits.storage import Storage, storage_from_string
from limits.strategies import SlidingWindowCounterRateLimiter
from redis.exceptions import RedisError
from rest_framework.exceptions import Throttled
from rest_framework.request import Request

from core.actors import OrganizationCaller
from core.middleware import client_ip

DEFAULT, ANONYMOUS, MONEY, ORGANIZATION = "default", "anonymous", "money", "organization"
POLICIES = {
    DEFAULT: "600/minute",
    ANONYMOUS: "60/minute",
    MONEY: "60/minute",
    ORGANIZATION: "3000/minute",
}

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Count:
    """How a caller stands with one policy: `remaining` hits, and seconds until there are more."""

    policy: str
    limit: RateLimitItem
    allowed: bool
    remaining: int
    resets_in: int


def hit(request: Request, *, policies: tuple[str, ...], known: bool) -> list[Count]:
    """Count this request against each policy, in order, until one is used up; without Valkey, nowhere."""
    counts = []
    try:
        for name, caller in _counted_against(request, policies, known):
            counts.append(_count(name, caller))
            if not counts[-1].allowed:
                break
    except RedisError:
        logger.warning("rate limits are not counted: Valkey does not answer", exc_info=True)
    return counts


def refuse_if_used_up(counts: list[Count]) -> None:
    """Raises Throttled, with the seconds to wait, when one of the counts has no room."""
    for count in counts:
        if not count.allowed:
            raise Throttled(wait=count.resets_in)


def headers(counts: list[Count]) -> Mapping[str, str]:
    """RateLimit-Policy and RateLimit, after draft-ietf-httpapi-ratelimit-headers-11."""
    if not counts:
        return {}
    policies = (f'"{c.policy}";q={c.limit.amount};w={c.limit.get_expiry()}' for c in counts)
    states = (f'"{c.policy}";r={c.remaining};t={c.resets_in}' for c in counts)
    return {"RateLimit-Policy": ", ".join(policies), "RateLimit": ", ".join(states)}


def count(policy: str, limit: str, caller: str) -> Count | None:
    """Count one hit of a caller against a limit such as `30/5minutes`; None when Valkey does not answer."""
    try:
        return _counted(policy, _limit(limit), caller)
    except RedisError:
        logger.warning("rate limits are not counted: Valkey does not answer", exc_info=True)
        return None


def _counted_against(request: Request, policies: tuple[str, ...], known: bool) -> list[tuple[str, str]]:
    """Each policy and who is counted: a person however many tokens they hold, a key, and its organisation."""
    if not known:
        return [(ANONYMOUS, f"ip:{client_ip(request._request)}")]
    user = request.user
    if isinstance(user, OrganizationCaller):
        caller = f"key:{user.key_id}"
        return [(DEFAULT, caller), (ORGANIZATION, f"org:{user.id}"), *((name, caller) for name in policies)]
    return [(name, f"user:{user.pk}") for name in (DEFAULT, *policies)]


def _count(policy: str, caller: str) -> Count:
    return _counted(policy, _limit({**POLICIES, **getattr(settings, "API_RATE_LIMITS", {})}[policy]), caller)


def _counted(policy: str, limit: RateLimitItem, caller: str) -> Count:
    limiter = SlidingWindowCounterRateLimiter(_storage(settings.CACHES["default"]["LOCATION"]))
    allowed = limiter.hit(limit, policy, caller)
    stats = limiter.get_window_stats(limit, policy, caller)
    resets_in = max(1, ceil(stats.reset_time - time.time()))
    return Count(policy, limit, allowed, stats.remaining if allowed else 0, resets_in)


@lru_cache(maxsize=32)
def _limit(text: str) -> RateLimitItem:
    return parse(text)


@lru_cache(maxsize=4)
def _storage(location: str) -> Storage:
    """The store of the cache's own Valkey; `limits` has a scheme of its own for sockets."""
    uri = location.replace("unix://", "redis+unix://", 1) if location.startswith("unix://") else location
    return cast(Storage, storage_from_string(uri, key_prefix="ratelimit"))
