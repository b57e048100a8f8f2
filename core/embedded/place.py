"""Where the embedded stores may live: directories, locks, and PostgreSQL's account when we are root."""

import fcntl
import hashlib
import os
import pwd
import re
import shutil
import socket
import stat
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SOCKET_PATH_BYTES = 103  # macOS; Linux allows 107
SERVER_ACCOUNTS = ("alajo", "postgres", "nobody")
SHARED_PLACES = (Path("/var/lib/alajo"), Path("/var/tmp/alajo"))
STEP_IS_SLOW_AFTER = 2.0
LARGEST_LOG = 10 * 1024 * 1024

Say = Callable[[str], None]

# Servers outlive the objects that started them; kept here, they are reaped when they end.
_launched: list[subprocess.Popen[bytes]] = []


class StoreError(RuntimeError):
    """A store cannot be started or reached; the message says what to do."""


def silent(message: str) -> None:
    """Swallow progress: the default for callers nobody watches."""


@dataclass(frozen=True)
class Account:
    """A system user that a server started by root runs under."""

    name: str
    uid: int
    gid: int

    def as_popen(self) -> dict[str, Any]:
        return {"user": self.uid, "group": self.gid, "extra_groups": []}


def server_account(data: Path) -> Account | None:
    """Return the account for a server on `data`, or None when we are not root and run it ourselves.

    Existing data keeps its owner; otherwise `alajo` is created, or else an unprivileged account taken that is
    there. Raises StoreError when the machine has none.
    """
    if os.geteuid() != 0:
        return None
    if owner := owner_account(data):
        return owner
    if _find_account("alajo") is None and (
        useradd := shutil.which("useradd", path="/usr/sbin:/sbin:/usr/bin")
    ):
        command = [useradd, "--system", "--no-create-home", "--home-dir", "/nonexistent"]
        command += ["--shell", "/usr/sbin/nologin", "alajo"]
        subprocess.run(command, check=False, capture_output=True)
    for name in SERVER_ACCOUNTS:
        if account := _find_account(name):
            return account
    raise StoreError(
        "PostgreSQL refuses to run as root and there is no other account for it: "
        "create one with `useradd --system alajo`, or start as an ordinary user."
    )


def owner_account(data: Path) -> Account | None:
    """Return whom existing data belongs to when we are root and it is someone else's."""
    if os.geteuid() == 0 and data.exists() and (owner := data.stat()).st_uid != 0:
        return _account_with_uid(owner.st_uid, owner.st_gid)
    return None


def _find_account(name: str) -> Account | None:
    try:
        entry = pwd.getpwnam(name)
    except KeyError:
        return None
    return Account(name, entry.pw_uid, entry.pw_gid)


def _account_with_uid(uid: int, gid: int) -> Account:
    try:
        entry = pwd.getpwuid(uid)
    except KeyError:
        return Account(str(uid), uid, gid)
    return Account(entry.pw_name, uid, entry.pw_gid)


def first_closed_parent(path: Path, *, uid: int) -> Path | None:
    """Return the topmost directory above `path` that `uid` may not enter, judged by mode bits alone.

    Mode bits, not a trial: settings need the same answer before the first start, when the account may not
    exist yet.
    """
    for parent in reversed(path.parents):
        if not parent.exists():
            return None
        status = parent.stat()
        wanted = stat.S_IXUSR if status.st_uid == uid else stat.S_IXOTH
        if not status.st_mode & wanted:
            return parent
    return None


def make_store_directory(path: Path) -> None:
    """Create `.data`, which another account must be able to pass through when we are root."""
    path.mkdir(parents=True, exist_ok=True)
    if os.geteuid() == 0:
        path.chmod(path.stat().st_mode | 0o711)


def make_private(path: Path, account: Account | None) -> None:
    """Create `path` with mode 0700 for `account`, or for us.

    Raises StoreError when it is there and belongs to someone else.
    """
    try:
        path.mkdir(mode=0o700)
        if account:
            os.chown(path, account.uid, account.gid)
    except FileExistsError:
        pass
    status = path.lstat()
    owner = account.uid if account else os.geteuid()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != owner:
        raise StoreError(f"{path} belongs to another user or is not a directory: remove it and start again.")
    path.chmod(0o700)


def socket_directory(wanted: Path, *, longest_name: str, reachable: bool = True) -> Path:
    """Return `wanted`, or a short directory named by its hash when sockets cannot live there.

    Too long for `sockaddr_un`, closed to the server's account, or with characters that URLs and PostgreSQL's
    comma lists would need quoted. /tmp is fixed on purpose: every process has to come to the same answer.
    """
    fits = len(os.fsencode(wanted / longest_name)) <= SOCKET_PATH_BYTES
    if fits and reachable and re.fullmatch(r"[A-Za-z0-9_./+-]+", str(wanted)):
        return wanted
    return Path("/tmp") / f"alajo-{hashlib.sha256(os.fsencode(wanted)).hexdigest()[:16]}"


def shared_place() -> Path:
    """Return a directory of ours that every account may enter; raises StoreError when none can be made."""
    for place in SHARED_PLACES:
        try:
            place.mkdir(mode=0o755, parents=True, exist_ok=True)
        except OSError:
            continue
        status = place.lstat()
        if stat.S_ISDIR(status.st_mode) and status.st_uid == 0 and not status.st_mode & 0o022:
            place.chmod(0o755)
            return place
    raise StoreError(
        "PostgreSQL runs under an account that may not enter this directory, and neither of "
        f"{', '.join(map(str, SHARED_PLACES))} can be used instead: move the project, for instance to /srv."
    )


@contextmanager
def exclusive(path: Path, *, say: Say = silent) -> Iterator[None]:
    """Hold the file lock `path`; another holder is waited for, and named as the reason after two seconds."""
    descriptor = open_lock(path)
    try:
        slow_at = time.monotonic() + STEP_IS_SLOW_AFTER
        while not try_lock(descriptor, fcntl.LOCK_EX):
            if time.monotonic() > slow_at:
                say(f"Another process is starting or stopping the stores; waiting for it ({path.name}).")
                slow_at = time.monotonic() + 10
            time.sleep(0.05)
        yield
    finally:
        os.close(descriptor)


def open_lock(path: Path) -> int:
    try:
        return os.open(path, os.O_RDONLY | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except PermissionError as error:
        raise StoreError(
            f"{path.parent} belongs to another user: start as that user, or remove it."
        ) from error


def try_lock(descriptor: int, kind: int) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def answers(path: Path) -> bool:
    """Tell whether something listens on the Unix socket `path`."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(2)
        try:
            client.connect(str(path))
        except OSError:
            return False
    return True


def command_line(pid: int) -> str:
    """Return the command line of `pid`, '' when it is gone or a zombie."""
    if Path("/proc/self/cmdline").exists():
        try:
            return (
                Path(f"/proc/{pid}/cmdline")
                .read_bytes()
                .replace(b"\0", b" ")
                .decode(errors="surrogateescape")
            )
        except OSError:
            return ""
    listing = subprocess.run(["ps", "-p", str(pid), "-o", "command="], capture_output=True, text=True)
    return listing.stdout.strip()


def launch(command: list[str], *, log: Path, **options: Any) -> tuple[subprocess.Popen[bytes], int]:
    """Start a server that outlives us, and return it with the place in `log` where its output begins.

    A large log is set aside once.
    """
    reap()
    if log.exists() and log.stat().st_size > LARGEST_LOG:
        log.replace(log.with_suffix(".log.1"))
    with log.open("ab") as output:
        begin = output.tell()
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            cwd="/",
            umask=0o077,
            **options,
        )
        _launched.append(process)
        return process, begin


def reap() -> None:
    """Take leave of servers we started that have ended."""
    _launched[:] = [process for process in _launched if process.poll() is None]


def holds_within(condition: Callable[[], bool], *, seconds: float) -> bool:
    """Wait until `condition` holds, at most `seconds`; return whether it does."""
    deadline = time.monotonic() + seconds
    while not (held := condition()) and time.monotonic() < deadline:
        time.sleep(0.02)
    return held


def log_since(path: Path, offset: int) -> str:
    with path.open("rb") as log:
        log.seek(offset)
        return log.read().decode(errors="replace").strip()
