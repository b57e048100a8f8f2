"""Savings in the life of an account: what keeps it open, and what ends with it."""

import pytest

from accounts.models import User
from accounts.services import account_life
from core.actors import acting_as_service
from core.ids import uuid7
from savings import services
from savings.models import SavingsGroup, UserSavings
from savings.services import Wish
from savings.tests.test_groups import group_of
from savings.tests.world import day, funded, moment, opened, plan_of
from wallet.models import Account

pytestmark = pytest.mark.django_db
AT = moment(day(0))


def titles(user: User) -> list[str]:
    return [str(blocker.title) for blocker in account_life.blockers_of(user=user)]


def test_a_saving_that_holds_money_keeps_an_account_open_and_says_how_to_end_it(ada: User) -> None:
    funded(ada, 1_000)
    opened(ada, plan_of("FLEXIBLE"), naira=1_000, at=moment(day(0)))
    assert titles(ada) == ["Your saving “Rent” goes on"]


def test_an_empty_one_that_is_frozen_does_too_and_one_that_has_ended_does_not(ada: User) -> None:
    funded(ada, 1_000)
    saving = opened(ada, plan_of("FLEXIBLE"), naira=1_000, at=AT)
    services.freeze_saving(saving_id=saving.pk, reason="a court asks", at=AT)
    assert titles(ada) == ["Your saving “Rent” goes on"]
    services.lift_saving(saving_id=saving.pk, reason="it was another", at=AT)
    quote = services.quote_closing(saving_id=saving.pk, user=ada, at=AT)
    services.end_saving(quote_id=quote.pk, user=ada, at=AT)
    assert titles(ada) == ["There is still money in your account"]


def test_whoever_leaves_gives_up_drafts_and_closes_their_groups(ada: User) -> None:
    group = group_of(ada)
    draft = services.open_saving(
        saving_id=uuid7(), user=ada, plan=plan_of("FLEXIBLE"), wish=Wish(name="Rent"), at=AT
    )
    account_life.close_account(user=ada, at=AT)
    with acting_as_service():
        assert UserSavings.objects.get(pk=draft.pk).state == "CANCELLED"
        assert SavingsGroup.objects.get(pk=group.pk).closed_at is not None
        assert set(Account.objects.filter(owner=ada).values_list("state", flat=True)) == {"CLOSED"}
