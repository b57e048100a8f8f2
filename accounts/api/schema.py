"""How the API's document describes signing in."""

from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.module_loading import import_string
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "accounts.api.authentication.TokenAuthentication"
    name = "token"

    def get_security_requirement(self, auto_schema: AutoSchema) -> dict[str, list[str]]:
        scope = getattr(auto_schema.view, "required_scope", "")
        return {"token": [scope] if scope else []}

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:
        return {"type": "http", "scheme": "bearer", "description": "`Authorization: Bearer alj_dev_…`"}


class SessionScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "accounts.api.authentication.SessionAuthentication"
    name = "session"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:
        return {"type": "apiKey", "in": "cookie", "name": settings.SESSION_COOKIE_NAME}


class OAuthScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "accounts.api.oauth.OAuthAuthentication"
    name = "oauth"

    def get_security_requirement(self, auto_schema: AutoSchema) -> dict[str, list[str]]:
        scope = getattr(auto_schema.view, "required_scope", "")
        return {"oauth": [scope] if scope else []}

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:
        flow = {
            "authorizationUrl": reverse("idp:oidc:authorization"),
            "tokenUrl": reverse("idp:oidc:token"),
            "refreshUrl": reverse("idp:oidc:token"),
            "scopes": {name: str(words) for name, words in import_string(settings.API_SCOPES).items()},
        }
        return {
            "type": "oauth2",
            "description": "An app acting for a customer: authorization code with PKCE (S256).",
            "flows": {"authorizationCode": flow},
        }
