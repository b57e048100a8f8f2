"""A small client of sockets for tests, which sends and sees the frames themselves."""

import json
import socket as sockets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlencode

import uvicorn
from django.utils import timezone
from websockets.sync.client import ClientConnection, connect

from accounts import access_tokens
from accounts.models import Session, User
from accounts.services import sessions
from realtime.dispatcher import Dispatcher

PATIENCE = 10


@contextmanager
def serving(application: Any, *, port: int = 0) -> Iterator[str]:
    """Run a server with an event loop of its own, as every web process has; yield its address."""
    listener = sockets.create_server(("127.0.0.1", port))
    config = uvicorn.Config(
        application,
        lifespan="off",
        access_log=False,
        log_config=None,
        timeout_graceful_shutdown=3,
        ws="websockets-sansio",
        ws_per_message_deflate=False,
        ws_max_size=1024 * 1024,
    )
    running = uvicorn.Server(config)
    thread = threading.Thread(target=running.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        running.should_exit = True
        thread.join()
        listener.close()


def token_of(user: User) -> str:
    """An access token of a new session."""
    at = timezone.now()
    session = sessions.start(user=user, face=Session.Face.APP, method="password", at=at)
    return access_tokens.issue(user=user, session=session, at=at)


def dispatch() -> None:
    """Number what has committed and tell every process, as the dispatcher does."""
    Dispatcher().number()


class Client:
    """One socket. Frames are told as dictionaries, whichever version is spoken."""

    def __init__(self, url: str, *, token: str | None = "anon", vsn: str = "1.0.0", **options: Any) -> None:
        key = access_tokens.static_key(token) if token in ("anon", "service_role") else token
        query = urlencode({**({"apikey": key} if key else {}), "vsn": vsn})
        address = url.replace("http:", "ws:") + f"/realtime/v1/websocket?{query}"
        self.second = vsn == "2.0.0"
        self.connection: ClientConnection = connect(
            address, compression=None, open_timeout=PATIENCE, **options
        )
        self.refs = 0
        # What came and nobody has asked for yet.
        self.seen: list[dict[str, Any]] = []

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_error: object) -> None:
        self.connection.close()

    def send(self, topic: str, event: str, payload: Any, join_ref: str | None = None) -> str:
        self.refs += 1
        ref = str(self.refs)
        frame: Any = {"topic": topic, "event": event, "payload": payload, "ref": ref}
        if join_ref is not None:
            frame["join_ref"] = join_ref
        if self.second:
            frame = [join_ref, ref, topic, event, payload]
        self.connection.send(json.dumps(frame))
        return ref

    def receive(self, timeout: float = PATIENCE) -> dict[str, Any]:
        frame = self.connection.recv(timeout=timeout)
        if isinstance(frame, bytes):
            return {"event": "binary", "payload": frame, "ref": None}
        value = json.loads(frame)
        if self.second:
            value = dict(zip(("join_ref", "ref", "topic", "event", "payload"), value, strict=True))
        assert "ref" in value
        return value

    def expect(self, event: str, *, timeout: float = PATIENCE, **facts: Any) -> dict[str, Any]:
        """The next frame of this event, leaving others for later."""
        wanted = {"event": event, **facts}
        for number, frame in enumerate(self.seen):
            if wanted.items() <= frame.items():
                return self.seen.pop(number)
        while True:
            frame = self.receive(timeout)
            if wanted.items() <= frame.items():
                return frame
            self.seen.append(frame)

    def ask(self, topic: str, event: str, payload: Any) -> dict[str, Any]:
        """Send, and return the payload of the reply."""
        return self.expect("phx_reply", ref=self.send(topic, event, payload))["payload"]

    def join(self, name: str, *, token: str | None = None, **config: Any) -> dict[str, Any]:
        payload: dict[str, Any] = {"config": config}
        if token:
            payload["access_token"] = token
        return self.ask(f"realtime:{name}", "phx_join", payload)

    def broadcast(self, name: str, event: str, payload: Any) -> str:
        return self.send(
            f"realtime:{name}", "broadcast", {"type": "broadcast", "event": event, "payload": payload}
        )

    def settle(self) -> list[dict[str, Any]]:
        """What has come up to now: everything before the answer to a heartbeat."""
        ref = self.send("phoenix", "heartbeat", {})
        self.expect("phx_reply", ref=ref)
        seen, self.seen = self.seen, []
        return seen

    def closed(self) -> tuple[int, str]:
        """Wait for the end; return its code and reason."""
        try:
            while True:
                self.seen.append(self.receive())
        except Exception:
            assert self.connection.protocol.state.name == "CLOSED" or self.connection.protocol.close_rcvd
        return self.connection.protocol.close_code, self.connection.protocol.close_reason
