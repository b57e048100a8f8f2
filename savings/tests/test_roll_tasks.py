"""The roll and maturity as background work: late, across midnight, with some being written to."""

from datetime import date, datetime, time
from decimal import Decimal
from threading import Thread

import pytest
from django.db import connections, transaction
from django.utils import timezone

from accounts.models import User
from core.actors import acting_as_service
from savings import services, tasks
from savings.interest import Band, Every, Terms
from savings.models import Accrual, Position, Roll, RollChunk, UserSavings
from savings.services import Wish, maturing
from savings.tests.saving import open_saving
from savings.tests.test_rolling import many, yesterday
from savings.tests.world import DAY, NAIRA, TEN, day, funded, moment, opened, plan_of
from wallet import services as wallet
from wallet.models import Account

pytestmark = pytest.mark.django_db
DAILY = Terms(bands=(Band(0, Decimal(10)),), paid=Every.DAY)


def closed_by_day() -> dict[date, int]:
    days: dict[date, int] = {}
    for on in Accrual.objects.values_list("day", flat=True):
        days[on] = days.get(on, 0) + 1
    return days


def test_days_that_were_missed_are_closed_one_by_one_each_once(ada: User) -> None:
    with acting_as_service():
        many(ada, 5, since=yesterday() - 2 * DAY)
    for _ in range(2):
        tasks.roll_savings()
    with acting_as_service():
        assert closed_by_day() == {yesterday() - back * DAY: 5 for back in range(3)}
        for roll in Roll.objects.all():
            assert roll.finished_at is not None
            assert sum(chunk.closed for chunk in roll.chunks.all()) == roll.savings == 5
        assert set(Position.objects.values_list("next_day", flat=True)) == {yesterday() + DAY}
        assert wallet.verify() == []


def test_a_roll_that_midnight_comes_over_ends_its_day_first(ada: User) -> None:
    """The day before yesterday was half closed when yesterday ended."""
    old = yesterday() - DAY
    with acting_as_service():
        many(ada, 6, since=old)
        services.start_roll(day=old, size=2)
        assert services.close_next_chunk(day=old).closed == 2
    tasks.take_chunks(day=old.isoformat())
    with acting_as_service():
        assert closed_by_day() == {old: 6, yesterday(): 6}
        assert set(Roll.objects.exclude(finished_at=None).values_list("day", flat=True)) == {old, yesterday()}
        assert {position.balance for position in Position.objects.all()} == {100_049}


def test_a_saving_that_comes_to_a_finished_day_later_is_closed_too(ada: User) -> None:
    """One that is saved again late begins on the day on which the one before it ended."""
    old = yesterday() - DAY
    with acting_as_service():
        [first] = many(ada, 1, since=old)
    tasks.roll_savings()
    with acting_as_service():
        late = open_saving(ada.pk, first.plan, since=old)
    tasks.roll_savings()
    with acting_as_service():
        assert Position.objects.get(pk=late.pk).next_day == day(0)
        roll = Roll.objects.get(day=old)
        assert (roll.savings, sum(chunk.closed for chunk in roll.chunks.all())) == (2, 2)
        assert roll.finished_at is not None


@pytest.mark.django_db(transaction=True)
def test_a_worker_leaves_a_saving_that_is_written_to_for_the_next_run(ada: User) -> None:
    with acting_as_service():
        one, _two = many(ada, 2, since=yesterday())

    def work() -> None:
        tasks.roll_savings()
        connections.close_all()

    with acting_as_service(), transaction.atomic():
        Position.objects.select_for_update().get(pk=one.pk)
        thread = Thread(target=work)
        thread.start()
        thread.join()
    with acting_as_service():
        assert closed_by_day() == {yesterday(): 1}
        assert Roll.objects.get().finished_at is None
    tasks.roll_savings()
    with acting_as_service():
        assert closed_by_day() == {yesterday(): 2}
        assert RollChunk.objects.get().closed == 2 and Roll.objects.get().finished_at is not None


# Maturity


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
