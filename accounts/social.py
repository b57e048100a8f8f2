"""Signing in with an account elsewhere: what we believe of what a provider says, and how a person comes of it.

A provider's word opens only the account it was linked to. A new person is made of it when it vouches for the e-mail
address and nobody here has that address; otherwise the way leads over logging in here and linking.
"""

import logging
import secrets
from typing import Any

from allauth.account.internal.userkit import filter_users_by_email
from allauth.account.models import EmailAddress
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.core.internal.ratelimit import respond_429
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter, _build_apps_from_settings
from allauth.socialaccount.helpers import render_authentication_error
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialLogin
from allauth.socialaccount.providers.base import AuthProcess, Provider, ProviderException
from allauth.socialaccount.providers.github.provider import GitHubProvider
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.oauth2.provider import OAuth2Provider
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from allauth.socialaccount.signals import social_account_added
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from requests import RequestException

from accounts import audit, referral_links
from accounts.forms import shown_as_written
from accounts.models import User
from accounts.services import EmailTaken, register
from accounts.services.sign_up import NAMELESS
from core.actors import acting_as_service
from core.api.ratelimit import count
from core.middleware import client_ip

logger = logging.getLogger(__name__)

# What is kept of what a provider says.
CLAIMS = ("sub", "iss", "name", "given_name", "family_name", "email", "email_verified", "picture", "locale")
NAME_LENGTH = 80
# Each way out asks the provider something.
LIMIT = "30/5minutes"


class Outward(OAuth2Provider):
    """Takes scopes and parameters from the settings alone; counted, and calm when a provider does not answer."""

    def get_redirect_from_request_kwargs(self, request: HttpRequest) -> dict[str, Any]:
        return dict(super(OAuth2Provider, self).get_redirect_from_request_kwargs(request))

    def redirect(
        self, request: HttpRequest, process: str, next_url: str | None = None, data: Any = None, **kwargs: Any
    ) -> HttpResponse:
        hit = count("social", LIMIT, f"ip:{client_ip(request)}")
        if hit is not None and not hit.allowed:
            refusal: HttpResponse = respond_429(request)
            return refusal
        try:
            answer: HttpResponse = super().redirect(request, process, next_url, data, **kwargs)
        except (RequestException, KeyError) as error:
            answer = render_authentication_error(request, self, exception=error)
        return answer


class GitHub(Outward, GitHubProvider):
    def extract_extra_data(self, data: dict[str, Any]) -> dict[str, Any]:
        kept = {name: data[name] for name in ("login", "name", "html_url") if data.get(name)}
        return {**kept, "picture": data.get("avatar_url") or "", "email": data.get("email") or ""}


class OpenId(Outward, OpenIDConnectProvider):
    """allauth's OpenID Connect with a nonce, and only the claims we use kept."""

    def redirect(
        self, request: HttpRequest, process: str, next_url: str | None = None, data: Any = None, **kwargs: Any
    ) -> HttpResponse:
        if self.app.settings.get("nonce", True):
            nonce = secrets.token_urlsafe(24)
            kwargs |= {"nonce": nonce, "auth_params": {**self.get_auth_params(), "nonce": nonce}}
        return super().redirect(request, process, next_url, data, **kwargs)

    def sociallogin_from_response(self, request: HttpRequest, response: dict[str, Any]) -> SocialLogin:
        told, vouched = response.get("userinfo") or {}, response.get("id_token") or {}
        subjects = [claims.get("sub") for claims in (told, vouched) if claims]
        first = subjects[0] if subjects else None
        if not isinstance(first, str) or not first or any(subject != first for subject in subjects):
            raise ProviderException("the token and the profile name no one subject")
        login = super().sociallogin_from_response(request, response)
        login.nonce = vouched.get("nonce")
        return login

    def extract_extra_data(self, data: dict[str, Any]) -> dict[str, Any]:
        said = {**(data.get("id_token") or {}), **(data.get("userinfo") or {})}
        return {name: said[name] for name in CLAIMS if name in said}


class SocialAdapter(DefaultSocialAccountAdapter):
    def list_apps(
        self, request: HttpRequest | None, provider: str | None = None, client_id: str | None = None
    ) -> list[SocialApp]:
        """The settings say who is asked, no row does."""
        found = _build_apps_from_settings(provider=provider, client_id=client_id)
        return [app for apps in found.values() for app in apps]

    def list_providers(self, request: HttpRequest) -> list[Provider]:
        return [_ours(provider) for provider in super().list_providers(request)]

    def get_provider(self, request: HttpRequest, provider: str, client_id: str | None = None) -> Provider:
        return _ours(super().get_provider(request, provider, client_id))

    def populate_user(self, request: HttpRequest, sociallogin: SocialLogin, data: dict[str, Any]) -> User:
        sociallogin.email_addresses = _vouched_for(sociallogin)
        user: User = sociallogin.user
        user.email = sociallogin.email_addresses[0].email if sociallogin.email_addresses else ""
        return user

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        check_nonce(sociallogin)
        if sociallogin.state.get("process") == AuthProcess.LOGIN and not sociallogin.is_existing:
            refuse_unless_new(request, sociallogin)

    def save_user(self, request: HttpRequest, sociallogin: SocialLogin, form: Any = None) -> User:
        try:
            return sign_up(request, sociallogin)
        except EmailTaken:
            raise ImmediateHttpResponse(_to_log_in(request, sociallogin)) from None

    def on_authentication_error(
        self,
        request: HttpRequest,
        provider: Provider,
        error: Any = None,
        exception: Exception | None = None,
        extra_context: dict[str, Any] | None = None,
    ) -> None:
        logger.warning("sign-in with %s failed: %s %s", provider.sub_id, error, type(exception).__name__)


def check_nonce(sociallogin: SocialLogin) -> None:
    """The token was made for this very attempt. Raises OAuth2Error."""
    wanted = sociallogin.state.get("nonce")
    given = str(getattr(sociallogin, "nonce", None))
    if wanted and not secrets.compare_digest(given.encode(), wanted.encode()):
        raise OAuth2Error("the token's nonce is another")


def refuse_unless_new(request: HttpRequest, sociallogin: SocialLogin) -> None:
    """Send on whom no account can be made for: raises ImmediateHttpResponse.

    That an address is taken is told only to somebody whom the provider calls its owner.
    """
    if not sociallogin.email_addresses:
        messages.info(
            request,
            _(
                "%(provider)s did not confirm your e-mail address to us. Create an account here with any address, "
                "then link %(provider)s to it; from then on it logs you in."
            )
            % {"provider": sociallogin.provider.name},
        )
        raise ImmediateHttpResponse(redirect("account_signup"))
    if is_taken(sociallogin):
        raise ImmediateHttpResponse(_to_log_in(request, sociallogin))


def is_taken(sociallogin: SocialLogin) -> bool:
    """Whether somebody here has the address that the provider vouches for."""
    return bool(filter_users_by_email(sociallogin.email_addresses[0].email))


def sign_up(request: HttpRequest, sociallogin: SocialLogin) -> User:
    """Make a person of what the provider says; raises EmailTaken."""
    user: User = sociallogin.user
    user.set_unusable_password()
    user.email_confirmed_at = timezone.now()
    claims = sociallogin.account.extra_data
    name = shown_name(claims)
    user.user_metadata = {
        "name": name,
        "full_name": name,
        "email": user.email,
        "email_verified": True,
        "provider_id": sociallogin.account.uid,
        "sub": sociallogin.account.uid,
        **({"avatar_url": claims["picture"], "picture": claims["picture"]} if claims.get("picture") else {}),
    }
    with acting_as_service():
        register(user=user, display_name=name, referral_code=referral_links.code_kept(request))
        sociallogin.save(request)
        _record(sociallogin.account, user)
    return user


def shown_name(claims: dict[str, Any]) -> str:
    """A name as our own form would take it; else a neutral one."""
    parts = [claims.get("given_name"), claims.get("family_name")]
    for name in (claims.get("name"), " ".join(str(part) for part in parts if part), claims.get("login")):
        text = " ".join(str(name or "").split())[:NAME_LENGTH].strip()
        try:
            shown_as_written(text)
        except ValidationError:
            continue
        return text
    return str(NAMELESS)


@receiver(social_account_added, dispatch_uid="accounts.social.linked")
def linked(sociallogin: SocialLogin, **_kwargs: Any) -> None:
    _record(sociallogin.account, sociallogin.user)


def _record(account: SocialAccount, user: User) -> None:
    audit.record(
        action="accounts.identity.linked", target=account, actor_id=user.pk, provider=account.provider
    )


def _ours(provider: Provider) -> Provider:
    if isinstance(provider, OpenIDConnectProvider):
        return OpenId(provider.request, app=provider.app)
    return GitHub(provider.request, app=provider.app) if isinstance(provider, GitHubProvider) else provider


def _vouched_for(sociallogin: SocialLogin) -> list[EmailAddress]:
    """The main address, if the provider confirmed it and is one whose word on that counts."""
    if not sociallogin.provider.app.settings.get("trusts_email", True):
        return []
    confirmed = [
        address for address in sociallogin.email_addresses if address.verified in (True, "true", "True")
    ]
    for address in confirmed[:1]:
        return [EmailAddress(email=address.email.lower(), verified=True, primary=True)]
    return []


def _to_log_in(request: HttpRequest, sociallogin: SocialLogin) -> HttpResponse:
    messages.info(
        request,
        _(
            "There is an account with your e-mail address already. Log in to it, then link %(provider)s under "
            "“Ways to log in”."
        )
        % {"provider": sociallogin.provider.name},
    )
    return redirect("account_login")
