"""Ten thousand random histories: the database, all at once, comes to the same figures as `savings.interest` one by one.

Two windows of days, over 29 February and the end of a quarter, and over the end of a year; a plan's rates change within
each. Balances fall below zero, days go without interest, some were paid up front, some end.
"""

import os
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection

from accounts.models import User
from core.actors import acting_as_service
from core.daycount import ADDITIVE
from core.ids import uuid7
from core.partitions import ensure_ahead
from savings import interest
from savings.interest import HIGHEST, Band, Day, Every, Method, Rounding, Standing, Terms
from savings.models import Accrual, Move, Position, SavingsPlan, UserSavings
from savings.penalties import lowered
from savings.tests.saving import close, make_plan, set_terms
from wallet import services as wallet

DAY = timedelta(days=1)
HISTORIES = int(os.environ.get("HISTORIES", "10000"))
PLANS = 60
LEAP = (date(2024, 2, 25), date(2024, 4, 2))
YEAR_END = (date(2024, 12, 20), date(2025, 1, 4))


@dataclass
class History:
    """A saving to be: when it begins and ends, its plan's terms, what moves, and from when on it earns or does not."""

    plan: SavingsPlan
    versions: dict[date, Terms]
    start: date
    last: date | None
    moves: dict[date, int]
    switches: list[date]
    carry: Decimal
    saving: UserSavings

    def earns_on(self, day: date) -> bool:
        return sum(day >= switch for switch in self.switches) % 2 == 0

    def terms_on(self, day: date) -> Terms:
        version = self.versions[max(since for since in self.versions if since <= day)]
        return version if self.earns_on(day) else lowered(version, HIGHEST)

    def close(self, until: date) -> tuple[Standing, list[Day]]:
        now, rows, day = Standing(0, self.carry), [], self.start
        terms = {
            since: self.terms_on(since)
            for since in {self.start, *self.versions, *self.switches}
            if since >= self.start
        }
        while day < until and (self.last is None or day <= self.last):
            version = terms[max(since for since in terms if since <= day)]
            now, row = interest.close_day(
                version, now, day, moved=self.moves.get(day, 0), last=day == self.last
            )
            rows.append(row)
            day += DAY
        return now, rows


def some_terms(chance: random.Random) -> Terms:
    floors = [0, *sorted(chance.sample(range(1, 5_000_000), chance.randint(0, 3)))]
    return Terms(
        bands=tuple(Band(floor, Decimal(chance.randint(0, 300_000)).scaleb(-4)) for floor in floors),
        method=chance.choice(list(Method)),
        day_count=chance.choice(sorted(ADDITIVE)),
        capitalised=chance.choice(list(Every)),
        paid=chance.choice(list(Every)),
        rounding=chance.choice(list(Rounding)),
        tax=chance.choice([Decimal(0), Decimal(10), Decimal("7.5")]),
    )


def some_moves(chance: random.Random, start: date, until: date) -> dict[date, int]:
    days = [start + number * DAY for number in range((until - start).days)]
    return {
        day: chance.choice((1, 1, 1, -1)) * chance.randint(1, 3_000_000) for day in chance.sample(days, 3)
    }


def histories(owner: User, window: tuple[date, date], many: int, chance: random.Random) -> Iterator[History]:
    begins, until = window
    plans = []
    for number in range(PLANS):
        versions = {
            begins + since * DAY: some_terms(chance)
            for since in (0, *chance.sample(range(1, 12), number % 3))
        }
        plan = make_plan(f"plan-{begins}-{number}")
        for since, terms in versions.items():
            set_terms(plan, terms, since=since)
        plans.append((plan, versions))
    for _ in range(many):
        plan, versions = chance.choice(plans)
        start = begins + chance.randrange(8) * DAY
        pk = uuid7()
        yield History(
            plan=plan,
            versions=versions,
            start=start,
            last=chance.choice((None, None, start + chance.randint(0, 11) * DAY)),
            moves=some_moves(chance, start, until),
            switches=sorted(
                start + chance.randrange(12) * DAY for _switch in range(chance.choice((0, 0, 1, 2)))
            ),
            carry=Decimal(-chance.choice((0, 0, 0, 5_000))),
            saving=UserSavings(
                id=pk, user_id=owner.pk, plan=plan, account_id=pk, name="-", state="ACTIVE", opened_on=start
            ),
        )


def lay_out(owner: User, all_of_them: list[History]) -> None:
    """Savings, their accounts, and what moves: straight in the tables. The accounts hold no more than interest."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select count(wallet.open_savings(u, %s, 'NGN')) from unnest(%s::uuid[]) u",
            [owner.pk, [history.saving.pk for history in all_of_them]],
        )
    UserSavings.objects.bulk_create(history.saving for history in all_of_them)
    Position.objects.bulk_create(
        Position(
            saving=history.saving,
            account_id=history.saving.pk,
            plan_id=history.plan.pk,
            next_day=history.start,
            last_day=history.last,
            earns=history.earns_on(history.start),
            carry=history.carry,
        )
        for history in all_of_them
    )
    Move.objects.bulk_create(
        Move(posting_id=uuid7(), saving=history.saving, kind="CONTRIBUTION", amount=amount, value_date=day)
        for history in all_of_them
        for day, amount in history.moves.items()
    )


def close_window(all_of_them: list[History], window: tuple[date, date]) -> None:
    day, until = window
    while day < until:
        switched = [
            h.saving.pk for h in all_of_them if h.earns_on(day) != h.earns_on(day - DAY) and day > h.start
        ]
        for earns in (True, False):
            ids = [
                h.saving.pk for h in all_of_them if h.saving.pk in set(switched) and h.earns_on(day) == earns
            ]
            Position.objects.filter(pk__in=ids).update(earns=earns)
        close([day])
        day += DAY


@pytest.mark.django_db
@pytest.mark.parametrize(("window", "share"), [(LEAP, 3), (YEAR_END, 7)], ids=["leap-day", "year-end"])
def test_ten_thousand_random_histories_come_to_the_same_kobo(
    ada: User, window: tuple[date, date], share: int
) -> None:
    chance = random.Random(str(window))
    with acting_as_service():
        ensure_ahead(table="savings_accrual", at=datetime(*window[0].timetuple()[:3], tzinfo=UTC))
        all_of_them = list(histories(ada, window, HISTORIES * share // 10, chance))
        lay_out(ada, all_of_them)
        close_window(all_of_them, window)
        found: dict[object, list[tuple[object, ...]]] = {}
        columns = ("day", "balance", "accrued", "carry", "paid", "tax")
        for pk, *row in Accrual.objects.order_by("pk").values_list("saving_id", *columns):
            found.setdefault(pk, []).append(tuple(row))
        positions = {
            pk: Standing(*rest)
            for pk, *rest in Position.objects.values_list("pk", "balance", "carry", "capital")
        }
        for history in all_of_them:
            standing, rows = history.close(window[1])
            assert found[history.saving.pk] == [
                (row.day, row.balance, row.accrued, row.carry, row.paid, row.tax) for row in rows
            ]
            assert positions[history.saving.pk] == standing
        assert sum(map(len, found.values())) == Accrual.objects.count()
        assert wallet.verify() == []
