"""Programmes and referrals for tests, made through the services."""

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.utils import timezone

from accounts.models import (
    DeviceMark,
    Notification,
    Referral,
    ReferralBonus,
    ReferralDue,
    ReferralProgram,
    User,
)
from accounts.models.referrals import Event
from accounts.services import referrals, register
from accounts.services.referrals import programs
from accounts.tests.factories import make_person
from core.actors import acting_as_service

RULES: dict[str, Any] = {
    "name": "Bring a friend",
    "currency": "NGN",
    "budget": 100_000_000,
    "event": Event.FIRST_DEPOSIT,
    "minimum": 100_000,
    "invited_bonus": 50_000,
    "level_bonuses": [100_000],
    "terms": "One bonus for each friend.",
}


def make_program(
    *, at: datetime | None = None, starts_on: date | None = None, **rules: Any
) -> ReferralProgram:
    """A programme that begins today, unless told otherwise."""
    at = at or timezone.now()
    return referrals.make_program(
        by=make_person(role="ADMIN"),
        reason="for a test",
        at=at,
        starts_on=starts_on or programs.day_of(at),
        **{**RULES, **rules},
    )


def invited_by(
    referrer: User, *, name: str = "Bola Adé", email: str = "", at: datetime | None = None
) -> User:
    """Somebody who signs up by this person's code."""
    at = at or timezone.now()
    user = make_person(name=name, email=email)
    code = referrals.code_of(user=referrer, at=at).code
    referrals.attach(user=user, display_name=name, code=code, at=at)
    return user


def qualify(
    user: User, *, amount: int = 100_000, at: datetime | None = None, **facts: Any
) -> Referral | None:
    """A deposit of so many kobo."""
    facts = {"event": Event.FIRST_DEPOSIT, "currency": "NGN", **facts}
    return referrals.qualify(user_id=user.pk, amount=amount, at=at or timezone.now(), **facts)


def referral_of(user: User) -> Referral:
    with acting_as_service():
        return Referral.objects.get(invited=user)


def bonuses() -> list[tuple[UUID, int, int, str, str]]:
    """Beneficiary, level, amount, state and reason of each."""
    with acting_as_service():
        rows = ReferralBonus.objects.order_by("referral__qualified_at", "referral_id", "level")
        return list(rows.values_list("beneficiary_id", "level", "amount", "state", "reason"))


def told(user: User) -> list[str]:
    """The events of invitations that a person was told of."""
    with acting_as_service():
        mine = Notification.objects.filter(user=user, event__startswith="referral.")
        return list(mine.order_by("pk").values_list("event", flat=True))


def sign_up_with(code: str, *, email: str, name: str = "Bola Adé") -> User:
    """As the forms and the API do: through `register`."""
    return register(user=User(email=email), display_name=name, referral_code=code)


def furnish_referrals(user: User) -> None:
    """Give this person a code, somebody who came by it, and a bonus for that."""
    at = timezone.now()
    with acting_as_service():
        program = ReferralProgram.objects.first() or make_program()
        referrals.code_of(user=user, at=at)
        DeviceMark.objects.create(user=user, digest=user.pk.hex, seen_at=at)
        referral = Referral.objects.create(
            program=program,
            referrer=user,
            invited=make_person(name="Dan Eke"),
            state="QUALIFIED",
            shown_as="Dan E.",
            joined_at=at,
            qualify_by=at + DAY,
            qualified_at=at,
            changed_at=at,
        )
        ReferralDue.objects.create(referral=referral, program=program, qualified_at=at, due_at=at)
        ReferralBonus.objects.create(referral=referral, beneficiary=user, level=1, amount=1, currency="NGN")


DAY = timedelta(days=1)
