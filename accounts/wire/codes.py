"""Asking for a code: to log in, to choose a new password, once more, or to confirm that it is really you.

An address that nobody has is answered as one that somebody has, in the same time and by the same limit; only `/otp`
with `create_user: false` says that there is nobody, since the protocol has it so.
"""

import contextlib
from typing import Any

from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import code_letters
from accounts.models import User
from accounts.redirects import allowed
from accounts.services import EmailTaken, addresses, codes, metadata, pkce
from accounts.services.codes import Purpose
from accounts.services.sign_up import join
from accounts.wire.base import WireView
from accounts.wire.errors import WireError, too_many, validation_failed
from accounts.wire.names import fit_name_in
from accounts.wire.sign_in import email_of
from core.api.ratelimit import count


class Otp(WireView):
    """A code to log in by; who has no account gets one, without a password."""

    limit = "mail"

    def post(self, request: Request) -> Response:
        body = mail_only(self.body())
        email, asked = email_of(self.text(body, "email")), asked_by(self, body)
        data = metadata.taken(body.get("data", {}))
        name = fit_name_in(data)
        create = body.get("create_user", True)
        if not isinstance(create, bool):
            raise validation_failed("create_user must be true or false")
        count_mail("sign_in", email)
        user = User.objects.filter(email=email).first()
        if user is None and not create:
            raise WireError(422, "otp_disabled", "Signups not allowed for otp")
        if user is None and not addresses.is_taken(email=email):
            with contextlib.suppress(EmailTaken):
                user = join(email=email, display_name=name, metadata=data)
        send_quietly(user, Purpose.MAGICLINK, asked)
        return Response({})


class Recover(WireView):
    limit = "mail"

    def post(self, request: Request) -> Response:
        body = mail_only(self.body())
        email, asked = email_of(self.text(body, "email")), asked_by(self, body)
        count_mail("recovery", email)
        send_quietly(User.objects.filter(email=email).first(), Purpose.RECOVERY, asked)
        return Response({})


class Resend(WireView):
    limit = "mail"

    def post(self, request: Request) -> Response:
        body = mail_only(self.body())
        kind, email = self.text(body, "type"), email_of(self.text(body, "email"))
        if kind not in ("signup", "email_change"):
            raise validation_failed("Resend requires the type signup or email_change")
        asked = asked_by(self, body)
        count_mail(f"resend_{kind}", email)
        user = User.objects.filter(email=email).first()
        if kind == "signup":
            send_quietly(None if user and user.email_confirmed_at else user, Purpose.SIGNUP, asked)
        elif user and user.new_email:
            asked["new_email"] = user.new_email
            if user.email_confirmed_at:
                send_quietly(user, Purpose.EMAIL_CHANGE_CURRENT, asked)
            send_quietly(user, Purpose.EMAIL_CHANGE_NEW, asked)
        else:
            send_quietly(None, Purpose.EMAIL_CHANGE_NEW, asked)
        return Response({})


class Reauthenticate(WireView):
    limit = "mail"

    def get(self, request: Request) -> Response:
        user, _session = self.person()
        if user.email_confirmed_at is None:
            words = "Reauthentication requires the user to have an email or a phone number"
            raise WireError(422, "validation_failed", words)
        codes.send_code(user=user, purpose=Purpose.REAUTHENTICATION, at=timezone.now())
        return Response({})


def send_quietly(user: User | None, purpose: str, asked: dict[str, str]) -> None:
    """Mail a code to somebody who is there and may sign in; for anybody else take as long and do nothing."""
    at = timezone.now()
    if user is None or user.is_barred(at):
        code_letters.post_nothing(purpose=purpose)
        return
    with contextlib.suppress(codes.SentTooOften):
        codes.send_code(user=user, purpose=purpose, at=at, **asked)


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


def count_mail(group: str, email: str) -> None:
    """One mail a minute for each address and kind, whether or not anybody has it. Raises WireError."""
    hit = count("auth:send", "1/minute", f"{group}:{email}")
    if hit is not None and not hit.allowed:
        raise too_many(min(hit.resets_in, 60), "over_email_send_rate_limit")
