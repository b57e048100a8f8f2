"""`manage.py verify_ledger`: right books pass, and one changed byte anywhere is named."""

from io import StringIO

import pytest
from django.conf import settings
from django.core.management import call_command

from accounts.models import AuditEvent
from conftest import superuser
from core.actors import acting_as_service
from wallet.management.commands import verify_ledger
from wallet.models import Account, Hold, Transaction
from wallet.services.books import Fault
from wallet.tests.demo_world import make_demo_world

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def world() -> None:
    make_demo_world()


def run() -> tuple[int, str]:
    out = StringIO()
    try:
        call_command("verify_ledger", stdout=out)
    except SystemExit as ended:
        return int(ended.code or 0), out.getvalue()
    return 0, out.getvalue()


def tamper(statement: str, *parameters: object) -> None:
    """As nobody but a superuser past every trigger could."""
    with superuser(settings.DATABASES["default"]["NAME"]) as connection:
        connection.execute("set session_replication_role = replica")
        assert connection.execute(statement, parameters).rowcount == 1


def a_transfer() -> Transaction:
    with acting_as_service():
        return Transaction.objects.filter(kind="TRANSFER").order_by("-id")[5]


def adas() -> Account:
    with acting_as_service():
        return Account.objects.wallets().get(owner__email="ada@alajo.test")


def test_right_books_pass_and_staff_can_see_when(world):
    code, told = run()
    assert code == 0
    assert "FAULT" not in told and told.count("ok ") >= 15
    with acting_as_service():
        count = Transaction.objects.count()
        event = AuditEvent.objects.get(action="wallet.ledger.verified")
    assert f"{count} transactions checked, 0 faults." in told
    assert (event.target_type, event.data["faults"], event.data["transactions"]) == ("wallet.seal", 0, count)


@pytest.mark.parametrize(
    ("change", "check"),
    [
        ("amount = amount + 1", "digest"),
        ("description = overlay(description placing 'x' from 1 for 1)", "digest"),
        ("digest = set_byte(digest, 0, get_byte(digest, 0) # 1)", "digest"),
        ("debit_balance = debit_balance + 1", "running_balance"),
        ("effective_at = effective_at + interval '1 microsecond'", "digest"),
    ],
)
def test_one_changed_byte_of_a_transaction_is_named(world, change, check):
    row = a_transfer()
    tamper(f"update wallet_transaction set {change} where id = %s", row.pk)
    code, told = run()
    assert code == 1
    assert str(row.pk) in told
    assert f"FAULT  {check}" in told


def test_a_changed_balance_is_named(world):
    account = adas()
    tamper("update wallet_account set balance = balance + 1 where id = %s", account.pk)
    code, told = run()
    assert code == 1
    assert "FAULT  account_balance" in told and str(account.pk) in told


def test_a_changed_hold_is_named(world):
    account = adas()
    with acting_as_service():
        hold = Hold.objects.open().filter(account=account).order_by("pk")[0]
    tamper("update wallet_hold set amount = amount + 1 where id = %s", hold.pk)
    code, told = run()
    assert code == 1
    assert "FAULT  held" in told and str(account.pk) in told


def test_the_last_row_deleted_is_missed(world):
    with acting_as_service():
        last = Transaction.objects.order_by("-recorded_at", "-id")[0]
    tamper("delete from wallet_transaction where id = %s", last.pk)
    code, told = run()
    assert code == 1
    assert "FAULT  account_balance" in told and str(last.debit_account_id) in told
    assert "FAULT  seal" in told


def test_many_faults_are_shown_in_part_and_counted(world):
    with superuser(settings.DATABASES["default"]["NAME"]) as connection:
        connection.execute("set session_replication_role = replica")
        changed = connection.execute(
            "update wallet_transaction set description = description || '.'"
        ).rowcount
    code, told = run()
    assert code == 1
    assert f"and {changed - 5} more" in told


def test_a_fault_of_a_check_that_is_not_listed_is_still_told(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(verify_ledger, "CHECKS", {"digest": "every row is as it was written"})
    monkeypatch.setattr(verify_ledger, "verify", lambda: [Fault("brand_new", "row-1", "odd")])
    code, told = run()
    assert code == 1
    assert "FAULT  brand_new" in told and "row-1" in told
