"""The whole application on a port of its own, for a browser: files stream, as they do from `make run`."""

import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from django.contrib.staticfiles.handlers import ASGIStaticFilesHandler
from playwright.sync_api import Page

from accounts.tests.factories import PASSWORD
from config.asgi import application
from credit.tests.scored import reach_bureaux


@pytest.fixture
def site(transactional_db: Any, files: Path, settings: Any) -> Iterator[str]:
    """In place of the fixture of this name that serves pages only."""
    listener = socket.create_server(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    settings.SITE_URL, settings.ACCESS_TOKEN_ISSUER = url, f"{url}/auth/v1"
    reach_bureaux(settings, url)
    config = uvicorn.Config(
        ASGIStaticFilesHandler(application),
        lifespan="off",
        access_log=False,
        log_config=None,
        timeout_graceful_shutdown=1,
        ws="websockets-sansio",
        ws_per_message_deflate=False,
    )
    running = uvicorn.Server(config)
    thread = threading.Thread(target=running.run, kwargs={"sockets": [listener]})
    thread.start()
    yield url
    running.should_exit = True
    thread.join()
    listener.close()


def log_in(page: Page, email: str) -> None:
    page.goto("/accounts/login/")
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("main").get_by_role("button", name="Log in", exact=True).click()
    page.wait_for_url("**/home/")
