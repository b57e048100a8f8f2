"""What closing a day does with savings that cannot be closed, and with those that somebody writes to."""

from datetime import date

import pytest
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from core.actors import acting_as_service
from core.rolling import DAY, close_again, close_whole_day, days_to_close
from savings import services
from savings.models import Accrual, Position
from savings.services import SAVINGS
from savings.tests.saving import TEN_DAILY, make_plan, many, open_saving, set_terms
from wallet import services as wallet
from wallet.models import Account
from wallet.refusals import EffectiveInFuture

pytestmark = pytest.mark.django_db


def yesterday() -> date:
    return timezone.localdate() - DAY


def test_a_saving_that_cannot_be_closed_is_parked_and_keeps_no_other_waiting(ada: User) -> None:
    day = yesterday()
    with acting_as_service():
        savings = many(ada, 5, since=day)
        broken = savings[2]
        wallet.set_state(
            account=Account.objects.get(pk=broken.account_id), state="FROZEN", reason="a court order"
        )
        [result] = close_whole_day(SAVINGS, day=day)
        assert (result.closed, result.parked) == (4, 1)
        position = Position.objects.get(pk=broken.pk)
        assert position.parked_at is not None and position.error and position.next_day == day
        assert days_to_close(SAVINGS, until=day) == []
        wallet.set_state(
            account=Account.objects.get(pk=broken.account_id), state="ACTIVE", reason="it was lifted"
        )
        assert close_again(SAVINGS, broken, reason="it was lifted", at=timezone.now())
        assert Accrual.objects.filter(day=day).count() == 5
        assert wallet.verify() == []


def test_what_is_wrong_with_the_day_itself_parks_nobody(ada: User) -> None:
    with acting_as_service():
        many(ada, 2, since=yesterday() + DAY)
        with pytest.raises(EffectiveInFuture), transaction.atomic():
            close_whole_day(SAVINGS, day=yesterday() + DAY)
        assert not Position.objects.exclude(parked_at=None).exists()


def test_a_saving_without_terms_is_parked(ada: User) -> None:
    day = yesterday()
    with acting_as_service():
        plan = make_plan("late")
        set_terms(plan, TEN_DAILY, since=day + DAY)
        early = open_saving(ada.pk, plan, since=day)
        [result] = close_whole_day(SAVINGS, day=day)
        assert (result.closed, result.parked) == (0, 1)
        assert "no terms" in Position.objects.get(pk=early.pk).error


def test_who_writes_to_a_saving_closes_its_days_first(ada: User) -> None:
    day = yesterday()
    with acting_as_service():
        one, two = many(ada, 2, since=day - DAY)
        with transaction.atomic():
            position = services.close_saving(saving_id=one.pk, until=day + DAY)
        assert (position.next_day, position.balance) == (day + DAY, 100_049)
        assert [result.closed for result in close_whole_day(SAVINGS, day=day - DAY)] == [1]
        assert [result.closed for result in close_whole_day(SAVINGS, day=day)] == [1]
        assert Position.objects.get(pk=two.pk).balance == 100_049
