"""Passkeys of apps: made by who is signed in, and a way in by themselves. They are the passkeys of our pages.

A question lives five minutes in Valkey and is used up by any answer, right or wrong.
"""

from datetime import datetime
from typing import Any
from uuid import uuid4

from allauth.mfa.models import Authenticator
from django.core.cache import cache
from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import passkeys
from accounts.models import Session, User
from accounts.services import factors, refresh, sessions
from accounts.views.factors import MAILS
from accounts.wire.base import WireView, as_uuid, refuse_if_barred
from accounts.wire.errors import WireError, validation_failed
from accounts.wire.factors import (
    ANSWER_WITHIN,
    NO_FACTOR,
    FactorView,
    name_of,
    reach_two_factors,
    refuse_enrolment_unproven,
)
from accounts.wire.shapes import factor_id, session_shape, time_of
from accounts.wire.sign_in import refuse_unconfirmed

ANYBODY = ""


class PasskeyView(FactorView):
    def passkey(self, user: User, id: str) -> Authenticator:
        """A person's own passkey. Raises WireError."""
        wanted = as_uuid(id)
        for row in passkeys_of(user):
            if factor_id(row) == wanted:
                return row
        raise WireError(*NO_FACTOR)


class MakeOptions(PasskeyView):
    def post(self, request: Request) -> Response:
        user, session = self.person()
        refuse_enrolment_unproven(user, session)
        if len(factors.factors_of(user=user)) >= factors.MOST:
            raise factors.TooManyFactors
        options, state = passkeys.begin_making(user)
        return Response(ask(options, state, by=str(session.pk), at=timezone.now()))


class Make(PasskeyView):
    """A passkey that was made is proven: its session reaches aal2, by the next refresh in its token too."""

    def post(self, request: Request) -> Response:
        user, session = self.person()
        at = timezone.now()
        refuse_enrolment_unproven(user, session)
        state, credential = asked(self, self.body(), by=str(session.pk))
        passkeys.finish_making(user=user, state=state, credential=credential)
        name = factors.free_name(user=user, wanted=_("Passkey"))
        row = factors.add_passkey(user=user, name=name, credential=credential)
        reach_two_factors(session, row, at)
        self.tell(MAILS["webauthn"][0], user)
        shown = shape(row)
        return Response({key: shown[key] for key in ("id", "friendly_name", "created_at")})


class ComeInOptions(WireView):
    limit = "token"

    def post(self, request: Request) -> Response:
        options, state = passkeys.begin_coming_in()
        return Response(ask(options, state, by=ANYBODY, at=timezone.now()))


class ComeIn(WireView):
    """In by a passkey alone. It asked for its owner, which is a second factor, as on our pages."""

    limit = "token"

    def post(self, request: Request) -> Response:
        at = timezone.now()
        state, credential = asked(self, self.body(), by=ANYBODY)
        user = passkeys.owner_of(credential)
        row = passkeys.finish_asking(user=user, state=state, credential=credential)
        refuse_if_barred(user)
        refuse_unconfirmed(user)
        Authenticator.objects.filter(pk=row.pk).update(last_used_at=at)
        session = sessions.start(user=user, face=Session.Face.APP, method="passkey", at=at)
        session = sessions.prove(session_id=session.pk, method=factors.METHODS[row.type], at=at)
        token = refresh.first(session=session, at=at)
        return Response(session_shape(user=user, session=session, refresh_token=token, at=at))


class Passkeys(PasskeyView):
    def get(self, request: Request) -> Response:
        user, _session = self.person()
        return Response([shape(row) for row in passkeys_of(user)])


class OnePasskey(PasskeyView):
    def patch(self, request: Request, id: str) -> Response:
        user, session = self.person()
        name = name_of(self.text(self.body(), "friendly_name"))
        if not name:
            raise validation_failed("friendly_name is required")
        row = self.passkey(user, id)
        refuse_change_unproven(session)
        factors.rename(row=row, name=name)
        return Response(shape(row))

    def delete(self, request: Request, id: str) -> Response:
        user, session = self.person()
        row = self.passkey(user, id)
        refuse_change_unproven(session)
        factors.remove(row=row)
        self.tell(MAILS["webauthn"][1], user)
        return Response(status=204)


def refuse_change_unproven(session: Session) -> None:
    if session.level != Session.Level.TWO:
        raise WireError(422, "insufficient_aal", "AAL2 required to change a passkey")


def passkeys_of(user: User) -> list[Authenticator]:
    return [row for row in factors.factors_of(user=user) if row.type == Authenticator.Type.WEBAUTHN]


def shape(row: Authenticator) -> dict[str, Any]:
    known = {
        "id": str(factor_id(row)),
        "friendly_name": row.data.get("name", ""),
        "created_at": time_of(row.created_at),
    }
    return {**known, "last_used_at": time_of(row.last_used_at)} if row.last_used_at else known


def ask(options: dict[str, Any], state: Any, *, by: str, at: datetime) -> dict[str, Any]:
    """Keep a question to a passkey, put by a session or by anybody, and return it in the protocol's shape."""
    id = str(uuid4())
    cache.set(_place(id), {"by": by, "state": state}, int(ANSWER_WITHIN.total_seconds()))
    expires_at = int((at + ANSWER_WITHIN).timestamp())
    return {"challenge_id": id, "options": options["publicKey"], "expires_at": expires_at}


def asked(view: WireView, body: dict[str, Any], *, by: str) -> tuple[Any, dict[str, Any]]:
    """The state of a question that is answered now, with the answer; nobody answers it again. Raises WireError."""
    id, credential = as_uuid(view.text(body, "challenge_id")), body.get("credential")
    if id is None or not isinstance(credential, dict):
        raise validation_failed("challenge_id and credential required")
    kept = cache.get(_place(str(id)))
    if kept is None or kept["by"] != by or not cache.delete(_place(str(id))):
        raise WireError(404, "webauthn_challenge_not_found", "Challenge not found, or it has expired")
    return kept["state"], credential


def _place(id: str) -> str:
    return f"passkey-question:{id}"
