"""The answer to the plainest of requests, for a small public file that was asked for a moment ago: from memory alone.

Anything that is not plain (a range, a condition, a query) is answered the long way, and so is what is not known yet.
"""

from functools import lru_cache
from itertools import count
from os import getpid

from django.conf import settings
from django.http.request import split_domain_port, validate_host

from core import ids
from storage_app.asgi import kept
from storage_app.asgi.download import plain_headers
from storage_app.asgi.exchange import RAW_FOR_BROWSERS, Scope, raw_headers

_PUBLIC = "object/public/"
_NOT_PLAIN = frozenset(
    (b"range", b"if-none-match", b"if-modified-since", b"if-match", b"if-unmodified-since")
)

# Answers from memory leave no trace that an id of their own would lead to: they are numbered.
_SERIES = f"req_{ids.base62(ids.uuid7())}".encode()
_numbers = count(1)

Headers = list[tuple[bytes, bytes]]


def answer_to(scope: Scope, rest: str) -> tuple[Headers, bytes] | None:
    """Return the headers and body of the answer; None where it takes more than a look into memory."""
    if not rest.startswith(_PUBLIC) or scope["method"] != "GET" or scope["query_string"]:
        return None
    bucket_id, _slash, name = rest[len(_PUBLIC) :].partition("/")
    file = kept.rows.known((bucket_id, name))
    content = kept.contents.get(file.version_id) if file else None
    if file is None or content is None or not _is_plain(scope):
        return None
    if content.headers is None:
        content.headers = [*raw_headers(plain_headers(file)), *RAW_FOR_BROWSERS]
    return [
        *content.headers,
        (b"request-id", b"%s-%d-%d" % (_SERIES, getpid(), next(_numbers))),
    ], content.body


def _is_plain(scope: Scope) -> bool:
    headers = dict(scope["headers"])
    if not _NOT_PLAIN.isdisjoint(headers):
        return False
    if settings.SECURE_SSL_REDIRECT and scope["scheme"] != "https":
        proxied = settings.SECURE_PROXY_SSL_HEADER and headers.get(b"x-forwarded-proto") == b"https"
        if not proxied:
            return False
    return _is_ours(headers.get(b"host", b""), tuple(settings.ALLOWED_HOSTS))


@lru_cache(maxsize=64)
def _is_ours(host: bytes, allowed: tuple[str, ...]) -> bool:
    domain, _port = split_domain_port(host.decode("latin-1"))
    return bool(domain) and validate_host(domain, allowed)
