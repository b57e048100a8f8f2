import shutil
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from django.core.files.storage import storages

from config.asgi import application
from storage_app.asgi import kept


@pytest.fixture
def files(tmp_path: Path, settings) -> Iterator[Path]:
    """An empty folder for the bytes of files."""
    settings.STORAGES = {
        **settings.STORAGES,
        "files": {"BACKEND": "storage_app.blobs.FolderStorage", "OPTIONS": {"location": tmp_path / "files"}},
    }
    storages.__dict__.pop("backends", None)
    storages._storages.clear()
    yield tmp_path / "files"
    storages._storages.clear()
    shutil.rmtree(tmp_path / "files", ignore_errors=True)


@pytest.fixture
def server(transactional_db: Any, files: Path, settings: Any) -> Iterator[str]:
    """The address of a running server: the whole application, on a port of its own."""
    listener = socket.create_server(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    settings.SITE_URL, settings.ACCESS_TOKEN_ISSUER = url, f"{url}/auth/v1"
    config = uvicorn.Config(
        application, lifespan="off", access_log=False, log_config=None, timeout_graceful_shutdown=1
    )
    running = uvicorn.Server(config)
    kept.rows.clear()
    thread = threading.Thread(target=running.run, kwargs={"sockets": [listener]})
    thread.start()
    yield url
    running.should_exit = True
    thread.join()
    listener.close()
