"""allauth's two doings outside a view, done by the right actor."""

import hashlib
from collections.abc import Callable
from typing import Any

from allauth.account.middleware import AccountMiddleware
from allauth.core.exceptions import ImmediateHttpResponse, ReauthenticationRequired
from allauth.usersessions.models import UserSession
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse

from core import middleware
from core.actors import acting_as_service

SEEN_FOR = 60


class DevicesMiddleware:
    """Keeps the list of a person's devices: at once for a new one, else once in `SEEN_FOR` seconds."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        known = request.session.session_key and request.user.is_authenticated
        if known and cache.add(_sight(request), 1, SEEN_FOR):
            with acting_as_service():
                UserSession.objects.create_from_request(request)
        return self.get_response(request)


def _sight(request: HttpRequest) -> str:
    seen = (request.session.session_key, middleware.client_ip(request), request.headers.get("User-Agent"))
    return "device:" + hashlib.sha256(repr(seen).encode()).hexdigest()


class ActorMiddleware(middleware.ActorMiddleware):
    """Puts an actor round every view, and gives the answers that allauth's views raise.

    Django offers an exception to `process_exception` only when it comes out of the view itself, and ours runs
    inside `process_view`. By then the view's transaction is rolled back: the answer gets one of its own.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        super().__init__(get_response)
        self.answer = AccountMiddleware(get_response).process_exception

    def process_view(
        self,
        request: HttpRequest,
        view: Callable[..., HttpResponse],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> HttpResponse | None:
        try:
            return super().process_view(request, view, args, kwargs)
        except (ImmediateHttpResponse, ReauthenticationRequired) as raised:
            with acting_as_service():
                answer: HttpResponse | None = self.answer(request, raised)
            return answer
