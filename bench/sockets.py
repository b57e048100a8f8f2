"""Processes of the bench of sockets: one that listens on many, and the bare server to measure against.

    python -m bench.sockets listen            many sockets in one process
    python -m bench.sockets reference PORT    sends the same bytes to all that are connected, by `websockets` alone

Each takes commands as lines of JSON on its input and answers each with one, by the clock that all processes share. The
listener speaks WebSocket by itself, so that it can keep up with the servers it counts for.
"""

import asyncio
import base64
import json
import os
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

from websockets.asyncio.server import ServerConnection, broadcast, serve

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10
# Sockets that are opened at once.
AT_ONCE = 32
PATIENCE = 120

Command = Callable[[dict[str, Any]], Awaitable[dict[str, Any]]]


def frame(opcode: int, payload: bytes) -> bytes:
    """A frame of a client; the mask that it must have is zero."""
    if len(payload) < 126:
        head = bytes([0x80 | opcode, 0x80 | len(payload)])
    else:
        head = bytes([0x80 | opcode, 0x80 | 126]) + len(payload).to_bytes(2)
    return head + bytes(4) + payload


class Listening(asyncio.Protocol):
    """One socket: says `first` when it is open, and is ready when that many frames have answered."""

    def __init__(self, listener: "Listener", url: str, first: list[str], answers: int) -> None:
        self.listener, self.url, self.first, self.answers = listener, urlsplit(url), first, answers
        self.ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.buffer = b""
        self.is_open = False
        self.times: list[float] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        key = base64.b64encode(os.urandom(16)).decode()
        transport.write(
            f"GET {self.url.path}?{self.url.query} HTTP/1.1\r\nHost: {self.url.netloc}\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )

    def data_received(self, data: bytes) -> None:
        self.buffer = self.buffer + data if self.buffer else data
        if not self.is_open:
            head, end, rest = self.buffer.partition(b"\r\n\r\n")
            if not end:
                return
            if not head.startswith(b"HTTP/1.1 101"):
                self._fail(self.buffer[:500].decode(errors="replace"))
                return
            self.is_open, self.buffer = True, rest
            for text in self.first:
                self.transport.write(frame(TEXT, text.encode()))
        for opcode, payload in self._frames():
            self._take(opcode, payload)
        if self.is_open and not self.answers and not self.ready.done():
            self.ready.set_result(None)

    def connection_lost(self, error: Exception | None) -> None:
        self._fail(f"closed: {error}")

    def _fail(self, reason: str) -> None:
        if not self.ready.done():
            self.ready.set_exception(RuntimeError(reason))
        elif not self.listener.closing:
            self.listener.lost.append(reason)

    def _frames(self) -> Iterator[tuple[int, bytes]]:
        data, at = self.buffer, 0
        while len(data) - at >= 2:
            length, start = data[at + 1] & 127, at + 2
            if length == 126:
                length, start = int.from_bytes(data[start : start + 2]), start + 2
            elif length == 127:
                length, start = int.from_bytes(data[start : start + 8]), start + 8
            if len(data) < start + length:
                break
            yield data[at] & 15, data[start : start + length]
            at = start + length
        self.buffer = data[at:]

    def _take(self, opcode: int, payload: bytes) -> None:
        if opcode == PING:
            self.transport.write(frame(PONG, payload))
        elif opcode == CLOSE:
            self._fail(f"closed: {payload[2:].decode(errors='replace')}")
        elif self.answers:
            self.answers -= 1
            self.listener.answered = payload.decode()
        else:
            self.times.append(time.monotonic())
            self.listener.count(payload)


class Listener:
    """All sockets of this process, and how many frames have come to them since they were open."""

    def __init__(self) -> None:
        self.sockets: list[Listening] = []
        self.deliveries, self.wanted = 0, 0
        self.reached = asyncio.Event()
        self.last, self.answered = b"", ""
        self.lost: list[str] = []
        self.closing = False

    def count(self, payload: bytes) -> None:
        self.deliveries += 1
        if self.deliveries == self.wanted:
            self.last = payload
            self.reached.set()

    async def open(self, command: dict[str, Any]) -> dict[str, Any]:
        """Open `count` sockets at `url`; each sends `first` and waits for as many `answers`."""
        self.__init__()  # type: ignore[misc]
        room = asyncio.Semaphore(AT_ONCE)
        await asyncio.gather(*[self._open_one(room, command) for _number in range(command["count"])])
        return {"answered": self.answered}

    async def _open_one(self, room: asyncio.Semaphore, command: dict[str, Any]) -> None:
        address = urlsplit(command["url"])
        async with room, asyncio.timeout(PATIENCE):
            _transport, socket = await asyncio.get_running_loop().create_connection(
                lambda: Listening(self, command["url"], command["first"], command["answers"]),
                address.hostname,
                address.port,
            )
            await socket.ready
            self.sockets.append(socket)

    async def reach(self, command: dict[str, Any]) -> dict[str, Any]:
        """Wait until `deliveries` frames have come in all."""
        self.wanted = command["deliveries"]
        if self.deliveries < self.wanted:
            self.reached.clear()
            async with asyncio.timeout(PATIENCE):
                await self.reached.wait()
        if self.lost:
            raise RuntimeError(f"{len(self.lost)} sockets were lost: {self.lost[0]}")
        return {"at": time.monotonic(), "last": self.last.decode()}

    async def times(self, command: dict[str, Any]) -> dict[str, Any]:
        """When each socket received each frame, and forget them."""
        times = [socket.times for socket in self.sockets]
        for socket in self.sockets:
            socket.times = []
        return {"times": times}

    async def close(self, command: dict[str, Any]) -> dict[str, Any]:
        self.closing = True
        for socket in self.sockets:
            socket.transport.abort()
        return {}


async def _obey(commands: dict[str, Command]) -> None:
    """Do what the lines of the input say, one after the other, until it ends."""
    loop, reader = asyncio.get_running_loop(), asyncio.StreamReader(limit=1024 * 1024)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        command = json.loads(line)
        print(json.dumps(await commands[command["do"]](command)), flush=True)


async def listen() -> None:
    listener = Listener()
    commands = (listener.open, listener.reach, listener.times, listener.close)
    await _obey({command.__name__: command for command in commands})


async def reference(port: int) -> None:
    connected: set[ServerConnection] = set()

    async def keep(connection: ServerConnection) -> None:
        connected.add(connection)
        try:
            await connection.wait_closed()
        finally:
            connected.discard(connection)

    async def send(command: dict[str, Any]) -> dict[str, Any]:
        at = time.monotonic()
        for _number in range(command["count"]):
            broadcast(connected, command["text"])
            await asyncio.sleep(0)
        return {"at": at}

    async with serve(keep, "127.0.0.1", port, compression=None):
        print("{}", flush=True)
        await _obey({"send": send})


if __name__ == "__main__":
    asyncio.run(listen() if sys.argv[1] == "listen" else reference(int(sys.argv[2])))
