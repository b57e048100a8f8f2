"""A request and its answer, as the handlers here see them."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, MutableMapping
from contextlib import suppress
from functools import cached_property
from io import BytesIO
from typing import Any, TypeVar

from django.core.handlers.asgi import ASGIRequest

from core.actors import Actor, Origin
from core.api.request_id import named
from core.middleware import origin_of
from storage_app.asgi import threads
from storage_app.wire.bearers import actor_asking
from storage_app.wire.errors import body_of, headers_of
from storage_app.wire.limits import count_request

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Headers = Iterable[tuple[str, str]]
R = TypeVar("R")

# A client that sends nothing for so long is taken for gone.
STALLED = 60
# What is left of a refused body beyond this ends the connection; so long its sender may still send, to hear why.
WORTH_READING = 1024 * 1024
LINGERING = 10


# Any origin may call: who asks is told by keys and tokens in headers, never by a cookie, so none are let through.
FOR_BROWSERS = (
    ("access-control-allow-origin", "*"),
    (
        "access-control-expose-headers",
        "Link, X-Total-Count, X-Supabase-Api-Version, x-sb-error-code, ETag, Content-Range, Content-Disposition, "
        "Location, Retry-After, Request-Id, Upload-Offset, Upload-Length, Upload-Defer-Length, Upload-Metadata, "
        "Upload-Expires, Tus-Resumable, Tus-Version, Tus-Extension, Tus-Max-Size, Tus-Complete, "
        "Tus-Checksum-Algorithm",
    ),
    ("x-content-type-options", "nosniff"),
)


def raw_headers(headers: Headers) -> list[tuple[bytes, bytes]]:
    """Headers as the server sends them."""
    return [(name.lower().encode("ascii"), value.encode("latin-1")) for name, value in headers]


RAW_FOR_BROWSERS = raw_headers(FOR_BROWSERS)


class Disconnected(Exception):
    """The client went away: there is nobody to answer."""


class Exchange:
    """One request and the answer to it: `answer` gives it whole, `start` and `send` piece by piece."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.http = ASGIRequest(scope, BytesIO())
        self.names = named(self.http)
        self.begun = False
        self._receive, self._send = receive, send
        self._read, self._read_all = 0, False

    @property
    def method(self) -> str:
        return str(self.http.method)

    @property
    def path(self) -> str:
        return str(self.http.path)

    def header(self, name: str) -> str:
        """What the request says under this name, or nothing."""
        return self.http.headers.get(name) or ""

    def query(self, name: str) -> str | None:
        return self.http.GET.get(name)

    @cached_property
    def origin(self) -> Origin:
        return origin_of(self.http)

    @property
    def declared_size(self) -> int | None:
        """How many bytes of body the client says it sends; None where it does not say."""
        text = self.header("content-length")
        return int(text) if text.isascii() and text.isdecimal() else None

    def actor(self) -> Actor:
        """Who asks, and whether not too often. Reads the database: for use in a step.

        Raises RequestRefused, BearerRefused, TooManyRequests.
        """
        actor = actor_asking(authorization=self.header("authorization"), apikey=self.header("apikey"))
        count_request("default", actor=actor, ip=self.origin.ip)
        return actor

    async def database(self, step: Callable[..., R], **facts: Any) -> R:
        """Run a step of this request that needs the database, in a thread."""
        return await threads.with_database(self.origin, step, **facts)

    async def pieces(self) -> AsyncIterator[bytes]:
        """Yield the body as it comes. Raises Disconnected where it ends early, or does not go on."""
        while not self._read_all:
            try:
                async with asyncio.timeout(STALLED):
                    message = await self._receive()
            except TimeoutError:
                raise Disconnected from None
            if message["type"] == "http.disconnect":
                raise Disconnected
            self._read_all = not message.get("more_body", False)
            piece: bytes = message.get("body", b"")
            self._read += len(piece)
            if piece:
                yield piece

    async def gone(self) -> None:
        """Wait until the client is gone. For after its body was read."""
        while (await self._receive())["type"] != "http.disconnect":
            pass

    async def start(self, status: int, headers: Headers) -> None:
        """Begin the answer; what follows is sent with `send`."""
        self.begun = True
        request_id: str = self.http.request_id  # type: ignore[attr-defined]
        ending = [("connection", "close")] if self._leaves_much else []
        own = raw_headers([*headers, ("request-id", request_id), *ending])
        raw = [*own, *RAW_FOR_BROWSERS]
        await self._send({"type": "http.response.start", "status": status, "headers": raw})

    async def send(self, piece: bytes | bytearray | memoryview, *, more: bool) -> None:
        await self._send({"type": "http.response.body", "body": piece, "more_body": more})

    async def answer(self, status: int, headers: Headers = (), body: bytes = b"") -> None:
        length = () if status in (204, 304) else (("content-length", str(len(body))),)
        await self.start(status, (*headers, *length))
        content = b"" if self.method == "HEAD" else body
        if self._leaves_much:
            await self.send(content, more=True)
            await self._hear_out()
            content = b""
        await self.send(content, more=False)

    async def json(self, status: int, body: object, headers: Headers = ()) -> None:
        typed = (("content-type", "application/json; charset=utf-8"), *headers)
        await self.answer(status, typed, json.dumps(body, separators=(",", ":")).encode())

    async def refuse(self, error: Exception) -> None:
        """Answer an error in the protocol's words."""
        status, body = body_of(error)
        headers = (("cache-control", "no-store"), *headers_of(error).items())
        await self.json(status, body, headers)

    @property
    def _leaves_much(self) -> bool:
        """Whether much of the body is unread, and the connection is therefore closed after the answer."""
        left = (self.declared_size or 0) - self._read
        chunked = "chunked" in self.header("transfer-encoding").lower()
        return not self._read_all and (chunked or left > WORTH_READING)

    async def _hear_out(self) -> None:
        """Read on for a while: who is cut off in the middle of sending would not see the answer."""
        if self._read or not self.header("expect"):
            with suppress(TimeoutError, Disconnected):
                async with asyncio.timeout(LINGERING):
                    async for _piece in self.pieces():
                        pass
