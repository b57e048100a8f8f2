"""Dispatcher, web processes, worker and Valkey are killed while thousands of messages are published.

Whoever listens has every message that committed, live or by asking for it on coming back; each notice exists once and
its letter has gone out, each webhook has been delivered under one id; and nothing is told of what was rolled back.
"""

import json
import os
import random
import re
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import Notification, NotificationDelivery, WebhookDelivery
from accounts.tests.factories import make_organization, make_person
from accounts.tests.receivers import Receiver, make_endpoint, receiver
from core.actors import acting_as_service
from core.embedded import Valkey
from realtime import figures
from realtime import services as realtime
from realtime.models import Message, ParkedMessage
from realtime.tests.faults import processes
from realtime.tests.faults.listening import Listener
from realtime.tests.faults.processes import Process
from realtime.tests.sockets import Client, token_of

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

TRANSACTIONS, KILLS, PATIENCE = 3_600, 15, 90


@pytest.fixture
def root(tmp_path: Path, transactional_db: Any) -> Iterator[Path]:
    valkey = Valkey(tmp_path)
    valkey.start()
    yield tmp_path
    valkey.stop()


@pytest.fixture
def crew() -> Iterator[list[Process]]:
    """All processes that a test starts end with it."""
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


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < deadline, "it never came about"
        time.sleep(0.05)


def answers(url: str) -> bool:
    with suppress(OSError), Client(url, token="anon"):
        return True
    return False


def kill_at_random(root: Path, victims: list[Process]) -> None:
    """Each in turn, at moments that nobody can foresee."""
    chance = random.Random(11)
    for number in range(KILLS):
        time.sleep(chance.uniform(0.2, 1.2))
        turn = number % (len(victims) + 1)
        if turn == len(victims):
            kill_valkey(root)
        else:
            victims[turn].kill()


def test_nothing_is_lost_and_nothing_undone_is_told_whoever_is_killed(
    root: Path, crew: list[Process]
) -> None:
    ada = make_person(email="ada@alajo.test")
    firm, topic = make_organization(owner=ada), f"user:{ada.id}"
    webs = [processes.web(root, number) for number in range(2)]
    victims = [processes.dispatcher(root), processes.worker(root), *(process for process, _url in webs)]
    crew += victims
    with receiver() as hook:
        make_endpoint(firm, ada, url=hook.url)
        until(lambda: all(answers(url) for _process, url in webs))
        listeners = [Listener(url, topic, token_of(ada)) for _process, url in webs]
        for listener in listeners:
            listener.start()
        until(lambda: all(listener.times_back == 0 for listener in listeners))
        with acting_as_service():
            realtime.publish(topic=topic, event="done", payload={"number": "the first"})
        until(lambda: all(listener.heard for listener in listeners))
        publisher = processes.publisher(root, str(ada.id), str(firm.id), str(TRANSACTIONS))
        crew.append(publisher)
        kill_at_random(root, victims)
        assert publisher.wait(PATIENCE) == 0
        until(lambda: all(backlog.waiting == 0 for backlog in figures.backlogs(at=timezone.now())))
        sockets_heard_all(topic, listeners)
        webhooks_came(f"org:{firm.id}", hook)
        notices_went_out(root)
    with acting_as_service():
        assert not ParkedMessage.objects.exists()


def sockets_heard_all(topic: str, listeners: list[Listener]) -> None:
    with acting_as_service():
        rows = Message.objects.filter(topic=topic).exclude(event="notification.created")
        committed = {str(id): event for id, event in rows.values_list("id", "event")}
    assert len(committed) > 4_000 and set(committed.values()) == {"done"}
    for listener in listeners:
        until(lambda heard=listener.heard: committed.keys() <= heard.keys())  # type: ignore[misc]
        listener.done.set()
        told = {id: event for id, event in listener.heard.items() if event != "notification.created"}
        assert told == committed, "nothing that was rolled back, and nothing of others"
        assert listener.times_back > 0, "it was never cut off"


def webhooks_came(topic: str, hook: Receiver) -> None:
    with acting_as_service():
        committed = set(
            Message.objects.filter(topic=topic, event="member.joined").values_list("id", flat=True)
        )
    assert len(committed) > 200
    wanted = {f"msg_{id.hex}" for id in committed}
    until(lambda: len(set(hook.ids)) >= len(committed))
    assert {json.loads(one.body)["type"] for one in hook.received} == {"member.joined"}
    with acting_as_service():
        planned = WebhookDelivery.objects.filter(event="member.joined")
        assert set(planned.values_list("message_id", flat=True)) == committed
        assert planned.count() == len(committed)
    assert len(set(hook.ids)) == len(wanted)


def notices_went_out(root: Path) -> None:
    """Each notice is one row, planned once; its letter may come twice where its sender was killed, by the same name."""
    with acting_as_service():
        notices = list(Notification.objects.filter(event="legal.terms"))
        assert len(notices) > 100 and all("done" in notice.data for notice in notices)

    def all_sent() -> bool:
        with acting_as_service():
            sent = NotificationDelivery.objects.filter(channel="EMAIL", state="SENT")
            return sent.count() == len(notices)

    until(all_sent)
    names = [
        name
        for path in (root / "letters").iterdir()
        for name in re.findall(r"^Message-ID: <([^@]+)@", path.read_text(), re.MULTILINE)
    ]
    with acting_as_service():
        sent = NotificationDelivery.objects.filter(channel="EMAIL", notification__in=notices)
        assert {str(id) for id in sent.values_list("pk", flat=True)} <= set(names)
        assert sent.count() == len(notices)
