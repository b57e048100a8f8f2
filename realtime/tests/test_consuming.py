"""Each consumer takes each event once and in order, and what it cannot take holds up nothing."""

import threading

import pytest
from django.db import OperationalError, connection
from django.utils import timezone

from core.actors import acting_as_service
from realtime import services as realtime
from realtime.models import Consumer, Message, ParkedMessage
from realtime.services import consuming, outbox

pytestmark = pytest.mark.django_db(transaction=True)
TAKEN: list[str] = []


def take_and_remember(told: list[consuming.Told]) -> None:
    TAKEN.extend(each.event for each in told)


def deadlocked(told: list[consuming.Told]) -> None:
    raise OperationalError("deadlock detected")


@pytest.fixture
def consumer(settings):
    """The consumer `notices`, at the end of the outbox, with this module's `take`."""

    def uses(function: str) -> None:
        settings.REALTIME_CONSUMERS = {"notices": f"{__name__}.{function}"}

    TAKEN.clear()
    uses("take_and_remember")
    with acting_as_service():
        Consumer.objects.filter(name="notices").update(position=outbox.head())
    return uses


def publish(*events: str) -> None:
    with acting_as_service():
        realtime.publish_many(events=[realtime.Event("room", event, {"n": 1}) for event in events])
    outbox.sequence(limit=1000)


def consume(limit: int = 100) -> int:
    return consuming.consume(name="notices", limit=limit, at=timezone.now())


def test_events_are_taken_once_in_order_and_in_bites(consumer):
    publish(*"abcde")
    assert [consume(limit=2), consume(limit=2), consume(limit=2), consume(limit=2)] == [2, 2, 1, 0]
    assert [*"abcde"] == TAKEN


def test_what_has_no_number_yet_waits_for_it(consumer):
    with acting_as_service():
        realtime.publish(topic="room", event="a", payload={})
    assert consume() == 0
    outbox.sequence(limit=10)
    assert consume() == 1


def test_of_broadcasts_and_changes_of_rows_no_consumer_hears(consumer):
    with acting_as_service():
        for extension in ("broadcast", "presence", "postgres_changes"):
            Message.objects.create(topic="room", extension=extension, event="forged", payload={})
    publish("told")
    assert consume() == 4
    assert TAKEN == ["told"]


def test_a_message_that_cannot_be_taken_is_parked_and_the_others_go_on(consumer, monkeypatch):
    seen: list[str] = []

    def choosy(told: list[consuming.Told]) -> None:
        if any(each.event == "poison" for each in told):
            raise ValueError("cannot take this")
        seen.extend(each.event for each in told)

    monkeypatch.setattr(consuming, "_taker", lambda path: choosy)
    publish("a", "poison", "b")
    assert consume() == 3
    assert seen == ["a", "b"]
    with acting_as_service():
        parked = ParkedMessage.objects.get()
        assert (parked.consumer_id, parked.message.event) == ("notices", "poison")
        assert "cannot take this" in parked.error
    assert consume() == 0


def test_a_parked_message_is_taken_again_once(consumer, monkeypatch):
    def poisoned(told: list[consuming.Told]) -> None:
        raise ValueError("not yet")

    publish("late")
    monkeypatch.setattr(consuming, "_taker", lambda path: poisoned)
    consume()
    with acting_as_service():
        parked = ParkedMessage.objects.get()
    assert not consuming.take_parked(parked_id=parked.pk, at=timezone.now())
    monkeypatch.setattr(consuming, "_taker", lambda path: take_and_remember)
    assert consuming.take_parked(parked_id=parked.pk, at=timezone.now())
    assert TAKEN == ["late"]
    with pytest.raises(consuming.NotParked):
        consuming.take_parked(parked_id=parked.pk, at=timezone.now())
    assert TAKEN == ["late"]


def test_a_deadlock_parks_nothing_and_the_batch_comes_again(consumer):
    publish("a", "b")
    consumer("deadlocked")
    with pytest.raises(OperationalError):
        consume()
    consumer("take_and_remember")
    assert consume() == 2
    assert TAKEN == ["a", "b"]
    with acting_as_service():
        assert not ParkedMessage.objects.exists()


def test_a_batch_and_the_consumers_place_commit_together(consumer, monkeypatch):
    """Killed between the two, the batch would come twice."""
    publish("a")
    consumer("take_and_remember")
    monkeypatch.setattr(Consumer, "save", lambda self, **options: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        consume()
    monkeypatch.undo()
    with acting_as_service():
        assert Consumer.objects.get(name="notices").position == outbox.head() - 1


def test_several_processes_share_the_work_and_no_event_comes_twice(consumer):
    publish(*map(str, range(200)))

    def work() -> None:
        while consume(limit=7):
            pass
        connection.close()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    while consume():
        pass
    assert [*map(str, range(200))] == TAKEN
