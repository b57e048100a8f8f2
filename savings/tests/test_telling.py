"""Holders of open-ended savings hear of terms to come: each once, also where a worker dies half way."""

import pytest
from django.utils import timezone

from accounts import notice_words
from accounts.models import Notification, User
from accounts.tests.approving import applied
from accounts.tests.factories import make_person
from core.actors import acting_as_service
from savings import staff_tasks
from savings.models import SavingsPlan, TermsTold
from savings.services import planning, telling
from savings.tests.planning import wish
from savings.tests.saving import open_saving
from savings.tests.world import DAY, day, plan_of

EVENT = "saving.rate_changes"


def follow(plan: SavingsPlan, *percents: str, days: int = 9, **changes: object) -> None:
    agreed = applied("savings.plan_terms")
    with acting_as_service():
        planning.add_terms(
            plan=plan,
            wish=wish(*percents, days=days, **changes),
            at=timezone.now(),
            on=timezone.localdate(),
            approval=agreed,
        )


@pytest.fixture
def plan(db: None) -> SavingsPlan:
    return plan_of("FLEXIBLE")


def saver(plan: SavingsPlan) -> User:
    person = make_person()
    with acting_as_service():
        open_saving(person.pk, plan, since=day(0))
    return person


def told() -> list[object]:
    with acting_as_service():
        return list(Notification.objects.filter(event=EVENT).order_by("pk").values_list("user_id", flat=True))


def test_each_holder_is_told_once_in_parts_and_who_comes_later_too(plan):
    people = [saver(plan) for _number in range(5)]
    follow(plan, "8")
    at = timezone.now()
    assert [telling.tell_some(at=at, size=2) for _run in range(5)] == [2, 2, 1, None, None]
    assert told() == [person.pk for person in people]
    late = saver(plan)
    staff_tasks.tell_of_terms()
    assert told() == [*[person.pk for person in people], late.pk]
    with acting_as_service():
        assert (TermsTold.objects.get().many, TermsTold.objects.get().done_at) == (6, None)
    saver(plan)
    assert telling.tell_some(at=at + 9 * DAY) == 1
    assert telling.tell_some(at=at + 9 * DAY) is None
    with acting_as_service():
        assert TermsTold.objects.get().done_at is not None
    saver(plan)
    assert telling.tell_some(at=at + 10 * DAY) is None


def test_a_worker_that_dies_tells_nobody_of_its_part_and_the_next_one_does(plan, monkeypatch):
    saver(plan)
    follow(plan, "8")

    def die(**_notices: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(telling.accounts, "notify", die)
        with pytest.raises(KeyboardInterrupt):
            telling.tell_some(at=timezone.now())
    assert told() == []
    assert telling.tell_some(at=timezone.now()) == 1
    assert len(told()) == 1


def test_what_they_read(plan):
    saver(plan)
    follow(plan, "8", "9")
    telling.tell_some(at=timezone.now())
    with acting_as_service():
        notice = Notification.objects.get(event=EVENT)
    said = notice_words._tellers[EVENT](EVENT, notice.data)
    assert str(said.title).startswith("The interest on flexible changes on ")
    assert said.note == "10% → 8%; 9% from ₦100,000.00"
    same = {**notice.data, "rates": notice.data["was"]}
    assert str(notice_words._tellers[EVENT](EVENT, same).title).startswith("The terms of flexible change on ")


def test_others_are_not_told(plan):
    fixed = plan_of("TARGET")
    saver(fixed)
    follow(fixed, "5", days=1)
    ended = saver(plan)
    with acting_as_service():
        ended_saving = plan.savings.get(user=ended)
        ended_saving.state = "CLOSED"
        ended_saving.save(update_fields=["state"])
    follow(plan, "12", days=1)
    assert telling.tell_some(at=timezone.now()) is None
    assert told() == []
