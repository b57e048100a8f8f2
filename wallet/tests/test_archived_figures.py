"""What is still known of months that are out: the trial balance, what keeps one back, and what staff see of them."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from core.actors import acting_as_service
from core.models import Archive
from wallet import services as wallet
from wallet.models import Dispute, Payment, Refund, SuspendedDeposit, Transaction
from wallet.refusals import ArchiveStillNeeded
from wallet.services import periods
from wallet.services.archives import months
from wallet.tests.archiving import LONG_AGO, note_an_archive
from wallet.tests.demo_world import make_demo_world
from wallet.tests.factories import install_sandbox
from wallet.tests.ledger import root
from wallet.tests.test_admin import only_reads, past_both_factors
from wallet.tests.test_archives import MARCH, Past, archived, past  # noqa: F401

pytestmark = pytest.mark.django_db(transaction=True)


def figures() -> list[periods.Figures]:
    """Of the month before, of that which leaves, of the one after and of this one."""
    march, today = LONG_AGO.date().replace(day=1), timezone.localdate().replace(day=1)
    wanted = (periods.month_before(march), march, periods.month_after(march), today)
    return [periods.trial_balance(month=month) for month in wanted]


def test_the_trial_balance_of_every_month_stays_as_it_was(past: Past) -> None:  # noqa: F811
    before = figures()
    assert before[0] == [] and before[1] and before[1] != before[2] != before[3]
    assert archived().state == "DETACHED"
    assert figures() == before
    months.drop_all(at=timezone.now(), after_days=0)
    assert figures() == before
    months.restore(partition=MARCH)
    assert figures() == before


def test_a_sum_that_was_changed_is_named(past: Past) -> None:  # noqa: F811
    archived()
    change = "update wallet_archivedsum set debits = debits + %s where account_id = %s"
    with root() as database:
        database.execute("set session_replication_role = replica")
        database.execute(change, [1, past.hers])
    assert [fault.check for fault in wallet.verify()] == ["archive"]
    with root() as database:
        database.execute("set session_replication_role = replica")
        database.execute(change, [-1, past.hers])


def keeps(claim: Callable[[dict[str, object], Payment], Any], past: Past) -> None:  # noqa: F811
    """The month stays while this is open, and goes when it is decided."""
    gateway = install_sandbox()
    with acting_as_service():
        credited = Transaction.objects.order_by("id").first()
        of = {
            "account_id": past.hers,
            "gateway": gateway,
            "currency_id": "NGN",
            "amount": 10,
            "reference": "r-1",
        }
        payment = Payment.objects.create(
            **of, posting_id=credited.posting_id, state="SUCCEEDED", expires_at=timezone.now()
        )
        row = claim(of, payment)
    with pytest.raises(ArchiveStillNeeded):
        archived()
    with root() as database:
        database.execute("set session_replication_role = replica")
        database.execute(f"delete from {row._meta.db_table}")
    assert archived().state == "DETACHED"


def test_an_open_refund_keeps_its_month(past: Past) -> None:  # noqa: F811
    keeps(lambda of, it: Refund.objects.create(**of, payment=it, created_at=timezone.now()), past)


def test_an_open_dispute_keeps_its_month(past: Past) -> None:  # noqa: F811
    facts = {"gateway_dispute": "1", "opened_at": timezone.now()}
    keeps(lambda of, it: Dispute.objects.create(**of, payment=it, **facts), past)


def test_money_that_is_nobodys_yet_keeps_its_month(past: Past) -> None:  # noqa: F811
    def claim(of: dict[str, object], payment: Payment) -> SuspendedDeposit:
        facts = {name: of[name] for name in ("gateway", "reference", "amount")}
        return SuspendedDeposit.objects.create(
            **facts, posting_id=payment.posting_id, currency_code="NGN", why="?", received_at=timezone.now()
        )

    keeps(claim, past)


def test_staff_see_each_month_its_state_and_its_hashes(db) -> None:
    make_demo_world()
    note_an_archive()
    with acting_as_service():
        month = Archive.objects.get()
    boss = past_both_factors("admin@alajo.test")
    address = reverse("admin:core_archive_changelist")
    for page in (address, f"{address}?q=accounts_", reverse("admin:core_archive_change", args=[month.pk])):
        with CaptureQueriesContext(connection) as asked:
            shown = boss.get(page).content.decode()
        assert len(only_reads(asked)) <= 10
        assert month.partition in shown and "c0ffee" in shown and "In the archive only" in shown
    assert "part-0001.parquet" in shown
    assert month.partition not in boss.get(f"{address}?q=wallet_").content.decode()
