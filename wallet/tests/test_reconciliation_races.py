"""Runs at the same moment, runs cut off, and what must hold whatever is on either side."""

import threading
import time

import pytest
from django.conf import settings
from django.db import OperationalError, connections
from django.db.models import Sum
from django.utils import timezone
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from conftest import superuser
from core.actors import acting_as_service
from wallet import reconciliation_tasks
from wallet import services as wallet
from wallet.models import Break, BreakChange, GatewayRow, Match, RowImport
from wallet.services import reconciliation
from wallet.services.reconciliation import importing
from wallet.tests.deposits import at_once
from wallet.tests.reconciling import Clearing, row

WAITS = """
select pid from pg_stat_activity
where datname = current_database() and wait_event_type = 'Lock' and usename = 'alajo_app'
"""


def laid_out() -> Clearing:
    """One pair that fits by score, one row and one posting that fit nothing, and one that fits by reference."""
    clearing = Clearing()
    payment = clearing.paid(9_000)
    clearing.posted(7_000)
    clearing.posted(500)
    clearing.told(row(9_000, payment.reference), row(7_000), row(300, "x"))
    return clearing


@pytest.mark.django_db(transaction=True)
def test_two_runs_at_once_find_everything_once():
    clearing = laid_out()
    assert at_once(*[clearing.run] * 4) == []
    with acting_as_service():
        assert (Match.objects.count(), Break.objects.count(), BreakChange.objects.count()) == (1, 2, 2)


@pytest.mark.django_db(transaction=True)
def test_a_run_that_is_killed_leaves_nothing_and_the_next_finds_everything():
    clearing, failed = laid_out(), []

    def run():
        try:
            clearing.run()
        except OperationalError as error:
            failed.append(error)
        finally:
            connections.close_all()

    with superuser(settings.DATABASES["default"]["NAME"]) as database, database.transaction():
        # It gets as far as writing its first difference, when all matches are made.
        database.execute("lock table wallet_break in share mode")
        thread = threading.Thread(target=run)
        thread.start()
        deadline = time.monotonic() + 60
        with superuser(settings.DATABASES["default"]["NAME"]) as other:
            while not (waiting := other.execute(WAITS).fetchall()) and time.monotonic() < deadline:
                pass
            other.execute("select pg_terminate_backend(%s)", [waiting[0][0]])
        thread.join()
    assert len(failed) == 1
    with acting_as_service():
        assert (Match.objects.count(), Break.objects.count()) == (0, 0)
        assert GatewayRow.objects.filter(matches=None).count() == 3
    run = clearing.run()
    assert (run.matched, run.opened) == (1, 2)


@pytest.mark.django_db(transaction=True)
def test_the_same_rows_from_two_sides_at_once_are_there_once():
    clearing = Clearing()
    rows = [row(100 + n, f"ref-{n % 5}", gateway_id=f"led-{n}") for n in range(40)]
    with acting_as_service():
        imports = [
            RowImport.objects.create(
                account=clearing.account, kind="API", state="RUNNING", made_at=timezone.now()
            )
            for _side in range(3)
        ]

    def take(row_import):
        def run():
            for first in range(0, 40, 10):
                with acting_as_service():
                    importing.store(row_import=row_import, rows=rows[first : first + 10])

        return run

    assert at_once(*map(take, imports)) == []
    found = clearing.rows()
    assert sorted(each.gateway_id for each in found) == sorted(each.gateway_id for each in rows)


MOVEMENT = st.tuples(
    st.sampled_from([1_000, 2_000, 50_000]),
    st.sampled_from([0, 100]),
    st.booleans(),
    st.booleans(),
    st.integers(min_value=0, max_value=2),
)


@pytest.mark.django_db
def test_matching_conserves():
    """What the books have more than the gateway is what the differences add up to; nothing is matched twice."""
    clearing = Clearing()

    @examples(
        max_examples=25, deadline=None, derandomize=True, database=None, suppress_health_check=[*HealthCheck]
    )
    @given(st.lists(MOVEMENT, max_size=8))
    def conserves(movements):
        rows = []
        for amount, fee, named, posted, times in movements:
            payment = clearing.paid(amount, fee=fee, posted=posted) if named else None
            if posted and not named:
                clearing.posted(amount, fee=fee)
            rows += [row(amount - fee, payment.reference if payment else "") for _time in range(times)]
        clearing.told(*rows)
        clearing.run()
        again = clearing.run()
        assert (again.matched, again.opened, again.resolved) == (0, 0, 0)
        with acting_as_service():
            gateway = GatewayRow.objects.aggregate(sum=Sum("change"))["sum"] or 0
            books = wallet.balance_of(clearing.account.pk)
            assert books - gateway == sum(found.difference for found in Break.objects.unresolved())
            made = list(Match.objects.values_list("row_id", "posting_id", "change", "row__change"))
            for side in (0, 1):
                assert len({match[side] for match in made}) == len(made)
            assert all(change == row_change for _row, _posting, change, row_change in made)
            keys = GatewayRow.objects.filter(nth=0).values_list("key", flat=True)
            assert len(set(keys)) == len(keys)

    conserves()


def test_the_service_is_what_tasks_call(db):
    clearing = laid_out()
    reconciliation_tasks.reconcile_account(account_id=str(clearing.account.pk))
    assert len(clearing.breaks()) == 2
    reconciliation_tasks.follow_suspense()
    with acting_as_service():
        assert sum(age.count for age in reconciliation.ages(currency="NGN", at=timezone.now())) == 3
