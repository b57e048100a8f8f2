"""The last step of a sign-in by PKCE: the code and the app's secret for a session."""

from typing import Any

from django.utils import timezone
from rest_framework.request import Request

from accounts.models import Session
from accounts.services import pkce, refresh, sessions
from accounts.wire.base import refuse_if_barred
from accounts.wire.elsewhere import link_set_aside
from accounts.wire.errors import validation_failed
from accounts.wire.shapes import session_shape


def by_pkce(request: Request, body: dict[str, Any]) -> dict[str, Any]:
    """The Session for `auth_code` and `code_verifier`. Raises WireError and what `pkce.exchange` raises.

    An account that was to be linked is linked here: whoever merely opened the way back holds no verifier.
    """
    code, verifier = body.get("auth_code"), body.get("code_verifier")
    if not (isinstance(code, str) and code and isinstance(verifier, str) and verifier):
        raise validation_failed("invalid request: both auth code and code verifier should be non-empty")
    at = timezone.now()
    flow, user = pkce.exchange(auth_code=code, code_verifier=verifier, at=at)
    refuse_if_barred(user)
    link_set_aside(request, flow)
    session = sessions.start(
        user=user, face=Session.Face.APP, method=flow.method, at=at, provider=flow.provider
    )
    token = refresh.first(session=session, at=at)
    return session_shape(user=user, session=session, refresh_token=token, at=at)
