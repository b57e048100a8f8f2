"""Files against nginx that serves the same ones on the same machine in the same minutes, and against the disk itself.

nginx comes from Debian (`apt-get install nginx-light wrk`): without it there is nothing to measure against. One worker
of nginx stands against one process of ours. `wrk` counts the requests for small files.
"""

import http.client
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

from django.conf import settings

from bench import report
from bench.ledger import environment, manage
from bench.world import PEOPLE, World, user_id
from core.embedded import Valkey
from core.embedded.bootstrap import DATABASE

LARGE, SMALL = 100_000_000, 8_000
# How often a large file is sent in each round, and how many connections ask for small ones.
TIMES, CONNECTIONS = 5, 16
LISTED, A_PAGE, FEW_PAGES = 100_000, 1_000, 5
PIECE = 1024 * 1024
NGINX = """
worker_processes 1; daemon off; pid {root}/nginx.pid; error_log {root}/nginx.log;
events {{ worker_connections 256; }}
http {{
    access_log off; sendfile on; tcp_nopush on; keepalive_requests 100000000; default_type application/octet-stream;
    client_body_temp_path {root}/t; proxy_temp_path {root}/t; fastcgi_temp_path {root}/t; uwsgi_temp_path {root}/t;
    scgi_temp_path {root}/t;
    server {{ listen 127.0.0.1:{port}; root {root}/served; }}
}}
"""
FOLDER = f"""
with made as (
    insert into storage_app_object (id, bucket_id, name, owner_id, version_id, created_at, updated_at, last_accessed_at)
    select uuidv7(), 'docs', '{{owner}}/many/' || lpad(n::text, 6, '0') || '.txt', '{{owner}}', uuidv7(), now(), now(),
        now() from generate_series(1, {LISTED}) n returning id, version_id
)
insert into storage_app_objectversion (id, object_id, blob_key, size, content_type, cache_control, md5, sha256, scan,
    created_by_id, created_at)
select version_id, id, 'objects/' || version_id, 1, 'text/plain', 'max-age=3600', repeat('0', 32), repeat('0', 64),
    'NOT_ASKED', '{{owner}}', now() from made
"""
Say = Callable[[str], object]


def run(say: Say, *, rounds: int, seconds: int) -> list[report.Figure]:
    """Make the scratch world, measure in interleaved rounds, and return the figures."""
    for tool in ("nginx", "wrk"):
        if shutil.which(tool) is None and not Path(f"/usr/sbin/{tool}").exists():
            raise RuntimeError(
                f"{tool} is not installed, so there is nothing to measure against: apt-get install "
                "nginx-light wrk"
            )
    with World(settings.DATA_DIR / "bench-storage") as world:
        valkey = Valkey(world.root)
        valkey.start()
        try:
            say(f"making {LISTED:,} files …")
            told = _prepare(world)
            with _nginx(world.root) as nginx, _alajo(world) as alajo:
                bench = _Bench(world, alajo, nginx, told)
                bench.fill()
                found = [bench.round(say, number, rounds, seconds) for number in range(1, rounds + 1)]
        finally:
            valkey.remove()
            shutil.rmtree(world.root / "files", ignore_errors=True)
            shutil.rmtree(world.root / "served", ignore_errors=True)
    taken = {name: [one[name] for one in found] for name in found[0]}
    return [
        report.figure("100 MB download / nginx", "MB/s", taken["download"], taken["nginx_download"], 0.5),
        report.figure(
            "small public files, one process / nginx", "1/s", taken["small"], taken["nginx_small"], 0.15
        ),
        report.figure("100 MB upload / write and fsync", "MB/s", taken["upload"], taken["disk"], 0.4),
        report.figure(
            f"page of {A_PAGE:,} of {LISTED:,} files, last / first",
            "ms",
            taken["last"],
            taken["first"],
            1.5,
            at_least=False,
        ),
    ]


class _Bench:
    """The measurements, by whom they are asked of: ours, nginx, and the disk."""

    def __init__(self, world: World, alajo: int, nginx: int, told: dict[str, str]) -> None:
        self.root, self.alajo, self.nginx = world.root, alajo, nginx
        self.folder, self.bearer = told["folder"], f"Bearer {told['token']}"
        self.large, self.sent = os.urandom(LARGE), 0

    def fill(self) -> None:
        """Put the same two files there for both."""
        served = self.root / "served"
        served.mkdir(exist_ok=True)
        for name, content in (("large", self.large), ("small", os.urandom(SMALL))):
            (served / name).write_bytes(content)
            self._put(f"shop/{self.folder}/{name}", content)

    def round(self, say: Say, number: int, rounds: int, seconds: int) -> dict[str, float]:
        say(f"round {number} of {rounds}")
        public = f"/storage/v1/object/public/shop/{self.folder}"
        found = {
            "nginx_download": median(_download(self.nginx, "/large") for _ in range(TIMES)),
            "download": median(_download(self.alajo, f"{public}/large") for _ in range(TIMES)),
            "nginx_small": _requests(self.nginx, "/small", seconds),
            "small": _requests(self.alajo, f"{public}/small", seconds),
            "disk": median(self._disk() for _ in range(TIMES)),
            "upload": median(self._upload() for _ in range(TIMES)),
        }
        pages = list(self._pages())
        found["first"], found["last"] = median(pages[:FEW_PAGES]), median(pages[-FEW_PAGES:])
        say("  " + ", ".join(f"{name} {value:,.1f}" for name, value in found.items()))
        return found

    def _disk(self) -> float:
        """MB/s of writing and syncing a file from Python."""
        path = self.root / "files" / "reference"
        begun = time.perf_counter()
        with path.open("wb", buffering=0) as file:
            for start in range(0, LARGE, PIECE):
                file.write(self.large[start : start + PIECE])
            os.fsync(file.fileno())
        taken = time.perf_counter() - begun
        path.unlink()
        return LARGE / 1e6 / taken

    def _upload(self) -> float:
        self.sent += 1
        begun = time.perf_counter()
        self._put(f"docs/{self.folder}/large-{self.sent}", self.large)
        return LARGE / 1e6 / (time.perf_counter() - begun)

    def _put(self, place: str, content: bytes) -> None:
        headers = {"Authorization": self.bearer, "Content-Type": "application/octet-stream"}
        self._asked("POST", f"/storage/v1/object/{place}", content, headers)

    def _pages(self) -> Iterator[float]:
        """Milliseconds of each page of the folder, from its first to its last."""
        body: dict[str, Any] = {"prefix": f"{self.folder}/many/", "limit": A_PAGE, "with_delimiter": True}
        headers = {"Authorization": self.bearer, "Content-Type": "application/json"}
        seen = 0
        while seen < LISTED:
            begun = time.perf_counter()
            page = self._asked("POST", "/storage/v1/object/list-v2/docs", json.dumps(body).encode(), headers)
            yield (time.perf_counter() - begun) * 1000
            seen += len(page["objects"])
            if not page["objects"]:
                raise RuntimeError(f"the list ends after {seen} files")
            body["cursor"] = page.get("nextCursor")

    def _asked(self, method: str, path: str, content: bytes, headers: dict[str, str]) -> Any:
        connection = http.client.HTTPConnection("127.0.0.1", self.alajo, blocksize=PIECE)
        connection.request(method, path, content, headers)
        answer = connection.getresponse()
        told = answer.read()
        connection.close()
        if answer.status != 200:
            raise RuntimeError(f"{method} {path}: {answer.status} {told[:500]!r}")
        return json.loads(told)


def _download(port: int, path: str) -> float:
    """MB/s of one file over a new connection."""
    buffer, got = bytearray(PIECE), 0
    begun = time.perf_counter()
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode())
        while count := connection.recv_into(buffer):
            got += count
    if got < LARGE:
        raise RuntimeError(f"{path}: {bytes(buffer[:500])!r}")
    return LARGE / 1e6 / (time.perf_counter() - begun)


def _requests(port: int, path: str, seconds: int) -> float:
    """Requests per second that are answered well, over connections that stay open."""
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}", f"http://127.0.0.1:{port}{path}"]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    found = re.search(r"Requests/sec:\s+([\d.]+)", told)
    if found is None or "Non-2xx" in told:
        raise RuntimeError(told)
    return float(found.group(1))


def _prepare(world: World) -> dict[str, str]:
    (world.root / "files").mkdir(exist_ok=True)
    manage(world, "migrate", "--database", "owner", "--no-input", "--verbosity", "0")
    with world.superuser(DATABASE) as connection:
        connection.execute(PEOPLE.format(n=1))
    told: dict[str, str] = json.loads(subprocess.check_output(_command("prepare"), env=_environment(world)))
    with world.superuser(DATABASE) as connection:
        connection.execute(FOLDER.format(owner=user_id(1)))
        connection.execute("vacuum analyze")
    return told


@contextmanager
def _alajo(world: World) -> Iterator[int]:
    port = _free_port()
    with _running(_command("serve", str(port)), port, env=_environment(world)):
        yield port


@contextmanager
def _nginx(root: Path) -> Iterator[int]:
    port = _free_port()
    (root / "nginx.conf").write_text(NGINX.format(root=root, port=port))
    command = [
        shutil.which("nginx") or "/usr/sbin/nginx",
        "-e",
        f"{root}/nginx.log",
        "-c",
        f"{root}/nginx.conf",
    ]
    with _running(command, port):
        yield port


@contextmanager
def _running(command: list[str], port: int, env: dict[str, str] | None = None) -> Iterator[None]:
    process = subprocess.Popen(command, env=env, cwd=settings.BASE_DIR)
    try:
        while process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                break
            except ConnectionRefusedError:
                time.sleep(0.05)
        if process.poll() is not None:
            raise RuntimeError(f"{command[0]} did not start")
        yield
    finally:
        process.terminate()
        process.wait()


def _environment(world: World) -> dict[str, str]:
    kept = {name: text for name, text in environment(world).items() if name != "ALAJO_PROCESS_ROLE"}
    return {**kept, "BENCH_FILES": str(world.root / "files")}


def _command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "bench.storage_server", *arguments]


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
