"""Money on a loan that was charged off or written off: it goes to whoever lent it, and the loan stays given up."""

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core.actors import acting_as_service
from core.errors import DomainError
from credit.allocation import Paid
from credit.models import LoanTransaction
from credit.notices import hardship as notices
from credit.pooling import pay_out
from credit.services.folding import Kind
from credit.services.holding import Held, effective, hold
from credit.services.noting import Part, note
from credit.services.repaying import already
from credit.services.sharing import holdings_of, shares_of
from credit.services.steps import step
from credit.services.writing_off import Owed, owed_of
from credit.states import Actor, Event, Guard, State, StateRefused
from wallet import services as wallet
from wallet.services import Line


class MoreThanOwed(DomainError):
    """`data["owed"]` is what is still owed (kobo)."""

    code = "loan_more_than_owed"
    kind = "conflict"
    message = _("This is more than is still owed.")
    public = ("owed",)


def recover(
    *,
    loan_id: UUID,
    user: User | None,
    amount: int,
    posting_id: UUID,
    at: datetime,
    who: Actor = Actor.BORROWER,
) -> LoanTransaction:
    """Take `amount` (minor units) from the borrower's wallet for a loan that was given up; a repeat returns the first.

    Raises LoanNotFound, LoanParked, IdReused, StateRefused, MoreThanOwed, and a LedgerRefusal: then nothing was done.
    """
    with acting_as_service(), transaction.atomic():
        held = hold(loan_id, user_id=user.pk if user else None, at=at)
        if found := already(held, posting_id, kind=Kind.RECOVERY, amount=amount):
            return found
        if held.application.state not in (State.CHARGED_OFF, State.WRITTEN_OFF):
            raise StateRefused(state=held.application.state, event=str(Event.RECOVER))
        owed = owed_of(held)
        if not 0 < amount <= owed.total:
            raise MoreThanOwed(owed=owed.total)
        return _enter(held, _parts_of(amount, owed), owed, posting_id=posting_id, who=who)


def _parts_of(amount: int, owed: Owed) -> Paid:
    """Principal first, then what it earned, then charges: never a late charge before what was lent is back."""
    principal = min(amount, owed.principal)
    interest = min(amount - principal, owed.interest)
    fees = min(amount - principal - interest, owed.fees)
    return Paid(interest, principal, fees, amount - principal - interest - fees)


def _enter(held: Held, paid: Paid, owed: Owed, *, posting_id: UUID, who: Actor) -> LoanTransaction:
    loan, amount = held.loan, paid.total
    shares = shares_of(loan)
    holdings = holdings_of(shares, balance=owed.principal)
    payouts = pay_out(
        holdings, principal=paid.principal, interest=paid.interest, charges=paid.fees + paid.penalties
    )
    parts = [
        Part(share, posting_id, one.principal, one.interest, one.charges)
        for share, one in zip(shares, payouts, strict=True)
    ]
    source = wallet.open_wallet(owner_id=loan.user_id, currency=loan.currency_id)
    lines = [
        Line("LOAN_RECOVERY", source, share.provider.account_id, one.total)
        for share, one in zip(shares, payouts, strict=True)
        if one.total
    ]
    wallet.post(posting_id=posting_id, lines=lines, description=loan.number, effective_at=effective(held.at))
    row = note(held, kind=Kind.RECOVERY, amount=amount, posting_id=posting_id, parts=parts, paid=paid)
    held.position.recovered += amount
    held.position.save(update_fields=["recovered"])
    step(held.application, Event.RECOVER, who=who, at=held.at, holding=[Guard.RECOVERY_ENTERED])
    notices.recovered(loan, row)
    return row
