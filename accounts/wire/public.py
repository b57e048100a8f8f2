"""What anybody may ask: that we live, what is switched on, and by which keys our tokens are verified."""

from django.conf import settings
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import access_tokens
from accounts.services import identities
from accounts.wire.base import WireView

PROVIDERS = ("azure", "github", "google", "linkedin_oidc")


class Health(WireView):
    needs_key = False

    def get(self, request: Request) -> Response:
        return Response({"version": "v1", "name": "Alajo Auth", "description": "Sign-in for people and apps"})


class Settings(WireView):
    def get(self, request: Request) -> Response:
        external = {"email": True, "phone": False, "anonymous_users": False, **social_providers()}
        return Response(
            {
                "external": external,
                "disable_signup": False,
                "mailer_autoconfirm": False,
                "phone_autoconfirm": False,
                "sms_provider": "",
                "saml_enabled": False,
                "passkeys_enabled": True,
            }
        )


def social_providers() -> dict[str, bool]:
    """Which providers have their keys set, by the names that apps ask for them with."""
    offered = identities.offered()
    return {name: name in offered for name in PROVIDERS}


class Keys(WireView):
    needs_key = False

    def get(self, request: Request) -> Response:
        headers = {"Cache-Control": f"public, max-age={access_tokens.KEYS_FOR}"}
        return Response({"keys": access_tokens.jwks()}, headers=headers)


class Discovery(WireView):
    """Where those who verify our tokens find the issuer and its keys."""

    needs_key = False

    def get(self, request: Request) -> Response:
        return Response(
            {
                "issuer": settings.ACCESS_TOKEN_ISSUER,
                "jwks_uri": f"{settings.ACCESS_TOKEN_ISSUER}/.well-known/jwks.json",
                "userinfo_endpoint": f"{settings.ACCESS_TOKEN_ISSUER}/user",
                "response_types_supported": ["code"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": list(access_tokens.ASYMMETRIC),
            },
            headers={"Cache-Control": "public, max-age=600"},
        )
