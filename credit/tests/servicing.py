"""What tests of paying loans stand on: a loan of several lenders, the ledger's side."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from core.actors import acting_as_service
from core.ids import posting_id
from credit.models import Application, Bid, Contract, Loan, LoanTransaction, ProductTerms, Share
from credit.services.balancing import moved_by
from credit.services.lending import open_loan
from credit.services.repaying import repay
from credit.states import State
from credit.tests.world import DAY, NAIRA, application, bid, priced
from wallet.models import Transaction


def paid(user: User, loan: Loan, amount: int, *, at: datetime, **changes: object) -> LoanTransaction:
    """A payment by the borrower; minor units."""
    facts = {"posting_id": posting_id(), "effect": None, **changes}
    return repay(loan_id=loan.pk, user=user, amount=amount, at=at, **facts)  # type: ignore[arg-type]


def pooled(
    user: User, offers: Sequence[tuple[ProductTerms, int, Decimal]], *, count: int = 12, at: datetime
) -> Loan:
    """A loan that several lenders carry: each its product's terms, naira and rate. It was paid out at a moment."""
    total = sum(naira for _terms, naira, _rate in offers)
    asked = application(user, naira=total, count=count, at=at - DAY, pools=True)
    bids = [bid(asked, terms, rate=rate, amount=naira * NAIRA, at=at - DAY) for terms, naira, rate in offers]
    return open_contract(asked, pooled_contract(asked, bids, at=at), at=at)


def open_contract(asked: Application, made: Contract, *, at: datetime | None = None) -> Loan:
    """Pay a contract out to its borrower."""
    with acting_as_service(), transaction.atomic():
        posting_ids = {share.pk: posting_id() for share in made.shares.all()}
        open_loan(application=asked, contract=made, posting_ids=posting_ids, at=at or timezone.now())
        asked.state = State.ACTIVE
        asked.save(update_fields=["state"])
        return Loan.objects.get(pk=asked.pk)


def pooled_contract(asked: Application, bids: Sequence[Bid], *, at: datetime) -> Contract:
    amount, terms = sum(one.amount for one in bids), bids[0].product_terms
    rate = sum((one.amount * one.rate for one in bids), Decimal(0)) / amount
    rate = rate.quantize(Decimal("1e-10"))
    found = priced(terms, amount=amount, count=asked.count or 0, rate=rate)
    fees = sum(one.fees for one in bids)
    with acting_as_service(), transaction.atomic():
        made = Contract.objects.create(
            application=asked,
            amount=amount,
            count=asked.count or 0,
            rate=rate,
            fees=fees,
            received=amount - fees,
            total_payable=found.cost.payable,
            apr=found.cost.aprc,
            cooling_off_days=3,
            rules=terms.rules,
            late=terms.late,
            terms="{}",
            sha256="0" * 64,
            accepted_at=at,
            signed_at=at,
        )
        for one in bids:
            Bid.objects.filter(pk=one.pk).update(state=Bid.State.ACCEPTED, ended_at=at)
            Share.objects.create(
                contract=made,
                bid=one,
                provider=one.provider,
                amount=one.amount,
                rate=one.rate,
                fees=one.fees,
                our_fee=one.our_fee,
                our_tax=one.our_tax,
                hold_id=one.hold_id,
            )
    return made


def ledger_of(row: LoanTransaction) -> dict[str, int]:
    """What a transaction's posting moved, by kind."""
    assert row.posting_id is not None
    with acting_as_service():
        return moved_by([row.posting_id]).get(row.posting_id, {})


def state_of(loan: Loan) -> str:
    with acting_as_service():
        return Application.objects.get(pk=loan.pk).state


def lines_of(row: LoanTransaction) -> list[Transaction]:
    with acting_as_service():
        return list(Transaction.objects.of_posting(row.posting_id))  # type: ignore[arg-type]
