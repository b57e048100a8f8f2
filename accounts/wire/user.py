"""The person behind a bearer token."""

from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Session
from accounts.services import sessions
from accounts.wire.base import WireView
from accounts.wire.errors import validation_failed
from accounts.wire.shapes import user_shape


class UserView(WireView):
    def get(self, request: Request) -> Response:
        user, _session = self.person()
        return Response(user_shape(user))


class Logout(WireView):
    def post(self, request: Request) -> Response:
        at = timezone.now()
        scope = request.query_params.get("scope", "global")
        if scope not in ("global", "local", "others"):
            raise validation_failed("scope must be global, local or others")
        user, session = self.person()
        if scope == "local":
            sessions.end(session_id=session.pk, reason=Session.Reason.SIGNED_OUT, at=at)
        else:
            keep = session.pk if scope == "others" else None
            sessions.end_all(user=user, reason=Session.Reason.SIGNED_OUT, at=at, keep=keep)
        return Response(status=204)
