"""A customer who applies: what they answer, and an application that is ready to be sent."""

from datetime import date, datetime
from typing import Any

from django.utils import timezone

from accounts.models import Customer, User
from core.actors import acting_as_service
from core.ids import uuid7
from credit import application_rules as rules
from credit.consents import CURRENT, NEEDED
from credit.models import Application, StatusChange
from credit.services import applying, consenting
from credit.tests.world import NAIRA
from wallet.tests.factories import make_wallet

ANSWERS: dict[str, dict[str, Any]] = {
    "loan": {
        "amount": 100_000 * NAIRA,
        "count": 12,
        "purpose": "BUSINESS",
        "purpose_text": "Stock for my shop",
    },
    "work": {"employment": "EMPLOYED", "employed_since": date(2020, 3, 1)},
    "month": {"income": 400_000 * NAIRA, "expenses": 150_000 * NAIRA, "debts": 20_000 * NAIRA},
    "lenders": {"released": ["income", "score"], "pools": True},
}


def started(user: User, at: datetime | None = None) -> Application:
    return applying.start(application_id=uuid7(), user=user, at=at or timezone.now())


def answer(draft: Application, user: User, *, leaving_out: str = "", at: datetime | None = None) -> None:
    for step in rules.STEPS:
        if step.slug != leaving_out:
            applying.save_step(
                application_id=draft.pk,
                user=user,
                slug=step.slug,
                facts=ANSWERS[step.slug],
                at=at or timezone.now(),
            )


def consent(draft: Application, user: User, *kinds: str, at: datetime | None = None) -> None:
    seen = {kind: CURRENT[kind].sha256 for kind in kinds or NEEDED}
    consenting.give(application_id=draft.pk, user=user, seen=seen, at=at or timezone.now())


def ready(user: User, *, tier: int = 3) -> Application:
    """An application with all its answers and consents, not sent."""
    make_wallet(user)
    with acting_as_service():
        Customer.objects.filter(user=user).update(tier=tier)
    draft = started(user)
    answer(draft, user)
    consent(draft, user)
    return draft


def again(application: Application) -> Application:
    with acting_as_service():
        return Application.objects.get(pk=application.pk)


def history(application: Application) -> list[tuple[str, str, str]]:
    with acting_as_service():
        rows = StatusChange.objects.filter(application=application).order_by("pk")
        return list(rows.values_list("was", "now", "who"))
