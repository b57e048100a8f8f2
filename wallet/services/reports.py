"""What a customer says is wrong with a movement of theirs: a case for staff, once for each side of it."""

from datetime import datetime, timedelta
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from accounts import audit
from accounts.models import AuditEvent, User
from core.actors import acting_as_service
from core.errors import DomainError
from wallet.models import Account, Case, Entry, Payment
from wallet.refusals import NotYourAccount

REPORTED = "wallet.problem.reported"
DAY, PER_DAY = timedelta(days=1), 10
LONGEST_REPORT = 1000


class TooManyReports(DomainError):
    code = "too_many_reports"
    kind = "limited"
    message = _("You have reported many problems today. Please come back tomorrow, or ask for help.")


def report_problem(*, user: User, entry: Entry, text: str, at: datetime) -> Case:
    """Open a case about one movement on the person's account; a repeat returns the first. Raises TooManyReports."""
    with acting_as_service():
        # One person's reports come one after the other, so that none slips past the count.
        User.objects.select_for_update().get(pk=user.pk)
        account = Account.objects.get(pk=entry.account_id)
        if account.owner_id != user.pk:
            raise NotYourAccount
        found = report_of(entry=entry)
        if found is not None:
            return found
        today = AuditEvent.objects.filter(actor_id=user.pk, action=REPORTED, recorded_at__gt=at - DAY)
        if today.count() >= PER_DAY:
            raise TooManyReports
        case = Case.objects.create(
            kind=Case.Kind.REPORTED,
            reference=_reference(entry.transaction_id, entry.side),
            payment=Payment.objects.filter(posting_id=entry.posting_id, account__owner=user).first(),
            data={
                "transaction": str(entry.transaction_id),
                "account": str(entry.account_id),
                "amount": entry.amount,
                "currency": entry.currency,
                "text": text,
            },
        )
        audit.record(action=REPORTED, target=case, actor_id=user.pk, transaction=str(entry.transaction_id))
        return case


def report_of(*, entry: Entry) -> Case | None:
    """Return what was reported of this side of a movement. The caller knows that the side is theirs."""
    with acting_as_service():
        reference = _reference(entry.transaction_id, entry.side)
        return Case.objects.filter(kind=Case.Kind.REPORTED, reference=reference).first()


def reports_of(*, user: User) -> list[Case]:
    """Return everything this person reported, the oldest first."""
    with acting_as_service():
        own = [str(pk) for pk in Account.objects.filter(owner=user).values_list("pk", flat=True)]
        return list(Case.objects.filter(kind=Case.Kind.REPORTED, data__account__in=own).order_by("pk"))


def references_of(transaction_id: UUID) -> list[str]:
    """Return the references under which the two sides of a movement are reported."""
    return [_reference(transaction_id, side) for side in ("DEBIT", "CREDIT")]


def _reference(transaction_id: UUID, side: str) -> str:
    return f"{transaction_id} {side}"
