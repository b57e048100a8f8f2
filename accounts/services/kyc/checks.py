"""Checks of an application: begun when it is sent, asked anew by staff, answered late by webhook.

checks.start(application=…, at=…)        # in the transaction in which it is sent
checks.rerun(application=…, kind=…, by=…, at=…)
checks.latest_of_each(application)       # the checks that count
checks.facts_of(check)                   # what the service said, opened
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext_lazy as _

from accounts import audit, check_tasks
from accounts.kyc.verification import Finding, Outcome, undecided
from accounts.models import (
    BankAccountClaim,
    IdentityNumber,
    KycApplication,
    KycCheck,
    KycCheckJob,
    KycDocument,
    User,
)
from accounts.services.kyc import checking_records
from accounts.services.kyc.checking_records import facts_of, latest_of_each, set_priority
from core.actors import acting_as_service
from core.errors import DomainError

__all__ = [
    "CheckUnderWay",
    "NothingToCheck",
    "QuestionUnknown",
    "answer",
    "facts_of",
    "latest_of_each",
    "rerun",
    "set_priority",
    "start",
]

KIND, STATE = KycCheck.Kind, KycCheckJob.State
Question = tuple[str, KycDocument | None]


class NothingToCheck(DomainError):
    code = "kyc_nothing_to_check"
    kind = "conflict"
    message = _("The application has nothing of that kind that could be checked.")


class CheckUnderWay(DomainError):
    code = "kyc_check_under_way"
    kind = "conflict"
    message = _("This check is under way. Its result will show here.")


class QuestionUnknown(DomainError):
    """An answer to what we did not ask, or of which we do not know yet that we did."""

    code = "kyc_question_unknown"
    kind = "conflict"
    message = _("No question is known to which this could be the answer.")


def start(*, application: KycApplication, at: datetime) -> None:
    """Have everything checked that an application declares, once this transaction is committed.

    What was asked about the same revision is not asked again; an older revision's questions are dropped.
    """
    with acting_as_service():
        jobs = [
            KycCheckJob(
                application=application,
                kind=kind,
                document=document,
                revision=application.revision,
                created_at=at,
                next_at=at,
            )
            for kind, document in _questions(application)
        ]
        older = KycCheckJob.objects.filter(application=application, state=STATE.WAITING)
        older.filter(revision__lt=application.revision).update(state=STATE.GIVEN_UP, next_at=None)
        KycCheckJob.objects.bulk_create(jobs, ignore_conflicts=True)
        set_priority(application=application, at=at)
        _hand_over(application)


def rerun(*, application: KycApplication, kind: str, by: User, at: datetime) -> None:
    """Ask a check of this kind anew, for staff. Raises NothingToCheck, CheckUnderWay."""
    with acting_as_service():
        application = KycApplication.objects.select_for_update(of=("self",)).get(pk=application.pk)
        asked = KycCheckJob.objects.filter(application=application, kind=kind)
        if asked.filter(state=STATE.WAITING, tries=0).exists():
            raise CheckUnderWay
        questions = [each for each in _questions(application, anew=True) if each[0] == kind]
        if not application.is_open or not questions:
            raise NothingToCheck
        asked.filter(state=STATE.WAITING).update(state=STATE.GIVEN_UP, next_at=None)
        this = asked.filter(revision=application.revision)
        number = (this.aggregate(last=Max("round"))["last"] or 0) + 1
        KycCheckJob.objects.bulk_create(
            KycCheckJob(
                application=application,
                kind=kind,
                document=document,
                revision=application.revision,
                round=number,
                asked_by=by,
                created_at=at,
                next_at=at,
            )
            for kind, document in questions
        )
        audit.record(action="kyc.check.asked_anew", target=application, actor_id=by.pk, kind=kind)
        _hand_over(application)


def answer(
    *,
    source: str,
    reference: str,
    outcome: str,
    about: Mapping[str, str],
    facts: Mapping[str, Any],
    at: datetime,
) -> KycCheck | None:
    """Take the answer that a service brings later, known by its reference and by what it is about.

    The same answer again changes nothing, and one to a question that a newer one has followed counts no more; for
    both None is returned. Two that contradict each other leave it to staff. Raises QuestionUnknown.
    """
    with acting_as_service():
        jobs = KycCheckJob.objects.filter(source=source, reference=reference)
        # Applications first, as whoever changes one does.
        applications = KycApplication.objects.filter(pk__in=jobs.values("application_id"))
        list(applications.select_for_update(of=("self",), no_key=True).order_by("pk"))
        jobs = jobs.select_for_update(of=("self",))
        known = jobs.select_related("application__customer__user", "asked_in").order_by("-id")
        job = next((job for job in known if _fits(job, about)), None)
        if job is None:
            raise QuestionUnknown
        newer = KycCheckJob.objects.filter(application=job.application, kind=job.kind, id__gt=job.pk)
        if newer.filter(state=STATE.WAITING, tries__gt=0).exists():
            # Being asked anew at this moment: it may be that question's answer, quicker than the reply.
            raise QuestionUnknown
        if newer.filter(asked_in__isnull=False).exists():
            audit.record(action="kyc.check.answered_late", target=job.application, kind=job.kind)
            return None
        if job.said in (outcome, Outcome.UNDECIDED):
            return None
        finding = Finding(outcome, source, facts={**facts, "about": dict(about)}, reference=reference)
        if job.said:
            finding = undecided(source, "contradiction", said=[job.said, outcome])
        job.state, job.next_at, job.said = STATE.ANSWERED, None, finding.outcome
        job.save(update_fields=["state", "next_at", "said"])
        return checking_records.write(
            application=job.application,
            kind=job.kind,
            finding=finding,
            asked=job.asked,
            revision=job.revision,
            at=at,
        )


def _questions(application: KycApplication, *, anew: bool = False) -> Iterator[Question]:
    """What the declared data allow to be asked; of documents those that nobody looked at, unless `anew`."""
    numbers = IdentityNumber.objects.filter(customer_id=application.customer_id, released_at=None)
    for kind in numbers.order_by("kind").values_list("kind", flat=True):
        yield kind, None
    if BankAccountClaim.objects.filter(application=application).exists():
        yield KIND.BANK_ACCOUNT, None
    documents = KycDocument.objects.filter(application=application, state__in=["PENDING", "ACCEPTED"])
    if not anew:
        asked = KycCheckJob.objects.filter(application=application, document__isnull=False)
        documents = documents.exclude(pk__in=asked.values("document_id"))
    for document in documents.order_by("id"):
        yield KIND.DOCUMENT, document
    if application.declared_name:
        yield KIND.SCREENING, None


def _hand_over(application: KycApplication) -> None:
    run = partial(check_tasks.run_checks.delay, application_id=str(application.pk))
    transaction.on_commit(run, robust=True)


def _fits(job: KycCheckJob, about: Mapping[str, str]) -> bool:
    """Whether an answer is about what this question was about, as far as both say."""
    asked = facts_of(job.asked_in).get("about", {}) if job.asked_in else {}
    return all(about[name] == asked[name] for name in asked.keys() & about.keys())
