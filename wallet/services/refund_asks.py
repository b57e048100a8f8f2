"""Customers who want money that they added back on the card or account it came from.

Up to what one member of staff may take back alone, counted over a day, it is ordered at once. More is set aside and
waits until two members of staff let it go; one may refuse it.
"""

from datetime import datetime
from uuid import UUID

from django.db.models import Sum
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import audit
from accounts.models import User
from core.actors import acting_as_service
from core.errors import DomainError
from core.staff import start_of
from wallet.models import Case, Payment, Refund
from wallet.refusals import NotYourAccount
from wallet.services.refund_outcomes import give_back, open_case
from wallet.services.refunds import request_refund
from wallet.services.reversals import most_alone

PER_DAY = 5
# What staff read as the reason: the customer's own words are the note.
REASON = "asked for by the customer"


class TooManyRefunds(DomainError):
    code = "too_many_refunds"
    kind = "limited"
    message = _("You have asked for five refunds today. Please come back tomorrow, or write to us.")


class RefundNotAsked(DomainError):
    code = "refund_not_asked"
    kind = "conflict"
    message = _("This refund does not wait to be let go.")


def ask_back(
    *, payment: Payment, amount: int, by: User, at: datetime, refund_id: UUID, note: str = ""
) -> Refund:
    """Set `amount` (minor units) of a customer's own deposit aside to go back; one that is HELD is to be ordered.

    A repeat under the same id returns the first. Raises TooManyRefunds, NotYourAccount, and what `request_refund` does.
    """
    with acting_as_service():
        # One person's refunds come one after the other, so that none slips past the count.
        User.objects.select_for_update().get(pk=by.pk)
        if payment.account.owner_id != by.pk:
            raise NotYourAccount
        known = Refund.objects.filter(pk=refund_id).exists()
        today = Refund.objects.filter(
            requested_by=by, account__owner=by, created_at__gte=start_of(timezone.localdate(at))
        )
        if not known and today.count() >= PER_DAY:
            raise TooManyRefunds
        going = today.exclude(state=Refund.State.FAILED).filter(currency=payment.currency_id)
        so_far = going.aggregate(sum=Sum("amount", default=0))["sum"]
        most = most_alone(currency=payment.currency_id, on=timezone.localdate(at))
        refund = request_refund(
            payment=payment,
            amount=amount,
            reason=REASON,
            note=note,
            by=by,
            refund_id=refund_id,
            asked=True,
            waits=so_far + amount > most,
            at=at,
        )
        if refund.state == Refund.State.ASKED:
            open_case(refund)
    return refund


def check_asked(*, refund: Refund) -> None:
    """Raises RefundNotAsked for one that does not wait."""
    if refund.state != Refund.State.ASKED:
        raise RefundNotAsked


def let_go(*, refund_id: UUID, by: User, at: datetime) -> Refund:
    """Have a refund that waits ordered; `order_refund` does it afterwards. Raises RefundNotAsked."""
    with acting_as_service():
        refund = Refund.objects.select_for_update(of=("self",)).get(pk=refund_id)
        check_asked(refund=refund)
        refund.state, refund.next_check_at = Refund.State.HELD, at
        refund.save(update_fields=["state", "next_check_at"])
        Case.objects.filter(kind=Case.Kind.UNKNOWN_REFUND, reference=str(refund.pk)).update(
            state=Case.State.CLOSED
        )
        audit.record(action="wallet.refund.let_go", target=refund, amount=refund.amount, by=str(by.pk))
    return refund


def refuse(*, refund_id: UUID, by: User, reason: str, at: datetime) -> Refund:
    """Refuse a refund that waits: its money is the customer's again, who is told. Raises RefundNotAsked."""
    with acting_as_service():
        refund = Refund.objects.select_for_update(of=("self",)).get(pk=refund_id)
        check_asked(refund=refund)
        audit.record(action="wallet.refund.refused", target=refund, reason=reason, by=str(by.pk))
        return give_back(refund_id=refund_id, reason="refused", at=at)
