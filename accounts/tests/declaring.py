"""Applications for tests, as if their customers had filled them in, and services that answer what they are told to."""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import ClassVar
from unittest.mock import patch

from django.utils import timezone

from accounts import check_tasks
from accounts.kyc.verification import Declared, Finding
from accounts.models import (
    BankAccountClaim,
    Customer,
    IdentityNumber,
    KycApplication,
    KycCheck,
    KycCheckJob,
    KycDocument,
    User,
)
from accounts.services.kyc import checking, checks
from core import encryption
from core.actors import acting_as_service
from core.ids import uuid7

BORN = date(1990, 4, 12)
BVN, ACCOUNT, BANK = "22222222221", "0111111111", "007"


def declare(
    user: User,
    *,
    first: str = "Ada",
    middle: str = "",
    last: str = "Obi",
    born: date | None = BORN,
    tier: int = 2,
    bvn: str = "",
    nin: str = "",
    account: str = "",
    bank: str = BANK,
) -> KycApplication:
    """An application of this customer that waits for review."""
    at = timezone.now()
    with acting_as_service():
        application = KycApplication.objects.create(
            customer=Customer.objects.get(pk=user.pk),
            target_tier=tier,
            revision=1,
            first_name=first,
            middle_name=middle,
            last_name=last,
            date_of_birth=born,
            consented_at=at,
            expires_at=at + timedelta(days=90),
        )
        application.state, application.submitted_at = "SUBMITTED", at
        application.save()
        for kind, number in (("BVN", bvn), ("NIN", nin)):
            if number:
                give_number(user, kind, number)
        if account:
            give_account(application, bank, account)
    return application


def give_number(user: User, kind: str, number: str) -> IdentityNumber:
    key = uuid7()
    with acting_as_service():
        return IdentityNumber.objects.create(
            pk=key,
            customer_id=user.pk,
            kind=kind,
            sealed=encryption.seal(number, aad=f"accounts_identitynumber.sealed.{key}"),
            blind_index=encryption.blind_index(number, purpose=f"identity.{kind}"),
            last_four=number[-4:],
        )


def give_account(application: KycApplication, bank: str, number: str) -> BankAccountClaim:
    key = uuid7()
    with acting_as_service():
        return BankAccountClaim.objects.create(
            pk=key,
            application=application,
            bank_code=bank,
            sealed=encryption.seal(number, aad=f"accounts_bankaccountclaim.sealed.{key}"),
            blind_index=encryption.blind_index(f"{bank}:{number}", purpose="bank account"),
            last_four=number[-4:],
        )


def give_document(
    application: KycApplication, *, name: str, content: bytes = b"x", **facts: object
) -> KycDocument:
    with acting_as_service():
        return KycDocument.objects.create(
            application=application,
            object_name=name,
            size=len(content),
            sha256=hashlib.sha256(content).hexdigest(),
            uploaded_at=timezone.now(),
            **{"kind": "PASSPORT", "side": "FRONT", "content_type": "image/jpeg", **facts},
        )


def begin(application: KycApplication, *, at: datetime | None = None) -> None:
    """Send the application; no worker is there."""
    with no_worker(), acting_as_service():
        checks.start(application=application, at=at or timezone.now())


@contextmanager
def no_worker() -> Iterator[None]:
    """Questions are kept, but the task that would ask them is lost."""
    with patch.object(check_tasks.run_checks, "delay"):
        yield


def work(application: KycApplication, *, at: datetime | None = None) -> None:
    """Make what is due, as a worker does."""
    at = at or timezone.now()
    while job := checking.take_due(at=at, application_id=application.pk):
        checking.run(job=job, at=at)


def found(application: KycApplication, kind: str) -> list[tuple[str, dict]]:
    """Every check of a kind: what came of it, and its facts."""
    with acting_as_service():
        rows = KycCheck.objects.filter(application=application, kind=kind).order_by("id")
        return [(row.outcome, checks.facts_of(row)) for row in rows]


def outcomes(application: KycApplication, kind: str) -> list[str]:
    return [outcome for outcome, _facts in found(application, kind)]


def job_of(application: KycApplication, kind: str) -> KycCheckJob:
    with acting_as_service():
        return KycCheckJob.objects.get(application=application, kind=kind)


def now(application: KycApplication) -> KycApplication:
    with acting_as_service():
        return KycApplication.objects.get(pk=application.pk)


@dataclass
class Told:
    """What a service was asked, and what it answers: the next of these, the last of them for ever."""

    answers: list[Finding | Exception] = field(default_factory=list)
    asked: list[Declared] = field(default_factory=list)
    meanwhile: Callable[[], None] | None = None


class Service:
    """A service that answers by `Service.told`; tests give it one of their own."""

    told: ClassVar[Told] = Told()

    def _answer(self, declared: Declared) -> Finding:
        told = self.told
        told.asked.append(declared)
        if told.meanwhile:
            told.meanwhile()
        answer = told.answers.pop(0) if len(told.answers) > 1 else told.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    def check_number(self, declared: Declared) -> Finding:
        return self._answer(declared)

    def check_bank_account(self, declared: Declared) -> Finding:
        return self._answer(declared)

    def screen(self, declared: Declared) -> Finding:
        return self._answer(declared)
