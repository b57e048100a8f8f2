"""The outbox as each web process reads it: whole and in order, whatever of it Valkey brings."""

import asyncio
import threading
from typing import Any

import pytest
import redis
from django.conf import settings

from core.actors import acting_as_service
from realtime import dispatcher, services
from realtime.asgi import hub
from realtime.asgi.reader import Reader
from realtime.asgi.rooms import Rooms
from realtime.services import outbox
from realtime.tests.sockets import Client, dispatch, token_of


class Told:
    """A reader that writes down what it would tell."""

    def __init__(self) -> None:
        self.seen: list[int] = []
        self.reader = Reader(Rooms(), self._command)
        self.reader._tell_room = self._tell_room

    async def _command(self, event: str, facts: dict[str, Any]) -> None:
        raise RuntimeError(event)

    async def _tell_room(self, placed: outbox.Placed) -> None:
        self.seen.append(int(placed.event))


def published(count: int, start: int = 0) -> list[list[Any]]:
    with acting_as_service():
        for number in range(start, start + count):
            services.publish(topic="t", event=str(number), payload={})
    return [placed.packed() for placed in outbox.sequence(limit=count)]


@pytest.mark.django_db(transaction=True)
def test_batches_that_are_lost_late_or_come_twice_are_told_once_each_in_order():
    told = Told()

    async def story(batches: list[list[list[Any]]]) -> None:
        await told.reader.take(batches[0])
        await told.reader.take(batches[2])  # the second is lost
        await told.reader.take(batches[1])  # and comes late
        await told.reader.take(batches[2])
        await told.reader.take(batches[3][5:])
        await told.reader.look()
        await asyncio.gather(*(told.reader.take(batch) for batch in reversed(batches)), told.reader.look())

    asyncio.run(told.reader.begin())
    asyncio.run(story([published(10, start) for start in range(0, 40, 10)]))
    assert told.seen == list(range(40))


@pytest.mark.django_db(transaction=True)
def test_what_cannot_be_told_holds_up_nothing(caplog):
    told = Told()
    asyncio.run(told.reader.begin())
    with acting_as_service():
        services.publish(topic="$sockets", event="no.such.thing", payload={})
    asyncio.run(told.reader.take([*published(3)]))
    assert told.seen == [0, 1, 2] and "could not be told to sockets" in caplog.text


def test_without_valkey_messages_come_late_and_none_is_missing(server, ada, monkeypatch):
    monkeypatch.setattr(dispatcher.Voice, "tell", lambda self, placed: None)
    topic = f"user:{ada.id}"
    with Client(server, token=token_of(ada)) as client:
        client.join(topic, private=True)
        for number in range(3):
            with acting_as_service():
                services.publish(topic=topic, event=str(number), payload={})
            dispatch()
        assert [client.expect("broadcast")["payload"]["event"] for _ in range(3)] == ["0", "1", "2"]


def test_members_hear_other_processes_again_after_valkey_dropped_every_connection(server, other_server):
    with Client(server) as first, Client(other_server) as second:
        first.join("room")
        second.join("room")
        redis.Redis.from_url(settings.VALKEY_URL).execute_command("CLIENT", "KILL", "TYPE", "pubsub")
        for number in range(100):
            first.broadcast("room", str(number), {})
            if "broadcast" in [frame["event"] for frame in second.settle()]:
                break
            threading.Event().wait(0.1)
        else:
            raise AssertionError("it is never heard again")


def test_a_burst_of_messages_reaches_a_reader_whole(server, ada):
    topic = f"user:{ada.id}"
    with Client(server, token=token_of(ada)) as client:
        client.join(topic, private=True)
        events = [services.Event(topic, str(number), {}) for number in range(3_000)]
        with acting_as_service():
            services.publish_many(events=events)
        dispatch()
        assert [client.expect("broadcast")["payload"]["event"] for _ in events] == [
            one.event for one in events
        ]


def test_a_socket_opens_and_hears_the_outbox_while_valkey_is_away(server, ada, monkeypatch):
    async def away(*_args: Any) -> None:
        raise ConnectionError("away")

    layer = type(
        "Layer", (), dict.fromkeys(("new_channel", "group_add", "group_send", "group_discard"), away)
    )()
    monkeypatch.setattr(hub, "get_channel_layer", lambda: layer)
    topic = f"user:{ada.id}"
    with Client(server, token=token_of(ada)) as client:
        assert client.join(topic, private=True, broadcast={"ack": True, "self": True})["status"] == "ok"
        with acting_as_service():
            services.publish(topic=topic, event="x", payload={})
        dispatch()
        assert client.expect("broadcast")["payload"]["event"] == "x"
        # Within a process members hear one another all the same.
        client.broadcast(topic, "y", {})
        assert client.expect("broadcast")["payload"]["event"] == "y"
