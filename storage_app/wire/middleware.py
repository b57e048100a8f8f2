"""What Django itself refuses under `/storage/v1` (a bad host, a NUL byte in the address), in clients' words."""

from collections.abc import Awaitable, Callable
from typing import Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.http import HttpRequest, HttpResponse, JsonResponse

from storage_app.asgi.exchange import FOR_BROWSERS
from storage_app.wire.errors import RequestRefused, body_of

PREFIX = "/storage/v1/"


class StorageMiddleware:
    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        self.get_response = get_response
        self.is_async = iscoroutinefunction(get_response)
        if self.is_async:
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> HttpResponse | Awaitable[HttpResponse]:
        if self.is_async:
            return self.answer_later(request)
        return for_clients(request, self.get_response(request))

    async def answer_later(self, request: HttpRequest) -> HttpResponse:
        return for_clients(request, await self.get_response(request))


def for_clients(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """The response itself, or a refusal of ours in place of a page."""
    page = response.headers.get("Content-Type", "").startswith("text/html")
    if response.status_code < 400 or not page or not request.path.startswith(PREFIX):
        return response
    fault = response.status_code >= 500
    status, body = body_of(RuntimeError() if fault else RequestRefused("Request refused"))
    return JsonResponse(body, status=status, headers=dict(FOR_BROWSERS))
