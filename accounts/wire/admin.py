"""The admin API: for servers that hold the service key. It serves customers; our own staff are no part of it."""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from allauth.mfa.models import Authenticator
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import access_tokens, audit
from accounts.models import AuditEvent, User
from accounts.redirects import allowed
from accounts.services import EmailTaken, addresses, administration, codes, metadata
from accounts.services.codes import Purpose
from accounts.services.sign_up import join
from accounts.wire import shapes
from accounts.wire.base import WireView, as_uuid
from accounts.wire.codes import mail_only
from accounts.wire.errors import WireError, validation_failed
from accounts.wire.names import fit_name_in
from accounts.wire.shapes import FACTOR_TYPES, factor_shape, time_of, user_shape
from accounts.wire.sign_in import MAX_PASSWORD, MIN_PASSWORD, email_of

MOST_A_PAGE = 1000


class ServiceView(WireView):
    """Asks for the service key as the bearer: no person's token and no app's public key will do."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        scheme, _space, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise WireError(401, "no_authorization", "This endpoint requires a valid Bearer token")
        try:
            claims = access_tokens.read(token.strip())
        except access_tokens.BadToken as error:
            raise WireError(403, "bad_jwt", f"invalid JWT: {error.reason}") from None
        if claims["role"] != "service_role":
            raise WireError(403, "not_admin", "User not allowed")

    def customer(self, user_id: str) -> User:
        """Raises WireError."""
        if as_uuid(user_id) is None:
            raise WireError(404, "validation_failed", "user_id must be an UUID")
        user = administration.customers().filter(pk=user_id).first()
        if user is None:
            raise WireError(404, "user_not_found", "User not found")
        return user

    def page(self, request: Request) -> tuple[int, int]:
        """Which page, and how many on one. Raises WireError."""
        try:
            page = int(request.query_params.get("page") or 1)
            size = int(request.query_params.get("per_page") or 50)
        except ValueError as error:
            raise validation_failed(f"Bad Pagination Parameters: {error}") from None
        if not 1 <= page <= 10_000_000 or not 1 <= size <= MOST_A_PAGE:
            raise validation_failed(
                f"Bad Pagination Parameters: page from 1, per_page from 1 to {MOST_A_PAGE}"
            )
        return page, size

    def page_headers(
        self, request: Request, page: int, size: int, total: int, kept: dict[str, str]
    ) -> dict[str, str]:
        """How many rows there are, and where the next and the last page are."""
        last = max(1, -(-total // size))
        links = [("next", page + 1)] if page < last else []
        shown = [
            f'<{request.path}?{urlencode({"page": number, "per_page": size, **kept})}>; rel="{name}"'
            for name, number in [*links, ("last", last)]
        ]
        return {"X-Total-Count": str(total), "Link": ", ".join(shown)}


class Users(ServiceView):
    def get(self, request: Request) -> Response:
        page, size = self.page(request)
        people = administration.customers()
        sought = request.query_params.get("filter", "").strip()
        if sought:
            people = people.filter(Q(email__icontains=sought) | Q(profile__display_name__icontains=sought))
        rows = people.order_by("-created_at", "-id")[(page - 1) * size : page * size]
        rows = rows.prefetch_related("socialaccount_set", "authenticator_set")
        kept = {"filter": sought} if sought else {}
        headers = self.page_headers(request, page, size, people.count(), kept)
        body = {"users": [user_shape(user) for user in rows], "aud": access_tokens.AUDIENCE}
        return Response(body, headers=headers)

    def post(self, request: Request) -> Response:
        body = mail_only(self.body())
        if "email" not in body:
            raise validation_failed("Cannot create a user without either an email or phone")
        email, wanted = email_of(self.text(body, "email")), _changes(self, body)
        wanted.pop("email", None)
        if addresses.is_taken(email=email):
            raise addresses.AddressTaken
        with transaction.atomic():
            user = _joined(email, wanted.pop("user_metadata", None) or {}, id=self.new_id(body))
            user = administration.change(user=user, at=timezone.now(), **wanted)
        return Response(user_shape(user))

    def new_id(self, body: dict[str, Any]) -> UUID | None:
        """The id that the caller chose for somebody new. Raises WireError."""
        text = self.text(body, "id")
        chosen = as_uuid(text)
        if text and (chosen is None or User.objects.filter(pk=chosen).exists()):
            raise validation_failed("id must be an UUID that nobody has")
        return chosen


class OneUser(ServiceView):
    def get(self, request: Request, user_id: str) -> Response:
        return Response(user_shape(self.customer(user_id)))

    def put(self, request: Request, user_id: str) -> Response:
        user = self.customer(user_id)
        wanted = _changes(self, mail_only(self.body()))
        return Response(user_shape(administration.change(user=user, at=timezone.now(), **wanted)))

    def delete(self, request: Request, user_id: str) -> Response:
        user = self.customer(user_id)
        keep = _flag(self.body(), "should_soft_delete")
        administration.remove(user=user, at=timezone.now(), keep=keep)
        return Response({})


class Factors(ServiceView):
    def get(self, request: Request, user_id: str) -> Response:
        rows = Authenticator.objects.filter(user=self.customer(user_id), type__in=FACTOR_TYPES)
        return Response([factor_shape(row) for row in rows.order_by("pk")])


class OneFactor(ServiceView):
    def delete(self, request: Request, user_id: str, factor_id: str) -> Response:
        user = self.customer(user_id)
        rows = Authenticator.objects.filter(user=user, type__in=FACTOR_TYPES)
        row = next((row for row in rows if str(shapes.factor_id(row)) == factor_id.lower()), None)
        if row is None:
            raise WireError(404, "mfa_factor_not_found", "Factor not found")
        shape = factor_shape(row)
        administration.remove_factor(user=user, factor=row)
        return Response(shape)


class Invite(ServiceView):
    def post(self, request: Request) -> Response:
        body, at = mail_only(self.body()), timezone.now()
        email, data = email_of(self.text(body, "email")), metadata.given(body.get("data", {}))
        redirect_to = allowed(request.query_params.get("redirect_to", ""))
        with transaction.atomic():
            user = _newcomer(email, data)
            codes.send_code(user=user, purpose=Purpose.INVITE, at=at, redirect_to=redirect_to)
            audit.record(action="accounts.user.invited", target=user)
        return Response(user_shape(user))


class GenerateLink(ServiceView):
    """A code and a link that the caller delivers: nothing is mailed."""

    def post(self, request: Request) -> Response:
        body, at = mail_only(self.body()), timezone.now()
        kind, email = self.text(body, "type"), email_of(self.text(body, "email"))
        redirect_to = allowed(request.query_params.get("redirect_to", "") or self.text(body, "redirect_to"))
        if kind not in Purpose.values or kind == Purpose.REAUTHENTICATION:
            raise validation_failed(f"Invalid email action link type requested: {kind[:40]}")
        new_email = email_of(self.text(body, "new_email")) if kind.startswith("email_change") else ""
        user = self._person(kind, email, body)
        if new_email and addresses.is_taken(email=new_email, but_by=user):
            raise addresses.AddressTaken
        made = codes.make_code(user=user, purpose=kind, at=at, redirect_to=redirect_to, new_email=new_email)
        audit.record(action="accounts.link.generated", target=user, purpose=kind)
        link = {
            "action_link": made.link,
            "email_otp": made.code,
            "hashed_token": made.token,
            "verification_type": kind,
            "redirect_to": redirect_to,
        }
        return Response({**user_shape(user), **link})

    def _person(self, kind: str, email: str, body: dict[str, Any]) -> User:
        data = metadata.given(body.get("data", {}))
        if kind == Purpose.INVITE:
            return _newcomer(email, data)
        if kind == Purpose.SIGNUP:
            return _newcomer(email, data, password=_password(self.text(body, "password")))
        user = administration.customers().filter(email=email).first()
        if user is None and kind == Purpose.MAGICLINK:
            return _newcomer(email, data)
        if user is None:
            raise WireError(404, "user_not_found", "User with this email not found")
        return user


class Trail(ServiceView):
    """The trail of people and their sign-ins, newest first."""

    def get(self, request: Request) -> Response:
        page, size = self.page(request)
        events = AuditEvent.objects.filter(action__startswith="accounts.").order_by("-id")
        return Response(
            [
                {
                    "id": str(event.id),
                    "payload": {
                        "action": event.action,
                        "actor_id": str(event.actor_id) if event.actor_id else None,
                        "actor_role": event.actor_role,
                        "target": [event.target_type, event.target_id],
                        "traits": event.data,
                    },
                    "ip_address": event.ip or "",
                    "created_at": time_of(event.recorded_at),
                }
                for event in events[(page - 1) * size : page * size]
            ]
        )


def _newcomer(email: str, data: dict[str, Any], *, password: str | None = None) -> User:
    """Somebody new, or who was asked before and has not answered yet. Raises AddressTaken."""
    user = administration.customers().filter(email=email, deleted_at=None, email_confirmed_at=None).first()
    if user is None:
        if addresses.is_taken(email=email):
            raise addresses.AddressTaken
        user = _joined(email, data)
    if password is None and not data:
        return user
    return administration.change(user=user, at=timezone.now(), password=password, user_metadata=data)


def _joined(email: str, data: dict[str, Any], *, id: UUID | None = None) -> User:
    try:
        return join(email=email, display_name=fit_name_in(data), metadata=data, by_service=True, id=id)
    except EmailTaken:
        raise addresses.AddressTaken from None


def _changes(view: ServiceView, body: dict[str, Any]) -> dict[str, Any]:
    """What a body asks to change, as `administration.change` takes it. What is not named here is nobody's to set."""
    if body.get("role", "authenticated") not in ("", "authenticated"):
        raise validation_failed("role must be authenticated")
    if "password" in body and body.get("password_hash"):
        raise validation_failed("Only a password or a password hash should be provided")
    changes: dict[str, Any] = {
        "password_hash": view.text(body, "password_hash"),
        "ban_duration": view.text(body, "ban_duration"),
        "confirm_email": _flag(body, "email_confirm"),
    }
    if "password" in body:
        changes["password"] = _password(view.text(body, "password"))
    if "email" in body:
        changes["email"] = email_of(view.text(body, "email"))
    for name in ("user_metadata", "app_metadata"):
        if name in body:
            changes[name] = metadata.given(body[name])
    return changes


def _password(text: str) -> str:
    """Raises WireError."""
    if len(text) < MIN_PASSWORD or len(text.encode()) > MAX_PASSWORD:
        words = f"Password should be at least {MIN_PASSWORD} characters and at most {MAX_PASSWORD} bytes."
        raise WireError(422, "weak_password", words, weak_password={"reasons": ["length"]})
    return text


def _flag(body: dict[str, Any], name: str) -> bool:
    value = body.get(name, False)
    if not isinstance(value, bool):
        raise validation_failed(f"{name} must be true or false")
    return value
