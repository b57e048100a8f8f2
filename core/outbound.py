"""Calling addresses that strangers chose, without lending them our place in the network.

An address is `https` with a name or a public IP address. Its name is looked up once, every IP address it has must lie
on the public internet, and the connection goes to one of those that were looked at: an answer of the DNS that changes
a moment later changes nothing. TLS and `Host` go on speaking of the name. Redirects are not followed, no proxy of the
environment is asked, and the whole call has one limit of time, also against a server that answers a byte at a time.

    answer = outbound.post(url, content=b"…", headers={…})     # raises CallFailed, by name

With the setting OUTBOUND_LOCAL (development and tests) `http://127.0.0.1` may be called too.
"""

import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from ipaddress import ip_address
from typing import Any, ClassVar

import httpcore
import httpx
from django.conf import settings
from django.db import connection
from django.utils.translation import gettext_lazy as _

from core.errors import DomainError
from core.public_addresses import is_public

# Seconds for all of a call: looking the name up, connecting, sending, and reading the answer.
WITHIN = 20.0
# Bytes of an answer's body that are read and kept; what comes after them is left unread.
KEPT = 4096
LONGEST_URL = 500
# Seconds for one address of several: one that swallows what it is sent leaves time for the next.
_CONNECT_WITHIN = 6.0
# What is sent fits into it, so that sending waits for nobody who takes a byte at a time.
_ROOM_TO_SEND = (socket.SOL_SOCKET, socket.SO_SNDBUF, 64 * 1024)
_LOCAL = "127.0.0.1"
_HTTPS = 443
_LOWEST_FREE_PORT = 1024
# A name of the DNS, or an IPv4 address in whatever spelling: what it means is looked at after it was looked up.
_NAME = re.compile(rb"[a-z0-9_](?:[a-z0-9_.-]{0,251}[a-z0-9_])?\.?")

Resolve = Callable[[str, int], list[str]]


class UrlRefused(DomainError):
    """An address that is not called, by its look alone."""

    code = "url_refused"
    message = _("Give an https address with a public host name, without user name and password.")


class CallFailed(Exception):
    """There is no answer. `name` says why, in one of a few words."""

    name: ClassVar[str] = "failed"


class AddressRefused(CallFailed):
    """The host is, or has, an address that is not on the public internet."""

    name = "address_refused"


class NameNotFound(CallFailed):
    name = "name_not_found"


class ConnectionFailed(CallFailed):
    """Nobody listens there, or the connection broke before an answer was there."""

    name = "connection_failed"


class TlsFailed(CallFailed):
    """No TLS was agreed on: the certificate is not one for this name, or nobody there speaks it."""

    name = "tls_failed"


class TimedOut(CallFailed):
    name = "timed_out"


class AnswerUnreadable(CallFailed):
    """What came back is no HTTP."""

    name = "answer_unreadable"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: its status, its headers with names in small letters, and the first bytes of its body."""

    status: int
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""

    def header(self, name: str) -> str:
        return next((value for key, value in self.headers if key == name), "")


def check_url(url: str) -> httpx.URL:
    """Return an address that may be called, as far as its look tells. Raises UrlRefused."""
    try:
        if len(url) > LONGEST_URL or not url.isprintable() or " " in url or "\\" in url:
            raise ValueError
        found = httpx.URL(url)
    except (httpx.InvalidURL, ValueError):
        raise UrlRefused from None
    if found.userinfo or found.fragment or not _is_host(found.raw_host):
        raise UrlRefused
    if settings.OUTBOUND_LOCAL and _is_local(found):
        return found
    if found.scheme != "https":
        raise UrlRefused
    if found.port is not None and not (found.port == _HTTPS or _LOWEST_FREE_PORT <= found.port <= 65535):
        raise UrlRefused(_("Give an address at port 443, or at one above 1023."))
    if _is_address(found.host) and not is_public(found.host):
        raise UrlRefused
    return found


def post(
    url: str,
    *,
    content: bytes,
    headers: Mapping[str, str],
    within: float = WITHIN,
    kept: int = KEPT,
    resolve: Resolve | None = None,
    network: httpcore.NetworkBackend | None = None,
    tls: ssl.SSLContext | None = None,
) -> Answer:
    """Send `content` and return what comes back within so many seconds, `kept` bytes of it, whatever its status.

    `resolve`, `network` and `tls` stand for the DNS, the sockets and the authorities in tests. Raises UrlRefused,
    CallFailed.
    """
    found = check_url(url)
    guard = _Guard(
        deadline=time.monotonic() + within,
        local=_is_local(found) and settings.OUTBOUND_LOCAL,
        resolve=resolve or _look_up,
        network=network or httpcore.SyncBackend(),
    )
    pool = httpcore.ConnectionPool(
        ssl_context=tls or _authorities(), network_backend=guard, max_connections=1, retries=0
    )
    port = found.port or (_HTTPS if found.scheme == "https" else 80)
    target = httpcore.URL(scheme=found.scheme, host=found.raw_host, port=port, target=found.raw_path)
    try:
        with pool, pool.stream("POST", target, headers=[*headers.items()], content=content) as response:
            told = [
                (name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in response.headers
            ]
            return Answer(response.status, told, _beginning(response.iter_stream(), kept))
    except httpcore.TimeoutException:
        raise TimedOut from None
    except httpcore.NetworkError as error:
        raise ConnectionFailed from error
    except httpcore.ProtocolError as error:
        raise AnswerUnreadable from error


def _beginning(parts: Iterable[bytes], kept: int) -> bytes:
    body = b""
    for part in parts:
        body += part
        if len(body) >= kept:
            break
    return body[:kept]


class _Guard(httpcore.NetworkBackend):
    """Connects to what it has looked at, and to nothing else; every wait ends with the call's time."""

    def __init__(
        self, *, deadline: float, local: bool, resolve: Resolve, network: httpcore.NetworkBackend
    ) -> None:
        self._deadline, self._local = deadline, local
        self._resolve, self._network = resolve, network

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        addresses = [_LOCAL] if self._local and host == _LOCAL else self._looked_up(host, port)
        problem: Exception = httpcore.ConnectError("the name has no address")
        for address in addresses:
            try:
                stream = self._network.connect_tcp(
                    address,
                    port,
                    timeout=min(_CONNECT_WITHIN, _left(self._deadline)),
                    socket_options=[_ROOM_TO_SEND],
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                problem = error
            else:
                return _Timed(stream, self._deadline)
        raise problem

    def _looked_up(self, host: str, port: int) -> list[str]:
        """The addresses of a host. One that is not public makes the whole host suspect."""
        if _is_address(host):
            addresses = [host]
        else:
            addresses = _within(self._deadline, lambda: self._resolve(host, port))
        if not all(is_public(address) for address in addresses):
            raise AddressRefused
        return addresses


class _Timed(httpcore.NetworkStream):
    """A connection whose every wait ends when the call's time is over."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: float) -> None:
        self._stream, self._deadline = stream, deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(min(max_bytes, 4 * KEPT), timeout=_left(self._deadline))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, timeout=_left(self._deadline))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        try:
            inside = self._stream.start_tls(ssl_context, server_hostname, timeout=_left(self._deadline))
        except httpcore.ConnectError as error:
            raise TlsFailed from error
        return _Timed(inside, self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def _left(deadline: float) -> float:
    """Seconds until the deadline. Raises httpcore.ReadTimeout when it is over."""
    left = deadline - time.monotonic()
    if left <= 0:
        raise httpcore.ReadTimeout
    return left


def _within(deadline: float, ask: Callable[[], list[str]]) -> list[str]:
    """What `ask` returns, or raises. The system's look-up knows no limit of time, so it runs in a thread aside."""
    found: list[list[str] | Exception] = []

    def run() -> None:
        try:
            found.append(ask())
        except (OSError, UnicodeError) as error:
            found.append(error)

    thread = threading.Thread(target=run, name="look-up", daemon=True)
    thread.start()
    thread.join(_left(deadline))
    if not found:
        raise TimedOut
    if isinstance(found[0], Exception) or not found[0]:
        raise NameNotFound
    return found[0]


def _look_up(host: str, port: int) -> list[str]:
    answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for _family, _kind, _proto, _name, address in answers))


def _is_host(host: bytes) -> bool:
    return _is_address(host.decode()) or bool(_NAME.fullmatch(host))


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _is_local(url: httpx.URL) -> bool:
    return url.scheme == "http" and url.host == _LOCAL


@lru_cache(maxsize=1)
def _authorities() -> ssl.SSLContext:
    """The certificate authorities that httpx brings; none of the environment's are added."""
    return httpx.create_ssl_context(trust_env=False)


def require_no_transaction() -> None:
    """Raise RuntimeError while a transaction is open: call this before calling anybody outside.

    They may keep us waiting for many seconds, and what they did cannot be rolled back.
    """
    if connection.in_atomic_block:
        raise RuntimeError("nobody outside is called inside a transaction")
