"""A server in a process of its own, for tests that look at that process or kill it.

`python -m storage_app.tests.serving FOLDER FD` serves on a listening socket, with the bytes of files in a folder.
"""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import django
import uvicorn
from django.conf import settings


@contextmanager
def server_process(folder: Path) -> Iterator[tuple[str, "subprocess.Popen[bytes]"]]:
    """Start a server on the database of this test process; yield its address and the process."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        command = [sys.executable, "-m", __name__, str(folder), str(listener.fileno())]
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        environment = {**os.environ, "ALAJO_ACCESS_TOKEN_ISSUER": settings.ACCESS_TOKEN_ISSUER}
        process = subprocess.Popen(
            command, pass_fds=[listener.fileno()], cwd=settings.BASE_DIR, env=environment
        )
        try:
            yield url, process
        finally:
            process.kill()
            process.wait()


def serve(folder: str, descriptor: int) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.test")
    django.setup()
    settings.STORAGES["files"]["OPTIONS"] = {"location": folder}
    uvicorn.run(
        "config.asgi:application", fd=descriptor, access_log=False, lifespan="off", log_level="warning"
    )


if __name__ == "__main__":
    serve(sys.argv[1], int(sys.argv[2]))
