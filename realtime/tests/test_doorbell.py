"""The doorbell: many commits are few words, a rolled back one is none, and nobody waits or fails for it."""

import time
from itertools import pairwise

import pytest
import redis
from django.conf import settings
from django.db import transaction

from core.actors import acting_as_service
from realtime import doorbell
from realtime import services as realtime

PATIENCE = 10


@pytest.fixture
def bell(monkeypatch):
    """A doorbell of one's own, and who hears it."""
    monkeypatch.setattr(doorbell, "_doorbell", doorbell._Doorbell())
    ear = redis.Redis.from_url(settings.VALKEY_URL).pubsub(ignore_subscribe_messages=True)
    ear.subscribe(doorbell.channel())
    heard(ear)  # what a test before this one still had to say
    yield ear
    ear.close()


def heard(ear, within: float = 0.3) -> list[bytes]:
    """The words, the first of which comes within so many seconds, until there has been none for a while."""
    words: list[bytes] = []
    while word := ear.get_message(timeout=0.3 if words else within):
        words.append(word["data"])
    return words


def test_many_rings_are_few_words_and_each_place_is_named(bell):
    for _ in range(500):
        doorbell.ring()
        doorbell.ring_for_sources()
    words = heard(bell, within=PATIENCE)
    assert set(words) == {doorbell.OUTBOX, doorbell.SOURCES}
    assert len(words) < 50


def test_who_rings_without_end_is_heard_now_and_then(bell, monkeypatch):
    """While it speaks it is rung again: it must not go on for ever."""
    said: list[float] = []
    real = redis.Redis.publish

    def publish(self, channel, message):
        doorbell.ring()
        said.append(time.monotonic())
        return real(self, channel, message)

    monkeypatch.setattr(redis.Redis, "publish", publish)
    doorbell.ring()
    began = time.monotonic()
    while len(said) < 5:
        assert time.monotonic() < began + PATIENCE
        time.sleep(0.01)
    monkeypatch.setattr(redis.Redis, "publish", real)
    assert all(later - sooner >= doorbell.PAUSE for sooner, later in pairwise(said))


@pytest.mark.django_db(transaction=True)
def test_it_rings_after_the_commit_and_not_for_what_rolled_back(bell):
    with pytest.raises(LookupError), acting_as_service(), transaction.atomic():
        realtime.publish(topic="room", event="undone", payload={})
        raise LookupError
    with acting_as_service():
        realtime.publish(topic="room", event="done", payload={})
        assert heard(bell) == []
    assert heard(bell, within=PATIENCE) == [doorbell.OUTBOX]


def test_whoever_rings_while_valkey_is_away_notices_nothing_and_it_rings_again_later(bell, monkeypatch):
    monkeypatch.setattr(doorbell, "WHILE_AWAY", 0.05)
    real = redis.Redis.publish
    failures: list[int] = []

    def publish(self, channel, message):
        if len(failures) < 3:
            failures.append(1)
            raise redis.ConnectionError("away")
        return real(self, channel, message)

    monkeypatch.setattr(redis.Redis, "publish", publish)
    began = time.monotonic()
    while len(failures) < 3:
        doorbell.ring()
        assert time.monotonic() < began + PATIENCE
    doorbell.ring()
    assert doorbell.OUTBOX in heard(bell, within=PATIENCE)
