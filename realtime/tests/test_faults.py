"""Dispatcher, web processes and Valkey are killed while thousands of messages are published.

Whoever listens has every message that committed, live or by asking for it on coming back, and none that did not.
"""

import os
import random
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from websockets.exceptions import WebSocketException

from accounts.models import Notification, User
from accounts.tests.factories import make_organization, make_person
from core.actors import acting_as_service
from core.embedded import Valkey
from realtime import figures
from realtime import services as realtime
from realtime.models import Message
from realtime.tests.faults import processes
from realtime.tests.faults.processes import Process
from realtime.tests.sockets import Client, token_of

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

TRANSACTIONS, KILLS, PATIENCE = 3_600, 12, 60


class Listener(threading.Thread):
    """Somebody who listens to their own topic, comes back whenever they lost it, and asks for what they missed."""

    def __init__(self, url: str, user: User, token: str) -> None:
        super().__init__(daemon=True)
        self.url, self.topic, self.token = url, f"user:{user.id}", token
        self.heard: dict[str, str] = {}
        self.errors: list[str] = []
        self.times_back = -1
        self.done = threading.Event()
        # The last message up to which nothing is missing.
        self._last: str | None = None

    def run(self) -> None:
        while not self.done.is_set():
            with (
                suppress(OSError, TimeoutError, WebSocketException),
                Client(self.url, token=self.token) as client,
            ):
                self.times_back += 1
                self._listen(client)
            time.sleep(0.1)

    def _listen(self, client: Client) -> None:
        complete = self._join(client)
        while not self.done.is_set():
            with suppress(TimeoutError):
                self._take(client.seen.pop(0) if client.seen else client.receive(timeout=1), complete)
                continue
            if not complete:
                complete = self._join(client)
            client.ask("phoenix", "heartbeat", {})

    def _join(self, client: Client) -> bool:
        """Join, as often as it takes to have all that was missed."""
        while True:
            asked = {"broadcast": {"replay": {"after": self._last}}} if self._last else {}
            reply = client.join(self.topic, private=True, **asked)
            if reply["status"] != "ok":
                raise ConnectionError(reply)
            if reply["response"].get("replay", {"complete": True})["complete"]:
                return True
            for frame in client.settle():
                self._take(frame, replayed_only=True)

    def _take(self, frame: dict[str, Any], complete: bool = True, *, replayed_only: bool = False) -> None:
        if frame["event"] == "phx_close" and not replayed_only:
            raise ConnectionError
        if frame["event"] != "broadcast":
            return
        message, meta = frame["payload"], frame["payload"]["meta"]
        self.heard[meta["id"]] = message["event"]
        if meta.get("replayed") or (complete and not replayed_only):
            self._last = meta["id"]


@pytest.fixture
def root(tmp_path: Path, transactional_db: Any) -> Iterator[Path]:
    valkey = Valkey(tmp_path)
    valkey.start()
    yield tmp_path
    valkey.stop()


@pytest.fixture
def crew(root: Path) -> Iterator[list[Process]]:
    started: list[Process] = []
    yield started
    for process in started:
        process.close()


def kill_valkey(root: Path) -> None:
    """Nothing it held outlives it."""
    valkey = Valkey(root)
    with valkey._client() as client:
        pid = client.info("server")["process_id"]
    os.kill(pid, signal.SIGKILL)
    until(lambda: not valkey.is_running())
    valkey.start()


def until(true: Any) -> None:
    deadline = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < deadline, "it never came about"
        time.sleep(0.05)


def answers(url: str) -> bool:
    with suppress(OSError), Client(url, token="anon"):
        return True
    return False


def test_nothing_is_lost_and_nothing_undone_is_told_whoever_is_killed(
    root: Path, crew: list[Process]
) -> None:
    chance = random.Random(11)
    ada = make_person(email="ada@alajo.test")
    organization = make_organization(owner=ada)
    webs = [processes.web(root, number) for number in range(2)]
    victims = [processes.dispatcher(root), *(process for process, _url in webs)]
    crew += victims
    until(lambda: all(answers(url) for _process, url in webs))
    listeners = [Listener(url, ada, token_of(ada)) for _process, url in webs]
    for listener in listeners:
        listener.start()
    until(lambda: all(listener.times_back == 0 for listener in listeners))
    with acting_as_service():
        realtime.publish(topic=f"user:{ada.id}", event="done", payload={"number": "the first"})
    until(lambda: all(listener.heard for listener in listeners))

    arguments = [
        "-m",
        "realtime.tests.faults.publisher",
        str(ada.id),
        str(organization.id),
        str(TRANSACTIONS),
    ]
    publisher = Process("publisher", *arguments, root=root)
    crew.append(publisher)
    for number in range(KILLS):
        time.sleep(chance.uniform(0.3, 1.5))
        if number % 4 == 3:
            kill_valkey(root)
        else:
            victims[number % 4].kill()
    assert publisher.wait(PATIENCE) == 0

    topic = f"user:{ada.id}"
    with acting_as_service():
        committed = {
            str(id): event for id, event in Message.objects.filter(topic=topic).values_list("id", "event")
        }
        noticed = Notification.objects.filter(user=ada).count()
    assert len(committed) > 4_000 and "undone" not in committed.values()
    assert noticed > 100
    for listener in listeners:
        try:
            until(lambda listener=listener: committed.keys() <= listener.heard.keys())
        except AssertionError:
            missing = sorted(committed.keys() - listener.heard.keys())
            print(
                "MISSING",
                len(missing),
                "of",
                len(committed),
                "times back",
                listener.times_back,
                missing[:3],
                missing[-3:],
                listener._last,
                listener.is_alive(),
            )
            raise
        listener.done.set()
        assert listener.heard == committed, "nothing that was rolled back, and nothing of others"
        assert listener.times_back > 0, "it was never cut off"
    until(lambda: all(b.waiting == 0 for b in figures.backlogs(at=timezone.now()) if b.reader == "numbering"))
    assert sum(process.deaths for process in victims) == KILLS - KILLS // 4
