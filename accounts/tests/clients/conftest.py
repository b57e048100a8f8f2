from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from supabase_auth import SyncGoTrueClient

from accounts import access_tokens
from accounts.models import User
from accounts.tests.factories import make_person


@pytest.fixture
def ada(transactional_db: Any) -> User:
    return make_person(email="ada@alajo.test")


@pytest.fixture
def auth_url(live_server: Any, settings: Any) -> str:
    """The address of a running `/auth/v1`, whose tokens name it as their issuer."""
    settings.SITE_URL = live_server.url
    settings.ACCESS_TOKEN_ISSUER = f"{live_server.url}/auth/v1"
    return str(settings.ACCESS_TOKEN_ISSUER)


@pytest.fixture
def origin(live_server, settings) -> str:
    settings.SITE_URL = live_server.url
    settings.REDIRECT_ALLOW_LIST = ["https://app.example.com/**"]
    return str(live_server.url)


@pytest.fixture
def make_client(origin) -> Iterator:
    made = []

    def make(role: str = "anon", flow: str = "implicit") -> SyncGoTrueClient:
        key = access_tokens.static_key(role)
        http = httpx.Client()
        made.append(http)
        return SyncGoTrueClient(
            url=f"{origin}/auth/v1",
            headers={"apikey": key, "Authorization": f"Bearer {key}"},
            auto_refresh_token=False,
            flow_type=flow,
            http_client=http,
        )

    yield make
    for http in made:
        http.close()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say it where nobody can overlook it: a skipped test is otherwise one letter."""
    skipped = terminalreporter.stats.get("skipped", [])
    missed = [report for report in skipped if "supabase-js is not installed" in str(report.longrepr)]
    if missed:
        terminalreporter.section(
            f"{len(missed)} tests of the JavaScript client were NOT RUN", sep="!", red=True
        )
        terminalreporter.write_line(str(missed[0].longrepr[2]))
