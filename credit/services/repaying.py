"""A payment on a loan: from the borrower's wallet to whoever lent it, once for each posting id."""

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core.actors import acting_as_service
from core.errors import DomainError
from credit.allocation import Paid
from credit.models import LoanTransaction
from credit.notices import servicing as notices
from credit.refusals import IdReused
from credit.replay import Event as LoanEvent
from credit.replay import Repay
from credit.schedule import roll
from credit.services.holding import Held, effective, hold
from credit.services.noting import enter, try_event
from credit.services.settling import settle
from credit.services.sharing import divided
from credit.states import Actor, Event, State, StateRefused
from credit.terms import Effect
from wallet import services as wallet

Kind = LoanTransaction.Kind


class SplitChanged(DomainError):
    """Something happened to the loan since it was shown where the payment would go."""

    code = "loan_split_changed"
    kind = "conflict"
    message = _("Your loan has changed since you looked. Look again at where your payment would go.")


def repay(
    *,
    loan_id: UUID,
    user: User | None,
    amount: int,
    posting_id: UUID,
    at: datetime,
    effect: Effect | None = None,
    who: Actor = Actor.BORROWER,
    expected: Paid | None = None,
) -> LoanTransaction:
    """Take `amount` (minor units) from the borrower's wallet for a loan; a repeat returns the first result.

    `effect` is what is wanted of what is more than asked for, `expected` where the payment was shown to go. `user` None
    is a task. What is more than all that is owed waits to be given back. Raises LoanNotFound, LoanParked, IdReused,
    StateRefused, DayGone, NotPossible, SplitChanged, and a LedgerRefusal; and then nothing was done.
    """
    with acting_as_service(), transaction.atomic():
        held = hold(loan_id, user_id=user.pk if user else None, at=at)
        event = Repay(held.today, amount, effect)
        if found := already(held, posting_id, kind=Kind.REPAYMENT, amount=amount, effect=effect):
            return found
        return pay(
            held, event, kind=Kind.REPAYMENT, amount=amount, posting_id=posting_id, who=who, expected=expected
        )


def pay(
    held: Held,
    event: LoanEvent,
    *,
    kind: str,
    amount: int,
    posting_id: UUID,
    who: Actor,
    expected: Paid | None = None,
    by: Event = Event.REPAY,
) -> LoanTransaction:
    """Let a payment happen to a held loan: its row, the shares' parts, the posting, and the step that follows.

    `by` is REFINANCE where a new loan, linked already, pays. Raises NotSettled where that leaves anything.
    """
    if held.application.state != State.ACTIVE:
        raise StateRefused(state=held.application.state, event=str(by))
    paid = try_event(held, event) or Paid()
    if expected is not None and expected != paid:
        raise SplitChanged
    loan = held.loan
    source = wallet.open_wallet(owner_id=loan.user_id, currency=loan.currency_id)
    # A row that is due today may turn interest into principal.
    balance = roll(held.standing, held.today).balance
    parts, lines = divided(loan, paid, balance=balance, posting_id=posting_id, source=source)
    row = enter(held, event, kind=kind, amount=amount, posting_id=posting_id, parts=parts)
    wallet.post(posting_id=posting_id, lines=lines, description=loan.number, effective_at=effective(held.at))
    now = settle(held, who=who, by=by)
    notices.paid(loan, row, state=now)
    return row


def already(
    held: Held, posting_id: UUID, *, kind: str, amount: int, effect: Effect | None = None
) -> LoanTransaction | None:
    """Return what was done under this id before. Raises IdReused where it was something else."""
    found = LoanTransaction.objects.filter(posting_id=posting_id).first()
    if found is None:
        return None
    wanted = {
        "loan": held.loan.pk,
        "kind": kind,
        "amount": amount,
        "effect": str(effect) if effect else None,
    }
    was = {
        "loan": found.loan_id,
        "kind": found.kind,
        "amount": found.amount,
        "effect": found.data.get("effect"),
    }
    for field, value in wanted.items():
        if was[field] != value:
            raise IdReused(field=field)
    return found
