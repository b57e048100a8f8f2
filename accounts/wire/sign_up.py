"""Signing up. A stranger learns nothing of who has an account that Supabase's clients do not expect to be told."""

import contextlib
from typing import Any

from allauth.account.adapter import get_adapter
from django.db import transaction
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import User
from accounts.services import codes, metadata, passwords
from accounts.services.sign_up import identity_facts, sign_up
from accounts.wire.base import WireView
from accounts.wire.codes import asked_by
from accounts.wire.errors import WireError, validation_failed
from accounts.wire.names import name_in
from accounts.wire.shapes import user_shape
from accounts.wire.sign_in import email_of, phone_disabled


class Signup(WireView):
    limit = "code"

    def post(self, request: Request) -> Response:
        at = timezone.now()
        body = self.body()
        email, password = self.address(body), self.text(body, "password")
        data, asked = metadata.taken(body.get("data", {})), asked_by(self, body)
        name = name_in(data)
        passwords.check_strength(password=password, user=User(email=email))
        self.count_mail(email)
        user = None
        # Without a letter there is no sign-up: a code that went out before must not confirm another's password.
        with contextlib.suppress(codes.SentTooOften), transaction.atomic():
            user = sign_up(email=email, password=password, display_name=name, metadata=data, at=at)
            if user:
                codes.send_code(user=user, purpose=codes.Purpose.SIGNUP, at=at, **asked)
        if user:
            return Response(user_shape(user))
        # As much work as for a new person, and a letter too: to the owner, who may have forgotten.
        get_adapter().send_account_already_exists_mail(email)
        return Response(nobody(email, data))

    def address(self, body: dict[str, Any]) -> str:
        """The address to sign up with. Raises WireError for whoever gives none, or no password with it."""
        email = self.text(body, "email")
        if not email and self.text(body, "phone"):
            raise phone_disabled("Phone signups are disabled")
        if not email:
            raise WireError(422, "anonymous_provider_disabled", "Anonymous sign-ins are disabled")
        if not self.text(body, "password"):
            raise validation_failed("Signup requires a valid password")
        return email_of(email)


def nobody(email: str, data: dict[str, Any]) -> dict[str, Any]:
    """A person who is not there, such as a new one would be shown. Clients know them by having no identity."""
    at = timezone.now()
    user = User(email=email, created_at=at, updated_at=at, confirmation_sent_at=at)
    user.user_metadata = {**data, **identity_facts(user)}
    shape = user_shape(user)
    shape["identities"] = []
    return shape
