"""People, identities, factors and sessions in the protocol's words."""

from datetime import datetime
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.conf import settings

from accounts import access_tokens
from accounts.models import Session, User

TIMES = (
    "email_confirmed_at",
    "confirmation_sent_at",
    "recovery_sent_at",
    "reauthentication_sent_at",
    "email_change_sent_at",
    "invited_at",
    "banned_until",
    "deleted_at",
)


def time_of(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat(timespec="microseconds").replace("+00:00", "Z")


def user_shape(user: User) -> dict[str, Any]:
    """The User object. What is unset is left out: clients take a null for a mistake.

    Reads the person's linked accounts and factors: see `with_everything` to have them in one query.
    """
    identities = identities_of(user)
    providers = [identity["provider"] for identity in identities]
    shape: dict[str, Any] = {
        "id": str(user.id),
        "aud": access_tokens.AUDIENCE,
        "role": "authenticated",
        "email": user.email,
        "phone": "",
        "app_metadata": {
            "provider": (providers or ["email"])[0],
            "providers": providers or ["email"],
            **user.app_metadata,
        },
        "user_metadata": user.user_metadata,
        "identities": identities,
        "created_at": time_of(user.created_at),
        "updated_at": time_of(user.updated_at),
        "is_anonymous": False,
    }
    for name in TIMES:
        if getattr(user, name):
            shape[name] = time_of(getattr(user, name))
    if user.email_confirmed_at:
        shape["confirmed_at"] = shape["email_confirmed_at"]
    if user.last_login:
        shape["last_sign_in_at"] = time_of(user.last_login)
    if user.new_email:
        shape["new_email"] = user.new_email
    factors = [
        factor_shape(row)
        for row in user.authenticator_set.all()  # type: ignore[attr-defined]
        if row.type in FACTOR_TYPES
    ]
    if factors:
        shape["factors"] = factors
    return shape


FACTOR_TYPES = {Authenticator.Type.TOTP: "totp", Authenticator.Type.WEBAUTHN: "webauthn"}


def factor_id(row: Authenticator) -> UUID:
    """The id by which apps know a factor: kept with one they enrolled, made from the key of any other."""
    known = row.data.get("id")
    return UUID(known) if known else uuid5(NAMESPACE_URL, f"alajo:factor:{row.pk}")


def factor_shape(row: Authenticator) -> dict[str, Any]:
    shape = {
        "id": str(factor_id(row)),
        "created_at": time_of(row.created_at),
        "updated_at": time_of(row.last_used_at or row.created_at),
        "status": "verified",
        "friendly_name": row.data.get("name", ""),
        "factor_type": FACTOR_TYPES[Authenticator.Type(row.type)],
    }
    if row.last_used_at:
        shape["last_challenged_at"] = time_of(row.last_used_at)
    return shape


def identities_of(user: User) -> list[dict[str, Any]]:
    """The e-mail identity, when the person has a password or no linked account, and the linked accounts."""
    data = {
        "sub": str(user.id),
        "email": user.email,
        "email_verified": bool(user.email_confirmed_at),
        "phone_verified": False,
    }
    email = {
        "identity_id": str(uuid5(NAMESPACE_URL, f"alajo:identity:email:{user.id}")),
        "id": str(user.id),
        "user_id": str(user.id),
        "identity_data": data,
        "provider": "email",
        "last_sign_in_at": time_of(user.last_login or user.created_at),
        "created_at": time_of(user.created_at),
        "updated_at": time_of(user.updated_at),
        "email": user.email,
    }
    linked = [identity_shape(account, user) for account in user.socialaccount_set.all()]  # type: ignore[attr-defined]
    return [email, *linked] if user.has_usable_password() or not linked else linked


def identity_shape(account: SocialAccount, user: User) -> dict[str, Any]:
    return {
        "identity_id": str(uuid5(NAMESPACE_URL, f"alajo:identity:{account.pk}")),
        "id": account.uid,
        "user_id": str(user.id),
        "identity_data": {"sub": account.uid, **account.extra_data},
        "provider": account.provider,
        "last_sign_in_at": time_of(account.last_login),
        "created_at": time_of(account.date_joined),
        "updated_at": time_of(account.last_login),
        "email": str(account.extra_data.get("email", "")),
    }


def session_shape(*, user: User, session: Session, refresh_token: str, at: datetime) -> dict[str, Any]:
    """The Session object: a new access token, and the refresh token that was given."""
    return {
        "access_token": access_tokens.issue(user=user, session=session, at=at),
        "token_type": "bearer",
        "expires_in": settings.ACCESS_TOKEN_SECONDS,
        "expires_at": int(at.timestamp()) + settings.ACCESS_TOKEN_SECONDS,
        "refresh_token": refresh_token,
        "user": user_shape(user),
    }
