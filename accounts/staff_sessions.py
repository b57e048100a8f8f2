"""Staff sessions are short: they end when idle, after a working day, and when they turn up at another address."""

from collections.abc import Callable
from datetime import datetime, timedelta

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from accounts.browser import leave, sign_in_of
from accounts.models import Session, User
from accounts.services import sessions
from core import middleware
from core.actors import acting_as_service, from_origin

IDLE, LONGEST = timedelta(minutes=15), timedelta(hours=8)
# A session's last sight is written no more often than this.
SEEN_EVERY = timedelta(seconds=30)


class StaffSessionsMiddleware:
    """Signs staff out of a browser whose session may not go on, before anything else sees who they were."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        user = request.user
        if isinstance(user, User) and user.is_staff:
            with from_origin(middleware.origin_of(request)):
                _keep_or_end(request, timezone.now())
        return self.get_response(request)


def _keep_or_end(request: HttpRequest, at: datetime) -> None:
    session_id = sign_in_of(request)
    with acting_as_service():
        session = Session.objects.live().filter(pk=session_id).first() if session_id else None
        if session is None:
            leave(request)
        elif not _may_go_on(session, middleware.client_ip(request), at):
            sessions.end(session_id=session.pk, reason=Session.Reason.EXPIRED, at=at)
            leave(request)
        elif at - session.last_seen_at >= SEEN_EVERY:
            sessions.touch(session_id=session.pk, at=at)


def _may_go_on(session: Session, address: str | None, at: datetime) -> bool:
    return at - session.last_seen_at < IDLE and at - session.created_at < LONGEST and address == session.ip
