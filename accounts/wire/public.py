"""What anybody may ask: that we live, what is switched on, and by which keys our tokens are verified."""

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from accounts import access_tokens
from accounts.wire.base import WireView


class Health(WireView):
    needs_key = False

    def get(self, request: Request) -> Response:
        return Response({"version": "v1", "name": "Alajo Auth", "description": "Sign-in for people and apps"})


class Settings(WireView):
    def get(self, request: Request) -> Response:
        external: dict[str, Any] = {"email": True, "phone": False, "anonymous_users": False}
        return Response(
            {
                "external": external,
                "disable_signup": False,
                "mailer_autoconfirm": False,
                "phone_autoconfirm": False,
                "sms_provider": "",
                "saml_enabled": False,
                "passkeys_enabled": False,
            }
        )


class Keys(WireView):
    needs_key = False

    def get(self, request: Request) -> Response:
        headers = {"Cache-Control": f"public, max-age={access_tokens.KEYS_FOR}"}
        return Response({"keys": access_tokens.jwks()}, headers=headers)
