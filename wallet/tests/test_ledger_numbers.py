"""What every ledger must keep, by the numbers of docs/ledger-tests.md: those that have no better place."""

import ast
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import psycopg
import pytest
from django.conf import settings
from rest_framework.test import APIClient

from conftest import superuser
from core.actors import acting_as_service
from core.embedded import Postgres
from core.ids import posting_id
from wallet import services
from wallet.models import Transaction
from wallet.refusals import AlreadyReversed, HoldExceeded
from wallet.services import Line
from wallet.tests import mutations
from wallet.tests.api import World
from wallet.tests.ledger import (
    PATIENCE,
    account,
    as_service,
    at_once,
    balances,
    errors,
    place,
    post_one_line,
    prove_the_books,
    root,
    wallets,
)

transactional = pytest.mark.django_db(transaction=True)
TESTS = Path(__file__).parent
TABLE = settings.BASE_DIR / "docs" / "ledger-tests.md"
ROW = re.compile(r"`([\w/]+\.py)(?:::(\w+))?`")


@transactional
def test_number_4_of_postings_reversed_by_four_at_once_each_is_taken_back_once() -> None:
    source, target = wallets(1_000, 0)
    postings = [post_one_line(source, target, 10).id for _ in range(5)]
    undo = [
        as_service(services.reverse, posting_id=posting_id(), reverses=posting)
        for posting in postings
        for _four in range(4)
    ]
    results = at_once(*undo)
    assert errors(results) == {AlreadyReversed: 15}
    assert balances(source, target) == [1_000, 0]
    prove_the_books()


@transactional
def test_number_5_the_credit_side_loses_no_update_of_many_lines() -> None:
    """blnk#238, by the complete path: whoever reads a balance without its lock loses another's change of it."""
    target, *sources = wallets(0, *[1_000] * 8)

    def pay(source: Any) -> None:
        for _ in range(10):
            with acting_as_service():
                lines = [Line("TRANSFER", source, target, 1)] * 2
                services.post(posting_id=posting_id(), lines=lines)

    assert errors(at_once(*[partial(pay, source) for source in sources])) == {}
    assert balances(target, *sources) == [160, *[980] * 8]
    assert account(target).version == 160
    prove_the_books()


@transactional
def test_number_5_what_was_done_although_the_reply_was_lost_is_done_once() -> None:
    """midaz#2485: the server has committed, the line is cut, the caller asks again."""
    source, target = wallets(100, 0)
    posting = posting_id()
    dsn = Postgres(settings.TEST_ROOT).dsn(dbname=settings.DATABASES["default"]["NAME"])
    with psycopg.connect(dsn, autocommit=True) as lost:
        lost.execute("set role service_role")
        lost.pgconn.send_query(
            f"select wallet.post_one('{posting}', 'TRANSFER', '{source}', '{target}', 60)".encode()
        )
        lost.pgconn.flush()
        with root() as database:
            seen = "select 1 from wallet_transaction where id = %s"
            deadline = monotonic() + PATIENCE
            while database.execute(seen, [posting]).fetchone() is None:
                assert monotonic() < deadline
                sleep(0.005)
        lost.pgconn.finish()
    again = post_one_line(source, target, 60, posting_id=posting)
    assert again.replayed and balances(source, target) == [40, 60]
    prove_the_books()


@transactional
def test_number_6_of_two_bodies_under_one_key_at_once_one_is_sent() -> None:
    world = World()

    def send(amount: int) -> Callable[[], int]:
        client = APIClient(raise_request_exception=False)
        client._credentials = world.api._credentials  # type: ignore[attr-defined]
        return lambda: world.send(key="rent", client=client, amount=amount).status_code

    answers = at_once(send(100), send(200))
    assert answers.count(201) == 1 and set(answers) <= {201, 409, 422}
    final = [world.send(key="rent", amount=amount).status_code for amount in (100, 200)]
    assert sorted(final) == [201, 422]
    with acting_as_service():
        assert Transaction.objects.filter(kind="TRANSFER", amount__in=(100, 200)).count() == 1
    prove_the_books()


def test_number_18_whatever_is_done_at_once_is_followed_by_the_proof_of_the_books() -> None:
    """Every test file that posts by many at once proves the books: in each test, or after each by a fixture."""
    proofs = ("prove_the_books()", "verify() == []", "wallet.verify()", "paystack")
    missing = []
    for path in TESTS.glob("test_*.py"):
        text = path.read_text()
        if " at_once(" in text and not any(proof in text for proof in proofs):
            missing.append(path.name)
    # They do at once what moves no money.
    assert set(missing) <= {
        *("test_notices.py", "test_reports.py", "test_identity_checks.py"),
        "test_reconciliation_races.py",
    }


@transactional
def test_number_20_the_table_itself_keeps_the_floor() -> None:
    (source,) = wallets(100)
    with root() as database:
        for change in ("held = 101", "balance = -1", "floor = 101"):
            with pytest.raises(psycopg.errors.CheckViolation):
                database.execute(f"update wallet_account set {change} where id = %s", [source])


@pytest.mark.django_db
@pytest.mark.parametrize("mutant", mutations.MUTANTS, ids=lambda mutant: mutant.name)
def test_number_20_every_guard_that_is_to_be_broken_is_there(mutant: mutations.Mutant) -> None:
    with (
        superuser(settings.DATABASES["default"]["NAME"]) as database,
        database.transaction(force_rollback=True),
    ):
        mutations.break_guard(database, mutant.name)
    for test in mutant.tests.split():
        file, _, name = test.partition("::")
        assert not name or f"def {name}(" in (TESTS / file).read_text()


@pytest.mark.django_db
def test_number_20_a_mutant_without_its_guard_says_so() -> None:
    with (
        superuser(settings.DATABASES["default"]["NAME"]) as database,
        database.transaction(force_rollback=True),
    ):
        mutations.break_guard(database, "a repeat is not compared")
        with pytest.raises(mutations.NothingToBreak):
            mutations.break_guard(database, "a repeat is not compared")


def test_the_table_of_numbers_names_tests_that_are_there() -> None:
    text = TABLE.read_text()
    numbers = [int(line.split("|")[1]) for line in text.splitlines() if re.match(r"\| *\d+ *\|", line)]
    assert numbers == list(range(1, 21))
    for file, name in ROW.findall(text):
        path = settings.BASE_DIR / file
        assert path.exists(), file
        if name:
            tree = ast.parse(path.read_text())
            found = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.ClassDef)}
            assert name in found, f"{file}::{name}"


@transactional
def test_number_20_a_hold_pays_no_more_than_itself_for_what_counts_towards_no_limit() -> None:
    source, target = wallets(1_000, 0)
    hold = place(source, 100)
    with acting_as_service(), pytest.raises(HoldExceeded):
        services.commit_hold(hold_id=hold, posting_id=posting_id(), credit=target, amount=101, kind="FEE")
    assert balances(source, target) == [1_000, 0]
