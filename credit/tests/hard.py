"""For tests of loans that are hard to pay: lives of loans, staff who propose and approve, and what is then proven."""

from datetime import date
from typing import Any

from django.db import transaction

from accounts.models import Approval, User
from accounts.tests.approving import make_colleague
from core.actors import acting_as_service
from core.ids import posting_id
from credit.models import Application, Loan, LoanTransaction, Position
from credit.replay import Charge
from credit.services.approved.deeds import target_of
from credit.services.folding import Kind
from credit.services.holding import hold
from credit.services.noting import enter
from credit.services.proving import Difference, proof_of
from credit.services.repaying import repay
from credit.states import State
from credit.tests.world import NAIRA, day, moment
from wallet import services as wallet
from wallet.tests.approving import approve, propose

WORDS = "As we agreed on the phone"


def proposer() -> User:
    return make_colleague("credit.propose_loan_change")


def approver() -> User:
    return make_colleague("credit.approve_loan_change")


def proposed(action: str, loan: Loan, *, by: User | None = None, **facts: Any) -> Approval:
    payload = {"loan": str(loan.pk), "words": WORDS, **facts}
    return propose(action, payload, by=by or proposer(), target=target_of(payload))


def done(action: str, loan: Loan, **facts: Any) -> Approval:
    """Have two people do it."""
    return approve(proposed(action, loan, **facts), by=approver())


def pay(loan: Loan, naira: float, on: date) -> LoanTransaction:
    with acting_as_service():
        user = User.objects.get(pk=loan.user_id)
    amount = round(naira * NAIRA)
    return repay(loan_id=loan.pk, user=user, amount=amount, posting_id=posting_id(), at=moment(on))


def charge(loan: Loan, naira: int, on: date) -> LoanTransaction:
    """A late charge, as the close of a day makes them."""
    with acting_as_service(), transaction.atomic():
        held = hold(loan.pk, user_id=None, at=moment(on))
        event = Charge(on, naira * NAIRA, is_penalty=True)
        row = enter(held, event, kind=Kind.PENALTY, amount=naira * NAIRA)
        held.position.penalties_charged += naira * NAIRA
        held.position.save(update_fields=["penalties_charged"])
    return row


def is_late_by(loan: Loan, days: int) -> None:
    """As if it had been late for so long by the close of yesterday."""
    with acting_as_service(), transaction.atomic():
        if state_of(loan) == State.ACTIVE:
            hold(loan.pk, user_id=None, at=moment(day(0)))
        Position.objects.filter(pk=loan.pk).update(overdue_days=days)


def state_of(loan: Loan) -> str:
    with acting_as_service():
        return Application.objects.values_list("state", flat=True).get(pk=loan.pk)


def position_of(loan: Loan) -> Position:
    with acting_as_service():
        return Position.objects.get(pk=loan.pk)


def differences(loan: Loan) -> list[Difference]:
    with acting_as_service():
        fresh = Loan.objects.select_related("application", "contract").get(pk=loan.pk)
        return list(proof_of(fresh).differences)


def is_proven(loan: Loan) -> None:
    """All that is kept is as the events come to, and the books are whole."""
    found = [str(one) for one in differences(loan)]
    assert not found, found
    with acting_as_service():
        faults = wallet.verify()
        assert not faults, faults


def money(loan: Loan, *lenders: Any) -> list[int]:
    """What the borrower's wallet, what was paid too much, and these lenders hold."""
    with acting_as_service():
        borrower = wallet.open_wallet(owner_id=loan.user_id, currency="NGN")
        accounts = [
            borrower,
            wallet.system_account("LOAN_OVERPAYMENTS"),
            *(one.account_id for one in lenders),
        ]
        return [wallet.balance_of(account) for account in accounts]
