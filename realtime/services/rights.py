"""What somebody may do on a private topic: the policies on messages are asked, in their name."""

import json
import logging
from dataclasses import dataclass

from django.db import OperationalError, connection
from psycopg.errors import QueryCanceled

from core.actors import SERVICE, Actor, acting_as_service

# A policy that takes longer has no answer.
PATIENCE = "3s"

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Rights:
    """What may be received on a topic and sent to it: kinds are `broadcast` and `presence`."""

    reads: frozenset[str]
    writes: frozenset[str]


_KINDS = frozenset({"broadcast", "presence"})
EVERYTHING, NOTHING = Rights(_KINDS, _KINDS), Rights(frozenset(), frozenset())


def rights_of(*, actor: Actor, topic: str) -> Rights:
    """Return what an actor may do on a private topic. Private means known: a stranger may nothing.

    Where a policy fails, nobody may anything there as long as it does; that is logged.
    """
    if actor.role == SERVICE:
        return EVERYTHING
    if actor.user_id is None:
        return NOTHING
    try:
        with acting_as_service(), connection.cursor() as cursor:
            cursor.execute("select set_config('statement_timeout', %s, true)", [PATIENCE])
            cursor.execute(
                "select reads, writes, error from realtime.rights(%s, %s)", [json.dumps(actor.claims), topic]
            )
            reads, writes, error = cursor.fetchone()
    except OperationalError as error_of_database:
        if not isinstance(error_of_database.__cause__, QueryCanceled):
            raise
        reads, writes, error = [], [], "it took too long"
    if error:
        logger.error("the policies on messages cannot say who may join %r: %s", topic, error)
    return Rights(frozenset(reads), frozenset(writes))
