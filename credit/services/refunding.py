"""What was paid too much on a loan goes back to the account that it came from, and the loan is closed."""

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Q, Sum
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core.actors import acting_as_service
from core.errors import DomainError
from core.ids import nth, posting_id
from credit.models import Application, Loan, LoanTransaction
from credit.notices import servicing as notices
from credit.services.holding import Held, effective, hold
from credit.services.noting import note
from credit.services.proving_money import REDIVIDED
from credit.services.settling import close, overpaid
from credit.services.sharing import live_payments
from credit.services.steps import step
from credit.states import Actor, Event, Guard, State, StateRefused
from wallet import services as wallet
from wallet.models import Transaction
from wallet.services import Line

Kind = LoanTransaction.Kind


class SourceUnknown(DomainError):
    """What is held for the loan is not what was paid too much on it: staff look first."""

    code = "loan_refund_source_unknown"
    kind = "unavailable"
    message = _("We are looking into what is to be paid back. Your money is safe.")


def refund(*, loan_id: UUID, user: User | None, at: datetime, who: Actor = Actor.BORROWER) -> LoanTransaction:
    """Give back what was paid too much, once; a repeat returns the first. `user` None is a task or staff.

    Raises LoanNotFound, LoanParked, StateRefused, SourceUnknown, and a LedgerRefusal; and then nothing was done.
    """
    with acting_as_service(), transaction.atomic():
        held = hold(loan_id, user_id=user.pk if user else None, at=at)
        if held.application.state == State.CLOSED_MET and (given := _given(held)):
            return given
        if held.application.state != State.OVERPAID:
            raise StateRefused(state=held.application.state, event=str(Event.REFUND))
        return _refund(held, who)


def _given(held: Held) -> LoanTransaction | None:
    refunds = LoanTransaction.objects.filter(loan=held.loan, kind=Kind.REFUND, reversed_by=None)
    return refunds.order_by("-number").first()


def _refund(held: Held, who: Actor) -> LoanTransaction:
    loan, key = held.loan, posting_id()
    sources = sources_of(held)
    amount = sum(sources.values())
    row = note(held, kind=Kind.REFUND, amount=amount, posting_id=key)
    waiting = wallet.system_account("LOAN_OVERPAYMENTS", loan.currency_id)
    lines = [Line("LOAN_REFUND", waiting, account, part) for account, part in sources.items()]
    wallet.post(posting_id=key, lines=lines, description=loan.number, effective_at=effective(held.at))
    step(held.application, Event.REFUND, who=who, at=held.at, holding=[Guard.TO_ITS_SOURCE], amount=amount)
    close(held)
    notices.tell(loan, "loan.refunded", amount=amount)
    return row


def sources_of(held: Held) -> dict[UUID, int]:
    """Return what goes back to each account that paid, the last payment first; minor units.

    Raises SourceUnknown where what our account holds for the loan is another amount.
    """
    left, sums = overpaid(held), dict[UUID, int]()
    if waiting_for(held.loan) != left:
        raise SourceUnknown
    for row in reversed(live_payments(held.loan)):
        if not left or row.posting_id is None:
            break
        part, paid = min(left, row.amount), Transaction.objects.of_posting(row.posting_id).first()
        if paid is None:
            raise SourceUnknown
        sums[paid.debit_account_id] = sums.get(paid.debit_account_id, 0) + part
        left -= part
    return sums


def waiting_for(loan: Loan) -> int:
    """Return what our account for overpayments holds of a loan, by the ledger's own lines; minor units."""
    rows = LoanTransaction.objects.filter(loan=loan).exclude(kind=Kind.DISBURSEMENT)
    postings = {row.posting_id for row in rows if row.posting_id}
    postings |= {UUID(row.data[REDIVIDED]) for row in rows if row.data.get(REDIVIDED)}
    wanted = Q(pk__in=[])
    for one in postings:
        wanted |= Q(id__range=(one, nth(one, 255)))
    account = wallet.system_account("LOAN_OVERPAYMENTS", loan.currency_id)
    lines = Transaction.objects.filter(wanted)
    came = lines.filter(credit_account=account).aggregate(sum=Sum("amount"))["sum"] or 0
    went = lines.filter(debit_account=account).aggregate(sum=Sum("amount"))["sum"] or 0
    return int(came - went)


def to_refund() -> list[UUID]:
    """Return the loans on which too much was paid that is not given back yet."""
    with acting_as_service():
        waiting = Application.objects.filter(state=State.OVERPAID, loan__position__parked_at=None)
        return list(waiting.order_by("pk").values_list("pk", flat=True))
