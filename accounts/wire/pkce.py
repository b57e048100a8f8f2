"""The last step of a sign-in by PKCE: the code and the app's secret for a session."""

from typing import Any

from django.utils import timezone

from accounts.models import Session
from accounts.services import pkce, refresh, sessions
from accounts.wire.base import refuse_if_barred
from accounts.wire.errors import validation_failed
from accounts.wire.shapes import session_shape


def by_pkce(body: dict[str, Any]) -> dict[str, Any]:
    """The Session for `auth_code` and `code_verifier`. Raises WireError and what `pkce.exchange` raises."""
    code, verifier = body.get("auth_code"), body.get("code_verifier")
    if not (isinstance(code, str) and code and isinstance(verifier, str) and verifier):
        raise validation_failed("invalid request: both auth code and code verifier should be non-empty")
    at = timezone.now()
    user, method, provider = pkce.exchange(auth_code=code, code_verifier=verifier, at=at)
    refuse_if_barred(user)
    session = sessions.start(user=user, face=Session.Face.APP, method=method, at=at, provider=provider)
    token = refresh.first(session=session, at=at)
    return session_shape(user=user, session=session, refresh_token=token, at=at)
