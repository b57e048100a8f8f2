"""Asking: a check is taken up, the service is asked outside any transaction, and what it found is written down.

A check is leased while it is asked about. Two workers share them; one that dies leaves its own to the next, which asks
again: a question may then be asked twice, and its answer stands once. A service that cannot say is asked again, each
time later, for a day.
"""

import logging
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from uuid import UUID

from accounts.kyc.verification import Declared, Document, Finding, Outcome, undecided, verifier
from accounts.models import BankAccountClaim, IdentityNumber, KycApplication, KycCheck, KycCheckJob
from accounts.models.kyc import DOCUMENTS_BUCKET
from accounts.services.kyc import checking_records as records
from accounts.services.kyc import sealing
from core.actors import acting_as_service
from core.outbound import require_no_transaction
from storage_app import blobs
from storage_app.services import objects

KIND, STATE = KycCheck.Kind, KycCheckJob.State
LEASE = timedelta(minutes=3)  # longer than any call may take
FOR_SO_LONG = timedelta(days=1)
_FIRST_PAUSE, _LONGEST_PAUSE = timedelta(minutes=1), timedelta(hours=4)
OURS = "alajo"

logger = logging.getLogger(__name__)


def take_due(*, at: datetime, application_id: UUID | None = None) -> KycCheckJob | None:
    """Take the check that is due for longest, of one application or of any; nobody else gets it while it is leased."""
    with acting_as_service():
        due = KycCheckJob.objects.due(at).select_for_update(skip_locked=True, of=("self",))
        if application_id:
            due = due.filter(application_id=application_id)
        job = due.select_related("application__customer__user", "document").order_by("next_at", "id").first()
        if job is None:
            return None
        job.tries, job.next_at = job.tries + 1, at + LEASE
        job.save(update_fields=["tries", "next_at"])
        return job


def run(*, job: KycCheckJob, at: datetime) -> KycCheck | None:
    """Ask what a check that was taken asks, and write down what was found. Calls outside.

    Returns None where there was nothing left to ask, or another worker was quicker.
    """
    require_no_transaction()
    if job.state == STATE.AWAITED:
        return _finish(job, undecided(job.source, "no_answer"), at=at)
    with acting_as_service():
        application = KycApplication.objects.select_related("customer__user").get(pk=job.application_id)
        if not application.is_open:
            KycCheckJob.objects.filter(pk=job.pk).update(state=STATE.GIVEN_UP, next_at=None)
            return None
        job.application = application
        number = _number_of(job)
        declared = _declared(job, number)
    job.asked = number.blind_index if number else ""
    return _finish(job, _ask(job, declared), at=at)


def pause_after(tries: int) -> timedelta:
    """Return how long to wait before the next try: a minute, and twice as long each time, to four hours."""
    return min(_FIRST_PAUSE * (1 << min(tries - 1, 20)), _LONGEST_PAUSE)


def _ask(job: KycCheckJob, declared: Declared) -> Finding:
    """Ask the service. One that breaks is as good as one that is down."""
    try:
        service = verifier(job.kind)
        if job.kind in (KIND.BVN, KIND.NIN):
            if not declared.number:
                return undecided(OURS, "nothing_declared")
            found = service.check_number(declared)
        elif job.kind == KIND.BANK_ACCOUNT:
            if not declared.account_number:
                return undecided(OURS, "nothing_declared")
            found = service.check_bank_account(declared)
        elif job.kind == KIND.DOCUMENT:
            found = service.check_document(_document(job), _reader(job))
        else:
            found = service.screen(declared)
    except Exception as error:  # whatever a service does, a person's check must not end in silence
        # Its words may hold what was declared.
        logger.error("the check %s (%s) broke: %s", job.pk, job.kind, type(error).__name__)
        return undecided(OURS, "broke", again=True, error=type(error).__name__)
    return found if isinstance(found, Finding) else undecided(OURS, "nonsense", again=True)


def _finish(job: KycCheckJob, finding: Finding, *, at: datetime) -> KycCheck | None:
    with acting_as_service():
        # The application first, as whoever changes one does.
        KycApplication.objects.select_for_update(of=("self",), no_key=True).get(pk=job.application_id)
        held = KycCheckJob.objects.select_for_update(of=("self",)).select_related(
            "application__customer__user", "document"
        )
        now = held.get(pk=job.pk)
        if now.state != job.state:
            return None
        now.asked = job.asked
        repeated = _plan(now, finding, at)
        now.save(update_fields=["state", "next_at", "asked", "source", "reference"])
        if repeated:
            return None
        check = records.write(
            application=now.application,
            kind=now.kind,
            document=now.document,
            finding=finding,
            asked=now.asked,
            revision=job.application.revision,
            at=at,
        )
        if now.state == STATE.AWAITED:
            now.asked_in = check
            now.save(update_fields=["asked_in"])
        return check


def _plan(job: KycCheckJob, finding: Finding, at: datetime) -> bool:
    """Set what comes next, and say whether what was found was said before and is no news."""
    job.state, job.next_at = STATE.ANSWERED, None
    if finding.outcome == Outcome.PENDING:
        job.state, job.next_at = STATE.AWAITED, at + FOR_SO_LONG
        job.source, job.reference = finding.source, finding.reference
    elif finding.outcome == Outcome.UNDECIDED and finding.again:
        before = job.application.checks.filter(kind=job.kind, document=job.document).order_by("-id").first()
        pause = pause_after(job.tries)
        if at + pause > job.created_at + FOR_SO_LONG:
            job.state = STATE.GIVEN_UP
            return False
        job.state, job.next_at = STATE.WAITING, at + pause
        return (
            before is not None
            and before.outcome == Outcome.UNDECIDED
            and records.facts_of(before).get("reason") == finding.facts.get("reason")
        )
    elif finding.outcome == Outcome.UNDECIDED:
        job.state = STATE.GIVEN_UP
    return False


def _declared(job: KycCheckJob, number: IdentityNumber | None) -> Declared:
    application = job.application
    account = BankAccountClaim.objects.filter(application=application).first()
    return Declared(
        reference=job.pk.hex,
        customer_id=application.customer_id,
        first_name=application.first_name,
        middle_name=application.middle_name,
        last_name=application.last_name,
        date_of_birth=application.date_of_birth,
        email=application.customer.user.email,
        number=sealing.open_number(number) if number else "",
        bank_code=account.bank_code if account else "",
        account_number=sealing.open_account(account) if account else "",
    )


def _number_of(job: KycCheckJob) -> IdentityNumber | None:
    if job.kind not in (KIND.BVN, KIND.NIN):
        return None
    return IdentityNumber.objects.filter(
        customer_id=job.application.customer_id, kind=job.kind, released_at=None
    ).first()


def _document(job: KycCheckJob) -> Document:
    sent = job.document
    if sent is None:
        raise ValueError("a check of a document names it")
    return Document(
        id=sent.pk,
        kind=sent.kind,
        content_type=sent.content_type,
        size=sent.size,
        sha256=sent.sha256,
        picture_hash=sent.picture_hash,
        customer_id=job.application.customer_id,
    )


def _reader(job: KycCheckJob) -> Callable[[], Iterator[bytes]]:
    name = job.document.object_name if job.document else ""

    def pieces() -> Iterator[bytes]:
        with acting_as_service():
            found = objects.find(bucket_id=DOCUMENTS_BUCKET, name=name)
        return blobs.read(found.version.blob_key)

    return pieces
