"""Going back on a signed contract: the borrower while it may be cooled off, staff on the day of the payout.

Before the payout nothing moves but what lenders had set aside. After it the very postings are taken back: the borrower
returns what they received, no interest is owed, the lender keeps no fee, and we keep no commission.
"""

from datetime import date, datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core.actors import acting_as_service
from core.errors import DomainError
from core.ids import posting_id
from credit.models import Application, Contract, Loan, LoanTransaction, Payout
from credit.notices.agreeing import tell_borrower, tell_lenders
from credit.services.agreements import close_contract, end_contract, lock_contract, release_undrawn
from credit.services.folding import Kind
from credit.services.holding import Held, hold
from credit.services.lending import paid_out, received_of
from credit.services.noting import Part, take_back
from credit.services.steps import step
from credit.states import Actor, Event, Guard, State, StateRefused
from wallet import services as wallet

CANCELLED = "cancelled in the cooling-off time"
PAID = (Kind.REPAYMENT, Kind.PAY_OFF)


class CoolingOffOver(DomainError):
    """`data["until"]` is the moment at which it ended."""

    code = "credit_cooling_off_over"
    kind = "conflict"
    message = _("The time to cool off is over. You can pay the loan off early instead.")
    public = ("until",)


class NotToday(DomainError):
    code = "credit_payout_not_today"
    kind = "conflict"
    message = _("A payout can be undone on its own day alone.")


class AlreadyRepaid(DomainError):
    code = "credit_already_repaid"
    kind = "conflict"
    message = _("Something was paid back on this loan: its payout can no longer be undone.")


class AlreadyPaidOut(DomainError):
    code = "credit_already_paid_out"
    kind = "conflict"
    message = _("This contract was paid out meanwhile.")


def cancel(*, application_id: UUID, user: User, at: datetime) -> Application:
    """Cancel a signed contract as its borrower, before the payout or after it; again, it stays cancelled.

    `at` is the database's clock; the moment at which the cooling-off ends is too late. Raises ApplicationNotFound,
    StateRefused, CoolingOffOver, LoanParked; InsufficientFunds where the wallet no longer holds what was received.
    """
    with acting_as_service():
        done = Application.objects.filter(pk=application_id, user=user, state=State.CANCELLED).first()
        if done is not None:
            return done
        if not Loan.objects.filter(pk=application_id, user=user).exists():
            try:
                return _cancel_unpaid(application_id, user, at)
            except AlreadyPaidOut:
                pass  # between the look and the lock; a loan is held by its position first
        return _cancel_paid(application_id, user, at)


def undo_payout(*, application_id: UUID, reason: str, at: datetime) -> LoanTransaction:
    """Take back a payout on its own day. What was signed stays signed, and is not paid out again. Raises as `undo`."""
    with acting_as_service(), transaction.atomic():
        return undo(hold(application_id, user_id=None, at=at), reason=reason)


def undo(held: Held, *, reason: str) -> LoanTransaction:
    """Take back the payout of a held loan, as two people of staff decided.

    Raises StateRefused, NotToday, AlreadyRepaid; InsufficientFunds where the borrower no longer has the money.
    """
    check_undoable(held.loan, held.application, held.today)
    received = received_of(paid_out(held.loan))
    row = _give_back(held, kind=Kind.DISBURSAL_UNDONE, reason=reason)
    holding = {Guard.SAME_DAY, Guard.NO_REPAYMENT, Guard.BOTH_SIDES_REVERSED}
    step(
        held.application, Event.UNDO_DISBURSAL, who=Actor.OFFICER, at=held.at, holding=holding, reason=reason
    )
    tell_borrower(held.application, "loan.payout_undone", amount=received, reason=reason)
    tell_lenders(held.loan.contract, "loan.not_lent")
    return row


def check_undoable(loan: Loan, application: Application, today: date) -> None:
    """Raises StateRefused, NotToday, AlreadyRepaid."""
    if application.state != State.ACTIVE:
        raise StateRefused(state=application.state, event=str(Event.UNDO_DISBURSAL))
    if loan.opened_on != today:
        raise NotToday
    if LoanTransaction.objects.filter(loan=loan, kind__in=PAID, reversed_by=None).exists():
        raise AlreadyRepaid


def end_unpaid(*, application_id: UUID, reason: str, at: datetime) -> Application:
    """End, as staff, a contract that is signed and not paid out.

    Raises ApplicationNotFound, AlreadyPaidOut, StateRefused.
    """
    with acting_as_service(), transaction.atomic():
        application, contract = lock_contract(application_id)
        _refuse_paid(application)
        _end(application, contract, who=Actor.OFFICER, reason=reason, at=at)
        tell_borrower(application, "loan.contract_ended")
        return application


@transaction.atomic
def _cancel_unpaid(application_id: UUID, user: User, at: datetime) -> Application:
    application, contract = lock_contract(application_id, user_id=user.pk)
    _refuse_paid(application)
    _check_cooling_off(contract, at)
    _end(application, contract, who=Actor.BORROWER, reason=CANCELLED, at=at)
    tell_borrower(application, "loan.cancelled")
    return application


@transaction.atomic
def _cancel_paid(application_id: UUID, user: User, at: datetime) -> Application:
    held = hold(application_id, user_id=user.pk, at=at)
    contract = held.loan.contract
    if held.application.state == State.CANCELLED:
        return held.application
    if held.application.state == State.SIGNED:  # its payout was undone
        _check_cooling_off(contract, at)
        _end(held.application, contract, who=Actor.BORROWER, reason=CANCELLED, at=at)
    else:
        if held.application.state != State.ACTIVE:
            raise StateRefused(state=held.application.state, event=str(Event.CANCEL))
        _check_cooling_off(contract, at)
        _give_back(held, kind=Kind.CANCELLATION, reason=CANCELLED)
        close_contract(contract, reason=CANCELLED, at=at)
        holding = {Guard.COOLING_OFF, Guard.PRINCIPAL_BACK}
        step(held.application, Event.CANCEL, who=Actor.BORROWER, at=at, holding=holding, reason=CANCELLED)
        tell_lenders(contract, "loan.not_lent")
    tell_borrower(held.application, "loan.cancelled")
    return held.application


def _refuse_paid(application: Application) -> None:
    if Loan.objects.filter(pk=application.pk).exists() and application.state != State.SIGNED:
        raise AlreadyPaidOut


def _check_cooling_off(contract: Contract, at: datetime) -> None:
    until = contract.cooling_off_until
    if until is not None and at >= until:
        raise CoolingOffOver(until=until.isoformat())


def _end(application: Application, contract: Contract, *, who: Actor, reason: str, at: datetime) -> None:
    if not Loan.objects.filter(pk=application.pk).exists():
        end_contract(contract, reason=reason, at=at)
    else:
        close_contract(contract, reason=reason, at=at)
    holding = {Guard.PRINCIPAL_BACK} | ({Guard.COOLING_OFF} if who is Actor.BORROWER else set())
    step(application, Event.CANCEL, who=who, at=at, holding=holding, reason=reason)
    tell_lenders(contract, "loan.not_lent")


def _give_back(held: Held, *, kind: str, reason: str) -> LoanTransaction:
    """Take back what was paid on the loan, the newest first, then its payouts: it is as if it had never been.

    Returns what takes the first payout back. What was not paid out yet is the lenders' again.
    """
    paid = LoanTransaction.objects.filter(loan=held.loan, kind__in=PAID, reversed_by=None)
    for row in paid.order_by("-number"):
        _take_back(held, row, kind=Kind.REVERSAL, amount=row.amount, reason=reason)
    for out in reversed(paid_out(held.loan)):
        row = _take_back(held, out, kind=kind, amount=received_of([out]), reason=reason)
    release_undrawn(held.loan.contract, at=held.at)
    held.loan.closed_on = held.today
    held.loan.save(update_fields=["closed_on"])
    return row


def _take_back(held: Held, row: LoanTransaction, *, kind: str, amount: int, reason: str) -> LoanTransaction:
    """Reverse every posting of a transaction, and write what each share gave or got the other way round."""
    parts, done = [], {}
    for payout in Payout.objects.filter(transaction=row).select_related("share").order_by("share"):
        if payout.posting_id not in done:
            done[payout.posting_id] = new = posting_id()
            wallet.reverse(posting_id=new, reverses=payout.posting_id, description=held.loan.number)
        parts.append(
            Part(
                payout.share,
                done[payout.posting_id],
                principal=-payout.principal,
                interest=-payout.interest,
                charges=-payout.charges,
            )
        )
    first = next(iter(done.values()), None)
    return take_back(held, row, kind=kind, amount=amount, posting_id=first, parts=parts, reason=reason)
