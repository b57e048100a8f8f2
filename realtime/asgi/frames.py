"""Frames of the protocol, read and written: values in, text or bytes out, and no more.

Version 1 (vsn 1.0.0) is a JSON object, version 2 (vsn 2.0.0) a JSON array; a broadcast from or to a socket of version 2
may be binary. What is sent is made once for each version that somebody speaks, however many receive it.
"""

import json
from dataclasses import dataclass
from typing import Any, NoReturn

from realtime.asgi.limits import DEEPEST_JSON, LONGEST_NAME

FIRST, SECOND = 1, 2
VERSIONS = {"1.0.0": FIRST, "2.0.0": SECOND}
PREFIX = "realtime:"
FROM_CLIENT, TO_CLIENT = 3, 4
AS_BYTES, AS_JSON = 0, 1
_HEAD = {FROM_CLIENT: 7, TO_CLIENT: 5}

# A name that is too long is refused by a reply, which tells it again; one beyond this is no name.
LONGEST_READ = 1024

Body = str | bytes


class BadFrame(Exception):
    """What came is no frame of this protocol; the message says why."""


@dataclass(frozen=True, slots=True)
class Incoming:
    """A frame from a client. `body` is the payload of a broadcast that came in binary: JSON text, or bytes."""

    topic: str
    event: str
    payload: Any
    ref: str | None = None
    join_ref: str | None = None
    body: Body | None = None


class Encoded:
    """What the server is handed, and how much it holds of a socket's queue."""

    __slots__ = ("message", "size")

    def __init__(self, content: Body) -> None:
        kind = "text" if isinstance(content, str) else "bytes"
        self.message: dict[str, Any] = {"type": "websocket.send", kind: content}
        # In bytes; of text that is not plain ASCII it is a little too low, which is near enough.
        self.size = len(content)


class Frame:
    """A push or a reply, whose `payload` is JSON text already."""

    __slots__ = ("_first", "_second", "event", "join_ref", "payload", "ref", "topic")

    def __init__(
        self, topic: str, event: str, payload: str, *, ref: str | None = None, join_ref: str | None = None
    ) -> None:
        self.topic, self.event, self.payload = topic, event, payload
        self.ref, self.join_ref = ref, join_ref
        self._first: Encoded | None = None
        self._second: Encoded | None = None

    def to(self, version: int) -> Encoded | None:
        """The frame for a socket of this version; None where it cannot be told there."""
        if version == SECOND:
            if self._second is None:
                self._second = self._in_second()
            return self._second
        if self._first is None:
            self._first = self._in_first()
        return self._first

    def _in_first(self) -> Encoded | None:
        joined = f',"join_ref":{text(self.join_ref)}' if self.join_ref is not None else ""
        return Encoded(
            f'{{"topic":{text(self.topic)},"event":{text(self.event)},"payload":{self.payload},'
            f'"ref":{text(self.ref)}{joined}}}'
        )

    def _in_second(self) -> Encoded | None:
        return Encoded(
            f"[{text(self.join_ref)},{text(self.ref)},{text(self.topic)},{text(self.event)},{self.payload}]"
        )


class BytesFrame(Frame):
    """A broadcast whose payload is bytes: told to sockets of version 2 only."""

    __slots__ = ("content", "meta")

    def __init__(self, topic: str, event: str, content: bytes, meta: str) -> None:
        super().__init__(topic, event, "")
        self.content, self.meta = content, meta

    def _in_first(self) -> Encoded | None:
        return None

    def _in_second(self) -> Encoded | None:
        names = [part.encode() for part in (self.topic, self.event, self.meta)]
        lengths = [len(part) for part in names]
        if max(lengths) > 255:
            return None
        return Encoded(bytes([TO_CLIENT, *lengths, AS_BYTES]) + b"".join(names) + self.content)


def broadcast(topic: str, event: str, body: Body, meta: dict[str, Any] | None = None) -> Frame:
    """A broadcast to the members of a topic (`realtime:<name>`), of JSON text or of bytes."""
    about = text(meta) if meta else ""
    if isinstance(body, bytes):
        return BytesFrame(topic, event, body, about)
    tail = f',"meta":{about}' if about else ""
    payload = f'{{"type":"broadcast","event":{text(event)},"payload":{body}{tail}}}'
    return Frame(topic, "broadcast", payload)


def text(value: Any) -> str:
    """The JSON text of a value. Raises BadFrame for what has none."""
    try:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    except (ValueError, RecursionError):
        raise BadFrame("a number is out of range") from None


def decode(version: int, data: Body) -> Incoming:
    """Read a frame of a client. Raises BadFrame, and nothing else whatever the bytes."""
    if isinstance(data, bytes):
        if version != SECOND:
            raise BadFrame("binary frames belong to vsn 2.0.0")
        return _from_bytes(data)
    value = parse(data)
    if version == SECOND:
        if not isinstance(value, list) or len(value) != 5:
            raise BadFrame("a frame is [join_ref, ref, topic, event, payload]")
        join_ref, ref, topic, event, payload = value
    else:
        if not isinstance(value, dict):
            raise BadFrame("a frame is a JSON object")
        topic, event, payload = value.get("topic"), value.get("event"), value.get("payload")
        ref, join_ref = value.get("ref"), value.get("join_ref")
    return Incoming(_name(topic, "topic"), _name(event, "event"), payload, _ref(ref), _ref(join_ref))


def _from_bytes(data: bytes) -> Incoming:
    if len(data) < _HEAD[FROM_CLIENT] or data[0] != FROM_CLIENT:
        raise BadFrame("a binary frame is a broadcast of kind 3")
    encoding, at, parts = data[6], _HEAD[FROM_CLIENT], []
    for length in data[1:6]:
        if at + length > len(data):
            raise BadFrame("a binary frame is shorter than it says")
        try:
            parts.append(data[at : at + length].decode())
        except UnicodeDecodeError:
            raise BadFrame("a name is not UTF-8") from None
        at += length
    join_ref, ref, topic, event, _meta = parts
    body: Body = data[at:]
    if encoding == AS_JSON:
        body = _json_text(data[at:])
    elif encoding != AS_BYTES:
        raise BadFrame("a payload is encoded as 0 (bytes) or 1 (JSON)")
    payload = {"event": _name(event, "event")}
    return Incoming(_name(topic, "topic"), "broadcast", payload, ref or None, join_ref or None, body)


def _json_text(raw: bytes) -> str:
    try:
        content = raw.decode()
    except UnicodeDecodeError:
        raise BadFrame("a payload is not UTF-8") from None
    parse(content)
    return content


def parse(content: str) -> Any:
    """Read JSON text. Raises BadFrame for what is none, is nested too deep, or could not be written again."""
    try:
        value = json.loads(content, parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise BadFrame("not JSON") from None
    if content.count("[") + content.count("{") > DEEPEST_JSON and _depth(value) > DEEPEST_JSON:
        raise BadFrame(f"JSON is nested more than {DEEPEST_JSON} levels deep")
    if "\\ud" in content or "\\uD" in content:
        try:
            text(value).encode()
        except UnicodeEncodeError:
            raise BadFrame("text holds half of a surrogate pair") from None
    return value


def _no_number(name: str) -> NoReturn:
    raise ValueError(name)


def _depth(value: Any) -> int:
    """How deep a value is nested, without recursion."""
    deepest, pending = 0, [(value, 1)]
    while pending:
        item, depth = pending.pop()
        if isinstance(item, dict | list):
            deepest = max(deepest, depth)
            pending.extend((each, depth + 1) for each in (item.values() if isinstance(item, dict) else item))
    return deepest


def _name(value: object, what: str) -> str:
    if not isinstance(value, str):
        raise BadFrame(f"{what} must be text")
    if len(value.encode()) > LONGEST_READ:
        raise BadFrame(f"{what} is longer than {LONGEST_READ} bytes")
    return value


def _ref(value: object) -> str | None:
    if value is not None and not (isinstance(value, str) and len(value) <= LONGEST_NAME):
        raise BadFrame("ref and join_ref are text or null")
    return value
