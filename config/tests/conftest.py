import os
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from functools import lru_cache

import pytest
from playwright.sync_api import Browser, sync_playwright

from config import browser as chromiums
from config.tests.browsing import DESKTOP, Look, Visitor
from credit.tests.scored import reach_bureaux
from realtime.dispatcher import Dispatcher
from wallet.gateways.paystack import Paystack
from wallet.services import gateways
from wallet.tests.demo_world import make_demo_world
from wallet.tests.factories import install_sandbox

NONE_FOUND = (
    "No Chromium, so nobody has looked at the pages. `make test` as root installs Debian's (apt-get install "
    "chromium-headless-shell); else set ALAJO_CHROMIUM to the path of a Chromium or Chrome."
)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say it where nobody can overlook it: a skipped test is otherwise one letter."""
    skipped = terminalreporter.stats.get("skipped", [])
    unseen = [report for report in skipped if NONE_FOUND in str(report.longrepr)]
    if unseen:
        terminalreporter.section(f"{len(unseen)} browser tests were NOT RUN", sep="!", red=True, bold=True)
        terminalreporter.write_line(NONE_FOUND)


@pytest.fixture
def dispatcher(transactional_db: None) -> Iterator[None]:
    """Messages are numbered and handed on while the test runs."""
    running = Dispatcher()
    thread = threading.Thread(target=running.run)
    thread.start()
    yield
    running.stop()
    thread.join()


_open = ExitStack()
_browsers: list[Browser] = []


@pytest.fixture
def chromium() -> Browser:
    """One Chromium for all tests in a row that want one: a file's run in one process (`conftest.py` of all).

    Playwright keeps an event loop in this thread, which Django would refuse.
    """
    path = chromiums.find()
    if path is None:
        pytest.skip(NONE_FOUND)
    if not _browsers:
        before = os.environ.get("DJANGO_ALLOW_ASYNC_UNSAFE")
        _open.callback(_restore, before)
        os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
        args = ["--no-sandbox"] if os.geteuid() == 0 else []
        playwright = _open.enter_context(sync_playwright())
        browser = playwright.chromium.launch(executable_path=path, args=args)
        _open.callback(browser.close)
        _browsers.append(browser)
    return _browsers[0]


def _restore(before: str | None) -> None:
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]
    if before is not None:
        os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = before


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(nextitem: pytest.Function | None) -> Iterator[None]:
    """The last of the row closes it, so that the next test's thread has no loop."""
    try:
        return (yield)
    finally:
        if nextitem is None or "chromium" not in nextitem.fixturenames:
            close_browser()


def pytest_sessionfinish() -> None:
    close_browser()


def close_browser() -> None:
    _browsers.clear()
    _open.close()


@pytest.fixture
def site(live_server, settings, monkeypatch) -> str:
    """The address of a running Alajo whose gateway is its own sandbox, over HTTP."""
    settings.SITE_URL = live_server.url
    settings.PAYSTACK_BASE_URL = f"{live_server.url}/sandbox/paystack"
    settings.PAYSTACK_WEBHOOK_URL = f"{live_server.url}/webhooks/paystack/"
    settings.PAYSTACK_APPROVAL_URL = f"{live_server.url}/webhooks/paystack/transfers/approval"
    reach_bureaux(settings, live_server.url)

    @lru_cache
    def adapter(key: str, url: str) -> Paystack:
        return Paystack(secret_key=key, base_url=url, sleep=lambda _seconds: None)

    monkeypatch.setattr(gateways, "_paystack", adapter)
    install_sandbox()
    return str(live_server.url)


@pytest.fixture
def visitor(chromium: Browser, site: str, request: pytest.FixtureRequest) -> Iterator[Visitor]:
    """Someone at the site; parametrize indirectly with a Look. What the browser complained of fails the test."""
    visitor = Visitor(chromium, site, getattr(request, "param", Look(DESKTOP)))
    yield visitor
    visitor.leave()
    assert visitor.complaints == []


@pytest.fixture
def demo(site: str) -> None:
    """The demo world, on the site that the visitor sees."""
    make_demo_world()
