"""The person behind a bearer token: what is shown of them, and what they change."""

from datetime import datetime, timedelta
from typing import Any

from allauth.account.adapter import get_adapter
from django.db import transaction
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Session, User
from accounts.services import addresses, codes, metadata, passwords
from accounts.services.codes import Purpose
from accounts.wire.base import WireView
from accounts.wire.codes import asked_by
from accounts.wire.errors import WireError
from accounts.wire.shapes import FACTOR_TYPES, user_shape
from accounts.wire.sign_in import email_of, phone_disabled

# A session this young need not prove again who it is to set a password.
FRESH = timedelta(hours=24)
# Ways in that only the owner of the address could take.
MAILED = frozenset({"recovery", "magiclink", "otp"})


class UserView(WireView):
    def get(self, request: Request) -> Response:
        user, _session = self.person()
        return Response(user_shape(user))

    def put(self, request: Request) -> Response:
        """Change data, password and address, all or none. Whatever else is sent (role, app_metadata) is not read."""
        at = timezone.now()
        user, session = self.person()
        body = self.body()
        if self.text(body, "phone"):
            raise phone_disabled("Phone numbers are not used here")
        email, password = self.text(body, "email"), self.text(body, "password")
        email = email_of(email) if email else ""
        email = "" if email == user.email else email
        if email or password:
            refuse_without_second_factor(user, session)
        if password:
            passwords.check_strength(password=password, user=user)
            self.confirm(body, user, session, at)
        with transaction.atomic():
            if password:
                by_mail = any(proof["method"] in MAILED for proof in session.methods)
                passwords.change(user=user, password=password, keep=session.pk, at=at, by_mail=by_mail)
                get_adapter().send_notification_mail("account/email/password_changed", user)
            if "data" in body:
                metadata.merge(user=user, data=body["data"])
            if email:
                self.change_email(body, user, email, at)
        user, _session = self.person()
        return Response(user_shape(user))

    def confirm(self, body: dict[str, Any], user: User, session: Session, at: datetime) -> None:
        """Have them prove that it is them: the password, a mailed code, or a session of today. Raises WireError."""
        current, nonce = self.text(body, "current_password"), self.text(body, "nonce")
        if current:
            self.count("account", f"user:{user.pk}")
            if not user.check_password(current):
                raise WireError(400, "current_password_invalid", "Current password is not correct")
        elif nonce:
            self.count("account", f"user:{user.pk}")
            if not codes.check_nonce(user=user, nonce=nonce, at=at):
                raise WireError(422, "reauthentication_not_valid", "Verify your nonce and try again")
        elif session.created_at <= at - FRESH:
            raise WireError(
                422, "reauthentication_needed", "Password update requires current_password or a nonce"
            )

    def change_email(self, body: dict[str, Any], user: User, email: str, at: datetime) -> None:
        """Ask both addresses. One that has an account is not told of here: its owner gets a letter, and no code."""
        asked = asked_by(self, body)
        self.count_mail(email)
        codes.send_code(user=user, purpose=Purpose.EMAIL_CHANGE_CURRENT, at=at, new_email=email, **asked)
        if addresses.is_taken(email=email, but_by=user):
            get_adapter().send_account_already_exists_mail(email)
        else:
            codes.send_code(user=user, purpose=Purpose.EMAIL_CHANGE_NEW, at=at, new_email=email, **asked)


def refuse_without_second_factor(user: User, session: Session) -> None:
    """Raises WireError where the person has a second factor and this session did not use it."""
    factors = user.authenticator_set.all()  # type: ignore[attr-defined]
    if session.level == Session.Level.ONE and any(factor.type in FACTOR_TYPES for factor in factors):
        raise WireError(
            401,
            "insufficient_aal",
            "AAL2 session is required to update email or password when MFA is enabled.",
        )
