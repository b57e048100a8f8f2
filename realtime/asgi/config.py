"""What a client asks for when it joins a channel, read strictly: a field of a wrong type is refused by name.

What is null counts as not sent; fields that we do not know are left alone, since clients add some with each version.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar
from uuid import UUID

from realtime.asgi.limits import LONGEST_NAME, MOST_BINDINGS
from realtime.refusals import Refused
from realtime.services import replay

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class JoinConfig:
    """`own`: the sender hears its own broadcasts. `token` is empty where the socket's own holds."""

    private: bool
    ack: bool
    own: bool
    presence_key: str
    presence: bool
    changes: tuple[dict[str, Any], ...]
    replay: replay.Wanted | None
    token: str


def read(payload: object) -> JoinConfig:
    """Read the payload of a `phx_join`. Raises Refused."""
    if payload is not None and not isinstance(payload, dict):
        raise Refused("InvalidPayload: payload must be an object")
    given = payload or {}
    config: dict[str, Any] = _part(given, "config", {}, "")
    sending: dict[str, Any] = _part(config, "broadcast", {}, "config.")
    presence: dict[str, Any] = _part(config, "presence", {}, "config.")
    private = _part(config, "private", False, "config.")
    key = _part(presence, "key", "", "config.presence.")
    if len(key.encode()) > LONGEST_NAME:
        raise Refused(f"InvalidPayload: config.presence.key is longer than {LONGEST_NAME} bytes")
    return JoinConfig(
        private=private,
        ack=_part(sending, "ack", False, "config.broadcast."),
        own=_part(sending, "self", False, "config.broadcast."),
        presence_key=key,
        presence=_part(presence, "enabled", True, "config.presence."),
        changes=_changes(config),
        replay=_replay(sending, private=private),
        token=token_in(given),
    )


def token_in(payload: object) -> str:
    """The access token in a payload; empty where none is sent that could be one. Raises Refused."""
    if not isinstance(payload, dict):
        raise Refused("InvalidPayload: payload must be an object")
    token = _part(payload, "access_token", "", "")
    # Opaque keys stand for the app, which the socket has told already.
    return "" if token.startswith("sb_") else token


def _part(within: dict[str, Any], name: str, default: T, where: str) -> T:
    value = within.get(name)
    if value is None:
        return default
    if type(value) is not type(default):
        raise Refused(f"InvalidPayload: {where}{name} must be {_KINDS[type(default)]}")
    return value


_KINDS: dict[type, str] = {
    dict: "an object",
    bool: "true or false",
    str: "text",
    list: "a list",
    int: "a number",
}


def _changes(config: dict[str, Any]) -> tuple[dict[str, Any], ...]:
    asked: list[Any] = _part(config, "postgres_changes", [], "config.")
    if len(asked) > MOST_BINDINGS:
        raise Refused(f"InvalidPayload: config.postgres_changes has more than {MOST_BINDINGS} entries")
    if not all(isinstance(one, dict) for one in asked):
        raise Refused("InvalidPayload: config.postgres_changes must be a list of objects")
    return tuple(asked)


def _replay(sending: dict[str, Any], *, private: bool) -> replay.Wanted | None:
    if sending.get("replay") is None:
        return None
    asked: dict[str, Any] = _part(sending, "replay", {}, "config.broadcast.")
    where = "config.broadcast.replay."
    limit = _part(asked, "limit", replay.MOST, where)
    if not private:
        raise Refused("InvalidPayload: only private channels are replayed")
    if not 1 <= limit <= replay.MOST:
        raise Refused(f"InvalidPayload: {where}limit must be from 1 to {replay.MOST}")
    after, since = _part(asked, "after", "", where), _part(asked, "since", -1, where)
    if bool(after) == (since >= 0):
        raise Refused(
            f"InvalidPayload: {where}since (milliseconds) or {where}after (a message's id) must be there"
        )
    try:
        if after:
            return replay.Wanted(limit, after=UUID(after))
        return replay.Wanted(limit, since=datetime.fromtimestamp(since / 1000, tz=UTC))
    except (ValueError, OverflowError, OSError):
        raise Refused(f"InvalidPayload: {where}{'after' if after else 'since'} is out of range") from None
