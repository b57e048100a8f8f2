"""One round of the bench of signing in: `python -m bench.auth_work SECONDS` prints its figures as JSON."""

import json
import logging
import sys
import time
from collections.abc import Callable
from statistics import median
from typing import Any
from uuid import UUID

import django
from django.conf import settings

django.setup()
settings.DEBUG = False  # which keeps a copy of every statement
settings.ROOT_URLCONF = "bench.auth_urls"
settings.ALLOWED_HOSTS = ["*"]
settings.API_RATE_LIMITS = dict.fromkeys(
    ("default", "anonymous", "money", "organization"), "1000000000/minute"
)

from django.core.handlers.wsgi import WSGIHandler  # noqa: E402
from django.db import connection  # noqa: E402
from django.test import RequestFactory  # noqa: E402
from django.test.utils import CaptureQueriesContext  # noqa: E402
from django.utils import timezone  # noqa: E402

from accounts import access_tokens  # noqa: E402
from accounts.models import Organization, Session, User  # noqa: E402
from accounts.services import api_keys, sessions  # noqa: E402
from bench.world import user_id  # noqa: E402
from core.actors import acting_as, acting_as_service  # noqa: E402
from core.ids import uuid7  # noqa: E402

# What a transaction takes whoever acts in it.
FRAME = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE", "SELECT SET_CONFIG")
WARM_UP = 50
application = WSGIHandler()


def caller(path: str, headers: dict[str, str]) -> Callable[[], None]:
    """A request that is sent whenever this is called; it must be answered well."""
    environ = RequestFactory().get(path, headers=headers).environ
    statuses: list[str] = []

    def start(status: str, _headers: list[tuple[str, str]], _fault: Any = None) -> Callable[[bytes], object]:
        statuses.append(status)
        return lambda _body: None

    def once() -> None:
        response = application(dict(environ), start)
        body = b"".join(response)
        response.close()
        if statuses.pop() != "200 OK":
            raise RuntimeError(f"{path}: {body!r}")

    return once


def people() -> tuple[str, str, User]:
    """An organisation's key, a person's token, and the person."""
    at, user = timezone.now(), User(id=UUID(user_id(1)), email="1@bench.test")
    with acting_as_service():
        firm = Organization.objects.create(name="Bench", slug=f"b-{uuid7().hex}")
        firm.memberships.create(user=user, role="OWNER")
    order = {"name": "bench", "mode": "TEST", "scopes": ["accounts:read"], "networks": ["127.0.0.0/8"]}
    made = api_keys.make(organization_id=firm.pk, by=user, at=at, **order)  # type: ignore[arg-type]
    session = sessions.start(user=user, face=Session.Face.APP, method="password", at=at)
    return made.secret, access_tokens.issue(user=user, session=session, at=at), user


def in_turn(work: dict[str, Callable[[], None]], seconds: float) -> dict[str, float]:
    """The median milliseconds of each piece of work, done in turn for `seconds`."""
    for _ in range(WARM_UP):
        for once in work.values():
            once()
    times: dict[str, list[float]] = {name: [] for name in work}
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        for name, once in work.items():
            begun = time.perf_counter()
            once()
            times[name].append((time.perf_counter() - begun) * 1000)
    return {name: median(taken) for name, taken in times.items()}


def queries(once: Callable[[], None]) -> list[str]:
    once()
    with CaptureQueriesContext(connection) as captured:
        once()
    return [query["sql"].upper() for query in captured]


def rows(user: User, seconds: float) -> dict[str, float]:
    """Read one person's rows: found by the policy alone, and by a filter where there is no policy."""
    plain = f"select id, body from bench_open_note where user_id = '{user.pk}'"
    with acting_as(user), connection.cursor() as cursor:

        def read(statement: str) -> Callable[[], None]:
            def once() -> None:
                cursor.execute(statement)
                if len(cursor.fetchall()) != 100:
                    raise RuntimeError("these are not the rows")

            return once

        work = {"protected": read("select id, body from bench_note"), "filtered": read(plain)}
        return in_turn(work, seconds)


def main() -> None:
    seconds = float(sys.argv[1])
    logging.disable(logging.CRITICAL)
    key, token, user = people()
    anon = {"apikey": access_tokens.static_key("anon"), "Authorization": f"Bearer {token}"}
    work = {
        "open": caller("/api/v1/open-currencies", {}),
        "key": caller("/api/v1/currencies", {"Authorization": f"Bearer {key}"}),
        "token": caller("/api/v1/currencies", {"Authorization": f"Bearer {token}"}),
    }
    figures = in_turn(work, seconds)
    alone = len(queries(work["open"]))
    for name in ("key", "token"):
        figures[f"{name}_queries"] = len(queries(work[name])) - alone
    asked = queries(caller("/auth/v1/user", anon))
    figures["user_queries"] = len([sql for sql in asked if not sql.startswith(FRAME)])
    print(json.dumps({**figures, **rows(user, seconds)}))


main()
