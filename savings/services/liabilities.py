"""What is owed to savers, by product: noted once a day from that day's rows, and held against the ledger on request.

A day's figures are read from the rows of that day alone: an accrual's id begins with its day, so they lie together in
the key's index. Charts of months read the few rows of `PlanDay` and no saving at all.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Max
from django.utils import timezone

from core.actors import acting_as_service
from savings.models import PlanDay, Roll
from savings.models.savings import accrual_id

DAY = timedelta(days=1)
# Days are noted once more for so long: a saving that was parked on one has its row by then.
NOTED_AGAIN = 3
AT_A_TIME = 31
NOUGHT = UUID(int=0)


@dataclass(frozen=True)
class Held:
    """A plan's savings as interest is worked out on them, and in the ledger. Minor units.

    `to_come` moved already and counts from a day that is not closed; `differing` are the savings where both sides do
    not come to the same.
    """

    plan_id: UUID
    savings: int
    positions: int
    to_come: int
    ledger: int
    differing: int

    @property
    def difference(self) -> int:
        return self.ledger - self.positions - self.to_come


def note_days(*, at: datetime) -> int:
    """Note the figures of days that were closed since, and return of how many days. Twice changes nothing."""
    with acting_as_service():
        last = PlanDay.objects.aggregate(last=Max("day"))["last"]
        rolls = Roll.objects.filter(finished_at__isnull=False, day__lt=timezone.localdate(at))
        if last is not None:
            rolls = rolls.filter(day__gt=last - NOTED_AGAIN * DAY)
        days = list(rolls.order_by("day").values_list("day", flat=True)[:AT_A_TIME])
    for day in days:
        note_day(day=day)
    return len(days)


def note_day(*, day: date) -> None:
    """Note what each plan's savings came to at the end of a day."""
    with acting_as_service(), transaction.atomic(), connection.cursor() as cursor:
        bounds: dict[str, Any] = {
            "day": day,
            "first": accrual_id(NOUGHT, day),
            "after": accrual_id(NOUGHT, day + DAY),
        }
        cursor.execute(_NOTE, bounds)


_NOTE = """
insert into savings_planday (plan_id, day, savings, saved, owed)
select t.plan_id, %(day)s, count(*), sum(a.balance + a.paid - a.tax), sum(a.carry)
from savings_accrual a join savings_planterms t on t.id = a.terms_id
where a.id >= %(first)s and a.id < %(after)s
group by t.plan_id
on conflict (plan_id, day) do update
set savings = excluded.savings, saved = excluded.saved, owed = excluded.owed
"""


def held_against_ledger() -> list[Held]:
    """Return both sides for each plan that has savings. Reads each saving once: for who asks, not for each page."""
    with acting_as_service(), connection.cursor() as cursor:
        cursor.execute(
            f"{_SIDES} select plan_id, count(*), sum(balance)::bigint, sum(to_come)::bigint, "
            "sum(ledger)::bigint, count(*) filter (where balance + to_come <> ledger) "
            "from sides group by plan_id order by plan_id"
        )
        return [Held(*row) for row in cursor.fetchall()]


def differing(*, most: int = 20) -> list[tuple[UUID, int, int]]:
    """Return the first savings where both sides differ: id, what interest is worked out on, and the ledger."""
    with acting_as_service(), connection.cursor() as cursor:
        cursor.execute(
            f"{_SIDES} select saving_id, balance + to_come, ledger from sides "
            "where balance + to_come <> ledger order by saving_id limit %s",
            [most],
        )
        return [(key, due, ledger) for key, due, ledger in cursor.fetchall()]


# What moved with a day that is not closed yet is in the ledger and not in the position. There is little of it: what
# came since the first day that is open anywhere.
_SIDES = """
with later as (
    select m.saving_id, sum(m.amount)::bigint as amount
    from savings_move m join savings_position p on p.saving_id = m.saving_id
    where m.value_date >= (select min(next_day) from savings_position) and m.value_date >= p.next_day
    group by m.saving_id
), sides as (
    select p.saving_id, p.plan_id, p.balance, coalesce(l.amount, 0) as to_come, a.balance as ledger
    from savings_position p
    join wallet_account a on a.id = p.account_id
    left join later l on l.saving_id = p.saving_id
)
"""
