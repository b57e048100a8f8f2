"""Asking for a code: to log in, to choose a new password, once more, or to confirm that it is really you.

An address that nobody has is answered as one that somebody has, in the same time and by the same limit; only `/otp`
with `create_user: false` says that there is nobody, since the protocol has it so.
"""

import contextlib
import json
from typing import Any
from uuid import UUID

from allauth.account.models import EmailAddress
from django.core.exceptions import ValidationError
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import code_letters
from accounts.forms import shown_as_written
from accounts.models import User
from accounts.redirects import allowed
from accounts.services import EmailTaken, addresses, codes, pkce, register
from accounts.services.codes import Purpose
from accounts.services.sign_up import identity_facts
from accounts.wire.base import WireView
from accounts.wire.errors import WireError, too_many, validation_failed
from accounts.wire.sign_in import email_of
from core.api.ratelimit import count

NAMELESS = "Saver"
MOST_METADATA = 16 * 1024


class Otp(WireView):
    """A code to log in by; who has no account gets one, without a password."""

    limit = "mail"

    def post(self, request: Request) -> Response:
        body = mail_only(self.body())
        email, asked, data = email_of(self.text(body, "email")), asked_by(self, body), metadata(body, "data")
        create = body.get("create_user", True)
        if not isinstance(create, bool):
            raise validation_failed("create_user must be true or false")
        count_mail("sign_in", email)
        user = User.objects.filter(email=email).first()
        if user is None and not create:
            raise WireError(422, "otp_disabled", "Signups not allowed for otp")
        if user is None and not addresses.is_taken(email=email):
            with contextlib.suppress(EmailTaken):
                user = join(email, data)
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


def join(email: str, data: dict[str, Any], *, by_service: bool = False, id: UUID | None = None) -> User:
    """Register somebody without a password whose address is still to be confirmed; raises EmailTaken.

    What an app knows of them goes into `user_metadata`; those who join by themselves find their address there too.
    """
    user = User(email=email, user_metadata=dict(data), **({"id": id} if id else {}))
    user.set_unusable_password()
    if not by_service:
        user.user_metadata.update(identity_facts(user))
    register(user=user, display_name=_name_in(data))
    EmailAddress.objects.create(user=user, email=email, verified=False, primary=True)
    return user


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


def metadata(body: dict[str, Any], name: str) -> dict[str, Any]:
    """An object of the app's own facts, as JSON of the database keeps it. Raises WireError."""
    data = body.get(name, {})
    try:
        text = json.dumps(data, default=float, allow_nan=False)
    except ValueError:
        text = ""
    if not isinstance(data, dict) or not text or len(text) > MOST_METADATA:
        raise validation_failed(f"{name} must be an object of at most {MOST_METADATA} letters")
    kept: dict[str, Any] = json.loads(text)
    return kept


def count_mail(group: str, email: str) -> None:
    """One mail a minute for each address and kind, whether or not anybody has it. Raises WireError."""
    hit = count("auth:send", "1/minute", f"{group}:{email}")
    if hit is not None and not hit.allowed:
        raise too_many(min(hit.resets_in, 60), "over_email_send_rate_limit")


def _name_in(data: dict[str, Any]) -> str:
    """The name an app gave, if it can be shown to others. The address is nobody's business."""
    for key in ("display_name", "full_name", "name"):
        name = " ".join(data[key].split()) if isinstance(data.get(key), str) else ""
        with contextlib.suppress(ValidationError):
            shown_as_written(name)
            return name[:80]
    return NAMELESS
