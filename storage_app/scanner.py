"""Asks clamd whether a file is harmful, by its protocol (INSTREAM). Where it listens says the setting CLAMD.

`tcp://host:port` or `unix:///path`; empty, and nothing is asked.
"""

import socket
from collections.abc import Iterable
from contextlib import suppress
from struct import pack
from urllib.parse import urlsplit

_LONGEST_REPLY = 4096


class ScannerUnavailable(Exception):
    """Nobody answers: it is asked again later."""


class ScannerDeclined(Exception):
    """The scanner says that it cannot look at this file, as when it is larger than it takes."""


def harm_in(*, source: Iterable[bytes], address: str, seconds: float = 60) -> str:
    """Return the name of what is harmful in a file, nothing for a clean one.

    Raises ScannerUnavailable, ScannerDeclined.
    """
    try:
        with _connected(address, seconds) as line:
            # Of a file too large it says so in the middle, and hangs up.
            with suppress(BrokenPipeError, ConnectionResetError):
                line.sendall(b"zINSTREAM\0")
                for piece in source:
                    line.sendall(pack(">I", len(piece)) + piece)
                line.sendall(pack(">I", 0))
            reply = _reply(line)
    except OSError as error:
        raise ScannerUnavailable(str(error)) from error
    _stream, _colon, found = reply.partition(": ")
    if found == "OK":
        return ""
    if found.endswith(" FOUND"):
        return found.removesuffix(" FOUND")
    if reply:
        raise ScannerDeclined(reply)
    raise ScannerUnavailable("no reply")


def _connected(address: str, seconds: float) -> socket.socket:
    where = urlsplit(address)
    if where.scheme == "unix":
        line = socket.socket(socket.AF_UNIX)
        line.settimeout(seconds)
        try:
            line.connect(where.path)
        except OSError:
            line.close()
            raise
        return line
    return socket.create_connection((where.hostname or "", where.port or 3310), timeout=seconds)


def _reply(line: socket.socket) -> str:
    got = b""
    while not got.endswith(b"\0") and len(got) < _LONGEST_REPLY:
        piece = line.recv(_LONGEST_REPLY)
        if not piece:
            break
        got += piece
    return got.rstrip(b"\0").decode(errors="replace").strip()
