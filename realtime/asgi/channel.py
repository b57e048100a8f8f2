"""One topic that one socket has joined."""

from time import monotonic
from typing import Any
from uuid import UUID

from core.actors import Actor
from core.ids import uuid7
from realtime.asgi.config import JoinConfig
from realtime.asgi.frames import PREFIX, Frame, text
from realtime.asgi.limits import MOST_QUEUED, PRESENCE_CALLS, PRESENCE_SECONDS, Rate
from realtime.asgi.socket import OVERLOADED, Socket
from realtime.changes import Binding
from realtime.services.rights import EVERYTHING, Rights


class Channel:
    """`name` is the topic, `topic` its name on the wire. Until it is open, what it hears is held back."""

    __slots__ = (
        *("id", "socket", "name", "topic", "private", "join_ref", "config", "actor", "rights", "expires_at"),
        *("bindings", "asked_at", "token", "presence_key", "presence_ref", "presence_meta", "presence"),
        *("presence_calls", "is_open", "is_closed", "_held", "_had"),
    )

    def __init__(self, socket: Socket, name: str, join_ref: str | None, config: JoinConfig) -> None:
        self.id: UUID = uuid7()
        self.socket, self.name, self.topic = socket, name, PREFIX + name
        self.private, self.join_ref, self.config = config.private, join_ref, config
        self.actor: Actor = socket.actor
        self.token = config.token
        self.rights: Rights = EVERYTHING
        self.expires_at = float("inf")
        self.asked_at = monotonic()
        self.bindings: tuple[Binding, ...] = ()
        self.presence = config.presence
        self.presence_key = config.presence_key or str(self.id)
        self.presence_ref: str | None = None
        self.presence_meta: dict[str, Any] = {}
        self.presence_calls = Rate(PRESENCE_CALLS / PRESENCE_SECONDS, PRESENCE_CALLS)
        self.is_open = self.is_closed = False
        self._held: list[tuple[Frame, UUID | None]] = []
        self._had: frozenset[UUID] = frozenset()

    @property
    def key(self) -> tuple[bool, str]:
        return self.private, self.name

    @property
    def hears_presence(self) -> bool:
        return self.presence and "presence" in self.rights.reads

    def hear(self, frame: Frame, id: UUID | None = None) -> None:
        """Take what the channel's members are told, but for a message that was replayed to it."""
        if not self.is_open:
            if not self.is_closed:
                self._hold(frame, id)
        elif id is None or id not in self._had:
            self.socket.put(frame)

    def _hold(self, frame: Frame, id: UUID | None) -> None:
        self._held.append((frame, id))
        if len(self._held) > MOST_QUEUED:
            self.socket.close(OVERLOADED, "too much happens while it joins")

    def open(self, had: frozenset[UUID]) -> None:
        """Hear from now on, and what was held back first, but for the messages it has had."""
        self.is_open, self._had = True, had
        held, self._held = self._held, []
        for frame, id in held:
            self.hear(frame, id)

    def shut(self) -> None:
        self.is_open, self.is_closed = False, True
        self._held.clear()

    def push(self, event: str, payload: str) -> None:
        """Send this channel alone something."""
        self.socket.put(Frame(self.topic, event, payload, join_ref=self.join_ref))

    def tell_system(self, *, extension: str, status: str, message: str) -> None:
        told = {"channel": self.name, "extension": extension, "status": status, "message": message}
        self.push("system", text(told))
