"""A form with a file in it (`multipart/form-data`), read as it comes. The part that is a file may have no name."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass

from django.utils.http import parse_header_parameters

from storage_app.wire.errors import RequestRefused

MOST_HEADERS = 8 * 1024
MOST_PARTS = 32
_BOUNDARY = re.compile(r"[0-9A-Za-z'()+_,./:=? -]{1,70}")


@dataclass(frozen=True)
class Part:
    name: str
    is_file: bool
    content_type: str


def boundary_of(content_type: str) -> bytes | None:
    """Return what lies between the parts of a form; None where the body is no form. Raises RequestRefused."""
    try:
        kind, facts = parse_header_parameters(content_type)
    except ValueError:
        return None
    if kind.lower() != "multipart/form-data":
        return None
    boundary = facts.get("boundary", "")
    if not _BOUNDARY.fullmatch(boundary):
        raise _refused("no boundary")
    return boundary.encode()


async def parts(body: AsyncIterator[bytes], boundary: bytes) -> AsyncIterator[tuple[Part, bytes]]:
    """Yield the parts of a form: each first with nothing, then with its bytes as they come.

    Raises RequestRefused for what is no form, or one that ends before its end.
    """
    delimiter = b"\r\n--" + boundary
    # The first delimiter needs no line before it.
    held, part, count, ended = b"\r\n", _PREAMBLE, 0, False
    async for piece in body:
        held = b"" if ended else held + piece
        while not ended:
            found = held.find(delimiter)
            if found < 0:
                data, held = _split(held, len(held) - len(delimiter) + 1)
                if part is _PREAMBLE and len(data) > MOST_HEADERS:
                    raise _refused("no part")
                if data and part is not _PREAMBLE:
                    yield part, data
                break
            if found:
                if part is not _PREAMBLE:
                    yield part, held[:found]
                held = held[found:]
            after = len(delimiter)
            end = held.find(b"\r\n\r\n", after)
            ended = held.startswith(b"--", after)
            if not ended and end < 0:
                if len(held) > MOST_HEADERS:
                    raise _refused("the headers of a part are too long")
                break
            if not ended:
                count += 1
                if count > MOST_PARTS:
                    raise _refused("too many parts")
                part = _part(held[after:end])
                yield part, b""
                held = held[end + 4 :]
    if not ended:
        raise _refused("it ends too early")


_PREAMBLE = Part("", False, "")


def _split(held: bytes, at: int) -> tuple[bytes, bytes]:
    return (held[:at], held[at:]) if at > 0 else (b"", held)


def _part(block: bytes) -> Part:
    """What the headers of a part say of it. Raises RequestRefused."""
    if not block.startswith(b"\r\n"):
        raise _refused("a boundary is followed by something else")
    headers = {}
    for line in block[2:].decode("utf-8", "replace").split("\r\n"):
        name, _colon, value = line.partition(":")
        headers[name.strip().lower()] = value.strip()
    try:
        kind, facts = parse_header_parameters(headers.get("content-disposition", ""))
    except ValueError:
        kind, facts = "", {}
    if kind != "form-data" or "name" not in facts:
        raise _refused("a part is no field of a form")
    is_file = "filename" in facts or facts["name"] == ""
    return Part(facts["name"], is_file, headers.get("content-type", ""))


def _refused(why: str) -> RequestRefused:
    return RequestRefused(f"The multipart body cannot be read: {why}")
