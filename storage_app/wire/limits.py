"""How often one caller may ask under `/storage/v1`. Apps' servers, which hold the secret key, are not counted."""

from django.conf import settings

from core.actors import SERVICE, Actor
from core.api.ratelimit import count
from storage_app.wire.errors import TooManyRequests

# A person counts as one, with however many tokens; strangers count by their address.
LIMITS = {
    "default": "1200/minute",
    "strangers": "600/minute",
    "heavy": "60/minute",
}


def count_request(policy: str, *, actor: Actor, ip: str | None) -> None:
    """Count a request of whoever acts, against `policy` and against all they may ask. Raises TooManyRequests."""
    if actor.role == SERVICE:
        return
    known = actor.user_id is not None
    caller = f"user:{actor.user_id}" if known else f"ip:{ip}"
    _count("default" if known else "strangers", caller)
    if policy != "default":
        _count(policy, caller)


def _count(policy: str, caller: str) -> None:
    limits = {**LIMITS, **getattr(settings, "STORAGE_RATE_LIMITS", {})}
    hit = count(f"storage:{policy}", limits[policy], caller)
    if hit is not None and not hit.allowed:
        raise TooManyRequests(min(hit.resets_in, hit.limit.get_expiry()))
