"""Run named processes together: prefixed output, restarts with back-off, one signal stops all.

Each process leads its own group, so a stop reaches what it forked too. A guard process holds the other end of
a pipe: when the supervisor vanishes without a word (kill -9), it reads the end of it and kills the groups.
"""

import contextlib
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import IO, TextIO

COLOURS = (36, 32, 33, 35, 34)
LONGEST_LINE = 64 * 1024
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

GUARD = """
import os, signal, sys, time
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
    signal.signal(number, signal.SIG_IGN)
groups = set()
for line in sys.stdin:
    sign, group = line[0], int(line[1:])
    groups.add(group) if sign == "+" else groups.discard(group)
for number in (signal.SIGTERM, signal.SIGKILL):
    for group in groups:
        try:
            os.killpg(group, number)
        except OSError:
            pass
    time.sleep(1 if groups and number == signal.SIGTERM else 0)
"""


@dataclass
class _Managed:
    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    directory: Path | str | None
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    restart_at: float | None = 0.0
    quick_deaths: int = 0
    partial: bytes = field(default=b"", repr=False)


class Supervisor:
    """Processes that live and end together; add() them, then run() in the main thread.

    A process that dies is started again after `backoff` seconds, doubled with each death in a row that came
    within `quick` seconds of its start; the `limit`th such death ends all, as a restart will not cure it. What the
    processes stand on is looked after by `tend`, called every `tend_every` seconds.
    """

    def __init__(
        self,
        *,
        out: TextIO | None = None,
        grace: float = 15.0,
        quick: float = 10.0,
        limit: int = 5,
        backoff: float = 0.5,
        tend: Callable[[], None] | None = None,
        tend_every: float = 5.0,
    ) -> None:
        self._out = out or sys.stdout
        self._grace, self._quick, self._limit, self._backoff = grace, quick, limit, backoff
        self._tend, self._tend_every = tend, tend_every
        self._tended_at = time.monotonic()
        self._managed: list[_Managed] = []
        self._selector = selectors.DefaultSelector()
        self._guard: subprocess.Popen[str] | None = None
        self._signals = 0
        self._failed = False

    def add(
        self,
        name: str,
        command: Sequence[str],
        *,
        env: Mapping[str, str] | None = None,
        cwd: Path | str | None = None,
    ) -> None:
        """Add a process; `env` comes on top of our own environment."""
        environment = {**os.environ, "PYTHONUNBUFFERED": "1", **(env or {})}
        self._managed.append(_Managed(name, command, environment, cwd))

    def run(self) -> int:
        """Run until a signal asks to stop (0) or a process keeps dying (1); afterwards all are gone."""
        with self._signals_caught(), self._guarded():
            try:
                while not self._signals and not self._failed:
                    self._start_due()
                    self._forward_output(seconds=0.2)
                    self._notice_deaths()
                    self._tend_when_due()
            finally:
                self._stop_all()
                self._selector.close()
        return 1 if self._failed else 0

    def _start_due(self) -> None:
        for managed in self._managed:
            if managed.restart_at is not None and time.monotonic() >= managed.restart_at:
                self._start(managed)

    def _start(self, managed: _Managed) -> None:
        managed.started_at, managed.restart_at = time.monotonic(), None
        try:
            managed.process = subprocess.Popen(
                managed.command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                env=managed.environment,
                cwd=managed.directory,
                start_new_session=True,
                # The process itself tells the guard, before it is anything: were it told after, whoever kills us
                # between the two would leave it behind.
                preexec_fn=lambda: self._tell_guard("+", os.getpid()),
            )
        except OSError as error:
            self._print(managed, f"cannot be started: {error}")
            self._failed = True
            return
        output = managed.process.stdout
        assert output
        os.set_blocking(output.fileno(), False)
        self._selector.register(output, selectors.EVENT_READ, managed)

    def _forward_output(self, *, seconds: float) -> None:
        if not self._selector.get_map():
            time.sleep(min(seconds, 0.05))
            return
        for key, _ in self._selector.select(seconds):
            self._read(key.data, key.fileobj)  # type: ignore[arg-type]

    def _read(self, managed: _Managed, output: IO[bytes]) -> bool:
        """Print what has come whole; return whether there may be more."""
        try:
            chunk = os.read(output.fileno(), LONGEST_LINE)
        except BlockingIOError:
            return False
        lines = (managed.partial + chunk).split(b"\n")
        managed.partial = lines.pop()
        if not chunk or len(managed.partial) > LONGEST_LINE:
            lines += [managed.partial] if managed.partial else []
            managed.partial = b""
        for line in lines:
            self._print(managed, line.decode(errors="replace").rstrip("\r"))
        if not chunk:
            self._selector.unregister(output)
            output.close()
        return bool(chunk)

    def _notice_deaths(self) -> None:
        for managed in self._managed:
            if managed.process is None or managed.process.poll() is None:
                continue
            status = self._bury(managed)
            lived = time.monotonic() - managed.started_at
            managed.quick_deaths = managed.quick_deaths + 1 if lived < self._quick else 1
            if lived < self._quick and managed.quick_deaths >= self._limit:
                self._print(
                    managed,
                    f"{status} {managed.quick_deaths} times in a row within {self._quick:g} s. GIVING UP.",
                )
                self._failed = True
                continue
            delay = min(30.0, self._backoff * 2 ** (managed.quick_deaths - 1))
            self._print(managed, f"{status}; starting it again in {delay:g} s.")
            managed.restart_at = time.monotonic() + delay

    def _tend_when_due(self) -> None:
        if self._tend and time.monotonic() >= self._tended_at + self._tend_every:
            self._tend()
            self._tended_at = time.monotonic()

    def _bury(self, managed: _Managed) -> str:
        """Forget a dead process after its last words, kill what it left in its group; say how it ended."""
        process = managed.process
        assert process and process.stdout
        _signal_group(process.pid, signal.SIGKILL)
        self._tell_guard("-", process.pid)
        while not process.stdout.closed and self._read(managed, process.stdout):
            pass
        if not process.stdout.closed:
            self._selector.unregister(process.stdout)
            process.stdout.close()
        managed.process = None
        code = process.returncode
        return f"ended with status {code}" if code >= 0 else f"was killed by {signal.Signals(-code).name}"

    def _stop_all(self) -> None:
        """TERM, then after the grace period (or at a second signal) KILL, each to the whole group."""
        before, deadline = self._signals, time.monotonic() + self._grace
        for managed in self._living():
            assert managed.process
            _signal_group(managed.process.pid, signal.SIGTERM)
        while self._living():
            self._forward_output(seconds=0.05)
            if time.monotonic() > deadline or self._signals > before:
                for managed in self._living():
                    assert managed.process
                    self._print(managed, "does not stop; killing it.")
                    _signal_group(managed.process.pid, signal.SIGKILL)
                    managed.process.wait()
        for managed in self._managed:
            if managed.process:
                self._bury(managed)

    def _living(self) -> list[_Managed]:
        return [managed for managed in self._managed if managed.process and managed.process.poll() is None]

    def _print(self, managed: _Managed, text: str) -> None:
        width = max(len(each.name) for each in self._managed)
        label = f"{managed.name:<{width}} |"
        if self._out.isatty():
            label = f"\x1b[{COLOURS[self._managed.index(managed) % len(COLOURS)]}m{label}\x1b[0m"
        try:
            self._out.write(f"{label} {text}\n")
            self._out.flush()
        except BrokenPipeError:
            # Whoever read us has gone (`make run | head`): nobody watches any more.
            self._signals = self._signals or 1

    def _tell_guard(self, sign: str, group: int) -> None:
        assert self._guard and self._guard.stdin
        with contextlib.suppress(BrokenPipeError):
            os.write(self._guard.stdin.fileno(), f"{sign}{group}\n".encode())

    @contextlib.contextmanager
    def _guarded(self) -> Iterator[None]:
        self._guard = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", GUARD],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        )
        assert self._guard.stdin
        try:
            yield
        finally:
            with contextlib.suppress(BrokenPipeError):
                self._guard.stdin.close()
            self._guard.wait()

    @contextlib.contextmanager
    def _signals_caught(self) -> Iterator[None]:
        def note(number: int, frame: FrameType | None) -> None:
            self._signals += 1

        before = {number: signal.signal(number, note) for number in SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def _signal_group(group: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)
