"""Sockets against a bare `websockets` server that sends the same bytes to as many; and what events cost the books.

A message of ours goes its whole way: a commit, the dispatcher, the channel layer, one web process, the sockets. The
reference is one process that has the bytes and the sockets. One process listens, for either of them.
"""

import json
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings

from bench import report
from bench.ledger import CLIENTS, UNIFORM, environment, manage, script
from bench.world import ACCOUNTS, FUND, PEOPLE, World
from core.embedded import Valkey
from core.embedded.bootstrap import DATABASE

SUBSCRIBERS = (200, 500)
IDLE, ROOM_FOR_IDLE = 2_000, 300
# Messages in one commit under full load, and commits on their way at once.
BATCH, WINDOW = 100, 2
# Messages a second at light load, each a commit of its own.
LIGHT = 20
# Seconds without a new message after which the dispatcher is done: it looks by itself twice a second.
STILL = 2
POSTING_ALONE = UNIFORM.replace("select * from", "begin;\nselect * from") + "commit;\n"
# What `publish` writes.
PUBLISHING = POSTING_ALONE.replace(
    "commit;",
    "insert into realtime_message (id, topic, extension, event, payload, private) values (uuidv7(), "
    "'user:' || gen_random_uuid(), 'event', 'transaction.posted', "
    """'{"account": "01900000-0000-7000-9000-000000000001", "amount": 1, "currency": "NGN"}', true);\ncommit;""",
)
Say = Callable[[str], object]


def run(say: Say, *, rounds: int, seconds: int) -> list[report.Figure]:
    """Make the scratch world, measure in interleaved rounds, and return the figures."""
    with World(settings.DATA_DIR / "bench-realtime") as world, ExitStack() as stack:
        valkey = Valkey(world.root)
        valkey.start()
        stack.callback(valkey.remove)
        say(f"making {ACCOUNTS:,} accounts …")
        _prepare(world)
        bench = _Bench(world, stack)
        taken: dict[str, list[float]] = {}
        for number in range(1, rounds + 1):
            say(f"round {number} of {rounds}")
            found = bench.round(seconds)
            for name, value in found.items():
                taken.setdefault(name, []).append(value)
            say("  " + ", ".join(f"{name} {value:,.2f}" for name, value in found.items()))
        say(f"opening {IDLE:,} sockets …")
        idle = bench.idle(say)
    return [
        *_figures(taken),
        report.figure(f"{IDLE:,} idle sockets", "MB", [idle], [ROOM_FOR_IDLE], 1, at_least=False),
    ]


def _figures(taken: dict[str, list[float]]) -> Iterator[report.Figure]:
    for many in SUBSCRIBERS:
        yield report.figure(
            f"deliveries to {many} sockets / websockets",
            "1/s",
            taken[f"{many}"],
            taken[f"{many} reference"],
            0.5,
        )
        yield report.figure(
            f"p95 of a delivery to {many} sockets under full load / websockets",
            "ms",
            taken[f"{many} p95"],
            taken[f"{many} p95 reference"],
            None,
            at_least=False,
        )
    few = SUBSCRIBERS[0]
    yield report.figure(
        f"p95 from commit to {few} sockets, {LIGHT} messages/s / websockets",
        "ms",
        taken["light"],
        taken["light reference"],
        5,
        at_least=False,
    )
    yield report.figure(
        "p95 from commit to one socket / websockets",
        "ms",
        taken["one"],
        taken["one reference"],
        None,
        at_least=False,
    )
    name = "posting and publishing in one transaction / posting alone"
    yield report.figure(f"{name}, {CLIENTS} clients", "1/s", taken["publishing"], taken["posting"], 0.85)
    # Here the dispatcher follows, writes notices and plans their letters, on a machine that has nothing left.
    name = "transfers that are told of, with all that follows / in silence"
    yield report.figure(f"{name}, one after the other", "1/s", taken["told"], taken["silent"], None)
    yield report.figure(f"{name}, {CLIENTS} clients", "1/s", taken["all told"], taken["all silent"], None)


class _Process:
    """A process that answers each line of JSON with one."""

    def __init__(self, stack: ExitStack, *arguments: str, env: dict[str, str] | None = None) -> None:
        self.name = " ".join(arguments)
        self.process = subprocess.Popen(
            [sys.executable, "-m", *arguments],
            env=env,
            cwd=settings.BASE_DIR,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        stack.callback(self.end)

    def end(self) -> None:
        self.process.terminate()
        self.process.wait()

    def hear(self) -> dict[str, Any]:
        assert self.process.stdout
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.name} ended")
        told: dict[str, Any] = json.loads(line)
        return told

    def ask(self, **command: Any) -> dict[str, Any]:
        assert self.process.stdin
        self.process.stdin.write(json.dumps(command) + "\n")
        self.process.stdin.flush()
        return self.hear()


class _Bench:
    """The measurements. `text` is a frame as ours sends it, which the reference sends too."""

    def __init__(self, world: World, stack: ExitStack) -> None:
        self.world, self.env = world, _environment(world)
        told = json.loads(subprocess.check_output(_command("prepare"), env=self.env, cwd=settings.BASE_DIR))
        self.topic, self.token = told["topic"], told["token"]
        self.listener = _Process(stack, "bench.sockets", "listen")
        self.publisher = _Process(stack, "bench.realtime_server", "publish", env=self.env)
        port = _free_port()
        self.there = f"ws://127.0.0.1:{port}/?"
        self.reference = _Process(stack, "bench.sockets", "reference", str(port))
        self.reference.hear()
        self.text = ""

    def round(self, seconds: int) -> dict[str, float]:
        found: dict[str, float] = {}
        with _dispatcher(self.world), self._server() as (url, _process):
            self.text = self._one(url)
            for many in SUBSCRIBERS:
                for name, at in ((f"{many} reference", self.there), (f"{many}", url)):
                    rate, p95 = self._full(at, many, seconds)
                    found[name] = rate
                    found[name.replace(f"{many}", f"{many} p95")] = p95
            for name, many in (("light", SUBSCRIBERS[0]), ("one", 1)):
                found[f"{name} reference"] = self._light(self.there, many, seconds)
                found[name] = self._light(url, many, seconds)
            found["told"] = self._transfers(seconds, 1)
            self._catching_up()
            found["all told"] = self._transfers(seconds, CLIENTS) * seconds / (seconds + self._catching_up())
        found["posting"] = script(self.world, POSTING_ALONE, seconds)
        found["publishing"] = script(self.world, PUBLISHING, seconds)
        found["silent"] = self._transfers(seconds, 1)
        found["all silent"] = self._transfers(seconds, CLIENTS)
        self._forget()
        return found

    def _forget(self) -> None:
        """Let what happened in silence be told to nobody: the next round is not to be slower for it."""
        with self.world.superuser(DATABASE) as connection:
            connection.execute(
                "update wallet_follower set snapshot = pg_current_snapshot();"
                "update realtime_horizon set snapshot = pg_current_snapshot();"
                "update realtime_consumer set position = (select position from realtime_horizon)"
            )

    def idle(self, say: Say) -> float:
        """MB of a web process that holds many sockets, each in a channel."""
        with _dispatcher(self.world), self._server() as (url, process):
            before = _resident(process)
            self._open(url, IDLE)
            for _number in range(3):
                self._send(url, 1)
            time.sleep(1)
            self.listener.ask(do="reach", deliveries=3 * IDLE)
            found = _resident(process)
            say(f"  {before:,.0f} MB before, {found:,.0f} MB with all of them")
            self.listener.ask(do="close")
        return found

    def _one(self, url: str) -> str:
        """A frame as a socket of ours receives it."""
        self._open(url, 1)
        self._send(url, 1)
        text: str = self.listener.ask(do="reach", deliveries=1)["last"]
        self.listener.ask(do="close")
        return text

    def _open(self, url: str, many: int) -> None:
        if url == self.there:
            self.listener.ask(do="open", url=url, count=many, first=[], answers=0)
            return
        config = {"private": True, "presence": {"enabled": False}}
        asked = {"config": config, "access_token": self.token}
        join = json.dumps(["1", "1", f"realtime:{self.topic}", "phx_join", asked])
        answered = self.listener.ask(do="open", url=url, count=many, first=[join], answers=1)["answered"]
        if '"status":"ok"' not in answered:
            raise RuntimeError(answered)

    def _send(self, url: str, count: int) -> float:
        """Have everybody told this many messages; return when they began their way."""
        if url == self.there:
            return float(self.reference.ask(do="send", count=count, text=self.text)["at"])
        return float(self.publisher.ask(count=count, topic=self.topic)["at"])

    def _full(self, url: str, many: int, seconds: int) -> tuple[float, float]:
        """Deliveries per second with always some on their way, and the 95th percentile of how long one takes, in ms."""
        self._open(url, many)
        begun, sent = time.monotonic(), []
        while time.monotonic() - begun < seconds:
            sent.append(self._send(url, BATCH))
            if len(sent) >= WINDOW:
                self.listener.ask(do="reach", deliveries=(len(sent) - WINDOW + 1) * BATCH * many)
        ended = self.listener.ask(do="reach", deliveries=len(sent) * BATCH * many)["at"]
        taken = self._taken([at for at in sent for _number in range(BATCH)])
        return len(sent) * BATCH * many / (ended - begun), taken

    def _light(self, url: str, many: int, seconds: int) -> float:
        """The 95th percentile of how long a delivery takes, in ms, when there is little to do."""
        self._open(url, many)
        sent = []
        for number in range(1, seconds * LIGHT + 1):
            sent.append(self._send(url, 1))
            self.listener.ask(do="reach", deliveries=number * many)
            time.sleep(1 / LIGHT)
        return self._taken(sent)

    def _taken(self, sent: list[float]) -> float:
        times: list[list[float]] = self.listener.ask(do="times")["times"]
        self.listener.ask(do="close")
        taken = sorted(at - sent[number] for each in times for number, at in enumerate(each))
        return taken[int(len(taken) * 0.95)] * 1000

    def _transfers(self, seconds: int, clients: int) -> float:
        command = [sys.executable, "-m", "bench.work", "transfers", str(clients), str(seconds)]
        env = environment(self.world)
        return float(subprocess.check_output(command, env=env, cwd=settings.BASE_DIR).split()[-1])

    def _catching_up(self) -> float:
        """Seconds until the dispatcher has nothing left to tell."""
        begun = moved = time.monotonic()
        position = -1
        with self.world.superuser(DATABASE) as connection:
            while time.monotonic() - moved < STILL:
                row = connection.execute("select position from realtime_horizon").fetchone()
                if row and row[0] != position:
                    position, moved = row[0], time.monotonic()
                time.sleep(0.05)
        return moved - begun

    @contextmanager
    def _server(self) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
        port = _free_port()
        process = subprocess.Popen(_command("serve", str(port)), env=self.env, cwd=settings.BASE_DIR)
        try:
            while process.poll() is None:
                try:
                    socket.create_connection(("127.0.0.1", port)).close()
                    break
                except ConnectionRefusedError:
                    time.sleep(0.05)
            yield f"ws://127.0.0.1:{port}/realtime/v1/websocket?vsn=2.0.0&apikey={self.token}", process
        finally:
            process.terminate()
            process.wait()


@contextmanager
def _dispatcher(world: World) -> Iterator[None]:
    command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "dispatch"]
    process = subprocess.Popen(command, env=environment(world))
    try:
        yield
    finally:
        process.terminate()
        process.wait()


def _prepare(world: World) -> None:
    manage(world, "migrate", "--database", "owner", "--no-input", "--verbosity", "0")
    with world.superuser(DATABASE) as connection:
        connection.execute(PEOPLE.format(n=ACCOUNTS))
        connection.execute(FUND)
        connection.execute("vacuum analyze")


def _resident(process: subprocess.Popen[bytes]) -> float:
    status = Path(f"/proc/{process.pid}/status").read_text()
    return float(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1]) / 1024


def _environment(world: World) -> dict[str, str]:
    return {name: text for name, text in environment(world).items() if name != "ALAJO_PROCESS_ROLE"}


def _command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "bench.realtime_server", *arguments]


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
