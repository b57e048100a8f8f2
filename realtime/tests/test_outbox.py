"""The outbox is read in the order of commits: nothing is passed over, nothing comes twice, nothing waits for others."""

import random
import threading

import psycopg
import pytest
from django.db import connection, transaction

from core.actors import acting_as_service
from realtime import services as realtime
from realtime.models import Message, Position
from realtime.services import outbox

pytestmark = pytest.mark.django_db(transaction=True)


def publish(event: str, topic: str = "room") -> None:
    with acting_as_service():
        realtime.publish(topic=topic, event=event, payload={"say": event})


def write(session: psycopg.Connection, event: str) -> None:
    """Publish in a session of one's own, and leave its transaction open."""
    session.execute(
        "insert into realtime_message (topic, extension, event, payload) values ('room', 'event', %s, '{}')",
        [event],
    )


def told() -> list[str]:
    return [message.event for message in outbox.sequence(limit=1000)]


def test_what_is_published_is_told_once_with_all_it_says():
    with acting_as_service():
        id = realtime.publish(topic="room", event="said", payload={"words": "Ẹ kú àárọ̀", "kobo": 2**60})
    (message,) = outbox.sequence(limit=10)
    assert (message.id, message.topic, message.event, message.private) == (id, "room", "said", True)
    assert message.payload == '{"kobo": 1152921504606846976, "words": "Ẹ kú àárọ̀"}'
    assert outbox.sequence(limit=10) == []
    assert outbox.head() == message.position
    assert outbox.after(message.position - 1, limit=10) == [message]


def test_what_rolled_back_is_never_told():
    with acting_as_service():
        try:
            with transaction.atomic():
                realtime.publish(topic="room", event="undone", payload={})
                raise LookupError
        except LookupError:
            pass
        realtime.publish(topic="room", event="done", payload={})
    assert told() == ["done"]


def test_a_transaction_that_commits_late_is_told_though_later_ones_were_before_it(another_session):
    """By its id, and by its transaction's number, it stands before what has long been read."""
    late = another_session()
    write(late, "began first")
    publish("began second")
    assert told() == ["began second"]
    publish("began third")
    assert told() == ["began third"]
    late.commit()
    assert told() == ["began first"]
    first = Message.objects.order_by("id").values_list("event", flat=True)
    with acting_as_service():
        assert list(first) == ["began first", "began second", "began third"]


def test_within_one_look_the_order_is_that_of_commits(another_session):
    sessions = [another_session() for _ in range(6)]
    for number, session in enumerate(sessions):
        write(session, str(number))
    order = random.Random(7).sample(range(6), 6)
    for number in order:
        sessions[number].commit()
    assert told() == [str(number) for number in order]


def test_a_long_transaction_holds_up_nobody_and_nothing_is_told_of_it_before_its_end(another_session):
    long = another_session()
    write(long, "long")
    for number in range(5):
        publish(str(number))
        assert told() == [str(number)]
    long.rollback()
    publish("after")
    assert told() == ["after"]


def test_a_backlog_is_read_in_bites_and_late_ones_of_any_bite_are_not_lost(another_session):
    late = [another_session() for _ in range(3)]
    write(late[0], "late 0")
    for number in range(7):
        publish(str(number))
    write(late[1], "late 1")
    for number in range(7, 14):
        publish(str(number))
    write(late[2], "late 2")
    seen: list[str] = []
    bites = []
    for turn in range(9):
        bite = [message.event for message in outbox.sequence(limit=3)]
        bites.append(len(bite))
        seen += bite
        if turn < 3:
            late[turn].commit()
    assert max(bites) <= 6, "a bite is about what was asked for"
    assert sorted(seen) == sorted([*map(str, range(14)), "late 0", "late 1", "late 2"])
    assert [event for event in seen if not event.startswith("late")] == [*map(str, range(14))]


def test_a_transaction_larger_than_a_bite_is_told_whole():
    with acting_as_service():
        realtime.publish_many(events=[realtime.Event("room", str(number), {}) for number in range(20)])
    publish("next")
    assert [message.event for message in outbox.sequence(limit=3)] == [*map(str, range(20))]
    assert [message.event for message in outbox.sequence(limit=3)] == ["next"]


def test_positions_have_no_gap(another_session):
    start = outbox.head()
    for _ in range(3):
        publish("kept")
        lost = another_session()
        write(lost, "lost")
        lost.rollback()
        told()
    with acting_as_service():
        found = list(
            Position.objects.filter(position__gt=start)
            .order_by("position")
            .values_list("position", flat=True)
        )
    assert found == [start + 1, start + 2, start + 3]


def test_many_writers_and_several_dispatchers_tell_each_message_once_and_each_writers_in_order():
    """Four writers that commit as they like against three that number at once."""
    writers, each = 4, 60
    done = threading.Event()
    batches: list[list[outbox.Placed]] = []

    def write_all(writer: int) -> None:
        chance = random.Random(writer)
        for number in range(each):
            with acting_as_service():
                realtime.publish(topic=f"writer {writer}", event=str(number), payload={})
                if chance.random() < 0.2:
                    connection.cursor().execute("select pg_sleep(0.01)")
        connection.close()

    def number_all() -> None:
        while not done.is_set():
            batches.append(outbox.sequence(limit=17))
        connection.close()

    threads = [threading.Thread(target=write_all, args=[writer]) for writer in range(writers)]
    dispatchers = [threading.Thread(target=number_all) for _ in range(3)]
    for thread in [*threads, *dispatchers]:
        thread.start()
    for thread in threads:
        thread.join()
    done.set()
    for thread in dispatchers:
        thread.join()
    batches.append(outbox.sequence(limit=1000))
    messages = sorted(
        (message for batch in batches for message in batch), key=lambda message: message.position
    )
    assert [message.position for message in messages] == [
        *range(messages[0].position, messages[0].position + writers * each)
    ]
    for writer in range(writers):
        own = [message.event for message in messages if message.topic == f"writer {writer}"]
        assert own == [*map(str, range(each))]


def test_after_a_restore_into_a_new_cluster_what_is_new_is_told_and_nothing_twice(another_session):
    """There transactions count from low numbers again, so that all of them look long past."""
    publish("before, told")
    assert told() == ["before, told"]
    publish("before, not told")
    with acting_as_service(), connection.cursor() as cursor:
        cursor.execute("update realtime_horizon set snapshot = '900000000000:900000000000:'")
    publish("after")
    assert told() == ["before, not told", "after"]
    publish("later")
    assert told() == ["later"]


@pytest.mark.parametrize("name", ["", "x" * 256, "ọ" * 100])
def test_names_that_no_frame_holds_are_refused(name):
    with acting_as_service(), pytest.raises(realtime.NameTooLong):
        realtime.publish(topic=name, event="said", payload={})


def test_a_payload_beyond_what_sockets_promise_is_refused():
    with acting_as_service(), pytest.raises(realtime.PayloadTooLarge):
        realtime.publish(topic="room", event="said", payload={"words": "x" * 262_144})
    assert told() == []
