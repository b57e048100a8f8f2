"""What a client sends, event by event."""

import re
from typing import Any

from django.utils import timezone

from core.actors import SERVICE
from realtime.asgi import config, frames, limits
from realtime.asgi.channel import Channel
from realtime.asgi.frames import Frame, Incoming, text
from realtime.asgi.hub import Hub
from realtime.asgi.socket import Socket
from realtime.asgi.threads import threads
from realtime.refusals import Refused, may_not_write
from realtime.services import admission
from realtime.services.control import INTERNAL
from realtime.services.replay import Replayed

NOT_JOINED = "unmatched topic"
_OK = '{"status":"ok","response":{}}'
_UNSEEN = re.compile(r"[\x00-\x1f\x7f]")


class Events:
    """Handles the frames of all sockets of a hub."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        self._of_channel = {
            "access_token": self._token,
            "broadcast": self._broadcast,
            "presence": self._presence,
        }

    async def handle(self, socket: Socket, incoming: Incoming) -> None:
        """Do what one frame asks for. Raises Refused, BadFrame."""
        if incoming.topic == "phoenix":
            if incoming.event == "heartbeat":
                # Answered even where it has no ref, as the Python client sends it.
                socket.put(Frame("phoenix", "phx_reply", _OK, ref=incoming.ref, join_ref=incoming.join_ref))
            return
        if incoming.event == "phx_join":
            await self._join(socket, incoming)
            return
        channel = socket.channels.get(incoming.topic)
        if channel is not None and _is_of_older_join(channel, incoming):
            channel = None
        if incoming.event == "phx_leave":
            socket.reply(incoming, "ok", "{}")
            if channel is not None:
                await self.hub.part(channel)
        elif channel is None:
            if incoming.event != "access_token":
                raise Refused(NOT_JOINED)
        elif incoming.event in self._of_channel:
            await self._of_channel[incoming.event](channel, incoming)
        else:
            raise Refused(f"UnknownEvent: {incoming.event[:100]}")

    async def _join(self, socket: Socket, incoming: Incoming) -> None:
        name = _name(incoming.topic)
        asked = config.read(incoming.payload)
        old = socket.channels.get(incoming.topic)
        if old is None and len(socket.channels) >= limits.MOST_CHANNELS:
            raise Refused(limits.TOO_MANY_CHANNELS)
        if not socket.joins.take():
            raise Refused(limits.TOO_MANY_JOINS)
        if old is not None:
            await self.hub.part(old)
        channel = Channel(socket, name, incoming.join_ref, asked)
        # Whatever is told from here on is held back until the channel is open: nothing falls between.
        self.hub.join(channel)
        try:
            past = await self._admit(channel)
            await self.hub.listen(channel)
            if channel.bindings:
                # Who publishes changes in bulk asks first whether anybody listens: from here on the answer is yes.
                await self.hub.journal.flush()
        except BaseException:
            await self.hub.part(channel, quietly=True)
            raise
        echoes = ",".join(text(binding.echo) for binding in channel.bindings)
        more = f',"replay":{{"complete":{text(past.complete)}}}' if asked.replay else ""
        socket.reply(incoming, "ok", f'{{"postgres_changes":[{echoes}]{more}}}')
        if channel.hears_presence:
            channel.push("presence_state", await self.hub.presence.state(channel))
        for message in past.messages:
            meta = {"replayed": True, "id": str(message.id)}
            socket.put(frames.broadcast(channel.topic, message.event, message.body, meta))
        channel.open(frozenset(message.id for message in past.messages))
        if channel.bindings:
            channel.tell_system(extension="postgres_changes", status="ok", message="Subscribed to PostgreSQL")

    async def _admit(self, channel: Channel) -> Replayed:
        found = await threads.with_database(
            channel.socket.origin,
            admission.admit,
            token=channel.token,
            actor=channel.actor,
            topic=channel.name,
            private=channel.private,
            asked=channel.config.changes,
            wanted=channel.config.replay,
            at=timezone.now(),
        )
        channel.actor, channel.rights = found.actor, found.rights
        channel.expires_at = admission.expiry_of(found.actor)
        self.hub.admitted(channel, found.bindings)
        return found.replayed

    async def _broadcast(self, channel: Channel, incoming: Incoming) -> None:
        event, body = _message(incoming)
        if not _is_uncounted(channel) and not channel.socket.messages.take():
            raise Refused(limits.TOO_MANY_MESSAGES)
        if "broadcast" not in channel.rights.writes:
            # As upstream: whoever may not send is told nothing, and an acknowledgement never comes.
            return
        await self.hub.broadcast(channel.key, event, body, skip=None if channel.config.own else channel)
        if channel.config.ack:
            channel.socket.reply(incoming, "ok", "{}")

    async def _presence(self, channel: Channel, incoming: Incoming) -> None:
        payload = incoming.payload
        event = payload.get("event") if isinstance(payload, dict) else None
        if event not in ("track", "untrack"):
            raise Refused("InvalidPayload: event must be track or untrack")
        if not channel.presence_calls.take():
            raise Refused(limits.TOO_MANY_PRESENCE_CALLS)
        if "presence" not in channel.rights.writes:
            raise may_not_write(channel.name)
        if event == "untrack":
            await self.hub.presence.untrack(channel)
        else:
            meta = payload.get("payload")
            if not isinstance(meta, dict):
                raise Refused("Presence track payload must be a map")
            if len(text(meta).encode()) > limits.LARGEST_PRESENCE:
                raise Refused(f"PayloadTooLarge: a presence holds at most {limits.LARGEST_PRESENCE} bytes")
            if not channel.presence:
                channel.presence = True
                channel.push("presence_state", await self.hub.presence.state(channel))
            await self.hub.presence.track(channel, meta)
        channel.socket.reply(incoming, "ok", "{}")

    async def _token(self, channel: Channel, incoming: Incoming) -> None:
        token = config.token_in(incoming.payload)
        if token and token != channel.token:
            await self.hub.renew(channel, token)


def _name(topic: str) -> str:
    """The name of a channel in a topic of the wire. Raises Refused."""
    name = topic.removeprefix(frames.PREFIX)
    if name == topic or not name:
        raise Refused(limits.NO_TOPIC)
    if len(topic.encode()) > limits.LONGEST_NAME:
        raise Refused(f"TopicNameTooLong: A topic has at most {limits.LONGEST_TOPIC} bytes")
    if name.startswith(INTERNAL) or _UNSEEN.search(name):
        raise Refused("TopicNameInvalid: A topic begins with no $ and holds no control characters")
    return name


def _message(incoming: Incoming) -> tuple[str, frames.Body]:
    """The event and body of a broadcast. Raises Refused."""
    payload: Any = incoming.payload
    if not isinstance(payload, dict):
        raise Refused("InvalidPayload: payload must be an object")
    event = payload.get("event")
    if not isinstance(event, str) or not 1 <= len(event.encode()) <= limits.LONGEST_NAME:
        raise Refused(f"InvalidPayload: event must be text of 1 to {limits.LONGEST_NAME} bytes")
    body = incoming.body if incoming.body is not None else text(payload.get("payload", {}))
    if len(body if isinstance(body, bytes) else body.encode()) > limits.LARGEST_BROADCAST:
        raise Refused(f"PayloadTooLarge: a broadcast holds at most {limits.LARGEST_BROADCAST} bytes")
    return event, body


def _is_of_older_join(channel: Channel, incoming: Incoming) -> bool:
    """Whether a frame was sent before the client joined the topic anew."""
    return None not in (channel.join_ref, incoming.join_ref) and channel.join_ref != incoming.join_ref


def _is_uncounted(channel: Channel) -> bool:
    """Apps' servers, which hold the secret key, are not counted."""
    return channel.actor.role == SERVICE
