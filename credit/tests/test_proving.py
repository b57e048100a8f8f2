"""A loan is worked out again from its events; whatever was tampered with in the database is named."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from accounts.tests.factories import make_person
from core.actors import acting_as_service
from credit.models import Loan
from credit.tests.hard import charge, differences, is_proven, pay
from credit.tests.world import day, lender, lent, moment, product

pytestmark = pytest.mark.django_db


@pytest.fixture
def loan() -> Loan:
    """A loan with a life: paid on time, paid too much of at once, charged, late."""
    loan = lent(make_person(), product(lender(make_person())), at=moment(day(50)), wallet_naira=100_000)
    pay(loan, 9_400, day(20))
    pay(loan, 30_000.55, day(12))
    charge(loan, 500, day(9))
    pay(loan, 700, day(3))
    return loan


def tamper(statement: str) -> None:
    """As somebody who owns the database might; triggers and rights do not hold them."""
    with connection.cursor() as cursor:
        cursor.execute("reset role")
        cursor.execute("set local session_replication_role = replica")
        cursor.execute(statement)
        cursor.execute("set local session_replication_role = origin")


TAMPERED = {
    "position.principal": "update credit_position set principal = principal - 1",
    "position.fees": "update credit_position set fees = 100",
    "position.accrued": "update credit_position set accrued = accrued + 1",
    "standing.balance": "update credit_loanstanding set data = jsonb_set(data, '{balance}', '1')",
    "2.interest": "update credit_loantransaction set interest = interest - 1, principal = principal + 1 where number = 2",
    "shares.principal": "update credit_payout set principal = principal + 1 where principal > 0",
    "schedule.1.3.principal": (
        "update credit_instalment i set principal = i.principal + 5 from credit_scheduleversion v "
        "where v.id = i.version_id and v.number = 1 and i.number = 3"
    ),
    "3.ledger": (
        "update wallet_transaction t set amount = t.amount - 1 from credit_loantransaction r "
        "where r.number = 3 and t.posting_id = r.posting_id and t.kind = 'LOAN_PRINCIPAL'"
    ),
    "transactions.numbers": "delete from credit_loantransaction where number = 4",
    "events": 'update credit_loantransaction set "on" = "on" - 40 where number = 3',
}


def test_a_life_that_nobody_touched_is_proven(loan: Loan) -> None:
    is_proven(loan)
    said = StringIO()
    call_command("verify_loans", loan.number, stdout=said)
    assert "1 loans" in said.getvalue() and "all as their events come to" in said.getvalue()
    with pytest.raises(CommandError, match="not there"):
        call_command("verify_loans", "L-NOBOD-Y0000", stdout=said)


@pytest.mark.parametrize("what", TAMPERED)
def test_what_was_tampered_with_is_named(loan: Loan, what: str) -> None:
    with acting_as_service():
        tamper(TAMPERED[what])
    assert what in {one.what for one in differences(loan)}
    said = StringIO()
    with pytest.raises(CommandError, match="1 of 1 loans"):
        call_command("verify_loans", stdout=said)
    assert f"{loan.number} {what}:" in said.getvalue()
