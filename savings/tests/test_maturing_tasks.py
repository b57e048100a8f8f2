"""Maturity as background work: after the roll, late, with some that cannot be ended."""

from datetime import datetime, time
from decimal import Decimal

import pytest
from django.utils import timezone

from accounts.models import User
from core.actors import acting_as_service
from savings import services, tasks
from savings.interest import Band, Every, Terms
from savings.models import Accrual, Position, UserSavings
from savings.services import Wish, maturing
from savings.tests.world import NAIRA, TEN, day, funded, moment, opened, plan_of
from wallet import services as wallet
from wallet.models import Account

pytestmark = pytest.mark.django_db
DAILY = Terms(bands=(Band(0, Decimal(10)),), paid=Every.DAY)


def fixed(owner: User, days: int, back: int, code: str = "fixed", **changes: object) -> UserSavings:
    plan = plan_of("FIXED", code=code, terms=TEN, **changes)
    return opened(owner, plan, at=moment(day(back)), wish=Wish(name="Land", days=days))


def test_what_is_over_matures_after_its_last_day_is_closed(ada: User) -> None:
    funded(ada)
    saving = fixed(ada, days=3, back=4)
    tasks.roll_savings()
    with acting_as_service():
        saving.refresh_from_db()
        assert saving.state == "PAID_OUT"
        assert list(Accrual.objects.order_by("day").values_list("day", flat=True)) == [
            day(4), day(3), day(2),
        ]  # fmt: skip
        assert wallet.verify() == []


def test_what_cannot_be_matured_keeps_no_other_waiting(
    ada: User, bola: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(maturing, "AT_ONCE", 1)
    funded(ada), funded(bola)
    parked = fixed(ada, days=3, back=6, code="one")
    stuck = fixed(ada, days=3, back=6, code="two")
    fine = fixed(bola, days=3, back=6, code="three")
    with acting_as_service():
        Position.objects.filter(pk=parked.pk).update(parked_at=moment(day(6)), error="a test")
        account = Account.objects.get(owner=ada, kind="WALLET")
        wallet.set_state(account=account, state="FROZEN", reason="a court order")
    for _ in range(2):
        tasks.mature_savings()
    with acting_as_service():
        states = dict(UserSavings.objects.values_list("pk", "state"))
        assert states == {parked.pk: "ACTIVE", stuck.pk: "MATURED", fine.pk: "PAID_OUT"}
        wallet.set_state(account=account, state="ACTIVE", reason="it was lifted")
    tasks.mature_savings()
    with acting_as_service():
        assert UserSavings.objects.get(pk=stuck.pk).state == "PAID_OUT"


def test_what_is_saved_again_late_has_its_days_closed_at_once(ada: User) -> None:
    funded(ada)
    plan = plan_of("FIXED", terms=DAILY)
    wish = Wish(name="Land", days=3, at_maturity="ROLL_ALL")
    opened(ada, plan, at=moment(day(8)), wish=wish)
    at = timezone.make_aware(datetime.combine(day(3), time(1)))
    assert services.mature_due(at=at) == 1
    with acting_as_service():
        again = UserSavings.objects.exclude(rolled_from=None).get()
        position = Position.objects.get(pk=again.pk)
        assert (again.opened_on, position.next_day) == (day(5), day(3))
        assert position.balance > 1_000 * NAIRA
        assert wallet.verify() == []
