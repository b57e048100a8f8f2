"""Sign-ins: begun, seen, proven further, and ended: at once on every face."""

import logging
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.core.cache import cache
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from redis.exceptions import RedisError

from accounts import audit
from accounts.models import BrowserSession, Session, User
from accounts.services import new_devices
from core.actors import acting_as_service, current_origin
from core.errors import DomainError
from realtime import services as realtime

# What proves a second factor, in the words of the `amr` claim.
SECOND_FACTORS = frozenset({"totp", "mfa/webauthn", "recovery_code"})
_ENDED = "session-ended:"
# Present as long as Valkey remembers who ended; gone when it was emptied, and then the database is asked.
_REMEMBERS = "sessions-ended-are-known"
# Seconds until the database is asked again: an end that Valkey missed, being away, is known after that.
_TRUSTED_FOR = 60

logger = logging.getLogger(__name__)


class SessionNotFound(DomainError):
    code = "session_not_found"
    kind = "not_found"
    message = _("This session is not one of yours, or has ended.")


class SignInBarred(DomainError):
    code = "user_banned"
    kind = "forbidden"
    message = _("User is banned")


class AccountGone(DomainError):
    code = "user_not_found"
    kind = "not_found"
    message = _("User from sub claim in JWT does not exist")


def refuse_barred(*, user: User, at: datetime) -> None:
    """Refuse somebody whose account is gone, closed, frozen or banned for now; raises AccountGone, SignInBarred."""
    if user.deleted_at is not None:
        raise AccountGone
    if user.is_barred(at):
        raise SignInBarred


def start(*, user: User, face: str, method: str, at: datetime, provider: str = "") -> Session:
    """Begin a session for a person who has just proven who they are by `method` (a word of the `amr` claim)."""
    origin = current_origin()
    with acting_as_service():
        session = Session.objects.create(
            user=user,
            face=face,
            methods=_with([], method, at, provider),
            level=_level([{"method": method}]),
            user_agent=origin.user_agent,
            ip=origin.ip,
            last_ip=origin.ip,
            created_at=at,
            last_seen_at=at,
        )
        User.objects.filter(pk=user.pk).update(last_login=at)
        user.last_login = at
        audit.record(
            action="accounts.session.started",
            target=session,
            actor_id=user.id,
            face=face,
            method=method,
            provider=provider,
        )
        new_devices.announce_sign_in(session=session, at=at)
    return session


def prove(*, session_id: UUID, method: str, at: datetime) -> Session:
    """Note one more proof in a session that lives; raises SessionNotFound."""
    with acting_as_service():
        session = Session.objects.select_for_update().live().filter(pk=session_id).first()
        if session is None:
            raise SessionNotFound
        session.methods = _with(session.methods, method, at)
        session.level = _level(session.methods)
        session.save(update_fields=["methods", "level"])
        audit.record(
            action="accounts.session.proven", target=session, actor_id=session.user_id, method=method
        )
    return session


def touch(*, session_id: UUID, at: datetime) -> None:
    """Note when and where a session was last seen."""
    origin = current_origin()
    with acting_as_service():
        Session.objects.live().filter(pk=session_id).update(
            last_seen_at=at, last_ip=origin.ip, user_agent=origin.user_agent
        )


def end(*, session_id: UUID, reason: str, at: datetime, actor_id: UUID | None = None) -> bool:
    """End one session; False when it had ended before."""
    one = Session.objects.filter(pk=session_id)
    return end_many(sessions=one, reason=reason, at=at, actor_id=actor_id) == 1


def end_all(
    *, user: User, reason: str, at: datetime, keep: UUID | None = None, actor_id: UUID | None = None
) -> int:
    """End every session of a person, but for `keep`; return how many ended now."""
    theirs = Session.objects.filter(user=user)
    theirs = theirs.exclude(pk=keep) if keep else theirs
    return end_many(sessions=theirs, reason=reason, at=at, actor_id=actor_id)


def end_many(*, sessions: Iterable[Session], reason: str, at: datetime, actor_id: UUID | None = None) -> int:
    """End these sessions (a queryset): browsers are signed out, tokens refused, sockets closed, from the commit on.

    `actor_id` is who ended them, where the acting role does not say so.
    """
    with acting_as_service():
        live = list(sessions.live().select_for_update().order_by("pk"))  # type: ignore[attr-defined]
        ids = [session.pk for session in live]
        Session.objects.filter(pk__in=ids).update(ended_at=at, end_reason=reason)
        BrowserSession.objects.filter(sign_in__in=ids).delete()
        audit.record_each(
            action="accounts.session.ended",
            targets=[(session, {"reason": reason, "owner": str(session.user_id)}) for session in live],
            actor_id=actor_id,
        )
        realtime.end_sessions(ids=ids)
        if ids:
            transaction.on_commit(lambda: _remember(ids), robust=True)
    return len(ids)


def is_ended(session_id: UUID | str) -> bool:
    """Whether a session that an access token names has ended. Asks Valkey; the database only where that cannot tell."""
    try:
        known = cache.get_many([_REMEMBERS, f"{_ENDED}{session_id}"])
        if _REMEMBERS not in known:
            _remember_again()
            return _ended_in_database(session_id)
    except RedisError:
        logger.warning("Valkey does not answer: sessions are asked of the database", exc_info=True)
        return _ended_in_database(session_id)
    return f"{_ENDED}{session_id}" in known


def ended_among(session_ids: Collection[UUID]) -> set[UUID]:
    """Return those of many sessions that have ended, as `is_ended` tells it of one."""
    keys = {f"{_ENDED}{id}": id for id in session_ids}
    try:
        known = cache.get_many([_REMEMBERS, *keys])
        if _REMEMBERS in known:
            return {keys[key] for key in known if key in keys}
        _remember_again()
    except RedisError:
        logger.warning("Valkey does not answer: sessions are asked of the database", exc_info=True)
    with acting_as_service():
        return set(session_ids) - set(
            Session.objects.live().filter(pk__in=session_ids).values_list("pk", flat=True)
        )


def _remember(ids: list[UUID]) -> None:
    cache.set_many({f"{_ENDED}{id}": 1 for id in ids}, timeout=_memory())


def _remember_again() -> None:
    since = timezone.now() - timedelta(seconds=_memory())
    with acting_as_service():
        ids = list(Session.objects.filter(ended_at__gte=since).values_list("pk", flat=True))
    _remember(ids)
    cache.set(_REMEMBERS, 1, timeout=_TRUSTED_FOR)


def _memory() -> int:
    """Seconds to remember an end: no access token given out before it lives longer."""
    return int(settings.ACCESS_TOKEN_SECONDS) + 60


def _ended_in_database(session_id: UUID | str) -> bool:
    with acting_as_service():
        return not Session.objects.live().filter(pk=session_id).exists()


def _with(
    methods: list[dict[str, object]], method: str, at: datetime, provider: str = ""
) -> list[dict[str, object]]:
    entry: dict[str, object] = {"method": method, "timestamp": int(at.timestamp())}
    if provider:
        entry["provider"] = provider
    return [entry, *[known for known in methods if known["method"] != method]]


def _level(methods: list[dict[str, object]]) -> str:
    proven = any(known["method"] in SECOND_FACTORS for known in methods)
    return Session.Level.TWO if proven else Session.Level.ONE
