"""What is seen to for all sockets of a process together: silence, tokens that expire, sign-ins that ended, rights."""

from collections.abc import Collection, Sequence
from time import monotonic, time
from typing import TYPE_CHECKING
from uuid import UUID

from core.actors import Actor, Origin
from core.callers import ended_among
from realtime.asgi.channel import Channel
from realtime.asgi.limits import RECHECK_RIGHTS, SILENCE
from realtime.asgi.socket import AWAY, FAREWELL, FORBIDDEN, Socket
from realtime.asgi.threads import threads
from realtime.changes import Binding
from realtime.refusals import Refused, may_not_read
from realtime.services import admission, rights
from realtime.services.rights import Rights

if TYPE_CHECKING:
    from realtime.asgi.hub import Hub

NOWHERE = Origin()
# Channels whose rights are asked anew in one go: the others wait for the next.
AT_ONCE = 500


async def tend(hub: "Hub") -> None:
    """Close what may not go on. Every few seconds, for all sockets at once."""
    now = monotonic()
    for socket in list(hub.sockets):
        if socket.closing_at is not None:
            if now - socket.closing_at > FAREWELL:
                socket.cut_off()
        elif now - socket.heard_at > SILENCE:
            socket.close(AWAY, "heartbeat timeout")
    for channel in hub.channels():
        if channel.expires_at <= time():
            await hub.end(channel, "Token has expired")
    await hub.journal.say_alive(hub.channels())
    await _end_what_ended(hub)
    due = [channel for channel in hub.channels() if _is_due(channel, now)]
    await ask_rights_again(hub, due[:AT_ONCE])


def _is_due(channel: Channel, now: float) -> bool:
    return channel.private and channel.is_open and now - channel.asked_at > RECHECK_RIGHTS


async def _end_what_ended(hub: "Hub") -> None:
    """Notice sign-ins that ended although the word of it was lost."""
    held = {id for socket in hub.sockets for id in sessions_of(socket)}
    ended = await threads.with_database(NOWHERE, ended_among, held)
    await end_sessions(hub, ended)


def sessions_of(socket: Socket) -> set[UUID]:
    """The sign-ins by which a socket and its channels are open."""
    actors = [socket.actor, *(channel.actor for channel in socket.channels.values())]
    return {id for actor in actors if (id := admission.session_of(actor)) is not None}


async def end_sessions(hub: "Hub", ids: Collection[UUID]) -> None:
    """Close the sockets of these sign-ins at once."""
    for socket in list(hub.sockets) if ids else ():
        if not sessions_of(socket).isdisjoint(ids):
            socket.close(FORBIDDEN, "session has ended")


async def ask_rights_again(hub: "Hub", channels: Sequence[Channel]) -> None:
    """Ask the policies anew what these channels may, and close those that may no longer read."""
    asked = [channel for channel in channels if channel.private and not channel.is_closed]
    if not asked:
        return
    pairs = [(channel.actor, channel.name) for channel in asked]
    found = await threads.with_database(NOWHERE, _rights_of_all, pairs)
    for channel, may in zip(asked, found, strict=True):
        channel.asked_at = monotonic()
        channel.rights = may
        if "broadcast" not in may.reads:
            await hub.end(channel, may_not_read(channel.name).reason)


def _rights_of_all(pairs: list[tuple[Actor, str]]) -> list[Rights]:
    return [rights.rights_of(actor=actor, topic=topic) for actor, topic in pairs]


async def renew(hub: "Hub", channel: Channel, token: str) -> None:
    """Let a channel go on by a newer token, or close it where that one may not read."""
    try:
        actor, may, bindings = await threads.with_database(channel.socket.origin, _renewed, channel, token)
    except Refused as refusal:
        await hub.end(channel, refusal.reason)
        return
    if channel.bindings and actor.user_id != channel.actor.user_id:
        await hub.end(channel, "This token is somebody else's: join again")
        return
    channel.token, channel.actor, channel.rights = token, actor, may
    channel.expires_at, channel.asked_at = admission.expiry_of(actor), monotonic()
    if not channel.is_closed:
        hub.rooms.bind(channel, bindings)


def _renewed(channel: Channel, token: str) -> tuple[Actor, Rights, tuple[Binding, ...]]:
    actor = admission.actor_of(token)
    may = rights.rights_of(actor=actor, topic=channel.name) if channel.private else rights.EVERYTHING
    if "broadcast" not in may.reads:
        raise may_not_read(channel.name)
    return actor, may, admission.bind_all(channel.config.changes, actor=actor)
