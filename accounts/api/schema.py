"""How the API's document describes signing in."""

from typing import Any

from django.urls import reverse
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema

from core.api.scopes import all_scopes


class KeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "accounts.api.authentication.ApiKeyAuthentication"
    name = "key"

    def get_security_requirement(self, auto_schema: AutoSchema) -> dict[str, list[str]]:
        scope = getattr(auto_schema.view, "required_scope", "")
        return {"key": [scope] if scope else []}

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:
        return {
            "type": "http",
            "scheme": "bearer",
            "description": "An organisation's key: `Authorization: Bearer alj_live_…` or `alj_test_…`",
        }


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "accounts.api.authentication.AccessTokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:
        return {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "JWT",
            "description": "A person's access token of `/auth/v1`. It has every scope.",
        }


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
            "scopes": {name: str(words) for name, words in all_scopes().items()},
        }
        return {
            "type": "oauth2",
            "description": "An app acting for a customer: authorization code with PKCE (S256).",
            "flows": {"authorizationCode": flow},
        }
