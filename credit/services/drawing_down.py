"""A part of what was signed is paid out because its borrower asks for it: the first begins the loan, others add to it.

What is asked for is paid in the transaction that asks, or refused: nothing waits to be done. What is left stays set
aside at each lender until its last day, and is theirs again after it. Amounts are minor units (kobo).
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from core.actors import acting_as_service
from core.ids import posting_id as new_posting
from core.ids import uuid7
from credit.models import Contract, Disbursement, Loan, LoanTransaction
from credit.notices.agreeing import tell_borrower, tell_lenders
from credit.refusals import IdReused
from credit.services.agreements import lock_contract, release_undrawn, signed_by
from credit.services.disbursing import is_in_own_name
from credit.services.drawable import InArrears, Portion, is_late, parts_paid, portions_of
from credit.services.folding import Kind
from credit.services.holding import Held, hold
from credit.services.lending import Outgoing, begin_loan, lend
from credit.services.new_bids import REASON
from credit.services.repaying import already
from credit.services.steps import step
from credit.signatures import refuse_unsigned_text
from credit.states import Actor, Event, Guard, State, StateRefused
from credit.terms_data import rules_of
from wallet import services as wallet

PAID = Disbursement.State.PAID


class _Begun(Exception):
    """Somebody was first: the loan is there."""


def draw(*, application_id: UUID, user: User, amount: int, posting_id: UUID, at: datetime) -> LoanTransaction:
    """Pay out so much (minor units) of a signed loan to its borrower's wallet; a repeat returns the first result.

    Raises ApplicationNotFound, StateRefused, IdReused, LoanParked, NothingToDraw, DrawingOver, PartTooSmall,
    PartTooLarge, InArrears, DayGone, NotPossible, and a LedgerRefusal; and then nothing was paid.
    """
    with acting_as_service():
        if not Loan.objects.filter(pk=application_id, user=user).exists():
            try:
                return _first(application_id, user, amount, posting_id, at)
            except _Begun:
                pass
        return _further(application_id, user, amount, posting_id, at)


@transaction.atomic
def _first(application_id: UUID, user: User, amount: int, posting_id: UUID, at: datetime) -> LoanTransaction:
    application, contract = lock_contract(application_id, user_id=user.pk)
    if Loan.objects.filter(pk=application_id).exists():
        raise _Begun
    if application.state != State.SIGNED:
        raise StateRefused(state=application.state, event=str(Event.DISBURSE))
    if LoanTransaction.objects.filter(posting_id=posting_id).exists():
        raise IdReused(field="loan")
    portions = portions_of(contract, amount, timezone.localdate(at))
    held = begin_loan(application=application, contract=contract, amount=amount, at=at)
    return _pay(held, contract, portions, posting_id)


@transaction.atomic
def _further(
    application_id: UUID, user: User, amount: int, posting_id: UUID, at: datetime
) -> LoanTransaction:
    held = hold(application_id, user_id=user.pk, at=at)
    if found := already(held, posting_id, kind=Kind.DISBURSEMENT, amount=amount):
        return found
    if held.application.state != State.ACTIVE:
        raise StateRefused(state=held.application.state, event=str(Event.DISBURSE))
    contract = held.loan.contract
    portions = portions_of(contract, amount, held.today)
    if is_late(held.standing, held.today):
        raise InArrears
    held.loan.refresh_from_db(fields=["amount"])  # it was read before it was locked
    held.loan.amount += amount
    held.loan.save(update_fields=["amount"])
    return _pay(held, contract, portions, posting_id)


def _pay(held: Held, contract: Contract, portions: Sequence[Portion], posting_id: UUID) -> LoanTransaction:
    """Pay a part out, and set what is left of each share aside anew, in one: nobody else sees it free meanwhile."""
    refuse_unsigned_text(contract.terms, signed_by(contract))
    paying = [one for one in portions if one.slice.amount]
    ids = [posting_id, *(new_posting() for _each in paying[1:])]
    row = lend(
        held,
        [Outgoing(one.payout.share, one.slice, one.hold_id, pk) for one, pk in zip(paying, ids, strict=True)],
    )
    for one in paying:
        _set_aside(one, held.at)
    if parts_paid(contract) >= rules_of(contract.rules).drawdown.parts:
        release_undrawn(contract, at=held.at)
    received = row.amount - row.data["fees"]
    holding = {Guard.FUNDING_SETTLED, Guard.POSTING_ID_STORED}
    if is_in_own_name(held.application):
        holding.add(Guard.BANK_NAME_MATCHES)
    step(held.application, Event.DISBURSE, who=Actor.SYSTEM, at=held.at, holding=holding, amount=received)
    tell_borrower(held.application, "loan.paid_out", amount=received)
    tell_lenders(contract, "loan.lent", amounts={one.payout.pk: one.slice.amount for one in paying})
    return row


def _set_aside(one: Portion, at: datetime) -> None:
    """What was held for a share was spent or freed by its payout; hold what is left for the parts to come."""
    payout = one.payout
    if one.rest:
        payout.hold_id = uuid7()
        wallet.place_hold(
            hold_id=payout.hold_id,
            account_id=payout.share.provider.account_id,
            amount=one.rest,
            expires_at=None,
            reason=REASON,
            counted=0,
        )
    else:
        payout.state, payout.ended_at = PAID, at
    payout.save(update_fields=["hold_id", "state", "ended_at"])
