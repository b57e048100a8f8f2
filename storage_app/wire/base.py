"""The base of every view here: who asks, how often, in whose name the database is asked, and how it is answered."""

import logging
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.csrf import csrf_exempt

from core.actors import ANON, Actor, acting, outside_transaction
from core.middleware import client_ip
from storage_app.asgi.exchange import FOR_BROWSERS
from storage_app.wire.bearers import actor_asking
from storage_app.wire.errors import body_of, headers_of, is_fault, no_route
from storage_app.wire.limits import count_request

STRANGER = Actor(ANON, {"role": ANON})
METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE")

logger = logging.getLogger(__name__)


@method_decorator([csrf_exempt, login_not_required, outside_transaction], name="dispatch")
class StorageView(View):
    """A method runs in one transaction as whoever asks, or as a stranger where nobody is asked for.

    Where `at_once` is false, it opens its own. `limit` names what the caller is counted against.
    """

    limit = "default"
    at_once = True
    needs_bearer = True
    actor: Actor

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        self.at = timezone.now()
        try:
            response = self._answered(request, kwargs)
        except Exception as error:
            response = _refused(request, error)
        for name, value in FOR_BROWSERS:
            response.headers[name] = value
        response.headers.setdefault("Cache-Control", "no-store")
        return response

    def _answered(self, request: HttpRequest, names: dict[str, str]) -> HttpResponse:
        method = str(request.method)
        if method not in METHODS or not hasattr(self, method.lower()):
            raise no_route(method, request.path)
        handler: Callable[..., HttpResponse] = getattr(self, method.lower())
        self.actor = _asking(request) if self.needs_bearer else STRANGER
        count_request(self.limit, actor=self.actor, ip=client_ip(request))
        if not self.at_once:
            return handler(request, **names)
        with acting(self.actor):
            return handler(request, **names)


def _asking(request: HttpRequest) -> Actor:
    headers = request.headers
    return actor_asking(authorization=headers.get("Authorization", ""), apikey=headers.get("apikey", ""))


def told(value: Any, *, headers: dict[str, str] | None = None) -> HttpResponse:
    return JsonResponse(value, safe=False, headers=headers)


def time_of(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _refused(request: HttpRequest, error: Exception) -> HttpResponse:
    if is_fault(error):
        logger.error("request %s failed", getattr(request, "request_id", ""), exc_info=error)
    status, body = body_of(error)
    return JsonResponse(body, status=status, headers=headers_of(error))


class Nothing(StorageView):
    """Whatever else is asked for under this address."""

    needs_bearer = at_once = False

    def get(self, request: HttpRequest, **names: str) -> HttpResponse:
        raise no_route(str(request.method), request.path)

    post = put = delete = head = get
