"""What the bench of the staff queue measures: `python -m bench.kyc_work SECONDS` prints names and numbers."""

import sys
import time
from collections.abc import Callable
from statistics import median
from typing import Any

import django
from django.conf import settings

django.setup()
settings.DEBUG = False  # which keeps a copy of every statement

from django.contrib import admin  # noqa: E402
from django.db import connection, transaction  # noqa: E402
from django.http import HttpRequest  # noqa: E402
from django.test import RequestFactory  # noqa: E402
from django.utils import timezone  # noqa: E402

from accounts.models import KycApplication, User  # noqa: E402
from accounts.services.kyc import queue  # noqa: E402
from bench.world import user_id  # noqa: E402
from core.actors import acting_as_service  # noqa: E402

QUEUE = "/staff/accounts/kycapplication/"


def main() -> None:
    seconds = int(sys.argv[1])
    with acting_as_service():
        agent = User.objects.select_related("profile").get(pk=user_id(0))
        agent.is_verified = lambda: True  # type: ignore[attr-defined]
        half = KycApplication.objects.queued().count() // 2
        middle = KycApplication.objects.queued().order_by("-priority", "submitted_at", "id")[half]
    assert middle.submitted_at
    place = f"{middle.priority}~{middle.submitted_at.isoformat()}~{middle.pk}"
    works: dict[str, Callable[[], object]] = {
        "first": lambda: page(agent),
        "later": lambda: page(agent, before=place),
        "filtered": lambda: page(agent, tier="3", waiting="late"),
        "claim": lambda: claim(agent),
    }
    # In turns, so that whatever else the machine does meets all of them.
    took: dict[str, list[float]] = {name: [] for name in works}
    for work in works.values():
        work()
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        for name, work in works.items():
            started = time.perf_counter()
            work()
            took[name].append(1000 * (time.perf_counter() - started))
    for name, values in took.items():
        print(name, median(values))
    print("queries", queries(agent))


def page(agent: User, **asked: str) -> None:
    """The whole page, as whoever is signed in gets it."""
    request: Any = RequestFactory().get(QUEUE, asked)
    request.user, request.session, request._messages = agent, {}, []
    with acting_as_service():
        answer: Any = admin.site._registry[KycApplication].changelist_view(request)
        answer.render()
    assert isinstance(request, HttpRequest) and answer.status_code == 200 and b"staff-table" in answer.content


def claim(agent: User) -> None:
    """Take the next case, and leave everything as it was."""
    with acting_as_service():
        queue.claim_next(by=agent, at=timezone.now())
        transaction.set_rollback(True)


def queries(agent: User) -> int:
    """How often a page asks the database: not who acts."""
    counted = 0

    def count(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        nonlocal counted
        counted += "set_config" not in sql and not sql.startswith(("SAVEPOINT", "RELEASE"))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(count):
        page(agent)
    return counted


if __name__ == "__main__":
    main()
