"""The collections queue: loans that are late, and which member of staff speaks with whose borrower just now.

Whoever claims a loan opens its collections case, or goes on with the open one, under a lease as of other cases.
Borrowers are contacted from 8:00 to 20:59 in Lagos, and not in a pause: outside of that nothing is claimed.
"""

from datetime import date, datetime, timedelta
from uuid import UUID

from django.db.models import Exists, Max, Min, OuterRef, QuerySet, Subquery
from django.db.models.functions import Greatest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import audit
from accounts.models import User
from core.actors import acting_as_service
from core.errors import DomainError
from credit.models import Case, Collection, DelinquencyPause, Loan, Position, Reminder
from credit.refusals import LoanNotFound
from credit.services.cases import WORK, ClaimedByAnother, NotClaimed, NotForYou, is_held, take
from credit.services.locking import lock_application
from credit.services.reminding import may_contact
from credit.states import State

DUE_WITHIN = timedelta(days=7)


class NoHourForIt(DomainError):
    code = "loan_contact_closed"
    kind = "conflict"
    message = _("Borrowers are not contacted about a debt now: only from 8:00 to 20:59 in Lagos.")


class NotContactedNow(DomainError):
    code = "loan_not_contacted"
    kind = "conflict"
    message = _("This loan is not late, or a pause holds: its borrower is not contacted.")


def late_loans(*, on: date) -> QuerySet[Position]:
    """The positions of loans that were due before a day and still are, with what staff must know before they call.

    `contacted_at` is when the borrower was last reminded or spoken with, `tried_next_at` the next try to collect,
    `paused` the end of a pause that holds; `holder` has it until `held_until`.
    """
    reminders = Reminder.objects.filter(loan=OuterRef("pk")).order_by().values("loan")
    tries = (
        Collection.objects.filter(loan=OuterRef("pk"), state=Collection.State.DUE).order_by().values("loan")
    )
    pauses = _pauses(on).order_by().values("loan")
    cases = Case.objects.filter(application=OuterRef("pk"), kind=Case.Kind.COLLECTIONS)
    spoken = cases.order_by().values("application").annotate(last=Max("decided_at")).values("last")
    cases = cases.filter(decided_at=None)
    return _late(on).annotate(
        contacted_at=Greatest(
            Subquery(reminders.annotate(last=Max("made_at")).values("last")), Subquery(spoken)
        ),
        tried_next_at=Subquery(tries.annotate(first=Min("next_try_at")).values("first")),
        paused=Subquery(pauses.annotate(last=Max("until")).values("last")),
        holder=Subquery(cases.values("claimed_by")[:1]),
        holder_name=Subquery(cases.values("claimed_by__profile__display_name")[:1]),
        held_until=Subquery(cases.values("leased_until")[:1]),
    )


def may_be_contacted(*, loan_id: UUID, on: date) -> bool:
    return _late(on).filter(~Exists(_pauses(on)), pk=loan_id).exists()


def _late(on: date) -> QuerySet[Position]:
    return Position.objects.filter(due_since__lt=on, loan__application__state=State.ACTIVE)


def _pauses(on: date) -> QuerySet[DelinquencyPause]:
    return DelinquencyPause.objects.filter(loan=OuterRef("pk"), since__lte=on, until__gt=on)


def claim(*, loan_id: UUID, by: User, at: datetime) -> Case:
    """Give this person a late loan to speak with its borrower about; one that they hold stays theirs for longer.

    Raises LoanNotFound, NoHourForIt, NotContactedNow, ClaimedByAnother, NotForYou.
    """
    if not may_contact(at):
        raise NoHourForIt
    with acting_as_service():
        loan = Loan.objects.filter(pk=loan_id).first()
        if loan is None:
            raise LoanNotFound
        if not by.has_perm(WORK) or loan.user_id == by.pk:
            raise NotForYou
        # Two who claim at once: one opens the case, the other finds it held.
        application = lock_application(loan_id)
        if not may_be_contacted(loan_id=loan_id, on=timezone.localdate(at)):
            raise NotContactedNow
        case = application.cases.filter(kind=Case.Kind.COLLECTIONS, decided_at=None).first()
        if case is None:
            case = Case.objects.create(
                application=application, kind=Case.Kind.COLLECTIONS, due_at=at + DUE_WITHIN
            )
            audit.record(action="credit.case.opened", target=case, kind=case.kind, application=str(loan_id))
        if is_held(case, at=at) and case.claimed_by_id != by.pk:
            raise ClaimedByAnother
        return take(case, by, at)


def finish(*, loan_id: UUID, by: User, text: str, at: datetime) -> None:
    """Let go of a loan that this person holds, with what was said: the case is over. Raises NotClaimed."""
    with acting_as_service():
        lock_application(loan_id)
        case = Case.objects.filter(
            application=loan_id,
            kind=Case.Kind.COLLECTIONS,
            decided_at=None,
            claimed_by=by,
            leased_until__gt=at,
        ).first()
        if case is None:
            raise NotClaimed
        case.decision, case.note, case.decided_by, case.decided_at = "contacted", text, by, at
        case.claimed_by, case.leased_until = None, None
        case.save(
            update_fields=["decision", "note", "decided_by", "decided_at", "claimed_by", "leased_until"]
        )
        audit.record(
            action="credit.loan.contacted", target=Loan(pk=loan_id), actor_id=by.pk, case=str(case.pk)
        )
