"""Asking for a code: to log in, to choose a new password, once more, or to confirm that it is really you.

An address that nobody has is answered as one that somebody has, by the same limit and after the same work: the worker
looks whose it is, later. Only `/otp` with `create_user: false` says that there is nobody, since the protocol has it so.
"""

from dataclasses import asdict
from typing import Any

from django.db import transaction
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import tasks
from accounts.models import User
from accounts.redirects import allowed
from accounts.services import code_requests, codes, metadata, pkce
from accounts.services.codes import Purpose
from accounts.wire.base import WireView
from accounts.wire.errors import WireError, validation_failed
from accounts.wire.names import fit_name_in
from accounts.wire.sign_in import email_of
from core.actors import current_origin


class CodeView(WireView):
    limit = "mail"

    def count_letter(self, kind: str, email: str) -> None:
        """One letter a minute for each address and kind, whether or not anybody has it. Raises WireError."""
        self.count("send", f"{kind}:{email}", code="over_email_send_rate_limit")


class Otp(CodeView):
    """A code to log in by; who has no account gets one, without a password."""

    def post(self, request: Request) -> Response:
        body = mail_only(self.body())
        email, asked = email_of(self.text(body, "email")), asked_by(self, body)
        data = metadata.taken(body.get("data", {}))
        name = fit_name_in(data)
        create = body.get("create_user", True)
        if not isinstance(create, bool):
            raise validation_failed("create_user must be true or false")
        self.count_letter("sign_in", email)
        if not create and not User.objects.filter(email=email).exists():
            raise WireError(422, "otp_disabled", "Signups not allowed for otp")
        newcomer = {"display_name": name, "metadata": data} if create else None
        answer_later(code_requests.LOG_IN, email, asked, newcomer=newcomer)
        return Response({})


class Recover(CodeView):
    def post(self, request: Request) -> Response:
        body = mail_only(self.body())
        email, asked = email_of(self.text(body, "email")), asked_by(self, body)
        self.count_letter("recovery", email)
        answer_later(code_requests.RECOVER, email, asked)
        return Response({})


class Resend(CodeView):
    def post(self, request: Request) -> Response:
        body = mail_only(self.body())
        kind, email = self.text(body, "type"), email_of(self.text(body, "email"))
        if kind not in ("signup", "email_change"):
            raise validation_failed("Resend requires the type signup or email_change")
        asked = asked_by(self, body)
        self.count_letter(f"resend_{kind}", email)
        answer_later(code_requests.SIGN_UP if kind == "signup" else code_requests.CHANGE, email, asked)
        return Response({})


class Reauthenticate(CodeView):
    def get(self, request: Request) -> Response:
        user, _session = self.person()
        if user.email_confirmed_at is None:
            words = "Reauthentication requires the user to have an email or a phone number"
            raise WireError(422, "validation_failed", words)
        codes.send_code(user=user, purpose=Purpose.REAUTHENTICATION, at=timezone.now())
        return Response({})


def answer_later(
    kind: str, email: str, asked: dict[str, str], *, newcomer: dict[str, Any] | None = None
) -> None:
    """Have the worker mail a code to whoever has the address."""
    request = {"kind": kind, "email": email, "asked": asked, "newcomer": newcomer}
    origin = asdict(current_origin())
    transaction.on_commit(
        lambda: tasks.answer_code_request.delay(**request, origin=origin),
        robust=True,
    )


def asked_by(view: WireView, body: dict[str, Any]) -> dict[str, str]:
    """Where the link leads back to and what guards it. Raises BadChallenge, WireError."""
    challenge, method = pkce.checked(
        code_challenge=view.text(body, "code_challenge"),
        code_challenge_method=view.text(body, "code_challenge_method"),
    )
    redirect_to = allowed(view.request.query_params.get("redirect_to", ""))
    return {"redirect_to": redirect_to, "code_challenge": challenge, "code_challenge_method": method}


def mail_only(body: dict[str, Any]) -> dict[str, Any]:
    if body.get("phone") or body.get("type") in ("sms", "phone_change"):
        raise WireError(422, "phone_provider_disabled", "Unsupported phone provider")
    return body
