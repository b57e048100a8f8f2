"""Telling what happened: a row of the outbox in the caller's own transaction, or none at all."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from core.actors import acting_as_service
from core.errors import DomainError
from core.ids import uuid7
from realtime import doorbell
from realtime.models import LONGEST_NAME, Message

# Bytes of a payload as JSON; what sockets and receivers of webhooks are promised.
LARGEST_PAYLOAD = 256 * 1024


class PayloadTooLarge(DomainError):
    code = "payload_too_large"
    message = _("A message holds at most 256 KB.")


class NameTooLong(DomainError):
    code = "name_too_long"
    message = _("A topic and an event have from 1 to 255 bytes.")


@dataclass(frozen=True)
class Event:
    """What happened (`event`: `transfer.received`), for whom (`topic`: `user:<id>`), and its facts as JSON."""

    topic: str
    event: str
    payload: dict[str, Any]
    private: bool = True
    id: UUID = field(default_factory=uuid7)


def publish(*, topic: str, event: str, payload: dict[str, Any], private: bool = True) -> UUID:
    """Tell one event; see `publish_many`. Returns the message's id, by which receivers know a repeat."""
    told = Event(topic, event, payload, private)
    publish_many(events=[told])
    return told.id


def publish_many(*, events: Iterable[Event]) -> None:
    """Write the events in the running transaction: they are told after its commit, in this order, or not at all.

    Amounts in payloads are minor units. Raises NameTooLong, PayloadTooLarge.
    """
    messages = [_message(event) for event in events]
    if not messages:
        return
    with acting_as_service():
        Message.objects.bulk_create(messages)
    transaction.on_commit(doorbell.ring)


def _message(event: Event) -> Message:
    for name in (event.topic, event.event):
        if not 1 <= len(name.encode()) <= LONGEST_NAME:
            raise NameTooLong(name=name[:LONGEST_NAME])
    if len(json.dumps(event.payload, ensure_ascii=False).encode()) > LARGEST_PAYLOAD:
        raise PayloadTooLarge(event=event.event)
    return Message(
        id=event.id,
        topic=event.topic,
        extension=Message.Extension.EVENT,
        event=event.event,
        payload=event.payload,
        private=event.private,
    )
