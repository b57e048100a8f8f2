"""Signing in: by password, by refresh token, and by the code that ends a sign-in by PKCE."""

from collections.abc import Callable
from functools import partial
from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import make_password
from django.contrib.auth.signals import user_login_failed
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.adapter import PAUSE
from accounts.models import Session, User
from accounts.services import refresh, sessions
from accounts.wire.base import WireView, refuse_if_barred
from accounts.wire.errors import WireError, too_many, validation_failed
from accounts.wire.pkce import by_pkce
from accounts.wire.shapes import session_shape

# Bounds of a password that the service sets for somebody; people choose theirs by `accounts.services.passwords`.
MIN_PASSWORD, MAX_PASSWORD = 6, 72


class Token(WireView):
    limit = "token"

    def post(self, request: Request) -> Response:
        grants: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
            "password": self.by_password,
            "refresh_token": self.by_refresh_token,
            "pkce": partial(by_pkce, request),
        }
        grant = grants.get(request.query_params.get("grant_type", ""))
        if grant is None:
            raise WireError(400, "unsupported_grant_type", "unsupported_grant_type")
        return Response(grant(self.body()))

    def by_password(self, body: dict[str, Any]) -> dict[str, Any]:
        if self.text(body, "phone") and "email" not in body:
            raise phone_disabled("Phone logins are disabled")
        email, password = email_of(self.text(body, "email")), self.text(body, "password")
        self.count("account", f"email:{email}")
        try:
            forgive = get_adapter().count_password(self.request._request, email=email)
        except ValidationError:
            raise too_many(PAUSE) from None
        user = User.objects.filter(email=email).first()
        if user is None:
            make_password(password)  # as long as a check would take
        if user is None or not user.check_password(password) or user.deleted_at is not None:
            user_login_failed.send(
                sender=__name__, credentials={"email": email}, request=self.request._request
            )
            raise WireError(400, "invalid_credentials", "Invalid login credentials")
        forgive()
        refuse_if_barred(user, status=400)
        refuse_unconfirmed(user)
        return signed_in(user, method="password")

    def by_refresh_token(self, body: dict[str, Any]) -> dict[str, Any]:
        at = timezone.now()
        token = self.text(body, "refresh_token")
        if not token:
            raise validation_failed("refresh_token required")
        try:
            done = refresh.refresh(token=token, at=at)
        except refresh.RefreshTokenReused as reused:
            if "user" in reused.data:  # its session ended just now: the owner is told once
                get_adapter().send_notification_mail(
                    "account/email/refresh_token_reused", reused.data["user"]
                )
            raise
        return session_shape(user=done.user, session=done.session, refresh_token=done.refresh_token, at=at)


def refuse_unconfirmed(user: User) -> None:
    """Raises WireError where nobody has shown yet that they read the person's address."""
    if not EmailAddress.objects.filter(user=user, email=user.email, verified=True).exists():
        raise WireError(400, "email_not_confirmed", "Email not confirmed")


def phone_disabled(message: str) -> WireError:
    return WireError(400, "phone_provider_disabled", message)


def signed_in(user: User, *, method: str, provider: str = "") -> dict[str, Any]:
    """Begin an app's session and return it in the protocol's shape."""
    at = timezone.now()
    session = sessions.start(user=user, face=Session.Face.APP, method=method, at=at, provider=provider)
    return session_shape(
        user=user, session=session, refresh_token=refresh.first(session=session, at=at), at=at
    )


def email_of(text: str) -> str:
    """An address in our form. Raises WireError."""
    email = text.strip().lower()
    try:
        validate_email(email)
    except ValidationError:
        raise validation_failed("Unable to validate email address: invalid format") from None
    return email
