"""Ending sessions: the protocol's logout, and our list of the person's own, from which each can be ended."""

from typing import Any
from uuid import UUID

from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Session
from accounts.services import sessions
from accounts.wire.base import WireView
from accounts.wire.errors import WireError, validation_failed
from accounts.wire.shapes import time_of

# More devices than anybody has; `scope=others` ends any number.
MOST = 200


class Logout(WireView):
    def post(self, request: Request) -> Response:
        at, reason = timezone.now(), Session.Reason.SIGNED_OUT
        scope = request.query_params.get("scope", "global")
        if scope not in ("global", "local", "others"):
            raise validation_failed("scope must be global, local or others")
        user, session = self.person()
        if scope == "local":
            sessions.end(session_id=session.pk, reason=reason, at=at, actor_id=user.pk)
        else:
            keep = session.pk if scope == "others" else None
            sessions.end_all(user=user, reason=reason, at=at, keep=keep, actor_id=user.pk)
        return Response(status=204)


class OwnSessions(WireView):
    def get(self, request: Request) -> Response:
        user, current = self.person()
        rows = Session.objects.visible_to(user).live().order_by("-id")[:MOST]
        return Response({"sessions": [shape(row, current) for row in rows]})


class OwnSession(WireView):
    def delete(self, request: Request, session_id: UUID) -> Response:
        user, _current = self.person()
        theirs = Session.objects.visible_to(user).filter(pk=session_id)
        ended = sessions.end_many(
            sessions=theirs, reason=Session.Reason.ENDED, at=timezone.now(), actor_id=user.pk
        )
        if not ended:
            raise WireError(404, "session_not_found", "This session is not one of yours, or has ended")
        return Response(status=204)


def shape(session: Session, current: Session) -> dict[str, Any]:
    return {
        "id": str(session.pk),
        "is_current": session.pk == current.pk,
        "face": session.face.lower(),
        "aal": session.level,
        "amr": session.methods,
        "user_agent": session.user_agent,
        "ip": session.last_ip or "",
        "created_at": time_of(session.created_at),
        "last_seen_at": time_of(session.last_seen_at),
    }
