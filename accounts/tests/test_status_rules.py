"""What restricts customers by itself: no number after the days of grace. It lets go by itself too."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts import check_tasks
from accounts.models import KycApplication, User
from accounts.tests.declaring import declare, give_number
from accounts.tests.factories import make_person
from accounts.tests.staff import ALL, make_agent
from accounts.tests.status_steps import changes, holds, restrict
from core.actors import acting_as_service

pytestmark = pytest.mark.django_db(transaction=True)
DAY = timedelta(days=1)
GRACE = "accounts.tests.test_status_rules.grace"


def grace(tier: int, on: object) -> int | None:
    return {1: 30, 2: 0}.get(tier)


@pytest.fixture
def agent() -> User:
    return make_agent(*ALL)


def no_grace(tier: int, on: object) -> None:
    """A day on which no tier asks for a number."""


@pytest.fixture
def with_grace(settings) -> None:
    settings.KYC_GRACE = GRACE


def joined(user: User, days: int) -> User:
    with acting_as_service():
        User.objects.filter(pk=user.pk).update(created_at=timezone.now() - days * DAY)
    return user


def test_without_days_of_grace_nobody_is_restricted(ada, settings):
    settings.KYC_GRACE = "accounts.tests.test_status_rules.no_grace"
    joined(ada, 1000)
    check_tasks.restrict_unidentified()
    assert changes(ada) == []


def test_who_gave_no_number_in_time_is_restricted_and_let_go_when_one_is_confirmed(
    ada, bola, chidi, with_grace
):
    joined(ada, 31)
    joined(bola, 29)
    give_number(joined(chidi, 400), "NIN", "12345678901")
    for _ in range(2):
        check_tasks.restrict_unidentified()
    assert changes(ada) == [("ACTIVE", "NO_DEBIT", "IDENTITY_MISSING")]
    assert changes(bola) == changes(chidi) == []
    number = give_number(ada, "BVN", "22222222221")
    check_tasks.restrict_unidentified()
    assert holds(ada) == "NO_DEBIT"
    with acting_as_service():
        number.verified_at = timezone.now()
        number.save()
    check_tasks.restrict_unidentified()
    assert changes(ada)[-1] == ("NO_DEBIT", "ACTIVE", "IDENTITY_GIVEN")


def test_an_approved_application_lets_go_and_what_staff_restricted_stays(ada, bola, agent, with_grace):
    joined(ada, 31)
    check_tasks.restrict_unidentified()
    restrict(bola, "NO_DEBIT", by=agent)
    for person in (ada, bola):
        application = declare(person)
        with acting_as_service():
            KycApplication.objects.filter(pk=application.pk).update(state="IN_REVIEW")
            KycApplication.objects.filter(pk=application.pk).update(
                state="APPROVED", decided_at=timezone.now()
            )
    check_tasks.restrict_unidentified()
    assert (holds(ada), holds(bola)) == ("ACTIVE", "NO_DEBIT")


def test_many_are_gone_through_a_chunk_at_a_time(with_grace, monkeypatch):
    monkeypatch.setattr(check_tasks.status_rules, "CHUNK", 2)
    people = [joined(make_person(), 31) for _ in range(5)]
    check_tasks.restrict_unidentified()
    assert {holds(person) for person in people} == {"NO_DEBIT"}
