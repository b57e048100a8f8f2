"""Passkeys (WebAuthn): made and asked for our site alone. A browser's answer is right or refused, never a fault."""

import logging
import struct
from typing import Any
from urllib.parse import urlsplit

from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.internal import auth
from cryptography.exceptions import InvalidSignature
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from fido2.server import Fido2Server
from fido2.utils import websafe_decode
from fido2.webauthn import (
    AuthenticationResponse,
    PublicKeyCredentialRpEntity,
    RegistrationResponse,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from accounts import totp
from accounts.models import User
from core.actors import acting_as_service
from core.errors import DomainError

logger = logging.getLogger(__name__)
LONGEST = 20_000
# What the parsers of a browser's answer raise for one that is malformed or forged.
_WRONG = (ValueError, TypeError, LookupError, AttributeError, InvalidSignature, struct.error, OverflowError)


class PasskeyRefused(DomainError):
    code = "webauthn_verification_failed"
    message = _("That passkey did not match. Please try again.")


def host() -> str:
    """The host that our passkeys belong to."""
    return urlsplit(settings.SITE_URL).hostname or ""


def origins() -> list[str]:
    """The origins that may make and use them: our site's own, and none below it."""
    site = urlsplit(settings.SITE_URL)
    return [f"{site.scheme}://{site.netloc}"]


def begin_making(user: User) -> tuple[dict[str, Any], Any]:
    """Return what a browser needs to make a passkey, and the state to check its answer against.

    It is kept on the device and asks for its owner (finger, face or PIN), so that it can log in by itself.
    """
    with acting_as_service():
        known = auth.get_credentials(user)
    options, state = _server().register_begin(
        user=auth.build_user_payload(user),
        credentials=known,
        resident_key_requirement=ResidentKeyRequirement.REQUIRED,
        user_verification=UserVerificationRequirement.REQUIRED,
        extensions=auth.EXTENSIONS,
    )
    return dict(options), state


def finish_making(*, user: User, state: Any, credential: Any) -> None:
    """Check the answer of a browser that made a passkey; raises PasskeyRefused."""
    try:
        made = _server().register_complete(state, RegistrationResponse.from_dict(_sized(credential)))
        new = made.credential_data.credential_id  # type: ignore[union-attr]
    except _WRONG as error:
        raise PasskeyRefused from error
    with acting_as_service():
        if auth.get_authenticator_by_credential_id(user, new):
            raise PasskeyRefused


def begin_asking(user: User) -> tuple[dict[str, Any], Any]:
    """Return what a browser needs to use one of a person's passkeys, and the state to check its answer against.

    The device asks for its owner, as it did when the passkey was made: whoever only holds it proves nothing.
    """
    with acting_as_service():
        known = auth.get_credentials(user)
    options, state = _server().authenticate_begin(
        credentials=known, user_verification=UserVerificationRequirement.REQUIRED
    )
    return dict(options), state


def begin_coming_in() -> tuple[dict[str, Any], Any]:
    """As `begin_asking`, of whoever it will be: a passkey that names its owner and has asked for them."""
    options, state = _server().authenticate_begin(user_verification=UserVerificationRequirement.REQUIRED)
    return dict(options), state


def finish_asking(*, user: User, state: Any, credential: Any) -> Authenticator:
    """Return the passkey that answered, its use counted; raises PasskeyRefused."""
    try:
        answer = AuthenticationResponse.from_dict(_sized(credential))
        with acting_as_service():
            known = auth.get_credentials(user)
            used = _server().authenticate_complete(state, known, answer)
            row = auth.get_authenticator_by_credential_id(user, used.credential_id)
            counted = row and _count_use(row, answer.response.authenticator_data.counter)
    except _WRONG as error:
        raise PasskeyRefused from error
    if row is None or not counted:
        raise PasskeyRefused
    return row


def _count_use(row: Authenticator, count: int) -> bool:
    """Keep the device's own count of its uses; False where that did not grow, as with a copy of the device.

    Passkeys that are kept in step over several devices count nothing and always say 0.
    """
    locked = Authenticator.objects.select_for_update().get(pk=row.pk)
    known = locked.data.get("uses", locked.wrap().authenticator_data.counter)
    if count == known == 0:
        return True
    if count <= known:
        logger.warning("passkey %s counts %d uses after %d: there may be a copy of it", row.pk, count, known)
        return False
    locked.data["uses"] = row.data["uses"] = count
    locked.save(update_fields=["data"])
    return True


def owner_of(credential: Any) -> User:
    """Return the person whom a passkey says it belongs to, not checked yet; raises PasskeyRefused."""
    try:
        handle = websafe_decode(_sized(credential)["response"]["userHandle"]).decode()
        with acting_as_service():
            user = User.objects.filter(pk=handle).first()
    except (*_WRONG, ValidationError) as error:
        raise PasskeyRefused from error
    if user is None:
        raise PasskeyRefused
    return user


def _sized(credential: Any) -> Any:
    if not isinstance(credential, dict) or len(str(credential)) > LONGEST:
        raise ValueError("not the answer of a browser")
    return credential


def _server() -> Fido2Server:
    return Fido2Server(
        PublicKeyCredentialRpEntity(id=host(), name=totp.ISSUER),
        verify_origin=lambda origin: origin in origins(),
    )
