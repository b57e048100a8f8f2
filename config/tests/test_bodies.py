"""A body that no form of ours takes is refused before it is kept anywhere."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from asgiref.sync import async_to_sync

from config.asgi import application
from core.bodies import BESIDE_THE_FILE


def ask(pieces: Iterator[bytes], *, declared: int | None = None) -> tuple[list[int], int]:
    """The statuses that a POST is answered with, and how many bytes of it were read."""
    read, statuses, over = 0, [], False
    headers = [(b"host", b"testserver"), (b"content-type", b"application/x-www-form-urlencoded")]
    if declared is not None:
        headers.append((b"content-length", str(declared).encode()))
    scope: dict[str, Any] = {
        "type": "http",
        "method": "POST",
        "path": "/accounts/login/",
        "raw_path": b"/accounts/login/",
        "query_string": b"",
        "root_path": "",
        "headers": headers,
        "client": ("127.0.0.1", 1),
        "server": ("testserver", 80),
    }

    async def receive() -> dict[str, Any]:
        nonlocal read, over
        if over:
            await asyncio.sleep(3600)  # nothing more comes; whoever listens is told to stop
        piece = next(pieces, b"")
        read, over = read + len(piece), not piece
        return {"type": "http.request", "body": piece, "more_body": bool(piece)}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    async_to_sync(application)(scope, receive, send)
    return statuses, read


@pytest.fixture(autouse=True)
def small(settings: Any) -> None:
    settings.FORM_FILE_LIMIT = 1_000_000


LIMIT = 1_000_000 + BESIDE_THE_FILE


def test_what_says_that_it_is_too_large_is_not_read() -> None:
    assert ask(iter([b"x" * 100]), declared=LIMIT + 1) == ([413], 0)


def test_what_is_too_large_without_saying_so_is_read_no_further_than_that() -> None:
    endless = (b"x" * 100_000 for _turn in range(1_000_000))
    statuses, read = ask(endless)
    assert statuses == [413]
    assert LIMIT < read <= LIMIT + 100_000


@pytest.mark.django_db(transaction=True)
def test_what_is_large_as_a_file_may_be_reaches_the_view() -> None:
    statuses, read = ask(iter([b"x" * 1_000_000]), declared=1_000_000)
    assert (statuses, read) == ([403], 1_000_000)  # it lacks the form's token
