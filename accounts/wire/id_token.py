"""`/token?grant_type=id_token`: in by an ID token that the app got from a provider on the device."""

from allauth.socialaccount.providers.base import ProviderException
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import id_tokens
from accounts.models import User
from accounts.social import OpenId
from accounts.wire.base import WireView, refuse_if_barred
from accounts.wire.elsewhere import link, person_of, provider_of, require_second_factor
from accounts.wire.errors import validation_failed
from accounts.wire.sign_in import Token, signed_in
from core.actors import acting_as_service, outside_transaction


class IdToken(WireView):
    """The provider is asked for its keys outside any transaction."""

    limit = "token"

    def post(self, request: Request) -> Response:
        body = self.body()
        name = self.text(body, "provider")
        token, nonce, access_token = (self.text(body, key) for key in ("id_token", "nonce", "access_token"))
        if not name or not token:
            raise validation_failed("provider and id_token required")
        provider = provider_of(request, name)
        if not isinstance(provider, OpenId):
            raise validation_failed(f"Provider {name} gives out no ID tokens")
        linking = body.get("link_identity", False)
        if not isinstance(linking, bool):
            raise validation_failed("link_identity must be true or false")
        owner = self._owner() if linking else None
        claims = id_tokens.read(provider=provider, token=token, nonce=nonce, access_token=access_token)
        try:
            login = provider.sociallogin_from_response(request._request, {"id_token": claims})
        except (ProviderException, KeyError, TypeError, ValueError):
            raise id_tokens.IdTokenRefused from None
        with acting_as_service():
            user = link(request, owner, login) if owner else person_of(request, login)
            refuse_if_barred(user)
            return Response(signed_in(user, method="oauth", provider=name))

    def _owner(self) -> User:
        with acting_as_service():
            user, session = self.person()
            require_second_factor(user, session)
        return user


_by_id_token = IdToken.as_view()
_by_ours = Token.as_view()


@csrf_exempt
@login_not_required
@outside_transaction
def token(request: HttpRequest) -> HttpResponse:
    """The one address of every grant: the others are ours alone to answer, in one transaction."""
    if request.GET.get("grant_type") == "id_token":
        by_id_token: HttpResponse = _by_id_token(request)
        return by_id_token
    with acting_as_service():
        answer: HttpResponse = _by_ours(request)
        return answer
