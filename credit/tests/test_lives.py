"""Random lives of loans, several lenders each: after every deed the loan is proven, and every kobo is accounted for."""

import random
from contextlib import suppress
from datetime import date
from decimal import Decimal

import pytest

from accounts.tests.factories import make_person
from core.actors import acting_as_service
from core.errors import DomainError
from core.ids import posting_id
from credit.models import Loan, LoanTransaction, Provider
from credit.services.approved import losses, measures, taken_back
from credit.services.folding import Kind
from credit.services.recovering import recover
from credit.states import State
from credit.tests.hard import (
    approver,
    charge,
    differences,
    is_late_by,
    is_proven,
    money,
    pay,
    position_of,
    proposed,
    proposer,
    state_of,
)
from credit.tests.servicing import pooled
from credit.tests.world import NAIRA, day, lender, moment, product, transactions_of
from wallet.tests.approving import approve
from wallet.tests.factories import make_wallet

BACKS = (40, 33, 27, 20, 14, 8)
TAKEN = {Kind.REPAYMENT: taken_back.TAKE_BACK, Kind.PENALTY: taken_back.WAIVE}


@pytest.mark.django_db
@pytest.mark.parametrize("seed", range(4))
def test_a_random_life_is_proven_after_each_deed(seed: int) -> None:
    chance = random.Random(seed)
    ada, people = make_person(), (proposer(), approver())
    lenders = [lender(make_person(), name=name) for name in ("Harvest Credit", "Palm Loans")]
    make_wallet(ada, amount=300_000 * NAIRA, tier=3)
    offers = [(product(one), 60_000, Decimal(rate)) for one, rate in zip(lenders, (24, 31), strict=True)]
    loan = pooled(ada, offers, at=moment(day(48)), count=chance.choice([3, 6, 12]))
    before = sum(money(loan, *lenders))
    for back in BACKS:
        with suppress(DomainError):
            _pay_or_charge(chance, loan, day(back))
        assert not differences(loan)
    for _deed in range(4):
        _staff_deed(chance, loan, *people)
        _check(loan, lenders, before)
    if state_of(loan) == State.ACTIVE:
        is_late_by(loan, 200)
        approve(proposed(losses.WRITE_OFF, loan, by=people[0]), by=people[1])
        facts = {"loan_id": loan.pk, "user": ada, "posting_id": posting_id(), "at": moment(day(0))}
        recover(**facts, amount=chance.randint(1, 500_000))
        _check(loan, lenders, before)
        approve(proposed(losses.UNDO, loan, by=people[0]), by=people[1])
    _check(loan, lenders, before)
    is_proven(loan)


def _pay_or_charge(chance: random.Random, loan: Loan, on: date) -> None:
    if chance.random() < 0.75:
        pay(loan, chance.choice([500, 11_352.11, 20_000, 55_555.55]), on)
    elif state_of(loan) == State.ACTIVE:
        charge(loan, chance.randint(1, 900), on)


def _staff_deed(chance: random.Random, loan: Loan, maker: object, checker: object) -> None:
    """What cannot be done is refused when it is proposed, and changes nothing."""
    rows = [row for row in transactions_of(loan) if row.kind in TAKEN]
    gone = {row.reverses_id for row in transactions_of(loan)}
    standing = [row for row in rows if row.pk not in gone]
    count = len(transactions_of(loan))
    deeds: list[tuple[str, dict[str, object]]] = [
        (measures.RESCHEDULE, {"count": chance.randint(1, 24), "first_due": day(-9).isoformat()}),
        (measures.RE_AGE, {"count": chance.randint(1, 24), "first_due": None}),
        (measures.RATE, {"rate": "17.5", "keeps_instalment": chance.random() < 0.5}),
        (measures.CAPITALISE, {}),
    ]
    if standing:
        row: LoanTransaction = chance.choice(standing)
        deeds += [(TAKEN[row.kind], {"transaction": str(row.pk)})] * 4
    code, facts = chance.choice(deeds)
    try:
        approval = proposed(code, loan, by=maker, **facts)  # type: ignore[arg-type]
    except DomainError:
        assert len(transactions_of(loan)) == count
        return
    approve(approval, by=checker)  # type: ignore[arg-type]


def _check(loan: Loan, lenders: list[Provider], before: int) -> None:
    """What the model knows: no money is made or lost, and what was paid too much is just what waits to go back."""
    found = [str(one) for one in differences(loan)]
    assert not found, found
    held = money(loan, *lenders)
    assert sum(held) == before
    with acting_as_service():
        rows = LoanTransaction.objects.filter(
            loan=loan, kind__in=(Kind.REPAYMENT, Kind.RECOVERY), reversed_by=None
        )
        live = [row for row in rows if row.kind == Kind.REPAYMENT]
    assert held[1] == position_of(loan).overpaid
    paid = sum(row.amount for row in live)
    assert paid >= held[1]
