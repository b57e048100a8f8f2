"""Applications for tests of the staff queue, made as rows: sent, with a document, checked."""

import json
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import factors
from accounts.kyc import reasons
from accounts.models import KycApplication, KycCheck, KycDocument, User
from accounts.services.kyc import decisions, queue
from accounts.services.kyc.moving import locked, move
from accounts.tests.factories import make_person
from accounts.tests.staff import at_work
from core.actors import acting_as_service
from core.encryption import seal
from core.ids import uuid7

State = KycApplication.State
FIRST, SECOND = "review_kyc", "approve_kyc"
SAW = "Passport and selfie agree"
_numbers = count(1)


def make_reviewer(*rights: str, name: str = "Kemi Agent") -> User:
    """A member of staff with these rights on applications: to review, unless others are named."""
    agent = make_person(role="AGENT", name=name)
    with acting_as_service():
        agent.user_permissions.set(
            Permission.objects.filter(content_type__app_label="accounts", codename__in=rights or (FIRST,))
        )
        return User.objects.get(pk=agent.pk)


VIEWS = ("view_kycapplication", "view_kycdocument")


def at_desk(*rights: str, name: str = "Kemi Agent") -> tuple[User, Client]:
    """A member of staff who sees cases and has these rights, and their browser past both factors."""
    agent = make_reviewer(*VIEWS, *(rights or (FIRST,)), name=name)
    factors.enrol_totp(user=agent)
    return agent, at_work(agent)


def case_page(application: KycApplication, name: str = "change", *parts: object) -> str:
    return reverse(f"admin:accounts_kycapplication_{name}", args=[application.pk, *parts])


def make_application(
    *,
    customer: User | None = None,
    tier: int = 2,
    priority: int = 0,
    at: datetime | None = None,
    state: str = State.SUBMITTED,
    **facts: Any,
) -> KycApplication:
    """An application of a person of their own, sent at `at`."""
    at = at or timezone.now()
    customer = customer or make_person(name="Ada Obi")
    declared = {
        "first_name": "Adaeze",
        "last_name": "Obiakor",
        "date_of_birth": "1990-05-17",
        "address": "12 Marina Street",
        "city": "Ikeja",
        "region": "Lagos",
    }
    with acting_as_service():
        application = KycApplication.objects.create(
            customer_id=customer.pk,
            target_tier=tier,
            priority=priority,
            consent_version="1",
            consent_text="I agree.",
            consented_at=at,
            expires_at=at + timedelta(days=30),
            revision=1,
            **{**declared, **facts},
        )
        if state != State.DRAFT:
            application.submitted_at = at
            move(application=application, to=State.SUBMITTED, by=customer, at=at)
        if state == State.MORE_NEEDED:
            move(application=application, to=State.IN_REVIEW, by=None, at=at)
            move(application=application, to=State.MORE_NEEDED, by=None, at=at)
    return application


def make_document(application: KycApplication, **facts: Any) -> KycDocument:
    number = next(_numbers)
    known = {
        "kind": "PASSPORT",
        "side": "FRONT",
        "object_name": f"{application.customer_id}/{uuid7()}.jpg",
        "content_type": "image/jpeg",
        "size": 1000,
        "sha256": f"{number:064x}",
        "uploaded_at": timezone.now(),
    }
    with acting_as_service():
        return KycDocument.objects.create(application=application, **{**known, **facts})


def make_check(
    application: KycApplication, kind: str, outcome: str, facts: dict[str, str] | None = None, **others: Any
) -> KycCheck:
    key = uuid7()
    sealed = seal(json.dumps(facts), aad=f"accounts_kyccheck.facts.{key}") if facts else ""
    with acting_as_service():
        return KycCheck.objects.create(
            id=key,
            application=application,
            kind=kind,
            outcome=outcome,
            source="sandbox",
            facts=sealed,
            revision=application.revision,
            at=timezone.now(),
            **others,
        )


def claimed(application: KycApplication, by: User, at: datetime | None = None) -> KycApplication:
    return queue.claim(application_id=application.pk, by=by, at=at or timezone.now())


def facts(application: KycApplication, by: User, **others: Any) -> dict[str, Any]:
    """What most decisions are given."""
    known = {
        "application_id": application.pk,
        "by": by,
        "revision": application.revision,
        "reason_code": "ALL_IN_ORDER",
        "text": SAW,
        "message": "You are at the next tier now.",
        "at": timezone.now(),
    }
    return {**known, **others}


def told_nothing(given: dict[str, Any]) -> dict[str, Any]:
    """Without the message: for what customers are not told."""
    return {name: value for name, value in given.items() if name != "message"}


def ask(document: KycDocument, code: str = "BLURRED") -> reasons.Asked:
    reason = reasons.reason_of(reasons.of_document(document.kind), code)
    assert reason
    return reasons.Asked(str(document.pk), document.get_kind_display(), reason)


def recommended(application: KycApplication, by: User) -> KycApplication:
    claimed(application, by)
    decisions.recommend(**told_nothing(facts(application, by)))
    return now(application)


def edited(application: KycApplication) -> None:
    """As the customer's page saves a step: under the lock, counting the change."""
    with acting_as_service():
        found = locked(application.pk)
        found.address, found.revision = "1 Other Road", found.revision + 1
        found.save()


def now(application: KycApplication) -> KycApplication:
    with acting_as_service():
        return KycApplication.objects.get(pk=application.pk)
