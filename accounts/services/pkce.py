"""PKCE: whoever asked for a sign-in, and nobody who reads its answer on the way, can change it for a session."""

import base64
import hashlib
import re
import secrets
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.cache import cache
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core.actors import acting_as_service
from core.errors import DomainError

CHALLENGE = re.compile(r"[A-Za-z0-9._~-]{43,128}")


class BadChallenge(DomainError):
    code = "validation_failed"
    message = _("PKCE flow requires code_challenge_method and code_challenge")


class FlowNotFound(DomainError):
    code = "flow_state_not_found"
    kind = "not_found"
    message = _("invalid flow state, no valid flow state found")


def checked(*, code_challenge: str, code_challenge_method: str) -> tuple[str, str]:
    """Return a challenge and its method as we keep them, both empty where none is asked for; raises BadChallenge."""
    method = code_challenge_method.lower()
    if not code_challenge and not method:
        return "", ""
    if method not in ("s256", "plain") or not CHALLENGE.fullmatch(code_challenge):
        raise BadChallenge
    return code_challenge, method


def open_flow(
    *, code_challenge: str, code_challenge_method: str, redirect_to: str, purpose: str, at: datetime
) -> Any:
    return checked(code_challenge=code_challenge, code_challenge_method=code_challenge_method)


def grant(*, flow: Any, user: User, method: str, provider: str, at: datetime) -> str:
    """Return the code that stands for this person's sign-in, once."""
    code = secrets.token_urlsafe(32)
    cache.set(f"pkce:{code}", (*flow, str(user.pk), method, provider), 300)
    return code


def exchange(*, auth_code: str, code_verifier: str, at: datetime) -> tuple[User, str, str]:
    """Return the person, method and provider of a granted sign-in; raises FlowNotFound."""
    found = cache.get(f"pkce:{auth_code}")
    digest = base64.urlsafe_b64encode(hashlib.sha256(code_verifier.encode()).digest()).rstrip(b"=").decode()
    if not found or {"s256": digest, "plain": code_verifier}[found[1]] != found[0]:
        raise FlowNotFound
    cache.delete(f"pkce:{auth_code}")
    with acting_as_service():
        return User.objects.get(pk=UUID(found[2])), found[3], found[4]
