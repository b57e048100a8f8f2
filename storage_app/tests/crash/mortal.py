"""The way to a server that dies after so many bytes."""

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from time import sleep

from django.conf import settings

# How many bytes go through before the server is killed, and how long after them; None: it lives on.
NextDeath = Callable[[], tuple[int, float] | None]


class Mortal:
    """Passes on what clients send, and kills the server (SIGKILL) at what it is told; another life begins at once."""

    def __init__(self, process: "subprocess.Popen[str]", port: int) -> None:
        self.deaths = 0
        self._process, self._port = process, port
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._next: NextDeath = lambda: None
        self._death: tuple[int, float] | None = None
        self._lock = threading.Lock()
        self._tell("start")
        threading.Thread(target=self._accept, daemon=True).start()

    def dies(self, next: NextDeath) -> None:
        """Let the server die by this from now on."""
        with self._lock:
            self._next, self._death = next, next()

    def close(self) -> None:
        self._listener.close()

    def _tell(self, order: str) -> None:
        assert self._process.stdin and self._process.stdout
        print(order, file=self._process.stdin, flush=True)
        assert self._process.stdout.readline() in ("up\n", "down\n")

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _address = self._listener.accept()
                server = socket.create_connection(("127.0.0.1", self._port))
                for step in (self._send, self._answer):
                    threading.Thread(target=step, args=(client, server), daemon=True).start()

    def _send(self, client: socket.socket, server: socket.socket) -> None:
        with suppress(OSError):
            while piece := client.recv(8192):
                self._count(server, piece)
        _close(client, server)

    def _count(self, server: socket.socket, piece: bytes) -> None:
        with self._lock:
            if self._death is None or self._death[0] > len(piece):
                if self._death:
                    self._death = (self._death[0] - len(piece), self._death[1])
                dies = False
            else:
                piece, dies = piece[: self._death[0]], True
            server.sendall(piece)
            if dies:
                assert self._death is not None
                sleep(self._death[1])
                self._tell("kill")
                self.deaths += 1
                self._death = self._next()
                self._tell("start")
                raise ConnectionResetError

    @staticmethod
    def _answer(client: socket.socket, server: socket.socket) -> None:
        with suppress(OSError):
            while piece := server.recv(65536):
                client.sendall(piece)
        _close(client, server)


def _close(*ends: socket.socket) -> None:
    for end in ends:
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
        end.close()


@contextmanager
def running(folder: Path) -> Iterator[Mortal]:
    """A server over the tests' database and this folder."""
    command = [sys.executable, "-m", "storage_app.tests.crash.server", str(folder)]
    env = {**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings.test"}
    with (
        (folder.parent / "server.log").open("w") as log,
        subprocess.Popen(
            command,
            cwd=settings.BASE_DIR,
            env=env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        ) as process,
    ):
        assert process.stdin and process.stdout
        mortal = Mortal(process, int(process.stdout.readline()))
        try:
            yield mortal
        finally:
            mortal.close()
            process.stdin.close()
            process.wait(20)
