"""The application in front of Django: answers what streams files, and hands on everything else.

A handler is `async def handle(exchange: Exchange, *groups: str) -> None`; the groups are those of its route. Whatever
it raises before it began to answer is answered in the protocol's words.
"""

import logging
import re
from collections.abc import Awaitable, Callable

from django.conf import settings
from django.core.exceptions import DisallowedHost
from structlog.contextvars import bound_contextvars

from storage_app.asgi import download, kept, quick, tus, upload
from storage_app.asgi.exchange import Disconnected, Exchange, Receive, Scope, Send
from storage_app.wire.errors import RequestRefused, is_fault

PREFIX = "/storage/v1/"
PREFLIGHT = (
    ("access-control-allow-methods", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"),
    (
        "access-control-allow-headers",
        "authorization, apikey, content-type, x-client-info, x-supabase-api-version, x-upsert, x-metadata, "
        "x-signature, cache-control, range, if-none-match, if-modified-since, if-range, request-id, traceparent, "
        "tracestate, baggage, tus-resumable, upload-length, upload-offset, upload-metadata, upload-defer-length, "
        "upload-concat, upload-checksum, x-http-method-override",
    ),
    ("access-control-max-age", "7200"),
)
# What follows `/object/` and is no bucket: those routes are Django's, or named below.
NO_BUCKETS = "info|list|list-v2|move|copy|sign|public|authenticated|upload"
_FILE = rf"(?!(?:{NO_BUCKETS})/)([^/]+)/(.*)"
_READ = ("GET", "HEAD")
_UPLOADS = r"upload/resumable(/sign)?"
SAFE = (*_READ, "OPTIONS")
# What is asked by POST and changes no file.
ONLY_READ = ("object/list", "object/sign/", "object/upload/sign/")

Handler = Callable[..., Awaitable[None]]
ROUTES: tuple[tuple[tuple[str, ...], re.Pattern[str], Handler], ...] = tuple(
    (methods, re.compile(pattern, re.DOTALL), handler)
    for methods, pattern, handler in (
        (_READ, r"object/public/([^/]+)/(.*)", download.public),
        (_READ, r"object/authenticated/([^/]+)/(.*)", download.own),
        (_READ, r"object/sign/([^/]+)/(.*)", download.signed),
        (_READ, rf"object/{_FILE}", download.own),
        (("PUT",), r"object/upload/sign/([^/]+)/(.*)", upload.signed),
        (("POST", "PUT"), rf"object/{_FILE}", upload.own),
        (("POST", "OPTIONS"), rf"{_UPLOADS}/?", tus.uploads_of),
        (("POST", "HEAD", "PATCH", "DELETE", "OPTIONS"), rf"{_UPLOADS}/([^/]+)/?", tus.upload),
    )
)

logger = logging.getLogger(__name__)


class Files:
    """`Files(django)` is the whole of Alajo as one ASGI application."""

    def __init__(self, django: Callable[..., Awaitable[None]]) -> None:
        self.django = django

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"].removeprefix(scope.get("root_path", "")) if scope["type"] == "http" else ""
        if not path.startswith(PREFIX):
            await self.django(scope, receive, send)
        elif answer := quick.answer_to(scope, path[len(PREFIX) :]):
            headers, body = answer
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await send({"type": "http.response.body", "body": body})
        else:
            await self._answer(scope, receive, send, path[len(PREFIX) :])

    async def _answer(self, scope: Scope, receive: Receive, send: Send, rest: str) -> None:
        if scope["method"] not in SAFE and not rest.startswith(ONLY_READ):
            send = kept.forgetting(send)
        found = _route(scope, rest)
        if found is None:
            await self.django(scope, receive, send)
        else:
            await _serve(Exchange(scope, receive, send), *found)


def _route(scope: Scope, rest: str) -> tuple[Handler, tuple[str, ...]] | None:
    method = scope["method"]
    if method == "OPTIONS" and any(
        name == b"access-control-request-method" for name, _value in scope["headers"]
    ):
        return preflight, ()
    for methods, pattern, handler in ROUTES:
        if method in methods and (match := pattern.fullmatch(rest)):
            return handler, match.groups()
    return None


async def preflight(exchange: Exchange) -> None:
    await exchange.answer(204, PREFLIGHT)


async def _serve(exchange: Exchange, handler: Handler, groups: tuple[str, ...]) -> None:
    with bound_contextvars(**exchange.names):
        try:
            _check_address(exchange)
            if settings.SECURE_SSL_REDIRECT and not exchange.http.is_secure():
                there = exchange.http.build_absolute_uri(exchange.http.get_full_path()).replace(
                    "http:", "https:", 1
                )
                await exchange.answer(308, (("location", there),))
            else:
                await handler(exchange, *groups)
        except Disconnected:
            # Whoever is only silent is told; who is gone hears nothing.
            if not exchange.begun:
                await exchange.answer(408)
        except Exception as error:
            if is_fault(error):
                logger.exception("request %s failed", exchange.names["request_id"])
            if exchange.begun:
                raise
            await exchange.refuse(error)


def _check_address(exchange: Exchange) -> None:
    """Raises RequestRefused for a request that is meant for another site, or for a place that none is."""
    try:
        exchange.http.get_host()
    except DisallowedHost:
        raise RequestRefused("Invalid host") from None
    if "\x00" in exchange.path or b"%00" in exchange.http.scope["query_string"]:
        raise RequestRefused("A name cannot hold NUL")
