"""Entries that become known later: the days come out as if they had been there from the start."""

import random
from datetime import date, time
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from accounts.models import User
from core.actors import acting_as_service
from core.ids import posting_id
from savings import refusals, services
from savings.interest import Band, Every, Terms
from savings.models import Accrual, Move, Position, ReplacedAccrual, Replay, UserSavings
from savings.services import Wish
from savings.tests.saving import make_plan, open_saving, save, set_terms
from savings.tests.test_interest_sql import some_moves, some_terms
from savings.tests.world import DAY, NAIRA, balance, day, days_of, funded, moment, opened, plan_of
from wallet import services as wallet
from wallet.models import Account, Transaction

pytestmark = pytest.mark.django_db
DAILY = Terms(bands=(Band(0, Decimal(10)), Band(150_000, Decimal(12))), paid=Every.DAY, tax=Decimal(10))


def enter(saving: UserSavings, amount: int, on: date, **changes: Any) -> Replay:
    facts = {
        "posting_id": posting_id(),
        "reason": "it was paid in at the branch",
        "at": moment(day(0), time(9)),
    }
    return services.enter_backdated(saving_id=saving.pk, amount=amount, value_date=on, **{**facts, **changes})


def rows_of(saving: UserSavings, start: date) -> list[tuple[Any, ...]]:
    return [
        (row.day, row.balance, row.rate, row.accrued, row.carry, row.paid, row.tax)
        for row in days_of(saving, start=start, end=day(0))
    ]


def stands(saving: UserSavings) -> tuple[Any, ...]:
    position = Position.objects.get(pk=saving.pk)
    return position.next_day, position.balance, position.carry, position.capital, position.earns


def same(one: UserSavings, other: UserSavings, start: date) -> None:
    with acting_as_service():
        assert rows_of(one, start) == rows_of(other, start)
        assert stands(one) == stands(other)
        assert balance(one) == balance(other)


def test_random_histories_come_to_what_they_would_have_been(ada: User) -> None:
    """Each entry of each history in turn is left out and entered later, in any order."""
    funded(ada, 50_000_000)
    chance = random.Random(8)
    start, days = day(40), 40
    with acting_as_service():
        for number in range(12):
            plan = make_plan(f"plan-{number}")
            for since in (start, start + 23 * DAY):
                set_terms(plan, some_terms(chance), since=since)
            moves = some_moves(chance, start, days)
            left_out = {on for on in moves if chance.random() < 0.6 and moves[on] > 0}
            whole, later = (open_saving(ada.pk, plan, since=start) for _ in range(2))
            save(whole, moves)
            kept = {on: amount for on, amount in moves.items() if on not in left_out}
            if kept and min(_sums(kept)) < 0:
                left_out, kept = set(moves), {}
            save(later, kept)
            for saving in (whole, later):
                services.close_saving(saving_id=saving.pk, until=day(0))
            for on in sorted(left_out, key=lambda _on: chance.random() if kept else _on):
                enter(later, moves[on], on)
            same(whole, later, start)
        assert wallet.verify() == []


def _sums(moves: dict[date, int]) -> list[int]:
    days = sorted(moves)
    return [sum(moves[on] for on in days[: number + 1]) for number in range(len(days))]


def test_what_is_replaced_is_kept_and_its_money_taken_back_with_its_dates(ada: User) -> None:
    source = funded(ada)
    saving = opened(ada, plan_of("FLEXIBLE", terms=DAILY), at=moment(day(4)))
    with acting_as_service():
        services.close_saving(saving_id=saving.pk, until=day(0))
        before = rows_of(saving, day(4))
        replay = enter(saving, 500 * NAIRA, day(2))
        assert (replay.since, replay.stands_from, replay.interest) == (day(2), None, 0)
        kept = ReplacedAccrual.objects.filter(replay=replay).order_by("day")
        assert [(row.day, row.balance, row.paid, row.tax) for row in kept] == [
            (row[0], row[1], row[5], row[6]) for row in before[2:]
        ]
        for row in kept:
            there = Transaction.objects.get(pk=row.posting_id)
            [back] = Transaction.objects.filter(reverses=row.posting_id)
            assert (back.kind, back.amount) == ("INTEREST_BACK", there.amount)
            assert back.effective_at == there.effective_at
        move = Move.objects.get(pk=replay.posting_id)
        assert (move.kind, move.amount, move.value_date) == ("CONTRIBUTION", 500 * NAIRA, day(2))
        assert Account.objects.get(pk=source.pk).balance == (100_000 - 1_500) * NAIRA
        assert wallet.verify() == []


def test_twice_is_once_and_other_details_are_refused(ada: User) -> None:
    funded(ada)
    saving = opened(ada, plan_of("FLEXIBLE", terms=DAILY), at=moment(day(4)))
    again = posting_id()
    first = enter(saving, 500 * NAIRA, day(2), posting_id=again)
    assert enter(saving, 500 * NAIRA, day(2), posting_id=again) == first
    with pytest.raises(refusals.MovementReused):
        enter(saving, 501 * NAIRA, day(2), posting_id=again)
    with acting_as_service():
        assert Replay.objects.count() == 1


def test_an_entry_that_is_taken_back_was_never_there(ada: User, bola: User) -> None:
    """As fin-sav-backdated-withdrawal-reversed has it, the other way round: a saving owes nobody."""
    plan = plan_of("FLEXIBLE", terms=DAILY)
    funded(ada), funded(bola)
    one, other = (opened(who, plan, naira=100, at=moment(day(5))) for who in (ada, bola))
    enter(one, 200 * NAIRA, day(4))
    enter(one, -200 * NAIRA, day(4))
    with acting_as_service():
        services.close_saving(saving_id=other.pk, until=day(0))
        assert Move.objects.filter(saving=one).order_by("made_at", "pk").last().kind == "REVERSAL"
    same(one, other, day(5))


def test_interest_that_was_taken_out_already_keeps_no_entry_waiting(ada: User) -> None:
    """What adds comes before what takes: there are 10 kobo in the saving, and interest of more is taken back."""
    funded(ada)
    saving = opened(ada, plan_of("FLEXIBLE", terms=DAILY), at=moment(day(9)))
    left = 10
    with acting_as_service():
        services.close_saving(saving_id=saving.pk, until=day(0))
        out = balance(saving) - left
    services.withdraw(
        saving_id=saving.pk, user=ada, amount=out, posting_id=posting_id(), at=moment(day(0), time(8))
    )
    enter(saving, -1, day(9))
    assert 0 <= balance(saving) < left
    with acting_as_service():
        assert wallet.verify() == []


@pytest.mark.parametrize(
    ("amount", "back", "error"),
    [
        (NAIRA, 5, refusals.BeforeOpening),
        (NAIRA, -1, refusals.DayToCome),
        (0, 1, refusals.SavingInvalid),
        (-2_000 * NAIRA, 1, refusals.NotEnoughThatDay),
        (-1_200 * NAIRA, 3, refusals.NotEnoughThatDay),
    ],
)
def test_what_cannot_have_been_is_refused_by_name_and_leaves_all_as_it_was(
    ada: User, amount: int, back: int, error: type[Exception]
) -> None:
    funded(ada)
    saving = opened(ada, plan_of("FLEXIBLE", terms=DAILY), at=moment(day(4)))
    services.contribute(
        saving_id=saving.pk, user=ada, amount=500 * NAIRA, posting_id=posting_id(), at=moment(day(1))
    )
    with acting_as_service():
        services.close_saving(saving_id=saving.pk, until=day(0))
        before = rows_of(saving, day(4)), stands(saving), balance(saving)
        with pytest.raises(error) as refusal:
            enter(saving, amount, day(back))
        assert (rows_of(saving, day(4)), stands(saving), balance(saving)) == before
        assert not Replay.objects.exists() and not ReplacedAccrual.objects.exists()
    if error is refusals.NotEnoughThatDay:
        assert refusal.value.data["day"] == str(day(back))


def test_a_saving_that_has_ended_or_is_frozen_takes_no_entry(ada: User) -> None:
    funded(ada)
    ended = opened(ada, plan_of("FLEXIBLE"), at=moment(day(4)))
    quote = services.quote_closing(saving_id=ended.pk, user=ada, at=moment(day(0), time(9)))
    services.end_saving(quote_id=quote.pk, user=ada, at=moment(day(0), time(9)))
    with pytest.raises(refusals.StateRefused):
        enter(ended, NAIRA, day(2))
    over = opened(ada, plan_of("FIXED"), at=moment(day(4)), wish=Wish(name="Land", days=3))
    with pytest.raises(refusals.SavingOver):
        enter(over, NAIRA, day(2))
    frozen = opened(ada, plan_of("FLEXIBLE", code="other"), at=moment(day(4)))
    services.freeze_saving(saving_id=frozen.pk, reason="a court order", at=moment(day(3)))
    with pytest.raises(refusals.SavingFrozen):
        enter(frozen, NAIRA, day(2))


def test_what_a_quote_says_knows_of_the_entry(ada: User, bola: User) -> None:
    plan = plan_of("FLEXIBLE")
    funded(ada), funded(bola)
    one = opened(ada, plan, naira=1_000, at=moment(day(30)))
    enter(one, 1_000 * NAIRA, day(30))
    other = opened(bola, plan, naira=2_000, at=moment(day(30)))
    first, second = (
        services.quote_closing(saving_id=saving.pk, user=who, at=moment(day(0), time(10)))
        for saving, who in ((one, ada), (other, bola))
    )
    for name in ("balance", "earned", "interest", "tax", "pays_out"):
        assert getattr(first, name) == getattr(second, name)


def test_nobody_deletes_a_day_but_where_a_replay_keeps_it(ada: User) -> None:
    funded(ada)
    saving = opened(ada, plan_of("FLEXIBLE"), at=moment(day(4)))
    with acting_as_service():
        services.close_saving(saving_id=saving.pk, until=day(0))
        with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
            Accrual.objects.filter(saving=saving).delete()
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("select savings.replace_days(%s)", [posting_id()])
        assert Accrual.objects.count() == 4


def test_interest_that_was_paid_up_front_stays_as_it_was(ada: User) -> None:
    """It stands as a carry below zero, which the days fill up; with more in the saving they fill it sooner."""
    funded(ada)
    terms = Terms(bands=DAILY.bands, paid=Every.END)
    plan = plan_of("FIXED", terms=terms, up_front=True)
    saving = opened(ada, plan, at=moment(day(9)), wish=Wish(name="Land", days=30))
    for on in (day(6), day(9)):
        enter(saving, 500 * NAIRA, on)
    with acting_as_service():
        rows = list(days_of(saving, start=day(9), end=day(0)))
        assert [row.balance for row in rows] == [1_500 * NAIRA] * 3 + [2_000 * NAIRA] * 6
        saving.refresh_from_db()
        assert saving.paid_at_start > 0
        assert rows[-1].carry == sum(row.accrued for row in rows) - saving.paid_at_start
        assert Position.objects.get().capital == 0
