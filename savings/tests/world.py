"""Savings opened as customers open them: plans with terms, a funded wallet, moments of Lagos days."""

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import User
from core.actors import acting_as_service
from core.ids import posting_id, uuid7
from savings import services
from savings.interest import Band, Every, Terms
from savings.models import Accrual, PlanTerms, SavingsPlan, UserSavings
from savings.services import Wish
from savings.tests.saving import make_plan, set_terms
from wallet.models import Account
from wallet.tests.factories import make_wallet

NAIRA = 100
DAY = timedelta(days=1)
TEN = Terms(bands=(Band(0, Decimal(10)),), paid=Every.END, tax=Decimal(10))
LONG_AGO = date(2020, 1, 1)


def day(back: int) -> date:
    """So many days before today, in Lagos."""
    return timezone.localdate() - back * DAY


def moment(on: date, clock: time = time(12)) -> datetime:
    return timezone.make_aware(datetime.combine(on, clock))


def plan_of(
    kind: str, *, terms: Terms = TEN, code: str = "", since: date = LONG_AGO, **changes: Any
) -> SavingsPlan:
    """A plan whose terms hold since long ago."""
    with acting_as_service():
        plan = make_plan(code or kind.lower(), kind=kind)
        set_terms(plan, terms, since=since, **changes)
    return plan


def funded(user: User, naira: int = 100_000, tier: int = 3) -> Account:
    return make_wallet(user, amount=naira * NAIRA, tier=tier)


def opened(
    user: User, plan: SavingsPlan, *, naira: int = 1_000, at: datetime, wish: Wish | None = None
) -> UserSavings:
    return services.open_saving(
        saving_id=uuid7(),
        user=user,
        plan=plan,
        wish=wish or Wish(name="Rent"),
        amount=naira * NAIRA,
        posting_id=posting_id(),
        at=at,
    )


def balance(saving: UserSavings) -> int:
    with acting_as_service():
        return Account.objects.get(pk=saving.account_id).balance


def terms_of(plan: SavingsPlan) -> PlanTerms:
    return PlanTerms.objects.get(plan=plan)


def days_of(saving: UserSavings, *, start: date, end: date) -> QuerySet[Accrual]:
    """A saving's closed days from `start` on, before `end`, oldest first."""
    return Accrual.objects.of(saving, since=start, before=end).order_by("pk")
