"""Who asks under `/storage/v1`: the bearer names them, or else the app's own key."""

from core.actors import Actor
from core.callers import BearerRefused, actor_of_bearer
from storage_app.wire.errors import no_bearer


def actor_asking(*, authorization: str, apikey: str) -> Actor:
    """Return who acts by these two headers, empty where one was not sent. Raises RequestRefused, BearerRefused."""
    token = _token(authorization) or apikey.strip()
    if not token:
        raise no_bearer()
    if token.count(".") != 2:
        raise BearerRefused(reason="malformed")
    return actor_of_bearer(token)


def _token(authorization: str) -> str:
    scheme, _space, token = authorization.strip().partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""
