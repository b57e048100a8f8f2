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
from credit.models import LoanTransaction
from credit.notices import servicing as notices
from credit.services.holding import Held, effective, hold
from credit.services.noting import note
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
    if amount != overpaid(held) or not amount:
        raise SourceUnknown
    row = note(held, kind=Kind.REFUND, amount=amount, posting_id=key)
    waiting = wallet.system_account("LOAN_OVERPAYMENTS", loan.currency_id)
    lines = [Line("LOAN_REFUND", waiting, account, part) for account, part in sources.items()]
    wallet.post(posting_id=key, lines=lines, description=loan.number, effective_at=effective(held.at))
    step(held.application, Event.REFUND, who=who, at=held.at, holding=[Guard.TO_ITS_SOURCE], amount=amount)
    close(held)
    notices.tell(loan, "loan.refunded", amount=amount)
    return row


def sources_of(held: Held) -> dict[UUID, int]:
    """Return what each account paid too much and did not get back, by the ledger's own lines; minor units."""
    payments = [row.posting_id for row in live_payments(held.loan) if row.posting_id and row.overpaid]
    refunds = LoanTransaction.objects.filter(loan=held.loan, kind=Kind.REFUND, reversed_by=None)
    sums: dict[UUID, int] = {}
    for kind, side, sign, postings in (
        ("LOAN_OVERPAID", "debit_account", 1, payments),
        ("LOAN_REFUND", "credit_account", -1, [row.posting_id for row in refunds if row.posting_id]),
    ):
        wanted = Q(pk__in=[])
        for one in postings:
            wanted |= Q(id__range=(one, nth(one, 255)))
        rows = Transaction.objects.filter(wanted, kind=kind).values_list(side).annotate(Sum("amount"))
        for account, amount in rows:
            sums[account] = sums.get(account, 0) + sign * amount
    return {account: amount for account, amount in sums.items() if amount}
