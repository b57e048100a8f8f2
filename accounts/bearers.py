"""Whom a bearer token or a browser names (the settings BEARERS, BROWSERS): for faces on floors below this one."""

from collections.abc import Mapping
from uuid import UUID

from django.conf import settings
from django.contrib.auth import get_user
from django.http import HttpRequest
from django.utils import timezone

from accounts import access_tokens
from accounts.browser_sessions import SIGN_IN, SessionStore
from accounts.models import Session, User
from accounts.services import sessions
from core.actors import ANON, SERVICE, Actor, acting_as_service, bearer
from core.callers import BearerRefused


def actor_of(token: str) -> Actor:
    """Return the actor of an access token, or of an app's own key. Raises BearerRefused."""
    try:
        claims = access_tokens.read(token)
    except access_tokens.BadToken as error:
        raise BearerRefused(reason=error.reason) from None
    if claims["role"] in (ANON, SERVICE):
        return Actor(claims["role"], {"role": claims["role"]})
    if sessions.is_ended(claims["session_id"]):
        raise BearerRefused(reason="session has ended")
    with acting_as_service():
        user = next(iter(User.objects.filter(pk=UUID(claims["sub"]))), None)
    if user is None or user.is_barred(timezone.now()):
        raise BearerRefused(reason="user is banned or gone")
    return bearer(claims)


def actor_of_cookies(cookies: Mapping[str, str]) -> Actor:
    """Return the person signed in to our pages by these cookies, until the browser's session expires.

    The claims are those of an access token. Raises BearerRefused.
    """
    request, at = HttpRequest(), timezone.now()
    request.session = SessionStore(cookies.get(settings.SESSION_COOKIE_NAME))
    user, sign_in = get_user(request), request.session.get(SIGN_IN)
    if not isinstance(user, User) or sign_in is None:
        raise BearerRefused(reason="not signed in")
    with acting_as_service():
        session = Session.objects.live().filter(pk=sign_in, user=user).first()
    if session is None or user.is_barred(at):
        raise BearerRefused(reason="session has ended")
    claims = access_tokens.claims_of(user=user, session=session, at=at)
    return bearer({**claims, "exp": int(request.session.get_expiry_date().timestamp())})
