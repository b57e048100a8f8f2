"""The dispatcher as a process: it is woken by commits, tells web processes and consumers, and outlives its stores."""

import asyncio
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import pytest
from channels.layers import get_channel_layer
from django.conf import settings
from django.db import connection

from core.actors import acting_as_service
from realtime import dispatcher
from realtime import services as realtime
from realtime.models import Consumer
from realtime.services import outbox

pytestmark = pytest.mark.django_db(transaction=True)
PATIENCE = 30


@pytest.fixture
def running(transactional_db, settings) -> Iterator[None]:
    """One dispatcher, with consumers that tests put in place of the real ones."""
    settings.REALTIME_CONSUMERS = {"notices": "first", "webhooks": "second"}
    with acting_as_service():
        Consumer.objects.update(position=outbox.head())
    one = dispatcher.Dispatcher()
    thread = threading.Thread(target=one.run)
    thread.start()
    yield
    one.stop()
    thread.join()


class Web:
    """What a web process hears over the channel layer."""

    def __enter__(self) -> "Web":
        self.loop = asyncio.new_event_loop()
        self.layer = get_channel_layer()
        self.channel = self.loop.run_until_complete(self.layer.new_channel())
        self.loop.run_until_complete(self.layer.group_add(dispatcher.GROUP, self.channel))
        return self

    def __exit__(self, *exception: object) -> None:
        self.loop.run_until_complete(self.layer.flush())
        self.loop.close()

    def hear(self, wanted: int) -> list[outbox.Placed]:
        heard: list[outbox.Placed] = []
        while len(heard) < wanted:
            word = self.loop.run_until_complete(asyncio.wait_for(self.layer.receive(self.channel), PATIENCE))
            assert word["type"] == "outbox"
            heard += [outbox.Placed.unpacked(values) for values in word["messages"]]
        return heard


def publish(*events: str) -> None:
    with acting_as_service():
        realtime.publish_many(events=[realtime.Event("room", event, {"kobo": 5}) for event in events])


def until(condition) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "it never came about"
        time.sleep(0.02)


def test_web_processes_hear_of_each_commit_in_order_with_positions_that_rise_by_one(running):
    with Web() as web:
        for number in range(40):
            publish(str(number))
        heard = web.hear(40)
    assert [message.event for message in heard] == [*map(str, range(40))]
    assert [message.position - heard[0].position for message in heard] == [*range(40)]
    assert {message.payload for message in heard} == {'{"kobo": 5}'}


def test_batches_are_bounded_in_number_and_bytes():
    def message(position: int, size: int) -> outbox.Placed:
        return outbox.Placed(
            position,
            realtime.Event("t", "e", {}).id,
            "t",
            "event",
            "e",
            "x" * size,
            None,
            True,
            (),
            dispatcher.timezone.now(),
        )

    many = [*dispatcher.batches([message(n, 10) for n in range(450)])]
    assert [len(batch) for batch in many] == [200, 200, 50]
    large = [*dispatcher.batches([message(n, 400_000) for n in range(5)])]
    assert [len(batch) for batch in large] == [2, 2, 1]
    assert [values[0] for batch in large for values in batch] == [0, 1, 2, 3, 4]


def test_a_consumer_that_fails_for_long_holds_up_neither_sockets_nor_other_consumers(running, monkeypatch):
    taken: list[str] = []

    def taker(path: str):
        if path == "first":
            raise ImportError(path)
        return lambda told: taken.extend(each.event for each in told)

    monkeypatch.setattr("realtime.services.consuming._taker", taker)
    with Web() as web:
        publish("a", "b")
        assert [message.event for message in web.hear(2)] == ["a", "b"]
    until(lambda: taken == ["a", "b"])


def test_a_process_that_is_killed_and_one_that_is_told_to_stop(transactional_db):
    """kill -9 loses nothing, SIGTERM ends it at once."""
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "config.settings.test",
        "ALAJO_PROCESS_ROLE": "service_role",
        "PYTEST_XDIST_WORKER": settings.WORKER,
    }
    command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "dispatch"]
    for number, ending in enumerate((signal.SIGKILL, signal.SIGTERM)):
        publish(f"before {number}")
        process = subprocess.Popen(command, env=environment, cwd=settings.BASE_DIR)
        try:
            until(lambda: _waiting() == 0)
            process.send_signal(ending)
            assert process.wait(PATIENCE) in (0, -9)
        finally:
            process.kill()
            process.wait()
    connection.close()


def _waiting() -> int:
    with acting_as_service(), connection.cursor() as cursor:
        cursor.execute(
            "select count(*) from realtime_message m where not exists "
            "(select from realtime_position p where p.message_id = m.id)"
        )
        return int(cursor.fetchone()[0])
