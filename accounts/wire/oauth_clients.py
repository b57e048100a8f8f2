"""Apps of third parties, registered and looked after with the service key, in the names of RFC 7591."""

from typing import Any

from allauth.idp.oidc.models import Client
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import access_tokens
from accounts.idp.adapter import ABOUT_A_PERSON, scopes
from accounts.services import apps
from accounts.wire.admin import ServiceView
from accounts.wire.errors import WireError, validation_failed
from accounts.wire.shapes import time_of

LONGEST_NAME, MOST_REDIRECTS, LONGEST_REDIRECT = 100, 10, 2000
GRANTS = (Client.GrantType.AUTHORIZATION_CODE.value, Client.GrantType.REFRESH_TOKEN.value)
RESPONSES = (Client.ResponseType.CODE.value,)


class OAuthView(ServiceView):
    def app(self, id: str) -> Client:
        """Raises WireError."""
        found: Client | None = Client.objects.filter(pk=id).first()
        if found is None:
            raise WireError(404, "oauth_client_not_found", "OAuth client not found")
        return found

    def name(self, body: dict[str, Any], default: str = "") -> str:
        name = self.text(body, "client_name", default).strip()
        if not name or len(name) > LONGEST_NAME or not name.isprintable():
            raise validation_failed(f"client_name has 1 to {LONGEST_NAME} printable characters")
        return name

    def redirects(self, body: dict[str, Any], default: list[str]) -> list[str]:
        uris = body.get("redirect_uris", default)
        fits = isinstance(uris, list) and 0 < len(uris) <= MOST_REDIRECTS
        if not fits or not all(isinstance(uri, str) and len(uri) <= LONGEST_REDIRECT for uri in uris):
            raise validation_failed(f"redirect_uris has 1 to {MOST_REDIRECTS} addresses")
        return list(uris)

    def refuse_other_ways(self, body: dict[str, Any]) -> None:
        """There is one way for apps: a code, and a refresh token after it. Raises WireError."""
        for name, ours in (("grant_types", GRANTS), ("response_types", RESPONSES)):
            asked = body.get(name, list(ours))
            if not isinstance(asked, list) or any(one not in ours for one in asked):
                raise validation_failed(f"{name} may be {', '.join(ours)}")


class OAuthClients(OAuthView):
    def get(self, request: Request) -> Response:
        page, size = self.page(request)
        rows = Client.objects.order_by("-created_at", "-id")
        headers = self.page_headers(request, page, size, rows.count(), {})
        shown = [shape(row) for row in rows[(page - 1) * size : page * size]]
        return Response({"clients": shown, "aud": access_tokens.AUDIENCE}, headers=headers)

    def post(self, request: Request) -> Response:
        body = self.body()
        self.refuse_other_ways(body)
        method = self.text(body, "token_endpoint_auth_method", "client_secret_basic")
        if method not in Client.AuthenticationMethod.values:
            raise validation_failed("token_endpoint_auth_method is not known")
        wanted = self.text(body, "scope", " ".join(ABOUT_A_PERSON)).split()
        if not wanted or any(scope not in scopes() for scope in wanted):
            raise validation_failed("scope names one that there is not")
        made = apps.register(
            name=self.name(body),
            redirect_uris=self.redirects(body, []),
            scopes=list(dict.fromkeys(wanted)),
            public=method == Client.AuthenticationMethod.NONE,
        )
        return Response(shape(made.client, made.secret), status=201)


class OAuthClient(OAuthView):
    def get(self, request: Request, id: str) -> Response:
        return Response(shape(self.app(id)))

    def put(self, request: Request, id: str) -> Response:
        app, body = self.app(id), self.body()
        self.refuse_other_ways(body)
        name, redirects = self.name(body, app.name), self.redirects(body, app.get_redirect_uris())
        return Response(shape(apps.change(client=app, name=name, redirect_uris=redirects)))

    def delete(self, request: Request, id: str) -> Response:
        apps.remove(client=self.app(id))
        return Response(status=204)


class OAuthSecret(OAuthView):
    def post(self, request: Request, id: str) -> Response:
        made = apps.renew_secret(client=self.app(id))
        return Response(shape(made.client, made.secret))


def shape(app: Client, secret: str = "") -> dict[str, Any]:
    public = app.type == Client.Type.PUBLIC
    known = {
        "client_id": app.pk,
        "client_name": app.name,
        "client_type": str(app.type),
        "token_endpoint_auth_method": "none" if public else "client_secret_basic",
        "registration_type": "manual",
        "redirect_uris": app.get_redirect_uris(),
        "grant_types": app.get_grant_types(),
        "response_types": app.get_response_types(),
        "scope": " ".join(app.get_scopes()),
        "created_at": time_of(app.created_at),
        # Not kept: clients want one all the same.
        "updated_at": time_of(app.created_at),
    }
    return {**known, "client_secret": secret} if secret else known
