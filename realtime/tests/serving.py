"""A web process of its own, for tests that end it: `python -m realtime.tests.serving FD`, a listening socket."""

import os
import socket
import subprocess
import sys

import django
import uvicorn
from django.conf import settings


class WebProcess:
    """Always at one address, started and ended as often as a test likes, on the database of this test process."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [sys.executable, "-m", __name__, str(self._listener.fileno())]
        environment = {**os.environ, "ALAJO_ACCESS_TOKEN_ISSUER": settings.ACCESS_TOKEN_ISSUER}
        self._process = subprocess.Popen(
            command, pass_fds=[self._listener.fileno()], cwd=settings.BASE_DIR, env=environment
        )

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def __enter__(self) -> "WebProcess":
        self.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.kill()
        self._listener.close()


def serve(descriptor: int) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.test")
    django.setup()
    uvicorn.run(
        "config.asgi:application",
        fd=descriptor,
        access_log=False,
        lifespan="off",
        log_level="warning",
        ws="websockets-sansio",
        ws_per_message_deflate=False,
    )


if __name__ == "__main__":
    serve(int(sys.argv[1]))
