"""The demo world's savings: each kind of plan, each way that a saving may stand, and books that are right."""

import pytest
from django.utils import timezone

from accounts.models import User
from core.actors import acting_as_service
from savings.models import AutoRun, AutoSaving, PlanTerms, Position, Roll, SavingsGroup, UserSavings
from savings.services import grouping
from savings.tests.world import DAY, days_of
from wallet.models import Account, Entry
from wallet.services.books import verify
from wallet.tests.demo_world import make_demo_world

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_demo_world_saves_in_every_way_and_its_books_are_right():
    make_demo_world()
    assert verify() == []
    with acting_as_service():
        ada = User.objects.get(email="ada@alajo.test")
        stands = dict(UserSavings.objects.filter(user=ada).values_list("name", "state"))
        assert stands == {
            "Rainy days": "ACTIVE",
            "School fees": "ACTIVE",
            "Land, second part": "ACTIVE",
            "A month put by": "PAID_OUT",
            "New phone": "CLOSED",
            "Detty December": "ACTIVE",
        }
        assert PlanTerms.objects.filter(plan__code="flexible").count() == 2
        assert not Position.objects.exclude(parked_at=None).exists()
        today = timezone.localdate()
        assert set(Position.objects.exclude(next_day=None).values_list("next_day", flat=True)) == {today}
        assert set(AutoRun.objects.values_list("state", flat=True)) == {"SAVED"}
        assert AutoRun.objects.count() == 6 and AutoSaving.objects.get().next_date == today + DAY
        assert Roll.objects.filter(finished_at=None).count() == 0
        for saving in UserSavings.objects.exclude(opened_on=None).select_related("account"):
            days = days_of(saving, start=saving.opened_on, end=today)
            lasted = (min(saving.matures_on or today, today) - saving.opened_on).days
            assert days.count() == lasted or saving.state == "CLOSED"
        group = SavingsGroup.objects.get()
        told = grouping.together(group=group, user=ada)
        assert [member.name for member in told.members] == ["Bola Adeyemi", "Ada Obi"]
        assert sum(member.share for member in told.members) == 1_000


def test_what_the_demo_world_tells_comes_in_the_order_in_which_it_happened():
    make_demo_world()
    with acting_as_service():
        purse = Account.objects.wallets().get(owner__email="ada@alajo.test")
        told = list(Entry.objects.of(purse).values_list("effective_at", flat=True))
        weeks = told[8:]
        assert weeks == sorted(weeks, reverse=True)
