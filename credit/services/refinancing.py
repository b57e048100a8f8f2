"""A new loan pays off the one that it replaces, out of the wallet it was paid into; the two are linked."""

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from core.actors import acting_as_service
from core.errors import DomainError
from credit.models import Application, Loan, LoanTransaction
from credit.services.holding import hold
from credit.services.paying_off import kept_quote, use
from credit.states import Actor, Event, State


class ReplacesNothing(DomainError):
    code = "loan_replaces_nothing"
    kind = "conflict"
    message = _("This loan replaces no other that is still owed.")


def refinance(*, new_loan_id: UUID, at: datetime) -> LoanTransaction:
    """Pay off the loan that a running one was taken to replace, once; a repeat returns the first payment.

    Raises ReplacesNothing, LoanParked, NotSettled, and a LedgerRefusal (there is too little in the wallet); and then
    nothing was done, and the task tries again.
    """
    with acting_as_service(), transaction.atomic():
        new = Loan.objects.select_related("application").filter(pk=new_loan_id).first()
        old_id = new.application.refinances_id if new else None
        if new is None or old_id is None:
            raise ReplacesNothing
        held = hold(old_id, user_id=new.user_id, at=at)
        if held.loan.replaced_by_id == new.pk:
            return LoanTransaction.objects.filter(loan=held.loan, kind="PAY_OFF").latest("number")
        if (held.application.state, new.application.state) != (State.ACTIVE, State.ACTIVE):
            raise ReplacesNothing
        held.loan.replaced_by = new
        held.loan.save(update_fields=["replaced_by"])
        return use(held, kept_quote(held), who=Actor.SYSTEM, event=Event.REFINANCE)


def to_refinance() -> list[UUID]:
    """Return the running loans that were taken to replace one that is still owed."""
    with acting_as_service():
        new = Application.objects.filter(
            state=State.ACTIVE,
            refinances__application__state=State.ACTIVE,
            refinances__position__parked_at=None,
        )
        return list(new.order_by("pk").values_list("pk", flat=True))
