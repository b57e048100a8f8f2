"""PKCE: whoever asked for a sign-in, and nobody who reads its answer on the way, can change it for a session."""

import base64
import hashlib
import hmac
import re
import secrets
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.models import FlowState, User
from core.actors import acting_as_service
from core.encryption import blind_index
from core.errors import DomainError

LIFE = timedelta(minutes=5)
CHALLENGE = re.compile(r"[A-Za-z0-9._~-]{43,128}")


class BadChallenge(DomainError):
    code = "validation_failed"
    message = _("PKCE flow requires code_challenge_method and code_challenge")


class FlowNotFound(DomainError):
    code = "flow_state_not_found"
    kind = "not_found"
    message = _("invalid flow state, no valid flow state found")


class FlowExpired(DomainError):
    code = "flow_state_expired"
    message = _("invalid flow state, flow state has expired")


class WrongVerifier(DomainError):
    code = "bad_code_verifier"
    message = _("code challenge does not match previously saved code verifier")


def checked(*, code_challenge: str, code_challenge_method: str) -> tuple[str, str]:
    """Return a challenge and its method as we keep them, both empty where none is asked for; raises BadChallenge."""
    method = code_challenge_method.lower()
    if not code_challenge and not method:
        return "", ""
    if method not in FlowState.Challenge.values:
        raise BadChallenge(_("code_challenge_method must be s256 or plain, with a code_challenge"))
    if not CHALLENGE.fullmatch(code_challenge):
        raise BadChallenge(_("code challenge must be 43 to 128 letters, digits or one of . _ ~ -"))
    return code_challenge, method


def open_flow(
    *,
    code_challenge: str,
    code_challenge_method: str,
    redirect_to: str,
    purpose: str,
    at: datetime,
    linking: dict[str, Any] | None = None,
) -> FlowState:
    """Keep the challenge of an app that begins a sign-in, and what it would link; raises BadChallenge."""
    challenge, method = checked(code_challenge=code_challenge, code_challenge_method=code_challenge_method)
    if not challenge:
        raise BadChallenge
    with acting_as_service():
        return FlowState.objects.create(
            code_challenge=challenge,
            code_challenge_method=method,
            redirect_to=redirect_to,
            purpose=purpose,
            linking=linking,
            created_at=at,
            expires_at=at + LIFE,
        )


def grant(*, flow: FlowState, user: User, method: str, provider: str, at: datetime) -> str:
    """Return the code that stands for this person's sign-in, once; raises FlowNotFound, FlowExpired."""
    code = secrets.token_urlsafe(32)
    with acting_as_service():
        flow = _locked(pk=flow.pk)
        if flow.auth_code_digest:
            raise FlowNotFound
        if flow.expires_at <= at:
            raise FlowExpired
        flow.user, flow.method, flow.provider = user, method, provider
        flow.auth_code_digest, flow.expires_at = _digest(code), at + LIFE
        flow.save(update_fields=["user", "method", "provider", "auth_code_digest", "expires_at"])
    return code


def exchange(*, auth_code: str, code_verifier: str, at: datetime) -> tuple[FlowState, User]:
    """Return a granted sign-in, now used up, and its person.

    Raises FlowNotFound (also for a code that was used), FlowExpired, WrongVerifier.
    """
    with acting_as_service():
        flow = _locked(auth_code_digest=_digest(auth_code))
        if flow.used_at or flow.user is None:
            raise FlowNotFound
        if flow.expires_at <= at:
            raise FlowExpired
        if not _answers(flow, code_verifier):
            raise WrongVerifier
        # What was to be linked is known to the caller now, and kept no longer.
        FlowState.objects.filter(pk=flow.pk).update(used_at=at, linking=None)
        return flow, flow.user


def _locked(**lookup: object) -> FlowState:
    flow = FlowState.objects.select_for_update(of=("self",)).select_related("user").filter(**lookup).first()
    if flow is None:
        raise FlowNotFound
    return flow


def _answers(flow: FlowState, verifier: str) -> bool:
    if not CHALLENGE.fullmatch(verifier):
        return False
    answer = verifier
    if flow.code_challenge_method == FlowState.Challenge.S256:
        digest = hashlib.sha256(verifier.encode()).digest()
        answer = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    return hmac.compare_digest(answer, flow.code_challenge)


def _digest(auth_code: str) -> str:
    return blind_index(auth_code, purpose="auth-code")
