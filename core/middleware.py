"""Puts an actor round every view. Last in MIDDLEWARE: it sees the user and runs right round the view."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from ipaddress import ip_address
from typing import Any

from django.conf import settings
from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest, HttpResponse, QueryDict

from core import actors
from core.actors import Actor, Origin

# Views that serve the system rather than one customer: sign-in, staff, gateways, the development tools.
SERVICE_PATHS = ("/accounts/", "/auth/v1/", "/identity/", "/staff/", "/webhooks/", "/sandbox/", "/dev/")
# Those of them whose views know a person by the browser's session.
OWN_PATHS = ("/accounts/", "/identity/", "/staff/")
API_PATHS = ("/api/",)
FORM_TYPES = ("application/x-www-form-urlencoded", "multipart/form-data")


class ActorMiddleware:
    """Runs each view, and the rendering of its page, in one transaction as the actor its path calls for."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with actors.from_origin(origin_of(request)):
            return self.get_response(request)

    def process_view(
        self,
        request: HttpRequest,
        view: Callable[..., HttpResponse],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> HttpResponse | None:
        if getattr(view, "outside_transaction", False):
            return None
        with acting_for(request):
            response = view(request, *args, **kwargs)
            if hasattr(response, "render") and not getattr(response, "is_rendered", True):
                response = response.render()
            return response


def acting_for(request: HttpRequest) -> AbstractContextManager[Actor]:
    """The actor an address calls for: the service, a stranger, or the person signed in."""
    if request.path.startswith(OWN_PATHS) and request.user.is_authenticated:
        return actors.acting_as_service(on_behalf_of=request.user)
    if request.path.startswith(SERVICE_PATHS):
        return actors.acting_as_service()
    if request.path.startswith(API_PATHS) or not request.user.is_authenticated:
        return actors.acting_as_anon()
    return actors.acting_as(request.user)


def origin_of(request: HttpRequest) -> Origin:
    return Origin(
        request_id=getattr(request, "request_id", ""),
        ip=client_ip(request),
        user_agent=request.headers.get("User-Agent", "")[:400],
    )


def client_ip(request: HttpRequest) -> str | None:
    """The caller's address: the nth from the right of X-Forwarded-For, counting only proxies we run.

    None where what stands there is no address, as behind a socket.
    """
    caller = request.META.get("REMOTE_ADDR", "")
    proxies = settings.TRUSTED_PROXY_COUNT
    if proxies:
        parts = request.headers.get("X-Forwarded-For", "").split(",")
        forwarded = [part.strip() for part in parts if part.strip()]
        if len(forwarded) >= proxies:
            caller = forwarded[-proxies]
    try:
        return str(ip_address(caller.partition("%")[0]))
    except ValueError:
        return None


class HostileInputMiddleware:
    """Refuses requests that no honest client sends: NUL bytes in the address or in a form."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if "\x00" in request.path or any(
            "\x00" in value for values in request.GET.lists() for value in values[1]
        ):
            raise SuspiciousOperation("NUL byte in the address")
        form = (
            request.POST if request.method == "POST" and request.content_type in FORM_TYPES else QueryDict()
        )
        if any("\x00" in value for values in form.lists() for value in values[1]):
            raise SuspiciousOperation("NUL byte in a form")
        return self.get_response(request)
