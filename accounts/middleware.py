"""What stands between allauth and our actors, and keeps sign-ins seen."""

import hashlib
from collections.abc import Callable
from typing import Any
from uuid import UUID

from allauth.account.middleware import AccountMiddleware
from allauth.core.exceptions import ImmediateHttpResponse, ReauthenticationRequired
from django.conf import settings
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.contrib.sessions import middleware as sessions_middleware
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from redis.exceptions import RedisError

from accounts import api_keys
from accounts.browser import sign_in_of
from accounts.services import sessions
from core import middleware
from core.actors import acting_as_service, from_origin

SEEN_FOR = 60
WITHOUT_SESSION = ("/api/v1/",)


class SessionMiddleware(sessions_middleware.SessionMiddleware):
    """A request to the API carries no session, whatever cookie a browser sends along: nothing looks for one."""

    def process_request(self, request: HttpRequest) -> None:
        if request.path.startswith(WITHOUT_SESSION):
            request.COOKIES.pop(settings.SESSION_COOKIE_NAME, None)
        super().process_request(request)


class LoginMiddleware(LoginRequiredMiddleware):
    """Asks everyone to log in; refuses a part of a page that asks by itself, which would become the log-in page."""

    def handle_no_permission(self, request: HttpRequest, view_func: Callable[..., Any]) -> Any:
        if request.headers.get("HX-Request") and not request.headers.get("HX-Boosted"):
            return HttpResponse(status=401)
        return super().handle_no_permission(request, view_func)


class RefusedFormMiddleware:
    """A form of allauth's that comes back with errors says so in its status, as ours do."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_template_response(self, request: HttpRequest, response: TemplateResponse) -> TemplateResponse:
        form = (response.context_data or {}).get("form")
        if request.method == "POST" and response.status_code == 200 and getattr(form, "errors", None):
            response.status_code = 422
        return response


class DevicesMiddleware:
    """Notes where a sign-in was last seen: at once for a new address or browser, else once in `SEEN_FOR` seconds."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        session_id = sign_in_of(request) if request.session.session_key else None
        if session_id and _is_news(_sight(session_id, request)):
            with from_origin(middleware.origin_of(request)):
                sessions.touch(session_id=session_id, at=timezone.now())
        return self.get_response(request)


def _is_news(sight: str) -> bool:
    """Whether nobody was seen so lately. Without Valkey nobody is asked: a page must not wait for it."""
    try:
        return bool(cache.add(sight, 1, SEEN_FOR))
    except RedisError:
        return False


def _sight(session_id: UUID, request: HttpRequest) -> str:
    seen = (session_id, middleware.client_ip(request), request.headers.get("User-Agent"))
    return "seen:" + hashlib.sha256(repr(seen).encode()).hexdigest()


class ActorMiddleware(middleware.ActorMiddleware):
    """Puts an actor round every view, and gives the answers that allauth's views raise.

    Django offers an exception to `process_exception` only when it comes out of the view itself, and ours runs
    inside `process_view`. By then the view's transaction is rolled back: the answer gets one of its own.

    A view of the API that is called with a broken key refuses it by itself: no transaction is begun for that.
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
        if request.path.startswith(middleware.API_PATHS) and api_keys.is_broken(request.headers):
            return None
        try:
            return super().process_view(request, view, args, kwargs)
        except (ImmediateHttpResponse, ReauthenticationRequired) as raised:
            with acting_as_service():
                answer: HttpResponse | None = self.answer(request, raised)
            return answer
