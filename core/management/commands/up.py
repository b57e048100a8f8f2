"""`manage.py up`: everything that runs on one machine, under one supervisor."""

import errno
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from argparse import ArgumentParser
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import get_commands
from django.core.management.base import BaseCommand, CommandError
from django.db import connections

from core.embedded import StoreError, Stores, ensure_running
from core.supervisor import Supervisor

PORT_FREES_WITHIN = 3.0
SAY_AGAIN_AFTER = 10.0
WANTED_MB = 300
EVERYWHERE = {"0.0.0.0": "127.0.0.1", "": "127.0.0.1", "::": "::1"}
DEMO_LOGINS = ("ada@alajo.test", "bola@alajo.test", "agent@alajo.test", "admin@alajo.test")
DEMO_PASSWORD = "alajo-demo"
# How the server speaks WebSocket; the largest frame is realtime.asgi.limits.LARGEST_FRAME.
SOCKETS = ["--ws", "websockets-sansio", "--ws-per-message-deflate", "false", "--ws-max-size", "1048576"]


class Command(BaseCommand):
    """Start the stores, migrate, seed the demo world if there is none, and run web, worker, beat and events."""

    help = "Start the stores, migrate, and run web, worker, beat and events until Ctrl-C."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--host", default="127.0.0.1")

    def handle(self, *, host: str, port: int, **options: Any) -> None:
        signal.signal(signal.SIGTERM, _interrupt)
        wait_until_free(host, port)
        address = site_address(host, port)
        environment = {**os.environ, "ALAJO_SITE_URL": address}
        stores: Stores | None = None
        failed = 0
        try:
            if settings.EMBEDDED_STORES:
                if warning := little_room(settings.BASE_DIR):
                    self._say(self.style.WARNING(warning))
                stores = ensure_running(settings.BASE_DIR, say=self._say)
            self._prepare(environment)
            self._welcome(address)
            failed = supervisor(host, port, environment, tend=self._care_for(stores)).run()
        except StoreError as error:
            raise CommandError(str(error)) from error
        except KeyboardInterrupt:
            self._say("Interrupted.")
        finally:
            self._leave(stores)
        if failed:
            raise CommandError("A process kept dying; its last lines above say why.")

    def _prepare(self, environment: dict[str, str]) -> None:
        self._step("Migrating the database", ["migrate", "--database", "owner", "--no-input"], environment)
        if settings.DEBUG and "seed_demo" in get_commands() and _is_empty():
            self._step("Seeding the demo world", ["seed_demo"], environment)

    def _step(self, label: str, arguments: list[str], environment: dict[str, str]) -> None:
        """Run a command in a process of its own; raises CommandError with its output when it fails."""
        self._say(f"{label} ...")
        started_at = time.monotonic()
        with tempfile.TemporaryFile() as output:
            process = subprocess.Popen(
                [sys.executable, str(settings.BASE_DIR / "manage.py"), *arguments],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
            try:
                while not _ended(process, within=SAY_AGAIN_AFTER):
                    self._say(f"  still at it after {time.monotonic() - started_at:.0f} s")
            except KeyboardInterrupt:
                process.terminate()
                process.wait()
                raise
            if process.returncode:
                output.seek(0)
                raise CommandError(f"{label} failed:\n{output.read().decode(errors='replace').strip()}")
        self._say(f"  done in {time.monotonic() - started_at:.1f} s")

    def _welcome(self, address: str) -> None:
        self._say(f"\n{self.style.SUCCESS('Alajo runs at')} {address}/   (Ctrl-C stops it)")
        if settings.DEBUG:
            self._say(f"  log in as  {', '.join(DEMO_LOGINS)}")
            self._say(f"  password   {DEMO_PASSWORD}")
            self._say("  its code   .venv/bin/python manage.py second_step EMAIL")
            self._say(f"  its mails  {address}/dev/mail/\n")

    def _care_for(self, stores: Stores | None) -> Callable[[], None] | None:
        return partial(stores.revive, self._say) if stores else None

    def _leave(self, stores: Stores | None) -> None:
        # Stopping takes a moment, and an impatient second Ctrl-C must not leave half of it running.
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        if stores is None:
            return
        if stores.release():
            self._say("Everything is stopped.")
        else:
            self._say("Stopped; the stores stay for another process that uses them and end with it.")

    def _say(self, message: str) -> None:
        self.stdout.write(message)
        self.stdout.flush()


def supervisor(
    host: str, port: int, environment: dict[str, str], *, tend: Callable[[], None] | None = None
) -> Supervisor:
    """Return the supervisor of web, workers, beat and events, which calls `tend` every few seconds."""
    data = settings.BASE_DIR / ".data"
    data.mkdir(exist_ok=True)
    celery = [sys.executable, "-m", "celery", "--quiet", "--app", "config"]
    web = [sys.executable, "-m", "uvicorn", "config.asgi:application", "--host", host, "--port", str(port)]
    web += ["--no-access-log", "--no-server-header", "--lifespan", "off", "--timeout-graceful-shutdown", "5"]
    web += SOCKETS
    # No pid file: one left by a killed beat would block the next.
    beat = [*celery, "beat", "--schedule", str(data / "celerybeat-schedule"), "--pidfile", ""]
    together = Supervisor(tend=tend)
    together.add("web", web, env=environment, cwd=settings.BASE_DIR)
    service = {**environment, "ALAJO_PROCESS_ROLE": "service_role"}
    if settings.DEBUG and os.geteuid() == 0:
        # Six lines at each start; whoever develops as root knows it.
        service["PYTHONWARNINGS"] = "ignore:You're running the worker with superuser privileges"
    together.add("worker", [*celery, "worker", "--concurrency", "2"], env=service, cwd=settings.BASE_DIR)
    # Threads, since it waits for servers of strangers and does little else.
    senders = [*celery, "worker", "--queues", "webhooks", "--pool", "threads", "--concurrency", "16"]
    senders += ["--hostname", "webhooks@%h", "--without-gossip", "--without-mingle"]
    together.add("webhooks", senders, env=service, cwd=settings.BASE_DIR)
    together.add("beat", beat, env=service, cwd=settings.BASE_DIR)
    dispatch = [sys.executable, str(settings.BASE_DIR / "manage.py"), "dispatch"]
    together.add("events", dispatch, env=service, cwd=settings.BASE_DIR)
    return together


def little_room(directory: Path) -> str:
    """Return a warning when the stores' disk is nearly full, else nothing."""
    data = directory / ".data"
    free = shutil.disk_usage(data if data.exists() else directory).free // 2**20
    return (
        f"Only {free} MB are free on the disk of {data}: the database may stop." if free < WANTED_MB else ""
    )


def site_address(host: str, port: int) -> str:
    """Return the address to open in a browser on this machine."""
    name = EVERYWHERE.get(host, host)
    return f"http://{f'[{name}]' if ':' in name else name}:{port}"


def wait_until_free(host: str, port: int) -> None:
    """Check that we may listen on the port; a process that a killed `up` left behind gets a moment to end.

    Raises CommandError naming the port and the way to choose another.
    """
    deadline = time.monotonic() + PORT_FREES_WITHIN
    while problem := _listening_problem(host, port):
        if problem.errno != errno.EADDRINUSE or time.monotonic() > deadline:
            another = port + 1 if 0 < port < 65535 else 8001
            raise CommandError(
                f"Port {port} on {host} cannot be used ({problem}). "
                f"Choose another: `make run PORT={another}` or `manage.py up --port {another}`."
            )
        time.sleep(0.1)


def _listening_problem(host: str, port: int) -> OSError | None:
    # Past these the resolver takes the rest of a division and finds another port.
    if not 0 < port < 65536:
        return OSError(errno.EINVAL, "a port is a number from 1 to 65535")
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, kind, protocol, _, address = found[0]
        with socket.socket(family, kind, protocol) as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
            listener.listen(1)
    except OSError as error:
        return error
    return None


def _is_empty() -> bool:
    try:
        return not get_user_model().objects.using("owner").exists()
    finally:
        connections["owner"].close()


def _ended(process: "subprocess.Popen[bytes]", *, within: float) -> bool:
    try:
        process.wait(within)
    except subprocess.TimeoutExpired:
        return False
    return True


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt
