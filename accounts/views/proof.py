"""Proving a second factor: at log-in, and before something sensitive, to go on with it."""

from typing import Any

from allauth.account.utils import get_next_redirect_url
from allauth.mfa.base.views import AuthenticateView, ReauthenticateView
from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from allauth.mfa.webauthn.views import ReauthenticateWebAuthnView
from django.contrib import messages
from django.forms import Form
from django.http import HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from accounts import step_up
from accounts.requests import PersonRequest
from core.actors import acting_as_service, outside_transaction


class AtLogIn(AuthenticateView):
    """After the password: a code, or a passkey. Who has no app is asked for the passkey first."""

    def form_invalid(self, form: Form) -> HttpResponseBase:
        answer: HttpResponse = self.render_to_response(self.get_context_data(), status=422)
        return answer

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        user = self.stage.login.user
        kinds = {
            "has_app": is_mfa_enabled(user, [Authenticator.Type.TOTP]),
            "has_passkey": is_mfa_enabled(user, [Authenticator.Type.WEBAUTHN]),
        }
        return {**super().get_context_data(**kwargs), **kinds}


at_log_in = AtLogIn.as_view()


class ByCode(ReauthenticateView):
    request: PersonRequest

    def form_valid(self, form: Form) -> HttpResponseBase:
        form.save()  # type: ignore[attr-defined]
        self.request.proven = True  # type: ignore[attr-defined]
        return HttpResponseRedirect(self.get_success_url())

    def form_invalid(self, form: Form) -> HttpResponseBase:
        answer: HttpResponse = self.render_to_response(self.get_context_data(form=form), status=422)
        return answer


class ByPasskey(ReauthenticateWebAuthnView):
    request: PersonRequest

    def form_valid(self, form: Form) -> HttpResponseBase:
        form.save()  # type: ignore[attr-defined]
        self.request.proven = True  # type: ignore[attr-defined]
        return HttpResponseRedirect(self.get_success_url())

    def form_invalid(self, form: Form) -> HttpResponseBase:
        for error in form.errors.get("credential", []):
            messages.error(self.request, str(error))
        answer: HttpResponse = self.render_to_response(self.get_context_data(form=form), status=422)
        return answer


@outside_transaction
@never_cache
def by_code(request: PersonRequest) -> HttpResponseBase:
    return _prove(ByCode.as_view(), request)


@outside_transaction
@never_cache
def by_passkey(request: PersonRequest) -> HttpResponseBase:
    return _prove(ByPasskey.as_view(), request)


@outside_transaction
@never_cache
@require_POST
def go_on(request: PersonRequest) -> HttpResponseBase:
    """A factor is set up: send the form that waited for it."""
    waiting = step_up.waiting(request)
    to = waiting.path if waiting else reverse("mfa_index")
    step_up.forget(request)
    answer = step_up.go_on(request, to=to)
    if answer is None:
        messages.warning(request, _("What you had entered is not kept any more. Please enter it again."))
        return redirect(to)
    return answer


def _prove(view: Any, request: PersonRequest) -> HttpResponseBase:
    """The proof commits first, as the service; then what was asked for runs as its own address calls for."""
    with acting_as_service():
        response: HttpResponse = view(request)
        if hasattr(response, "render"):
            response.render()
    if getattr(request, "proven", False):
        return step_up.go_on(request, to=get_next_redirect_url(request) or "") or response
    return response
