"""Consumers of the outbox, each of whom takes every event once, in the order of commits.

The setting REALTIME_CONSUMERS names for each a function `take(told: list[Told]) -> None`. It runs in the transaction
that moves the consumer's position, as the service, and does nothing but write rows: what calls outside is a task it
starts on commit. What it cannot take is parked, and holds up nothing.
"""

import json
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import InterfaceError, OperationalError, transaction
from django.utils.module_loading import import_string
from django.utils.translation import gettext_lazy as _

from core import audit
from core.actors import acting_as_service
from core.errors import DomainError
from realtime.models import Consumer, Message, ParkedMessage
from realtime.services import outbox

# Not the message's fault, and gone when it is tried again: a deadlock, a lock not had in time, a server that is away.
PASSING = (OperationalError, InterfaceError)

logger = logging.getLogger(__name__)


class NotParked(DomainError):
    code = "not_parked"
    kind = "conflict"
    message = _("This message has been taken since.")


class MessageForgotten(DomainError):
    code = "message_forgotten"
    kind = "not_found"
    message = _("The message is too old: it is no longer kept.")


@dataclass(frozen=True, slots=True)
class Told:
    """An event that a service published. Of broadcasts and changes of rows no consumer hears."""

    id: UUID
    topic: str
    event: str
    payload: dict[str, Any]
    inserted_at: datetime


def consume(*, name: str, limit: int, at: datetime) -> int:
    """Hand a consumer what it has not had, at most `limit` messages; return how far it came.

    Several processes may do so at once: one does the work. Raises an OperationalError or InterfaceError of the
    database, and then nothing was taken.
    """
    with acting_as_service():
        consumer = Consumer.objects.select_for_update(skip_locked=True).filter(name=name).first()
        if consumer is None:
            return 0
        until, told = _waiting(consumer.position, limit)
        if until == consumer.position:
            return 0
        _take(consumer, told, at=at)
        before, consumer.position = consumer.position, until
        consumer.save(update_fields=["position"])
    return until - before


def take_parked(*, parked_id: UUID, at: datetime) -> bool:
    """Hand a consumer once more what it could not take; return whether it did now.

    Raises NotParked, MessageForgotten.
    """
    with acting_as_service():
        parked = ParkedMessage.objects.select_for_update().filter(pk=parked_id, done_at=None).first()
        if parked is None:
            raise NotParked
        message = Message.objects.filter(pk=parked.message_id).first()
        if message is None:
            raise MessageForgotten
        told = Told(message.id, message.topic, message.event, message.payload or {}, message.inserted_at)
        try:
            with transaction.atomic():
                _taker(settings.REALTIME_CONSUMERS[parked.consumer_id])([told])
            parked.done_at = at
        except PASSING:
            raise
        except Exception as error:
            logger.exception("%s could not take message %s again", parked.consumer_id, told.id)
            parked.error = _words_of(error)
        parked.tries += 1
        parked.save(update_fields=["done_at", "error", "tries"])
        taken = parked.done_at is not None
        audit.record(
            action="realtime.message.handed_over", target=parked, consumer=parked.consumer_id, taken=taken
        )
    return taken


def _waiting(position: int, limit: int) -> tuple[int, list[Told]]:
    """How far `limit` messages go, and the events among them."""
    until = min(outbox.head(), position + limit)
    if until <= position:
        return position, []
    events = outbox.events_after(position, limit=until - position)
    return until, [Told(each.id, each.topic, each.event, _facts(each), each.inserted_at) for each in events]


def _facts(event: outbox.Placed) -> dict[str, Any]:
    facts: dict[str, Any] = json.loads(event.payload or "{}")
    return facts


def _take(consumer: Consumer, told: list[Told], *, at: datetime) -> None:
    take = _taker(settings.REALTIME_CONSUMERS[consumer.name])
    try:
        with transaction.atomic():
            take(told)
    except PASSING:
        raise
    except Exception:
        logger.exception("%s could not take a batch: its messages are handed over one by one", consumer.name)
        for each in told:
            _take_one(consumer, take, each, at=at)


def _take_one(consumer: Consumer, take: Callable[[list[Told]], None], told: Told, *, at: datetime) -> None:
    try:
        with transaction.atomic():
            take([told])
    except PASSING:
        raise
    except Exception as error:
        logger.exception("%s could not take message %s: it is parked", consumer.name, told.id)
        ParkedMessage.objects.update_or_create(
            consumer=consumer, message_id=told.id, defaults={"error": _words_of(error), "parked_at": at}
        )


def _words_of(error: Exception) -> str:
    return repr(error).replace("\x00", "")[:2000]


@lru_cache(maxsize=8)
def _taker(path: str) -> Callable[[list[Told]], None]:
    taker: Callable[[list[Told]], None] = import_string(path)
    return taker
