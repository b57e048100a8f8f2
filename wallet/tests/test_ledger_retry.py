"""Where the server says "try again" (deadlock, serialisation failure), it is; and nothing waits for long."""

from collections.abc import Callable, Iterator
from functools import partial
from threading import Event
from time import monotonic, sleep
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.db import OperationalError, connection

from config.settings import base
from core.actors import acting_as_service
from core.ids import posting_id
from wallet import services
from wallet.services import Line, Single
from wallet.tests.ledger import (
    PATIENCE,
    ask,
    at_once,
    balances,
    post_one_line,
    root,
    somebody_waits,
    system,
    wallets,
)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _books_add_up(transactional_db) -> Iterator[None]:
    yield
    assert services.verify() == []


def by_itself(call: Callable[[], Any]) -> Any:
    """Run as the service without a transaction around it, as only then it may be tried again."""
    connection.ensure_connection()
    with connection.cursor() as cursor:
        cursor.execute("set role service_role")
    return call()


def embrace(first: object, second: object, locked: Event) -> None:
    """Lock the account that a posting takes last, then the one it takes first; never give way."""
    with root() as database, database.transaction(force_rollback=True):
        database.execute("set local deadlock_timeout = '1min'")
        database.execute("select 1 from wallet_account where id = %s for update", [second])
        locked.set()
        deadline = monotonic() + 10
        while monotonic() < deadline and not somebody_waits():
            sleep(0.01)
        database.execute("select 1 from wallet_account where id = %s for update", [first])


def test_a_deadlock_with_someone_else_is_tried_again():
    first, second = sorted(wallets(100, 100))
    locked = Event()

    def pay() -> Any:
        assert locked.wait(PATIENCE)
        line = Line("TRANSFER", first, second, 10)
        return by_itself(lambda: services.post(posting_id=posting_id(), lines=[line]))

    results = at_once(partial(embrace, first, second, locked), pay)
    assert [result for result in results if isinstance(result, Exception)] == []
    assert balances(first, second) == [90, 110]


def test_a_deadlock_inside_a_request_is_tried_again_from_its_savepoint():
    """Pages and the API post inside a transaction: what the victim gives up is its savepoint's locks, no more."""
    first, second = sorted(wallets(100, 100))
    locked = Event()

    def pay() -> Any:
        assert locked.wait(PATIENCE)
        return post_one_line(first, second, 10)

    results = at_once(partial(embrace, first, second, locked), pay)
    assert [result for result in results if isinstance(result, Exception)] == []
    assert balances(first, second) == [90, 110]


def test_two_batches_of_the_same_ids_at_once_are_one_batch():
    """Between hot accounts nothing is locked: they meet at the ids, and the second is told to try again."""
    clearing, suspense = system("PAYSTACK_CLEARING"), system("SUSPENSE")
    for _ in range(5):
        batch = [Single(posting_id(), Line("FEE", clearing, suspense, 1)) for _ in range(50)]
        call = partial(by_itself, partial(services.post_many, postings=batch))
        assert sorted(at_once(call, call)) == [0, 50]
    assert balances(suspense) == [250]


def test_a_refusal_is_not_tried_again_and_an_error_of_another_kind_neither(monkeypatch):
    source, target = wallets(0, 0)
    slept: list[float] = []
    monkeypatch.setattr(
        "wallet.services.posting.sleep", slept.append
    )  # not time.sleep: other threads sleep too
    line = Line("TRANSFER", source, target, 1)
    results = at_once(
        partial(by_itself, lambda: services.post(posting_id=posting_id(), lines=[line])),
        partial(
            by_itself, lambda: ask("select pg_sleep(0)") and services.post(posting_id=posting_id(), lines=[])
        ),
    )
    assert [type(result).__name__ for result in results] == ["InsufficientFunds", "NothingToPost"]
    assert slept == []


def test_a_lock_that_does_not_come_gives_up_in_the_time_set():
    source, target = wallets(100, 0)
    with root() as database, database.transaction(force_rollback=True):
        database.execute("select 1 from wallet_account where id = %s for update", [source])
        with pytest.raises(OperationalError, match="lock timeout"), acting_as_service():
            with connection.cursor() as cursor:
                cursor.execute("set local lock_timeout = '50ms'")
            post_one_line(source, target, 1)
    assert balances(source, target) == [100, 0]


@pytest.mark.parametrize("parameter", ["statement_timeout", "lock_timeout"])
def test_the_runtime_connection_waits_neither_for_ever_for_a_lock_nor_for_a_statement(parameter):
    with connection.cursor() as cursor:
        cursor.execute(f"select extract(epoch from current_setting('{parameter}')::interval)")
        assert 0 < cursor.fetchone()[0] <= 30
    assert parameter in settings.DATABASES["default"]["OPTIONS"]["options"]
    for name in (parameter, "idle_in_transaction_session_timeout"):
        assert f"-c {name}=" in base.RUNTIME_OPTIONS["options"]


def test_the_owners_connection_is_the_one_without_limits():
    """Migrations may take long; nothing a person does runs on it."""
    assert "options" not in settings.DATABASES["owner"]["OPTIONS"]
    assert settings.DATABASES["owner"]["USER"] != settings.DATABASES["default"]["USER"]
    assert psycopg.errors.DeadlockDetected.sqlstate == "40P01"
