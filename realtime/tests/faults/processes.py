"""Processes that are killed without warning and started again, as a supervisor does."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

from django.conf import settings

MANAGE = str(settings.BASE_DIR / "manage.py")


class Process:
    """One process, with what it says in a file."""

    def __init__(self, name: str, *arguments: str, root: Path, role: str = "") -> None:
        self.deaths = 0
        self._command = [sys.executable, *arguments]
        self._log = (root / f"{name}.log").open("a")
        self._environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "realtime.tests.faults.settings",
            "FAULTS_ROOT": str(root),
            "ALAJO_PROCESS_ROLE": role,
            "PYTEST_XDIST_WORKER": settings.WORKER,
        }
        self.start()

    def start(self) -> None:
        self._process = subprocess.Popen(
            self._command,
            env=self._environment,
            cwd=settings.BASE_DIR,
            stdout=self._log,
            stderr=self._log,
            start_new_session=True,
        )

    def kill(self) -> None:
        self.deaths += 1
        self._end()
        self.start()

    def wait(self, patience: float) -> int:
        return self._process.wait(patience)

    @property
    def is_running(self) -> bool:
        return self._process.poll() is None

    def close(self) -> None:
        self._end()
        self._log.close()

    def _end(self) -> None:
        if self.is_running:
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()


def dispatcher(root: Path) -> Process:
    return Process("dispatcher", MANAGE, "dispatch", root=root, role="service_role")


def worker(root: Path) -> Process:
    return Process("worker", "-m", "realtime.tests.faults.worker", root=root, role="service_role")


def publisher(root: Path, *arguments: str) -> Process:
    return Process("publisher", "-m", "realtime.tests.faults.publisher", *arguments, root=root)


def web(root: Path, number: int) -> tuple[Process, str]:
    """A web process and its address, which it keeps."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    arguments = ["-m", "uvicorn", "config.asgi:application", "--port", str(port), "--lifespan", "off"]
    arguments += ["--ws", "websockets-sansio", "--ws-per-message-deflate", "false", "--no-access-log"]
    return Process(f"web{number}", *arguments, root=root), f"http://127.0.0.1:{port}"
