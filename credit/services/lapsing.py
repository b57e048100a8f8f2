"""What was not done in time lapses, and lenders have back what they set aside: signing, and asking for the money."""

from datetime import date, datetime
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from core.actors import acting_as_service
from credit.models import Application, Contract, Disbursement, Loan
from credit.notices.agreeing import tell_borrower, tell_lenders
from credit.services.agreements import contract_of, end_contract, release_undrawn
from credit.services.drawable import drawable_of
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


def undrawn(*, today: date, limit: int = 500) -> list[UUID]:
    """Return the applications of which nothing more may be asked for and something is still set aside."""
    with acting_as_service():
        over = Contract.objects.filter(
            draw_until__lt=today, shares__disbursement__state=Disbursement.State.OPEN
        )
        found = over.order_by("application").values_list("application_id", flat=True).distinct()
        return list(found[:limit])


def end_drawing(*, application_id: UUID, at: datetime) -> bool:
    """Give lenders back what nobody asked for in time; whether it was this call that did.

    A loan stays at what was paid out of it. A contract of which nothing was ends. Raises ApplicationNotFound.
    """
    with acting_as_service(), transaction.atomic():
        application = lock_application(application_id)
        contract = contract_of(application.pk)
        left = drawable_of(contract)
        if left is None or timezone.localdate(at) <= left.until:
            return False
        if Loan.objects.filter(pk=application.pk).exists():
            tell_lenders(contract, "loan.undrawn", amounts=left.of_share)
            tell_borrower(application, "loan.undrawn_back", amount=left.left)
            release_undrawn(contract, at=at)
            return True
        end_contract(contract, reason="nothing of it was asked for in time", at=at)
        tell_borrower(application, "loan.contract_ended")
        tell_lenders(contract, "loan.not_lent")
        holding = {Guard.PAST_DEADLINE, Guard.NOTICE_QUEUED}
        step(application, Event.EXPIRE, who=Actor.SYSTEM, at=at, holding=holding)
        return True
