"""What was accepted and not signed in time lapses: nothing was paid, and lenders have back what they set aside."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from core.actors import acting_as_service
from credit.models import Application
from credit.notices.agreeing import tell_borrower, tell_lenders
from credit.services.agreements import contract_of, end_contract
from credit.services.locking import lock_application
from credit.services.steps import step
from credit.states import Actor, Event, Guard, State


def unsigned(*, at: datetime, limit: int = 500) -> list[UUID]:
    """Return the applications whose time to sign is over, the longest first."""
    with acting_as_service():
        over = Application.objects.filter(state=State.ACCEPTED, sign_by__lte=at)
        return list(over.order_by("sign_by", "pk").values_list("pk", flat=True)[:limit])


def lapse(*, application_id: UUID, at: datetime) -> bool:
    """End an application that was not signed in time; whether it was this call that did.

    The moment of the deadline itself is too late to sign. Raises ApplicationNotFound.
    """
    with acting_as_service(), transaction.atomic():
        application = lock_application(application_id)
        if application.state != State.ACCEPTED or application.sign_by is None or at < application.sign_by:
            return False
        contract = contract_of(application.pk)
        end_contract(contract, reason="not signed in time", at=at)
        tell_borrower(application, "loan.signing_over")
        tell_lenders(contract, "loan.not_lent")
        holding = {Guard.PAST_DEADLINE, Guard.NOTICE_QUEUED}
        step(application, Event.EXPIRE, who=Actor.SYSTEM, at=at, holding=holding)
        return True
