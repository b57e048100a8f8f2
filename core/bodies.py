"""The largest body that Django is handed: it keeps a whole one on disk before any view can refuse it."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from django.conf import settings

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
# What a form holds beside its file.
BESIDE_THE_FILE = 1024 * 1024
TEXT = b"The request body is too large."


class BodyLimit:
    """`BodyLimit(django)` answers 413 to a body beyond what any form of ours takes, as soon as that is known."""

    def __init__(self, app: Callable[..., Awaitable[None]]) -> None:
        self.app = app

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        limit = settings.FORM_FILE_LIMIT + BESIDE_THE_FILE
        if _declared(scope) > limit:
            await _refuse(send)
            return
        seen, begun = 0, False

        async def counted() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            # To Django it looks as if the sender had gone: it stops reading, and answers nothing.
            return {"type": "http.disconnect"} if seen > limit else message

        async def noted(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        await self.app(scope, counted, noted)
        if seen > limit and not begun:
            await _refuse(send)


def _declared(scope: MutableMapping[str, Any]) -> int:
    found = [value for name, value in scope["headers"] if name == b"content-length"]
    return int(found[0]) if found and found[0].isdigit() else 0


async def _refuse(send: Send) -> None:
    headers = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", str(len(TEXT)).encode()),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    await send({"type": "http.response.body", "body": TEXT})
