"""Second factors of apps: begun, asked, proven, removed. What was proven lies where our pages keep theirs."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, TypeAlias
from uuid import UUID

from allauth.account.adapter import get_adapter
from allauth.mfa.base.internal.flows import check_rate_limit
from allauth.mfa.models import Authenticator
from django.core.exceptions import ValidationError
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import passkeys, totp
from accounts.models import FactorChallenge, PendingFactor, Session, User
from accounts.services import factors, refresh, sessions
from accounts.views.factors import MAILS
from accounts.wire.base import WireView, as_uuid
from accounts.wire.errors import WireError, too_many, validation_failed
from accounts.wire.shapes import factor_id, session_shape
from core.middleware import client_ip

ANSWER_WITHIN = timedelta(seconds=300)
LONGEST_NAME = 64
NO_FACTOR = (404, "mfa_factor_not_found", "Factor not found")
NO_CHALLENGE = (404, "mfa_factor_not_found", "MFA factor with the provided challenge ID not found")

Factor: TypeAlias = Authenticator | PendingFactor


class FactorView(WireView):
    limit = "factor"

    def factor(self, user: User, id: str, at: datetime) -> Factor:
        """A person's own factor, proven or begun. Raises WireError."""
        wanted = as_uuid(id)
        if wanted is None:
            raise WireError(*NO_FACTOR)
        for row in factors.factors_of(user=user):
            if factor_id(row) == wanted:
                return row
        begun = PendingFactor.objects.select_related("user").filter(pk=wanted, user=user, expires_at__gt=at)
        found = begun.first()
        if found is None:
            raise WireError(*NO_FACTOR)
        return found

    def tell(self, mail: str, user: User) -> None:
        get_adapter(self.request._request).send_notification_mail(mail, user)


class Factors(FactorView):
    def post(self, request: Request) -> Response:
        user, session = self.person()
        body, at = self.body(), timezone.now()
        kind, name = self.text(body, "factor_type"), name_of(self.text(body, "friendly_name"))
        if kind not in PendingFactor.Kind.values:
            raise validation_failed("factor_type needs to be totp or webauthn")
        issuer = self.text(body, "issuer") or totp.ISSUER
        if len(issuer) > LONGEST_NAME or ":" in issuer or not issuer.isprintable():
            raise validation_failed(f"issuer has at most {LONGEST_NAME} printable characters and no colon")
        refuse_enrolment_unproven(user, session)
        pending = factors.begin(user=user, kind=kind, name=name, at=at)
        shape: dict[str, Any] = {"id": str(pending.pk), "type": kind, "friendly_name": name}
        if kind == PendingFactor.Kind.TOTP:
            secret = totp.open_sealed(pending.secret, user_id=user.pk)
            uri = totp.uri(secret, email=user.email, issuer=issuer)
            shape["totp"] = {"qr_code": totp.svg(uri), "secret": secret, "uri": uri}
        return Response(shape)


class One(FactorView):
    def delete(self, request: Request, id: str) -> Response:
        user, session = self.person()
        factor = self.factor(user, id, timezone.now())
        if isinstance(factor, PendingFactor):
            factor.delete()
        elif session.level != Session.Level.TWO:
            raise WireError(422, "insufficient_aal", "AAL2 required to unenroll verified factor")
        else:
            factors.remove(row=factor)
            self.tell(MAILS[Authenticator.Type(factor.type)][1], user)
        return Response({"id": id})


class Challenge(FactorView):
    def post(self, request: Request, id: str) -> Response:
        user, session = self.person()
        at = timezone.now()
        factor = self.factor(user, id, at)
        kind = kind_of(factor)
        FactorChallenge.objects.filter(session=session, expires_at__lte=at).delete()
        shape: dict[str, Any] = {}
        state: dict[str, Any] = {}
        if kind == PendingFactor.Kind.WEBAUTHN:
            self.refuse_other_sites(self.body())
            begun = isinstance(factor, PendingFactor)
            options, state = (passkeys.begin_making if begun else passkeys.begin_asking)(user)
            asked = {"type": "create" if begun else "request", "credential_options": options}
            shape["webauthn"] = asked
        challenge = FactorChallenge.objects.create(
            session=session,
            factor_id=id_of(factor),
            state=state,
            ip=client_ip(request._request),
            created_at=at,
            expires_at=at + ANSWER_WITHIN,
        )
        expires_at = int(challenge.expires_at.timestamp())
        return Response({"id": str(challenge.pk), "type": kind, "expires_at": expires_at, **shape})

    def refuse_other_sites(self, body: dict[str, Any]) -> None:
        """Refuse an app that would have a passkey made for, or used at, a site that is not ours. Raises WireError."""
        site = body.get("webauthn")
        if not isinstance(site, dict):
            raise validation_failed("webauthn needs rpId and rpOrigins")
        if site.get("rpId") != passkeys.host():
            raise validation_failed("rpId is not the host of this site")
        named = site.get("rpOrigins", passkeys.origins())
        if not isinstance(named, list) or not named or any(one not in passkeys.origins() for one in named):
            raise validation_failed("rpOrigins are not those of this site")


class Verify(FactorView):
    """The proof of a factor: it becomes one, its session reaches aal2 and goes on with new tokens."""

    def post(self, request: Request, id: str) -> Response:
        user, session = self.person()
        body, at = self.body(), timezone.now()
        factor = self.factor(user, id, at)
        challenge = self.challenge(session, factor, body, at)
        clear = self.count_try(user)
        if kind_of(factor) == PendingFactor.Kind.TOTP:
            row = self.by_code(factor, body, at)
        else:
            row = self.by_passkey(factor, body, challenge, at)
        clear()
        challenge.answered_at = at
        challenge.save(update_fields=["answered_at"])
        session = reach_two_factors(session, row, at)
        if isinstance(factor, PendingFactor):
            self.tell(MAILS[Authenticator.Type(row.type)][0], user)
        token = refresh.renew(session=session, at=at)
        user, _session = self.person()  # with the factor that is one now
        return Response(session_shape(user=user, session=session, refresh_token=token, at=at))

    def challenge(
        self, session: Session, factor: Factor, body: dict[str, Any], at: datetime
    ) -> FactorChallenge:
        """The question that is answered, put to this session and not answered yet, locked. Raises WireError."""
        wanted = as_uuid(self.text(body, "challenge_id"))
        if wanted is None:
            raise WireError(*NO_CHALLENGE)
        asked = FactorChallenge.objects.select_for_update().filter(
            pk=wanted, session=session, factor_id=id_of(factor), answered_at=None
        )
        found = asked.first()
        if found is None:
            raise WireError(*NO_CHALLENGE)
        if found.expires_at <= at:
            text = "MFA challenge {} has expired, verify against another challenge or create a new challenge."
            raise WireError(422, "mfa_challenge_expired", text.format(found.pk))
        if found.ip != client_ip(self.request._request):
            raise WireError(422, "mfa_ip_address_mismatch", "Challenge and verify IP addresses mismatch.")
        return found

    def count_try(self, user: User) -> Callable[[], None]:
        """Count a try on the person's account, as our pages do; return what forgets it. Raises WireError."""
        try:
            clear: Callable[[], None] = check_rate_limit(user)
        except ValidationError:
            raise too_many(300) from None
        return clear

    def by_code(self, factor: Factor, body: dict[str, Any], at: datetime) -> Authenticator:
        code = self.text(body, "code")
        if isinstance(factor, PendingFactor):
            return factors.confirm_app(pending=factor, code=code, at=at)
        if not factors.accept(row=factor, code=code, at=at):
            raise factors.WrongCode
        return factor

    def by_passkey(
        self, factor: Factor, body: dict[str, Any], challenge: FactorChallenge, at: datetime
    ) -> Authenticator:
        """A question to a passkey is used up by any answer, right or wrong."""
        answer = body.get("webauthn")
        if not isinstance(answer, dict):
            raise validation_failed("webauthn needs type and credential_response")
        credential = answer.get("credential_response")
        challenge.answered_at = at
        challenge.save(update_fields=["answered_at"])
        if isinstance(factor, PendingFactor):
            passkeys.finish_making(user=factor.user, state=challenge.state, credential=credential)
            return factors.add_passkey(
                user=factor.user, name=factor.name, credential=dict(credential or {}), pending=factor
            )
        row = passkeys.finish_asking(user=factor.user, state=challenge.state, credential=credential)
        if row.pk != factor.pk:
            raise passkeys.PasskeyRefused
        return row


def refuse_enrolment_unproven(user: User, session: Session) -> None:
    """Who has a factor proves it before there is another. Raises WireError."""
    if factors.factors_of(user=user) and session.level != Session.Level.TWO:
        raise WireError(403, "insufficient_aal", "AAL2 required to enroll a new factor")


def reach_two_factors(session: Session, row: Authenticator, at: datetime) -> Session:
    """Note the proof of a factor in its session; the person's weaker sessions end."""
    Authenticator.objects.filter(pk=row.pk).update(last_used_at=at)
    session = sessions.prove(session_id=session.pk, method=factors.METHODS[row.type], at=at)
    lower = Session.objects.filter(user_id=session.user_id, level=Session.Level.ONE).exclude(pk=session.pk)
    sessions.end_many(sessions=lower, reason=Session.Reason.FACTOR_CHANGED, at=at)
    return session


def name_of(text: str) -> str:
    """A factor's name in our form. Raises WireError."""
    name = text.strip()
    if len(name) > LONGEST_NAME or not name.isprintable():
        raise validation_failed(f"friendly_name has at most {LONGEST_NAME} printable characters")
    return name


def kind_of(factor: Factor) -> str:
    return str(factor.kind if isinstance(factor, PendingFactor) else factor.type)


def id_of(factor: Factor) -> UUID:
    return factor.pk if isinstance(factor, PendingFactor) else factor_id(factor)
