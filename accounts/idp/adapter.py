"""What apps are told of a person, and the words for what they may be given."""

from collections.abc import Iterable
from typing import Any

from allauth.idp.oidc.adapter import DefaultOIDCAdapter
from allauth.idp.oidc.models import Client
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core.api.scopes import all_scopes

ABOUT_A_PERSON = {
    "openid": _("Know you again when you come back"),
    "profile": _("See your name and handle"),
    "email": _("See your e-mail address"),
}


def scopes() -> dict[str, Any]:
    """Every scope there is, with its words: those about the person and those of the API."""
    return {**ABOUT_A_PERSON, **all_scopes()}


class Adapter(DefaultOIDCAdapter):
    @property
    def scope_display(self) -> dict[str, Any]:
        return scopes()

    def get_issuer(self) -> str:
        return str(settings.SITE_URL)

    def get_claims(
        self,
        purpose: str,
        user: User,
        client: Client,
        scopes: Iterable[str],
        email: str | None = None,
        **kwargs: Any,
    ) -> dict[str, Any]:
        asked = set(scopes)
        claims: dict[str, Any] = super().get_claims(
            purpose, user, client, asked - {"profile"}, email, **kwargs
        )
        profile = getattr(user, "profile", None)  # staff have none
        if "profile" in asked and profile is not None:
            claims |= {"name": profile.display_name, "preferred_username": profile.handle}
        return claims

    def populate_server_metadata(self, data: dict[str, Any]) -> None:
        data |= {
            "scopes_supported": list(scopes()),
            "response_types_supported": [Client.ResponseType.CODE.value],
            "grant_types_supported": [
                Client.GrantType.AUTHORIZATION_CODE.value,
                Client.GrantType.REFRESH_TOKEN.value,
            ],
        }
