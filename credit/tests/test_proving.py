"""A loan is worked out again from its events; whatever was tampered with in the database is named."""

from decimal import Decimal
from io import StringIO

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from accounts.tests.factories import make_person
from conftest import superuser
from credit.models import Loan
from credit.penalties import LateCharge
from credit.tests.hard import charge, differences, is_proven, pay
from credit.tests.world import day, lender, lent, moment, product

pytestmark = pytest.mark.usefixtures("transactional_db")


@pytest.fixture
def loan(transactional_db: None) -> Loan:
    """A loan with a life: paid on time, paid too much of at once, charged, late."""
    terms = product(lender(make_person()), late=LateCharge(Decimal(0)))
    loan = lent(make_person(), terms, at=moment(day(50)), wallet_naira=100_000)
    pay(loan, 10_000, day(20))
    pay(loan, 30_000.55, day(12))
    charge(loan, 500, day(9))
    pay(loan, 700, day(3))
    return loan


def tamper(statement: str) -> None:
    """As somebody who owns the database might; triggers and rights do not hold them."""
    with superuser(settings.DATABASES["default"]["NAME"]) as database:
        database.execute("set session_replication_role = replica")
        assert database.execute(statement).rowcount == 1


ROW = "update credit_loantransaction set {} where number = {}"
INSTALMENT = (
    "update credit_instalment i set principal = i.principal {} 5 from credit_scheduleversion v "
    "where v.id = i.version_id and v.number = 1 and i.number = 3"
)
LINE = (
    "update wallet_transaction t set amount = t.amount {} 1 from credit_loantransaction r "
    "where r.number = 3 and t.posting_id = r.posting_id and t.kind = 'LOAN_PRINCIPAL'"
)
PART = (
    "update credit_payout p set interest = p.interest {} 1 from credit_loantransaction r "
    "where r.number = 2 and r.id = p.transaction_id"
)
# What is found, what is done, and what undoes it.
TAMPERED = {
    "position.principal": ("update credit_position set principal = principal {} 1", "-", "+"),
    "position.fees": ("update credit_position set fees = fees {} 100", "+", "-"),
    "position.accrued": ("update credit_position set accrued = accrued {} 1", "+", "-"),
    "position.penalties_charged": (
        "update credit_position set penalties_charged = penalties_charged {} 1",
        "+",
        "-",
    ),
    "standing.transactions": ("update credit_loanstanding set transactions = transactions {} 1", "+", "-"),
    "2.interest": (
        "update credit_loantransaction set interest = interest {0} 1, principal = principal {0} -1 where number = 2",
        "-",
        "+",
    ),
    "5.penalties": (ROW.format("amount = {}", 4), "100", "50000"),
    "shares.interest": (PART, "+", "-"),
    "schedule.1.3.principal": (INSTALMENT, "+", "-"),
    "3.ledger": (LINE, "-", "+"),
    "transactions.numbers": (
        "update credit_loantransaction set number = {} where kind = 'PENALTY'",
        "9",
        "4",
    ),
    "events": (ROW.format('"on" = "on" {} 40', 3), "-", "+"),
}


def test_a_life_that_nobody_touched_is_proven(loan: Loan) -> None:
    is_proven(loan)
    said = StringIO()
    call_command("verify_loans", loan.number, stdout=said)
    assert "1 loans" in said.getvalue() and "all as their events come to" in said.getvalue()
    with pytest.raises(CommandError, match="not there"):
        call_command("verify_loans", "L-NOBOD-Y0000", stdout=said)


def test_what_was_tampered_with_is_named(loan: Loan) -> None:
    for what, (statement, does, undoes) in TAMPERED.items():
        tamper(statement.format(does))
        assert what in {one.what for one in differences(loan)}, what
        tamper(statement.format(undoes))
    tamper("update credit_loanstanding set data = jsonb_set(data, '{balance}', '1')")
    said = StringIO()
    with pytest.raises(CommandError, match="1 of 1 loans"):
        call_command("verify_loans", stdout=said)
    assert f"{loan.number} standing.balance: 1 is kept" in said.getvalue()
