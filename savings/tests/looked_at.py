"""Something of all that staff look at of savings: a plan, a saving with a closed day, a group, automatic saving."""

from datetime import date
from decimal import Decimal

from django.utils import timezone

from accounts.models import User
from core.actors import acting_as_service
from core.rolling import close_whole_day
from savings.interest import Band, Every, Terms
from savings.models import AutoRun, AutoSaving, SavingsGroup, UserSavings
from savings.services import SAVINGS, liabilities
from savings.tests.saving import make_plan, open_saving, save, set_terms
from savings.tests.world import LONG_AGO, NAIRA, day

DAILY = Terms(bands=(Band(0, Decimal(10)),), paid=Every.DAY, tax=Decimal(10))


def furnish_looked_at(owner: User) -> UserSavings:
    """One saving of 1,000 naira that yesterday was closed for, and what hangs on it."""
    with acting_as_service():
        plan = make_plan("rainy-day")
        set_terms(plan, DAILY, since=LONG_AGO)
        group = SavingsGroup.objects.create(
            organiser=owner, plan=plan, name="Land", target=1_000_000_00, target_date=day(-90), code="land"
        )
        saving = open_saving(owner.pk, plan, since=day(1), group=group)
        save(saving, {day(1): 1_000 * NAIRA})
        automatic = AutoSaving.objects.create(
            saving=saving, kind="RHYTHM", rhythm="DAILY", amount=100_00, first_date=day(1), next_date=day(0)
        )
        AutoRun.objects.create(
            automatic=automatic,
            due_date=day(1),
            amount=100_00,
            state="SKIPPED",
            code="balance_too_low",
            reason="There was not enough money.",
            ended_at=timezone.now(),
        )
        AutoSaving.objects.filter(pk=automatic.pk).update(skipped=1)
    roll(day(1))
    with acting_as_service():
        liabilities.note_days(at=timezone.now())
    return saving


def roll(on: date) -> None:
    """Close a day for all, as the night does."""
    close_whole_day(SAVINGS, day=on)
