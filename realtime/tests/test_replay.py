"""Messages that are past, told again to whoever comes back."""

from datetime import timedelta

import pytest
from django.utils import timezone

from core.actors import acting_as_service
from core.ids import uuid7, uuid7_at
from realtime import services
from realtime.models import Message
from realtime.services import outbox, replay
from realtime.tests.sockets import Client, dispatch, token_of


def publish(topic: str, *events: str) -> list[str]:
    with acting_as_service():
        return [str(services.publish(topic=topic, event=event, payload={"of": event})) for event in events]


def since(**ago) -> dict:
    return {"replay": {"since": int((timezone.now() - timedelta(**ago)).timestamp() * 1000)}}


def replayed(client: Client) -> list[tuple[str, str]]:
    """What was told again: events and ids, in order."""
    told = [frame["payload"] for frame in client.settle() if frame["event"] == "broadcast"]
    assert all(one["meta"]["replayed"] is True for one in told)
    return [(one["event"], one["meta"]["id"]) for one in told]


@pytest.mark.parametrize("vsn", ["1.0.0", "2.0.0"])
def test_what_happened_since_is_told_again_oldest_first(server, ada, bola, vsn):
    topic = f"user:{ada.id}"
    ids = publish(topic, "first", "second", "third")
    publish(f"user:{bola.id}", "theirs")
    with acting_as_service():
        services.publish(topic=topic, event="public", payload={}, private=False)
    with Client(server, token=token_of(ada), vsn=vsn) as client:
        answer = client.join(topic, private=True, broadcast=since(minutes=1))
        assert answer["response"] == {"postgres_changes": [], "replay": {"complete": True}}
        assert replayed(client) == list(zip(("first", "second", "third"), ids, strict=True))
        # Told again when it is numbered only now, it would come twice.
        dispatch()
        assert client.settle() == []
        (new,) = publish(topic, "new")
        dispatch()
        assert client.expect("broadcast")["payload"]["meta"] == {"id": new}
        client.join(topic, private=True, broadcast={"replay": {**since(minutes=1)["replay"], "limit": 2}})
        assert [event for event, _id in replayed(client)] == ["third", "new"]
        client.join(topic, private=True, broadcast=since(minutes=-1))
        assert replayed(client) == []


def test_what_came_after_a_message_is_told_again_in_the_order_of_commits(server, ada, another_session):
    topic = f"user:{ada.id}"
    late = another_session()
    late.execute("select realtime.send('{}'::jsonb, 'late', %s)", [topic])
    seen, *_others = publish(topic, "seen")
    outbox.sequence(limit=10)
    # It began before the message that was seen, and committed after it.
    late.commit()
    publish(topic, "next")
    outbox.sequence(limit=10)
    with Client(server, token=token_of(ada)) as client:
        assert client.join(topic, private=True, broadcast={"replay": {"after": seen}})["status"] == "ok"
        assert [event for event, _id in replayed(client)] == ["late", "next"]
        answer = client.join(topic, private=True, broadcast={"replay": {"after": seen, "limit": 1}})
        assert answer["response"]["replay"] == {"complete": False}
        assert [event for event, _id in replayed(client)] == ["late"]


def test_no_more_is_replayed_than_a_reader_can_take(server, ada, monkeypatch):
    monkeypatch.setattr(replay, "MOST_BYTES", 50)
    topic = f"user:{ada.id}"
    ids = publish(topic, *"abcdefg")
    outbox.sequence(limit=10)
    with Client(server, token=token_of(ada)) as client:
        answer = client.join(topic, private=True, broadcast={"replay": {"after": ids[0]}})
        assert answer["response"]["replay"] == {"complete": False}
        assert [event for event, _id in replayed(client)] == ["b", "c", "d", "e"]


def test_what_is_three_days_old_is_not_told_again(server, ada):
    topic, at = f"user:{ada.id}", timezone.now()
    with acting_as_service():
        for days in (4, 2):
            moment = at - timedelta(days=days)
            Message.objects.create(
                id=uuid7_at(moment),
                topic=topic,
                extension="event",
                event=f"{days}",
                payload={},
                inserted_at=moment,
            )
        outbox.sequence(limit=10)
    with Client(server, token=token_of(ada)) as client:
        client.join(topic, private=True, broadcast={"replay": {"since": 0}})
        assert [event for event, _id in replayed(client)] == ["2"]
        old = str(uuid7_at(at - timedelta(days=4)))
        answer = client.join(topic, private=True, broadcast={"replay": {"after": old}})
        # Something may be missing: the client must look for itself.
        assert answer["response"]["replay"] == {"complete": False}
        assert [event for event, _id in replayed(client)] == ["2"]


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"limit": 5},
        {"since": 1, "after": str(uuid7())},
        {"since": "1"},
        {"since": 10**30},
        {"after": "x"},
        {"since": 1, "limit": 26},
        {"since": 1, "limit": 0},
        {"since": True},
        [],
    ],
)
def test_what_cannot_be_replayed_is_refused(server, ada, asked):
    with Client(server, token=token_of(ada)) as client:
        answer = client.join(f"user:{ada.id}", private=True, broadcast={"replay": asked})
        assert answer["response"]["reason"].startswith("InvalidPayload: config.broadcast.replay")
        assert client.join("room", broadcast={"replay": {"since": 1}})["status"] == "error"
