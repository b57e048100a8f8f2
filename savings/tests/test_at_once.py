"""What people and tasks do to one saving at the same moment."""

from collections.abc import Callable

import pytest
from django.db import transaction

from accounts.models import User
from core.actors import acting_as_service
from core.ids import posting_id, uuid7
from core.rolling import close_whole_day
from core.tests.at_once import at_once
from savings import refusals, services
from savings.models import Accrual, Move, Position, UserSavings
from savings.services import Wish
from savings.tests.world import DAY, NAIRA, balance, day, funded, moment, opened, plan_of
from wallet import services as wallet
from wallet.models import Account
from wallet.refusals import InsufficientFunds

pytestmark = pytest.mark.django_db(transaction=True)


def test_two_clicks_at_once_open_one_saving_and_pay_once(ada: User) -> None:
    source, plan = funded(ada), plan_of("FLEXIBLE")
    key, paid = uuid7(), posting_id()

    def click() -> UserSavings:
        return services.open_saving(
            saving_id=key,
            user=ada,
            plan=plan,
            wish=Wish(name="Rent"),
            amount=1_000 * NAIRA,
            posting_id=paid,
            at=moment(day(1)),
        )

    assert at_once(click, click, click) == [UserSavings(pk=key)] * 3
    with acting_as_service():
        assert Account.objects.get(pk=source.pk).balance == 99_000 * NAIRA
        assert Move.objects.count() == 1 and wallet.verify() == []


def test_two_clicks_at_once_pay_in_once_and_take_out_once(ada: User) -> None:
    funded(ada)
    saving = opened(ada, plan_of("FLEXIBLE"), naira=1_000, at=moment(day(1)))
    for service, amount in ((services.contribute, 500), (services.withdraw, -500)):
        facts = {"saving_id": saving.pk, "user": ada, "posting_id": posting_id(), "at": moment(day(1))}
        results = at_once(*[lambda: service(amount=500 * NAIRA, **facts)] * 3)  # noqa: B023  run at once
        assert {(move.pk, move.amount) for move in results} == {(facts["posting_id"], amount * NAIRA)}
    assert balance(saving) == 1_000 * NAIRA


def test_no_more_is_taken_out_by_many_at_once_than_there_is(ada: User) -> None:
    funded(ada)
    saving = opened(ada, plan_of("FLEXIBLE"), naira=1_000, at=moment(day(1)))

    def take() -> Move:
        return services.withdraw(
            saving_id=saving.pk, user=ada, amount=400 * NAIRA, posting_id=posting_id(), at=moment(day(1))
        )

    results = at_once(*[take] * 4)
    assert sum(isinstance(result, refusals.NotEnoughSaved) for result in results) == 2
    assert balance(saving) == 200 * NAIRA


def test_two_savings_paid_at_once_do_not_spend_the_same_money(ada: User) -> None:
    source, plan = funded(ada, 2_500), plan_of("FLEXIBLE")
    savings = [opened(ada, plan, naira=1_000, at=moment(day(1))) for _ in range(2)]

    def pay(saving: UserSavings) -> Callable[[], Move]:
        return lambda: services.contribute(
            saving_id=saving.pk, user=ada, amount=400 * NAIRA, posting_id=posting_id(), at=moment(day(1))
        )

    results = at_once(*(pay(saving) for saving in savings))
    assert sum(isinstance(result, InsufficientFunds) for result in results) == 1
    with acting_as_service():
        assert Account.objects.get(pk=source.pk).balance == 100 * NAIRA


def test_a_quote_that_two_accept_is_done_once(ada: User) -> None:
    source = funded(ada)
    saving = opened(ada, plan_of("FLEXIBLE"), at=moment(day(2)))
    quote = services.quote_closing(saving_id=saving.pk, user=ada, at=moment(day(0)))
    at_once(*[lambda: services.end_saving(quote_id=quote.pk, user=ada, at=moment(day(0)))] * 3)
    with acting_as_service():
        assert Account.objects.get(pk=source.pk).balance == 99_000 * NAIRA + quote.pays_out
        assert wallet.verify() == []


def test_the_roll_beside_people_who_pay_in_closes_each_day_once_with_what_counted_then(ada: User) -> None:
    funded(ada)
    plan = plan_of("FLEXIBLE")
    savings = [opened(ada, plan, naira=1_000, at=moment(day(2))) for _ in range(4)]

    def roll() -> None:
        for one in (day(2), day(1)):
            close_whole_day(services.SAVINGS, day=one, size=2)

    def pay(saving: UserSavings) -> Callable[[], Move]:
        return lambda: services.contribute(
            saving_id=saving.pk, user=ada, amount=100 * NAIRA, posting_id=posting_id(), at=moment(day(0))
        )

    at_once(roll, *(pay(saving) for saving in savings))
    with acting_as_service():
        rows = Accrual.objects.values_list("saving_id", "day", "balance")
        assert sorted(rows) == sorted(
            (saving.pk, one, 1_000 * NAIRA) for saving in savings for one in (day(2), day(1))
        )
        assert {position.next_day for position in Position.objects.all()} == {day(1) + DAY}


def test_who_dies_after_the_money_moved_and_before_it_was_written_down_leaves_nothing(ada: User) -> None:
    source = funded(ada)
    saving = opened(ada, plan_of("FLEXIBLE"), at=moment(day(1)))
    paid = posting_id()
    facts = {"saving_id": saving.pk, "user": ada, "amount": NAIRA, "posting_id": paid, "at": moment(day(1))}
    with pytest.raises(KeyboardInterrupt), transaction.atomic():
        services.contribute(**facts)
        raise KeyboardInterrupt
    assert balance(saving) == 1_000 * NAIRA
    services.contribute(**facts)
    with acting_as_service():
        assert Account.objects.get(pk=source.pk).balance == 98_999 * NAIRA
        assert wallet.verify() == []
