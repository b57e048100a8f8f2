"""A bureau's report is marked as disputed: by the person it is about, or by an officer whom they told.

It declines nobody by itself from then on, and a case asks what becomes of it. That another officer decides than the one
who marked it, the database holds too (`credit/sql/disputes.sql`).
"""

from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from accounts import audit
from accounts.models import User
from core.actors import acting_as_service
from core.errors import DomainError
from credit import bureaux
from credit.models import BureauReport, Case
from credit.notices.scoring import tell
from credit.services.cases import WORK, NotForYou, open_case
from credit.services.locking import lock_application

SHORTEST, LONGEST = 10, 1000


class ReportNotFound(DomainError):
    code = "credit_report_not_found"
    kind = "not_found"
    message = _("There is no such report.")


class DisputeRefused(DomainError):
    code = "credit_dispute_refused"
    kind = "conflict"
    message = _("This report cannot be disputed: it is disputed already, or says nothing.")


class DisputeUnclear(DomainError):
    code = "credit_dispute_unclear"
    message = _("Say what is wrong with it, in 10 to 1,000 letters.")


def dispute(*, report_id: UUID, user: User, text: str, at: datetime) -> BureauReport:
    """Mark a report as disputed by the person it is about: it declines nobody by itself, and an officer looks at it.

    Raises ReportNotFound, DisputeRefused, DisputeUnclear.
    """
    with acting_as_service(on_behalf_of=user):
        found = BureauReport.objects.filter(pk=report_id, application__user_id=user.pk).first()
        return _mark(found, None, text, at)


def dispute_for(*, report_id: UUID, by: User, text: str, at: datetime) -> BureauReport:
    """Mark a report as disputed for the person it is about, who told this officer; they are told that it was done.

    Another officer decides on it. Raises NotForYou, ReportNotFound, DisputeRefused, DisputeUnclear.
    """
    with acting_as_service():
        if not by.has_perm(WORK):
            raise NotForYou
        found = BureauReport.objects.filter(pk=report_id).select_related("application").first()
        if found is not None and found.application.user_id == by.pk:
            raise NotForYou
        row = _mark(found, by, text, at)
        tell(row.application, "loan.dispute_marked", note=row.dispute)
        return row


def _mark(found: BureauReport | None, by: User | None, text: str, at: datetime) -> BureauReport:
    text = text.strip()
    if not SHORTEST <= len(text) <= LONGEST:
        raise DisputeUnclear
    if found is None:
        raise ReportNotFound
    application = lock_application(found.application_id)
    row = BureauReport.objects.get(pk=found.pk)
    if row.state != BureauReport.State.ANSWERED or row.disputed_at is not None:
        raise DisputeRefused
    row.application = application
    row.disputed_at, row.dispute, row.disputed_by = at, text, by
    row.save(update_fields=["disputed_at", "dispute", "disputed_by"])
    open_case(application, Case.Kind.DISPUTE, at=at, text=f"{bureaux.name_of(row.bureau)}: {text}")
    facts = {"bureau": row.bureau, "text": text} if by else {"bureau": row.bureau}
    audit.record(action="credit.report.disputed", target=row, actor_id=by.pk if by else None, **facts)
    return row
