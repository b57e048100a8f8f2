"""The database works out the same figures as `savings.interest`, one by one and on random histories."""

import random
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any
from uuid import UUID

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.utils import timezone
from psycopg.types.range import Range

from accounts.models import User
from accounts.tests.approving import applied
from core.actors import acting_as_service
from core.daycount import ADDITIVE, day_fraction
from savings.interest import Band, Every, Method, Rounding, Terms, close_days, ends_on, whole
from savings.models import Accrual, PlanRate, PlanTerms, Position
from savings.models.savings import accrual_id
from savings.tests.saving import close, make_plan, open_saving, rates_of, save, set_terms
from wallet import services as wallet
from wallet.models import Account

DAY = timedelta(days=1)
pytestmark = pytest.mark.django_db


def asked(statement: str, *values: Any) -> Any:
    with acting_as_service(), connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchone()


def days_ago(number: int) -> date:
    return timezone.localdate() - number * DAY


# Each rule


@pytest.mark.parametrize("convention", sorted(ADDITIVE))
def test_a_days_part_of_a_year(convention: str) -> None:
    days = [date(2027, 1, 1) + number * DAY for number in range(1500)]
    found = asked(
        "select array_agg(f.num order by d), array_agg(f.den order by d)"
        " from unnest(%s::date[]) d cross join lateral savings.day_fraction(%s, d) f",
        days,
        convention,
    )
    assert [Fraction(*part) for part in zip(*found, strict=True)] == [
        day_fraction(convention, day) for day in days
    ]


@pytest.mark.parametrize("every", list(Every))
def test_when_a_period_ends(every: Every) -> None:
    days = [date(2027, 1, 1) + number * DAY for number in range(800)]
    [found] = asked(
        "select array_agg(coalesce(savings.ends_on(%s, d), false) order by d) from unnest(%s::date[]) d",
        every,
        days,
    )
    assert found == [ends_on(every, day) for day in days]


@pytest.mark.parametrize("rounding", list(Rounding))
def test_rounding(rounding: Rounding) -> None:
    for text in ("0", "0.5", "1.5", "2.5", "2.4999999999", "2.5000000001", "7", "123456789012.5"):
        assert asked("select savings.whole(%s, %s)", Decimal(text), rounding)[0] == whole(
            Decimal(text), rounding
        )


def test_the_id_of_a_day() -> None:
    saving, day = UUID("01a22e8b-a0b0-7611-ba91-10b391b192f8"), date(2028, 2, 29)
    assert asked("select savings.accrual_id(%s, %s)", saving, day)[0] == accrual_id(saving, day)


# Histories


def some_terms(chance: random.Random) -> Terms:
    floors = [0, *sorted(chance.sample(range(1, 5_000_000), chance.randint(0, 3)))]
    return Terms(
        bands=tuple(Band(floor, Decimal(chance.randint(0, 300_000)).scaleb(-4)) for floor in floors),
        method=chance.choice(list(Method)),
        day_count=chance.choice(sorted(ADDITIVE)),
        capitalised=chance.choice([Every.DAY, Every.MONTH, Every.END]),
        paid=chance.choice([Every.DAY, Every.MONTH, Every.QUARTER, Every.END]),
        rounding=chance.choice(list(Rounding)),
        tax=chance.choice([Decimal(0), Decimal(10), Decimal("7.5")]),
    )


def some_moves(chance: random.Random, start: date, days: int) -> dict[date, int]:
    """Never more goes out than has come in."""
    moves: dict[date, int] = {}
    balance = 0
    for number in sorted(chance.sample(range(days), chance.randint(1, 5))):
        amount = (
            chance.randint(1, 2_000_000)
            if balance == 0 or chance.random() < 0.7
            else -chance.randint(1, balance)
        )
        balance += amount
        moves[start + number * DAY] = amount
    return moves


def test_random_histories_come_to_the_same_kobo(ada: User) -> None:
    chance = random.Random(20261130)
    days = 50
    start = days_ago(days)
    change = start + 17 * DAY
    histories = []
    with acting_as_service():
        for number in range(24):
            plan = make_plan(f"plan-{number}")
            versions = {start: some_terms(chance), change: some_terms(chance)}
            for since, terms in versions.items():
                set_terms(plan, terms, since=since)
            for _ in range(8):
                saving = open_saving(ada.pk, plan, since=start)
                moves = some_moves(chance, start, days)
                save(saving, moves)
                histories.append((saving, versions, moves))
        close(start + number * DAY for number in range(days))
        for saving, versions, moves in histories:
            standing, rows = close_days(versions, start=start, end=start + days * DAY, moves=moves)
            position = Position.objects.get(pk=saving.pk)
            assert (position.balance, position.carry, position.capital) == (
                standing.balance,
                standing.carry,
                standing.capital,
            )
            ids = [accrual_id(saving.pk, row.day) for row in rows]
            found = Accrual.objects.filter(pk__in=ids).order_by("pk")
            assert [(row.day, row.balance, row.accrued, row.carry, row.paid, row.tax) for row in found] == [
                (row.day, row.balance, row.accrued, row.carry, row.paid, row.tax) for row in rows
            ]
            assert Account.objects.get(pk=saving.account_id).balance == standing.balance
        assert wallet.verify() == []


def test_a_second_run_of_a_day_finds_nothing_to_close(ada: User) -> None:
    start = days_ago(9)
    with acting_as_service():
        plan = make_plan()
        set_terms(plan, Terms(bands=(Band(0, Decimal(10)),), paid=Every.DAY), since=start)
        saving = open_saving(ada.pk, plan, since=start)
        save(saving, {start: 100_000})
        assert close([start, start]) == [(1, Decimal("27.3972602740"), 27, 0), (0, 0, 0, 0)]
        assert close([start + 2 * DAY]) == [(0, 0, 0, 0)]
        assert Accrual.objects.count() == 1


def test_a_row_of_a_day_cannot_be_written_twice(ada: User) -> None:
    start = days_ago(9)
    with acting_as_service():
        plan = make_plan()
        set_terms(plan, Terms(bands=(Band(0, Decimal(10)),)), since=start)
        saving = open_saving(ada.pk, plan, since=start)
        close([start])
        Position.objects.update(next_day=start)
        with pytest.raises(IntegrityError), transaction.atomic():
            close([start])
        assert Accrual.objects.filter(saving=saving).count() == 1


def test_the_last_day_pays_all_and_ends_it(ada: User) -> None:
    start = days_ago(9)
    with acting_as_service():
        plan = make_plan()
        set_terms(plan, Terms(bands=(Band(0, Decimal(10)),), paid=Every.END, tax=Decimal(10)), since=start)
        saving = open_saving(ada.pk, plan, since=start, last_day=start + 2 * DAY)
        save(saving, {start: 10_000_000})
        close(start + number * DAY for number in range(5))
        position = Position.objects.get()
        assert (position.next_day, position.balance) == (None, 10_000_000 + 8219 - 822)


# The rate table


def rate(terms: PlanTerms, low: int, high: int | None, term: Range) -> PlanRate:
    [only] = rates_of(terms, (Band(0, Decimal(5)),), "WHOLE", term)
    only.amount, only.base = Range(low, high), low * Decimal(5)
    return only


@pytest.mark.parametrize(
    ("cells", "refused_by"),
    [
        ([(0, 100, 0, None), (101, None, 0, None)], "gap"),
        ([(1, None, 0, None)], "gap"),
        ([(0, 100, 0, None)], "gap"),
        ([(0, None, 0, 30), (0, None, 31, None)], "gap"),
        ([(0, None, 0, 30)], "gap"),
        ([(0, 101, 0, None), (100, None, 0, None)], "overlap"),
        ([(0, None, 0, 31), (0, None, 30, None)], "overlap"),
        ([(100, 100, 0, None)], "ranges"),
    ],
)
def test_a_rate_table_with_a_gap_or_an_overlap_is_refused(
    cells: list[tuple[int, int | None, int, int | None]], refused_by: str
) -> None:
    with acting_as_service():
        plan = make_plan()
        agreed = applied("savings.plan_terms")
        terms = PlanTerms.objects.create(plan=plan, from_date=days_ago(9), source="a test", approval=agreed)
        with pytest.raises(DatabaseError, match=refused_by), transaction.atomic():
            PlanRate.objects.bulk_create([rate(terms, low, high, Range(*term)) for low, high, *term in cells])
            with connection.cursor() as cursor:
                cursor.execute("set constraints all immediate")
