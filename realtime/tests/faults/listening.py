"""Somebody who listens to their own topic, comes back whenever they lost it, and asks for what they missed."""

import threading
import time
from typing import Any

from websockets.exceptions import WebSocketException

from realtime.tests.sockets import Client


class Listener(threading.Thread):
    """`heard` is each message's event by its id; `times_back` how often the connection was made anew."""

    def __init__(self, url: str, topic: str, token: str) -> None:
        super().__init__(daemon=True)
        self.url, self.topic, self.token = url, topic, token
        self.heard: dict[str, str] = {}
        self.times_back = -1
        self.done = threading.Event()
        # The last message up to which nothing is missing.
        self._last: str | None = None

    def run(self) -> None:
        while not self.done.is_set():
            try:
                with Client(self.url, token=self.token) as client:
                    self.times_back += 1
                    self._listen(client)
            except (OSError, TimeoutError, WebSocketException):
                time.sleep(0.1)

    def _listen(self, client: Client) -> None:
        self._join(client)
        while not self.done.is_set():
            try:
                self._take(client.seen.pop(0) if client.seen else client.receive(timeout=1))
            except TimeoutError:
                client.ask("phoenix", "heartbeat", {})

    def _join(self, client: Client) -> None:
        """Join, as often as it takes to have all that was missed."""
        complete = False
        while not complete:
            asked = {"broadcast": {"replay": {"after": self._last}}} if self._last else {}
            reply = client.join(self.topic, private=True, **asked)
            if reply["status"] != "ok":
                raise ConnectionError(reply)
            complete = reply["response"].get("replay", {"complete": True})["complete"]
            if not complete:
                for frame in client.settle():
                    self._take(frame, there_may_be_gaps=True)

    def _take(self, frame: dict[str, Any], *, there_may_be_gaps: bool = False) -> None:
        if frame["event"] != "broadcast":
            return
        message, meta = frame["payload"], frame["payload"]["meta"]
        self.heard[meta["id"]] = message["event"]
        if meta.get("replayed") or not there_may_be_gaps:
            self._last = meta["id"]
