"""A customer's history is read from indexes, newest first, however long it is."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest

from accounts.models import User
from accounts.tests.factories import make_person
from conftest import wipe
from core.actors import acting_as, acting_as_service
from core.ids import posting_id
from wallet import services
from wallet.models import Entry
from wallet.services import Line, Single
from wallet.tests.factories import make_wallet
from wallet.tests.ledger import account, ask, root, set_limits, system

LENGTH = 4_000


@pytest.fixture(scope="module")
def history(django_db_setup, django_db_blocker) -> Iterator[tuple[User, UUID]]:
    """Someone who has sent and received thousands of times, among others; statistics are fresh."""
    with django_db_blocker.unblock():
        ada, bola = make_person(), make_person()
        own, other = (make_wallet(user, amount=100_000).pk for user in (ada, bola))
        for pk in (own, other):
            set_limits(pk, floor=0, cap=None)
        suspense = system("SUSPENSE")
        pairs = [(own, other), (other, own), (other, suspense), (suspense, other)]
        batch = [Single(posting_id(), Line("TRANSFER", *pairs[n % 4], 1)) for n in range(LENGTH * 2)]
        with acting_as_service():
            services.post_many(postings=batch)
        with root() as database:
            database.execute("vacuum analyze wallet_transaction, wallet_account")
        yield ada, own
        wipe()


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for child in plan.get("Plans", []):
        yield from nodes(child)


def explain(statement: str, *parameters: object) -> list[dict[str, Any]]:
    ((found,),) = ask(f"explain (analyze, format json) {statement}", *parameters)
    return list(nodes(found[0]["Plan"]))


PAGE = "select * from wallet_entry where account_id = %s and version < %s order by version desc limit 25"


def on_the_books(plan: list[dict[str, Any]]) -> list[dict[str, Any]]:
    found = [node for node in plan if node.get("Relation Name", "").startswith("wallet_transaction")]
    assert found
    return found


def touched(plan: list[dict[str, Any]]) -> float:
    """How many rows of the books were read, whether or not they were then thrown away."""
    scans = on_the_books(plan)
    return sum(
        (node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) * node["Actual Loops"] for node in scans
    )


@pytest.mark.django_db
@pytest.mark.parametrize("before", [2**63 - 1, LENGTH // 2])
def test_a_page_of_history_merges_index_scans_and_sorts_nothing(history, before):
    ada, own = history
    with acting_as(ada):
        plan = explain(PAGE, own, before)
    assert {node["Node Type"] for node in on_the_books(plan)} == {"Index Scan"}
    assert not any("Sort" in node["Node Type"] for node in plan)
    assert touched(plan) <= 60


@pytest.mark.django_db
def test_the_last_page_reads_no_more_than_a_page(history):
    ada, own = history
    with acting_as(ada):
        assert touched(explain(PAGE, own, 26)) == 25


@pytest.mark.django_db
def test_the_page_as_the_application_asks_for_it_does_the_same(history):
    ada, own = history
    with acting_as(ada):
        entries = Entry.objects.of(account(own)).before(2**63 - 1)[:25]
        statement, parameters = entries.query.sql_with_params()
        plan = explain(statement, *parameters)
        assert {node["Node Type"] for node in on_the_books(plan)} == {"Index Scan"}
        assert not any("Sort" in node["Node Type"] for node in plan)
        assert touched(plan) <= 60
        versions = [entry.version for entry in entries]
    assert versions == list(range(LENGTH + 1, LENGTH - 24, -1))


@pytest.mark.django_db
def test_a_balance_at_a_past_moment_takes_a_few_probes(history):
    """Some log2 of the history's length, counted as blocks of the tables and indexes touched."""
    ada, own = history
    with acting_as(ada):
        moment = "(select recorded_at from wallet_entry where account_id = %s and version = 1)"
        ask("select wallet.balance_at(%s, now())", own)
        ((found,),) = ask(
            f"explain (analyze, buffers, format json) select wallet.balance_at(%s, {moment})", own, own
        )
    blocks = found[0]["Plan"]["Shared Hit Blocks"] + found[0]["Plan"]["Shared Read Blocks"]
    assert blocks < 600


@pytest.mark.django_db
def test_every_page_put_together_is_the_whole_history_once(history):
    ada, own = history
    with acting_as(ada):
        before, seen, balance = 2**63 - 1, 0, None
        while page := ask(
            "select version, balance, change from wallet_entry where account_id = %s and version < %s "
            "order by version desc limit 500",
            own,
            before,
        ):
            for version, after, change in page:
                assert before == 2**63 - 1 or version == before - 1
                assert balance is None or after == balance
                before, balance, seen = version, after - change, seen + 1
    assert (seen, before, balance) == (LENGTH + 1, 1, 0)
