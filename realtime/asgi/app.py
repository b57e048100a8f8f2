"""The application in front of everything: answers sockets at `/realtime/v1/websocket`, and hands on all else.

A handshake that is refused is answered by HTTP, in JSON. An app says who it is by a key or token, and may come from
anywhere; a page of ours says nothing and is known by its cookie, so it must come from our own address.
"""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, MutableMapping
from io import BytesIO
from typing import Any
from weakref import WeakKeyDictionary

from django.core.exceptions import DisallowedHost
from django.core.handlers.asgi import ASGIRequest
from structlog.contextvars import bound_contextvars

from core.actors import Actor, Origin
from core.api.ratelimit import count
from core.api.request_id import named
from core.callers import BearerRefused, actor_of_bearer, actor_of_cookies
from core.middleware import origin_of
from realtime.asgi import frames, limits
from realtime.asgi.events import Events
from realtime.asgi.hub import Hub
from realtime.asgi.socket import Receive, Send, Socket
from realtime.asgi.threads import threads

PATH = "/realtime/v1/websocket"
Scope = MutableMapping[str, Any]

logger = logging.getLogger(__name__)


class HandshakeRefused(Exception):
    """No socket is opened; `status` and the message are the answer."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Sockets:
    """`Sockets(inner)` answers the scope `websocket`; `inner` never sees one."""

    def __init__(self, inner: Callable[..., Awaitable[None]]) -> None:
        self.inner = inner
        self._events: WeakKeyDictionary[asyncio.AbstractEventLoop, Events] = WeakKeyDictionary()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await self._serve(scope, receive, send)
        else:
            await self.inner(scope, receive, send)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        http = _request(scope)
        with bound_contextvars(**named(http)):
            await receive()
            try:
                version = _version(http)
                origin = origin_of(http)
                self._check_room(origin)
                actor = await threads.with_database(origin, _asking, http)
                socket = await self._entered(receive, send, actor=actor, origin=origin, version=version)
            except HandshakeRefused as refusal:
                await _refuse(scope, send, refusal)
                return
            except Exception:
                logger.exception("a socket could not be opened")
                await _refuse(scope, send, HandshakeRefused(500, "Internal Server Error"))
                return
            await self._run(socket, send)

    async def _entered(
        self, receive: Receive, send: Send, *, actor: Actor, origin: Origin, version: int
    ) -> Socket:
        events = self._events_here()
        socket = Socket(receive, send, events.handle, actor=actor, origin=origin, version=version)
        await events.hub.enter(socket)
        return socket

    async def _run(self, socket: Socket, send: Send) -> None:
        try:
            await send({"type": "websocket.accept"})
            await socket.run()
        except OSError:
            # The client went away before it was let in.
            pass
        finally:
            await self._events_here().hub.leave(socket)

    def _check_room(self, origin: Origin) -> None:
        here = sum(1 for socket in self._events_here().hub.sockets if socket.origin.ip == origin.ip)
        if here >= limits.SOCKETS_OF_ADDRESS:
            raise HandshakeRefused(429, limits.TOO_MANY_CONNECTIONS)

    def _events_here(self) -> Events:
        loop = asyncio.get_running_loop()
        found = self._events.get(loop)
        if found is None:
            found = self._events[loop] = Events(Hub())
        return found


def _request(scope: Scope) -> ASGIRequest:
    """The handshake as a request, which it is."""
    scheme = {"ws": "http", "wss": "https"}[scope.get("scheme", "ws")]
    return ASGIRequest({**scope, "type": "http", "method": "GET", "scheme": scheme}, BytesIO())


def _version(http: ASGIRequest) -> int:
    """Raises HandshakeRefused for an address that is none of ours."""
    try:
        http.get_host()
    except DisallowedHost:
        raise HandshakeRefused(400, "Invalid host") from None
    if http.path_info != PATH:
        raise HandshakeRefused(404, "Not found")
    version = frames.VERSIONS.get(http.GET.get("vsn") or "1.0.0")
    if version is None:
        raise HandshakeRefused(400, f"vsn must be one of {', '.join(frames.VERSIONS)}")
    return version


def _asking(http: ASGIRequest) -> Actor:
    """Return who opens a socket. Reads the database. Raises HandshakeRefused."""
    hit = count("realtime:connect", limits.CONNECTS, f"ip:{origin_of(http).ip}")
    if hit is not None and not hit.allowed:
        raise HandshakeRefused(429, limits.TOO_MANY_CONNECTIONS)
    token = _token(http)
    try:
        if token:
            return actor_of_bearer(token)
        if not http.COOKIES:
            raise HandshakeRefused(401, "No API key found in request")
        if not _is_our_own_page(http):
            raise HandshakeRefused(403, "This origin is not ours: connect with an apikey")
        return actor_of_cookies(http.COOKIES)
    except BearerRefused as refusal:
        raise HandshakeRefused(401, f"Invalid JWT: {refusal.data.get('reason')}") from None


def _token(http: ASGIRequest) -> str:
    scheme, _space, bearer = http.headers.get("Authorization", "").strip().partition(" ")
    asked = [http.GET.get("apikey"), http.headers.get("apikey"), bearer if scheme.lower() == "bearer" else ""]
    return next((token.strip() for token in asked if token and token.strip()), "")


def _is_our_own_page(http: ASGIRequest) -> bool:
    return http.headers.get("Origin", "").lower() == f"{http.scheme}://{http.get_host()}".lower()


async def _refuse(scope: Scope, send: Send, refusal: HandshakeRefused) -> None:
    if "websocket.http.response" not in scope.get("extensions", {}):
        await send({"type": "websocket.close", "code": 1008, "reason": str(refusal)[:100]})
        return
    body = json.dumps({"error": str(refusal)}).encode()
    headers = [(b"content-type", b"application/json"), (b"cache-control", b"no-store")]
    await send({"type": "websocket.http.response.start", "status": refusal.status, "headers": headers})
    await send({"type": "websocket.http.response.body", "body": body, "more_body": False})
