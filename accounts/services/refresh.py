"""Refresh tokens: one family for each session, changed at every use.

A token is made from session, generation and the server's key, so the one in force can be given again to a client that
lost our answer, although only its keyed hash is stored. What an old token gets, with the session's row locked:

- the token in force: the next generation;
- the one before it, or any that was replaced less than `REUSE_SECONDS` ago: the token in force once more (an
  answer that was lost, several tabs at once);
- any older one: it was stolen, or its successor was. The session ends; the caller tells the owner.
"""

import base64
import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import OperationalError, transaction
from django.utils.translation import gettext_lazy as _
from psycopg.errors import LockNotAvailable

from accounts import audit
from accounts.models import RefreshToken, Session, User
from accounts.services import sessions
from core.actors import acting_as_service, current_origin
from core.errors import DomainError

REUSE_SECONDS = 10
_PURPOSE = b"alajo.refresh-token"


class RefreshTokenUnknown(DomainError):
    code = "refresh_token_not_found"
    message = _("Invalid Refresh Token: Refresh Token Not Found")


class RefreshTokenReused(DomainError):
    code = "refresh_token_already_used"
    message = _("Invalid Refresh Token: Already Used")


class SessionExpired(DomainError):
    code = "session_expired"
    message = _("Invalid Refresh Token: Session Expired")


class TooManyRefreshes(DomainError):
    code = "conflict"
    kind = "conflict"
    message = _("Too many concurrent token refresh requests on the same session or refresh token")


@dataclass(frozen=True)
class Refreshed:
    session: Session
    user: User
    refresh_token: str


def first(*, session: Session, at: datetime) -> str:
    """Return the first refresh token of a new session."""
    return _issue(session, 0, at)


def renew(*, session: Session, at: datetime) -> str:
    """Return a new token for a locked session and forget every older one, also the one in force until now."""
    with acting_as_service():
        RefreshToken.objects.filter(session=session).delete()
        session.generation += 1
        session.save(update_fields=["generation"])
        return _issue(session, session.generation, at)


def refresh(*, token: str, at: datetime) -> Refreshed:
    """Change a token for the one that follows it.

    Raises RefreshTokenUnknown, SessionExpired, SignInBarred, TooManyRefreshes, or RefreshTokenReused, which has then
    ended the session and names its user.
    """
    with acting_as_service():
        row = RefreshToken.objects.filter(digest=_digest(token)).only("session_id", "generation").first()
        if row is None:
            raise RefreshTokenUnknown
        session = _locked(row)
        if session.end_reason == Session.Reason.TOKEN_REUSED:
            raise RefreshTokenReused
        if session.ended_at:
            raise SessionExpired
        sessions.refuse_barred(user=session.user, at=at)
        row.refresh_from_db(fields=["replaced_at"])
        if row.generation == session.generation:
            return Refreshed(session, session.user, _advance(session, row, at))
        lately = row.replaced_at and at - row.replaced_at <= timedelta(seconds=REUSE_SECONDS)
        if row.generation == session.generation - 1 or lately:
            return Refreshed(session, session.user, _token(session, session.generation))
        sessions.end(session_id=session.pk, reason=Session.Reason.TOKEN_REUSED, at=at)
        audit.record(
            action="accounts.refresh_token.reused", target=session, actor_id=session.user_id, alarm=True
        )
    raise RefreshTokenReused(user=session.user)


def _locked(row: RefreshToken) -> Session:
    """The token's session, held until the end of the transaction. Raises RefreshTokenUnknown, TooManyRefreshes."""
    try:
        with transaction.atomic():
            rows = Session.objects.select_for_update(of=("self",)).select_related("user")
            return rows.get(pk=row.session_id)
    except Session.DoesNotExist:
        raise RefreshTokenUnknown from None
    except OperationalError as error:
        if isinstance(error.__cause__, LockNotAvailable):
            raise TooManyRefreshes from None
        raise


def _advance(session: Session, row: RefreshToken, at: datetime) -> str:
    """Replace the token in force; the session was seen."""
    origin = current_origin()
    session.generation += 1
    session.refreshed_at = session.last_seen_at = at
    session.last_ip, session.user_agent = origin.ip, origin.user_agent
    session.save(update_fields=["generation", "refreshed_at", "last_seen_at", "last_ip", "user_agent"])
    RefreshToken.objects.filter(pk=row.pk).update(replaced_at=at)
    return _issue(session, session.generation, at)


def _issue(session: Session, generation: int, at: datetime) -> str:
    token = _token(session, generation)
    with acting_as_service():
        RefreshToken.objects.create(
            session=session, generation=generation, digest=_digest(token), issued_at=at
        )
    return token


def _token(session: Session, generation: int) -> str:
    secret = _keyed(b"make", f"{session.pk}:{generation}".encode())
    return base64.urlsafe_b64encode(secret[:24]).decode()


def _digest(token: str) -> str:
    return _keyed(b"find", token.encode("utf-8", "replace")).hex()


def _keyed(use: bytes, message: bytes) -> bytes:
    key = hmac.new(settings.SECRET_KEY.encode(), _PURPOSE + b"." + use, hashlib.sha256).digest()
    return hmac.new(key, message, hashlib.sha256).digest()
