"""Calling `/storage/v1` as no honest client does."""

import socket
from urllib.parse import urlsplit

import httpx


class Raw:
    """A connection on which anything can be sent."""

    def __init__(self, server: str) -> None:
        parts = urlsplit(server)
        self._socket = socket.create_connection((parts.hostname, parts.port), timeout=20)

    def __enter__(self) -> "Raw":
        return self

    def __exit__(self, *_error: object) -> None:
        self._socket.close()

    def send(self, content: bytes) -> None:
        self._socket.sendall(content)

    def receive(self, count: int) -> bytes:
        return self._socket.recv(count)

    def all(self) -> bytes:
        """Everything until the server closes the connection."""
        got = b""
        while piece := self._socket.recv(65536):
            got += piece
        return got


def refused(answer: httpx.Response) -> tuple[str, str]:
    """The real status and the words of a refusal, which is always told as 400."""
    assert answer.status_code == 400, answer.text
    return answer.json()["statusCode"], answer.json()["message"]
