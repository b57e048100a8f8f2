"""Apps of third parties that act for a person: registered by us, let in by the person, shut out again at once."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit
from uuid import UUID

from allauth.idp.oidc.adapter import get_adapter
from allauth.idp.oidc.models import Client, Token
from django.conf import settings
from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext_lazy as _

from accounts import audit
from accounts.models import AppGrant, SpentAppToken, User
from core.actors import acting_as_service
from core.errors import DomainError
from core.ids import uuid7

REUSE_SECONDS = 10
LOOPBACK = ("127.0.0.1", "localhost", "::1")
SPENT_KEPT = timedelta(days=30)


class AppNotFound(DomainError):
    code = "app_not_found"
    kind = "not_found"
    message = _("This app has no access to your account.")


class BadRedirect(DomainError):
    """`uri` is the one."""

    code = "validation_failed"
    message = _("A redirect address is https, without a fragment or a wildcard.")
    public = ("uri",)


class NoSecret(DomainError):
    code = "validation_failed"
    message = _("A public app has no secret.")


class NotReady(DomainError):
    code = "oauth_server_not_configured"
    message = _("Set ALAJO_IDP_PRIVATE_KEY first: it signs what apps are told.")


@dataclass(frozen=True)
class Registered:
    client: Client
    secret: str


def register(
    *, name: str, redirect_uris: list[str], scopes: list[str], public: bool, actor_id: UUID | None = None
) -> Registered:
    """Register an app; its secret (none for a public one) can be read only now. Raises NotReady, BadRedirect."""
    if not settings.IDP_OIDC_PRIVATE_KEY:
        raise NotReady
    _check(redirect_uris)
    secret = "" if public else get_adapter().generate_client_secret()
    kind = Client.Type.PUBLIC if public else Client.Type.CONFIDENTIAL
    client = Client(id=str(uuid7()), name=name, type=kind)
    client.set_redirect_uris(redirect_uris)
    client.set_scopes(scopes)
    client.set_grant_types([Client.GrantType.AUTHORIZATION_CODE, Client.GrantType.REFRESH_TOKEN])
    client.set_response_types([Client.ResponseType.CODE])
    if secret:
        client.set_secret(secret)
    with acting_as_service():
        client.save(force_insert=True)
        audit.record(
            action="accounts.app.registered", target=client, actor_id=actor_id, name=name, scopes=scopes
        )
    return Registered(client, secret)


def change(*, client: Client, name: str, redirect_uris: list[str]) -> Client:
    """Give an app another name and other ways back; raises BadRedirect."""
    _check(redirect_uris)
    client.name = name
    client.set_redirect_uris(redirect_uris)
    with acting_as_service():
        client.save(update_fields=["name", "redirect_uris"])
        audit.record(action="accounts.app.changed", target=client, name=name)
    return client


def renew_secret(*, client: Client) -> Registered:
    """Give an app another secret, which can be read only now; the old one opens nothing. Raises NoSecret."""
    if client.type == Client.Type.PUBLIC:
        raise NoSecret
    secret = get_adapter().generate_client_secret()
    client.set_secret(secret)
    with acting_as_service():
        client.save(update_fields=["secret"])
        audit.record(action="accounts.app.secret_renewed", target=client)
    return Registered(client, secret)


def remove(*, client: Client) -> None:
    """Remove an app, and with it every token it holds of anybody."""
    with acting_as_service():
        audit.record(action="accounts.app.removed", target=client, name=client.name)
        client.delete()


def _check(redirect_uris: list[str]) -> None:
    """Ways back that nobody else can listen on."""
    for uri in redirect_uris:
        try:
            parts = urlsplit(uri)
            known = parts.hostname
        except ValueError:
            raise BadRedirect(uri=uri) from None
        secure = parts.scheme == "https" or (parts.scheme == "http" and known in LOOPBACK)
        if not secure or not known or parts.fragment or "*" in uri or "@" in parts.netloc or _blank(uri):
            raise BadRedirect(uri=uri)


def _blank(uri: str) -> bool:
    """A line break would make two addresses of one."""
    return any(letter.isspace() or not letter.isprintable() for letter in uri)


def let_in(*, user_id: UUID, client_id: str, scopes: list[str], at: datetime) -> AppGrant:
    """Note that a person let an app in, when it fetches its first tokens."""
    fresh = {"scopes": scopes, "granted_at": at, "revoked_at": None}
    with acting_as_service():
        grant, _made = AppGrant.objects.update_or_create(user_id=user_id, client_id=client_id, defaults=fresh)
        audit.record(
            action="accounts.app.let_in", target=grant, actor_id=user_id, app=client_id, scopes=scopes
        )
    return grant


def granted(*, user: User) -> list[AppGrant]:
    """The apps that hold a token of this person, latest first."""
    with acting_as_service():
        return list(_living().filter(user=user).select_related("client").order_by("-granted_at"))


def shut_out(*, user_id: UUID, client_id: str, reason: str, at: datetime) -> None:
    """End every token an app holds of a person; raises AppNotFound when it holds none."""
    with acting_as_service():
        grant = AppGrant.objects.select_for_update().filter(user_id=user_id, client_id=client_id).first()
        gone, _kinds = Token.objects.filter(user_id=user_id, client_id=client_id).delete()
        if grant is None or not gone:
            raise AppNotFound
        grant.revoked_at = at
        grant.save(update_fields=["revoked_at"])
        audit.record(
            action="accounts.app.shut_out", target=grant, actor_id=user_id, app=client_id, reason=reason
        )


def shut_out_all(*, user_id: UUID, reason: str, at: datetime) -> int:
    """End every token that any app holds of a person; return how many apps are out."""
    with acting_as_service():
        theirs = list(_living().filter(user=user_id).values_list("client_id", flat=True))
        for client_id in theirs:
            shut_out(user_id=user_id, client_id=client_id, reason=reason, at=at)
    return len(theirs)


def spend(*, digest: str, user_id: UUID, client_id: str, at: datetime) -> None:
    """Remember a refresh token that was just exchanged, for as long as it could have lived."""
    with acting_as_service():
        grant = AppGrant.objects.get(user_id=user_id, client_id=client_id)
        grant.spent_tokens.filter(spent_at__lt=at - SPENT_KEPT).delete()
        SpentAppToken.objects.create(digest=digest, grant=grant, spent_at=at)


def refuse_spent(*, digest: str, at: datetime) -> AppGrant | None:
    """Shut the app out whose spent refresh token this is, and return what it had been granted.

    An app that asks twice in a moment, because our answer was late, is only refused.
    """
    with acting_as_service():
        spent = SpentAppToken.objects.select_related("grant__client", "grant__user").filter(pk=digest).first()
        if spent is None or at - spent.spent_at < timedelta(seconds=REUSE_SECONDS):
            return None
        grant = spent.grant
        try:
            shut_out(user_id=grant.user_id, client_id=grant.client_id, reason="token_reused", at=at)
        except AppNotFound:
            return None
    return grant


def touch(*, grant: AppGrant, at: datetime) -> None:
    with acting_as_service():
        AppGrant.objects.filter(pk=grant.pk).update(last_used_at=at)


def _living() -> QuerySet[AppGrant]:
    theirs = Token.objects.valid().filter(user=OuterRef("user"), client=OuterRef("client"))
    return AppGrant.objects.filter(Exists(theirs), revoked_at=None)
