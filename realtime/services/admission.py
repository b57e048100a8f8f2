"""Letting somebody into a channel: who they are, what they may do there, and what they want to be told."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from core.actors import Actor
from core.callers import BearerRefused, actor_of_bearer, ended_among
from realtime import changes
from realtime.refusals import Refused, bad_token, may_not_read
from realtime.services import replay, rights
from realtime.services.replay import Replayed, Wanted
from realtime.services.rights import Rights


@dataclass(frozen=True, slots=True)
class Admission:
    actor: Actor
    rights: Rights
    bindings: tuple[changes.Binding, ...]
    replayed: Replayed


def admit(
    *,
    token: str,
    actor: Actor,
    topic: str,
    private: bool,
    asked: Sequence[dict[str, Any]],
    wanted: Wanted | None,
    at: datetime,
) -> Admission:
    """Return how somebody comes in: by the token they bring along, or else as `actor`. Raises Refused."""
    actor = _known(token, actor, at)
    may = rights.rights_of(actor=actor, topic=topic) if private else rights.EVERYTHING
    if "broadcast" not in may.reads:
        raise may_not_read(topic)
    bindings = bind_all(asked, actor=actor)
    past = replay.replay(actor=actor, topic=topic, wanted=wanted, at=at) if wanted else Replayed()
    return Admission(actor, may, bindings, past)


def bind_all(asked: Sequence[dict[str, Any]], *, actor: Actor) -> tuple[changes.Binding, ...]:
    """Return what is wanted of changes of rows, in the order asked for. Raises Refused."""
    try:
        return tuple(changes.bind(request, actor=actor) for request in asked)
    except changes.BindingRefused as refusal:
        raise Refused(refusal.message) from None


def actor_of(token: str) -> Actor:
    """Return who a token names. Raises Refused."""
    try:
        return actor_of_bearer(token)
    except BearerRefused as refusal:
        raise bad_token(str(refusal.data.get("reason"))) from None


def expiry_of(actor: Actor) -> float:
    """When the actor's token ends, as a Unix time; never for the key of an app."""
    return float(actor.claims.get("exp", "inf"))


def session_of(actor: Actor) -> UUID | None:
    named = actor.claims.get("session_id")
    return UUID(named) if named else None


def _known(token: str, actor: Actor, at: datetime) -> Actor:
    if token:
        return actor_of(token)
    if expiry_of(actor) <= at.timestamp():
        raise bad_token("token is expired")
    session_id = session_of(actor)
    if session_id is not None and ended_among([session_id]):
        raise bad_token("session has ended")
    return actor
