"""The supervisor with real processes: output, restarts, giving up, stopping, and being killed."""

import io
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from core.embedded import StoreError, place
from core.supervisor import Supervisor

PROJECT = Path(__file__).resolve().parents[2]


def shell(script: str) -> list[str]:
    return ["/bin/sh", "-c", script]


def eventually(condition: Callable[[], bool], *, seconds: float = 30) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.02)
    return False


def interrupt_when(condition: Callable[[], bool]) -> threading.Thread:
    def watch() -> None:
        eventually(condition)
        os.kill(os.getpid(), signal.SIGTERM)

    watcher = threading.Thread(target=watch)
    watcher.start()
    return watcher


def start_apart(tmp_path: Path, *commands: str) -> subprocess.Popen[str]:
    """Start a supervisor in a process of its own, with one shell command each."""
    code = "import sys\nfrom core.supervisor import Supervisor\nsupervisor = Supervisor(grace=1)\n"
    for number, command in enumerate(commands):
        code += f"supervisor.add('p{number}', ['/bin/sh', '-c', {command!r}], cwd={str(tmp_path)!r})\n"
    code += "sys.exit(supervisor.run())"
    return subprocess.Popen([sys.executable, "-c", code], cwd=PROJECT, stdout=subprocess.PIPE, text=True)


def read_pid(path: Path) -> int:
    assert eventually(lambda: path.exists() and path.read_text().endswith("\n"))
    return int(path.read_text())


def test_each_line_carries_the_name_of_its_process_also_the_last_without_line_end() -> None:
    out = io.StringIO()
    supervisor = Supervisor(out=out, limit=1)
    supervisor.add("web", shell("sleep 60"))
    supervisor.add(
        "worker", shell("echo one; echo two >&2; printf $GREETING; exit 3"), env={"GREETING": "three"}
    )
    assert supervisor.run() == 1
    lines = out.getvalue().splitlines()
    assert lines[:3] == ["worker | one", "worker | two", "worker | three"]
    assert "status 3" in lines[3] and "GIVING UP" in lines[3]


def test_a_process_that_dies_is_started_again_with_growing_delays_until_the_limit(tmp_path: Path) -> None:
    out = io.StringIO()
    supervisor = Supervisor(out=out, limit=3, backoff=0.05)
    supervisor.add("web", shell("echo run >> runs; exit 1"), cwd=tmp_path)
    assert supervisor.run() == 1
    assert (tmp_path / "runs").read_text() == "run\n" * 3
    assert "again in 0.05 s" in out.getvalue() and "again in 0.1 s" in out.getvalue()


def test_a_process_that_lived_long_may_die_more_often_than_the_limit(tmp_path: Path) -> None:
    supervisor = Supervisor(out=io.StringIO(), limit=1, quick=0.01, backoff=0.01)
    supervisor.add("web", shell("echo run >> runs; sleep 0.05"), cwd=tmp_path)
    runs = tmp_path / "runs"
    watcher = interrupt_when(lambda: runs.exists() and len(runs.read_text().splitlines()) >= 3)
    assert supervisor.run() == 0
    watcher.join()
    assert len(runs.read_text().splitlines()) >= 3


def test_what_it_stands_on_is_tended_again_and_again() -> None:
    calls: list[float] = []
    supervisor = Supervisor(out=io.StringIO(), tend=lambda: calls.append(time.monotonic()), tend_every=0.05)
    supervisor.add("web", shell("sleep 60"))
    watcher = interrupt_when(lambda: len(calls) >= 3)
    assert supervisor.run() == 0
    watcher.join()
    assert len(calls) >= 3


def test_what_cannot_be_tended_ends_all_of_it(tmp_path: Path) -> None:
    def fail() -> None:
        read_pid(tmp_path / "pid")
        raise StoreError("the disk is full")

    supervisor = Supervisor(out=io.StringIO(), grace=1, tend=fail, tend_every=0)
    supervisor.add("web", shell("echo $$ > pid; exec sleep 60"), cwd=tmp_path)
    with pytest.raises(StoreError, match="the disk is full"):
        supervisor.run()
    assert place.command_line(read_pid(tmp_path / "pid")) == ""


def test_a_command_that_does_not_exist_ends_the_run_and_says_so() -> None:
    out = io.StringIO()
    supervisor = Supervisor(out=out)
    supervisor.add("web", ["/nonexistent/program"])
    assert supervisor.run() == 1
    assert "cannot be started" in out.getvalue()


def test_a_signal_stops_every_process_and_the_old_handlers_come_back(tmp_path: Path) -> None:
    before = signal.getsignal(signal.SIGTERM)
    supervisor = Supervisor(out=io.StringIO())
    for name in ("web", "worker"):
        supervisor.add(name, shell(f"echo $$ > {name}; exec sleep 60"), cwd=tmp_path)
    watcher = interrupt_when(lambda: (tmp_path / "web").exists() and (tmp_path / "worker").exists())
    assert supervisor.run() == 0
    watcher.join()
    assert not any(place.command_line(read_pid(tmp_path / name)) for name in ("web", "worker"))
    assert signal.getsignal(signal.SIGTERM) is before


def test_a_process_that_ignores_the_signal_is_killed_with_its_children_after_the_grace(
    tmp_path: Path,
) -> None:
    out = io.StringIO()
    supervisor = Supervisor(out=out, grace=0.3)
    supervisor.add("web", shell("trap '' TERM; sleep 60 & echo $! > child; wait; wait"), cwd=tmp_path)
    watcher = interrupt_when(lambda: (tmp_path / "child").exists())
    assert supervisor.run() == 0
    watcher.join()
    assert "killing it" in out.getvalue()
    assert eventually(lambda: not place.command_line(read_pid(tmp_path / "child")))


def test_a_child_left_behind_by_a_dead_process_does_not_survive_it(tmp_path: Path) -> None:
    supervisor = Supervisor(out=io.StringIO(), limit=1)
    supervisor.add("web", shell("sleep 60 & echo $! > child; exit 1"), cwd=tmp_path)
    assert supervisor.run() == 1
    assert eventually(lambda: not place.command_line(read_pid(tmp_path / "child")))


def test_nothing_survives_a_killed_supervisor_not_even_what_ignores_the_first_signal(tmp_path: Path) -> None:
    supervisor = start_apart(
        tmp_path,
        "trap '' TERM; sleep 60 & echo $! > child; echo $$ > stubborn; wait; wait",
        "echo $$ > plain; exec sleep 60",
    )
    pids = [read_pid(tmp_path / name) for name in ("child", "stubborn", "plain")]
    supervisor.kill()
    supervisor.communicate()
    assert eventually(lambda: not any(place.command_line(pid) for pid in pids))


def test_a_process_does_not_survive_whose_supervisor_is_killed_as_it_begins(tmp_path: Path) -> None:
    supervisor = start_apart(tmp_path, "echo $$ > first; kill -KILL $PPID; exec sleep 60")
    supervisor.communicate()
    assert eventually(lambda: not place.command_line(read_pid(tmp_path / "first")), seconds=10)


def test_a_reader_that_goes_away_stops_the_run(tmp_path: Path) -> None:
    supervisor = start_apart(tmp_path, "echo $$ > pid; while :; do echo tick; sleep 0.05; done")
    pid = read_pid(tmp_path / "pid")
    assert supervisor.stdout
    supervisor.stdout.close()
    assert supervisor.wait(timeout=60) == 0
    assert not place.command_line(pid)
