"""Taking back what happened to a loan: a payment that came back, a late charge that is waived.

All that followed is worked out again without it, and the lenders get what is theirs then. Nothing is half done: what
cannot be worked out again is refused with its reason. Amounts are minor units (kobo).
"""

from uuid import UUID

from django.db.models import Sum
from django.utils.translation import gettext_lazy as _

from core.errors import DomainError
from credit.models import LoanTransaction
from credit.notices import hardship as notices
from credit.services.folding import Kind
from credit.services.holding import Held
from credit.services.noting import take_back
from credit.services.proving_money import REDIVIDED
from credit.services.redividing import PAYMENTS, redivide
from credit.services.settling import found_to_hold, reopen, settle
from credit.services.steps import step
from credit.states import Actor, Event, Guard, State, StateRefused
from wallet import services as wallet


class TransactionNotFound(DomainError):
    code = "loan_transaction_not_found"
    kind = "not_found"
    message = _("Nothing of the kind happened to this loan.")


class TakenBackAlready(DomainError):
    code = "loan_taken_back_already"
    kind = "conflict"
    message = _("This was taken back already.")


class GivenBackAlready(DomainError):
    """`data["refunded"]` is what was given back to the borrower (kobo)."""

    code = "loan_given_back_already"
    kind = "conflict"
    message = _("What was paid too much was given back to the borrower. It has to come back first.")
    public = ("refunded",)


def standing_row(held: Held, transaction_id: UUID, kinds: frozenset[str]) -> LoanTransaction:
    """Return what happened to this loan and still stands. Raises TransactionNotFound, TakenBackAlready."""
    row = LoanTransaction.objects.filter(loan=held.loan, pk=transaction_id, kind__in=kinds).first()
    if row is None:
        raise TransactionNotFound
    if LoanTransaction.objects.filter(reverses=row).exists():
        raise TakenBackAlready
    return row


def take_payment_back(
    held: Held, *, transaction_id: UUID, posting_id: UUID, reason: str, who: Actor = Actor.OFFICER
) -> LoanTransaction:
    """Take a payment back: its money returns to the borrower's wallet, and the loan goes on as if it never came.

    Raises TransactionNotFound, TakenBackAlready, GivenBackAlready, StateRefused, NotPossible, and a LedgerRefusal
    where a lender has no longer got the money.
    """
    paid = standing_row(held, transaction_id, PAYMENTS)
    was_open = held.application.state == State.ACTIVE
    # Where the state does not allow it, that is the reason to give.
    step(
        held.application,
        Event.REVERSE_PAYMENT,
        who=who,
        at=held.at,
        holding=[Guard.REPLAYED],
        reason=reason,
        payment=str(paid.pk),
    )
    assert paid.posting_id is not None
    wallet.reverse(posting_id=posting_id, reverses=paid.posting_id, description=held.loan.number)
    row = _without(held, paid, posting_id=posting_id, reason=reason)
    if not was_open:
        reopen(held)
    _settle(held)
    notices.payment_taken_back(held.loan, row, day=paid.on)
    return row


def waive(held: Held, *, transaction_id: UUID, reason: str) -> LoanTransaction:
    """Waive a late charge: what was paid of it pays what else is owed. Raises TransactionNotFound, TakenBackAlready,
    GivenBackAlready, StateRefused, NotPossible.
    """
    if held.application.state != State.ACTIVE:
        raise StateRefused(state=held.application.state, event="waive")
    charge = standing_row(held, transaction_id, frozenset({Kind.PENALTY}))
    row = _without(held, charge, posting_id=None, reason=reason)
    held.position.penalties_charged = max(held.position.penalties_charged - charge.amount, 0)
    held.position.save(update_fields=["penalties_charged"])
    _settle(held)
    notices.charge_waived(held.loan, row)
    return row


def _without(held: Held, gone: LoanTransaction, *, posting_id: UUID | None, reason: str) -> LoanTransaction:
    """Take it back, and let the lenders' money follow what that leaves of the others."""
    other = redivide(held, gone)
    refunds = LoanTransaction.objects.filter(loan=held.loan, kind=Kind.REFUND, reversed_by=None)
    refunded = refunds.aggregate(sum=Sum("amount"))["sum"] or 0
    if other.overpaid < refunded:
        raise GivenBackAlready(refunded=refunded)
    redivided = other.post(held)
    moved = posting_id or redivided
    return take_back(
        held,
        gone,
        posting_id=posting_id,
        parts=other.parts_of(moved) if moved else [],
        reason=reason,
        data={REDIVIDED: str(redivided)} if redivided else None,
    )


def _settle(held: Held) -> None:
    """What is left may be nothing: then the loan is paid off, or paid too much."""
    guard, _faults = found_to_hold(held)
    if guard != Guard.STILL_OWED:
        settle(held, who=Actor.SYSTEM)
