"""A saving's days are closed: what each earned, and what of it is paid. One path for one saving and for many.

Days are closed by one statement for thousands (`savings/sql/interest.sql`). A saving that cannot be closed is parked
with its error and keeps no other waiting. Somebody who writes to a saving closes its days first, in their own
transaction (`close_saving`); the roll closes those of all others (`core/rolling.py`).
"""

from datetime import date
from uuid import UUID

from django.db import DatabaseError, OperationalError
from django.utils import timezone

from core.rolling import DAY, Closed, Rolled, close_in_halves, park
from savings.models import Position, Roll, RollChunk
from savings.refusals import SavingNotParked
from savings.services.wishes import Wishes, wishes_of
from wallet.refusals import EffectiveInFuture, LedgerRefusal, PeriodClosed
from wallet.services import periods
from wallet.services.posting import run


def close_saving(*, saving_id: UUID, until: date) -> Position:
    """Close a saving's days before `until`, and return its position under a lock: for whoever writes to it.

    Needs a transaction. A day that cannot be closed parks the saving, and what is being done goes on. What is paid on
    days of a closed month is posted as of now and tied to that month.
    """
    position = Position.objects.select_for_update(no_key=True).get(pk=saving_id)
    if position.parked_at is not None or position.next_day is None or position.next_day >= until:
        return position
    wishes = wishes_of(saving_id)
    while position.parked_at is None and position.next_day is not None and position.next_day < until:
        _follow(wishes, position)
        _close_one(position.next_day, saving_id)
        position.refresh_from_db()
    _follow(wishes, position)
    return position


def _follow(wishes: Wishes, position: Position) -> None:
    """Have the next day earn or not as the customer had it then, which is not always what they have now."""
    if position.next_day is not None and position.earns != wishes.earns_on(position.next_day):
        position.earns = not position.earns
        position.save(update_fields=["earns"])


def _close_one(day: date, saving_id: UUID) -> None:
    end = UUID(int=saving_id.int + 1)
    try:
        close_day(day, saving_id, end)
    except PeriodClosed:
        close_day(day, saving_id, end, late=True)


def close_day(day: date, first: UUID, end: UUID, *, late: bool = False) -> Closed:
    """Close a day for the savings from `first` on, before `end`, that stand at it; park what cannot be closed.

    Needs a transaction. What is wrong with the day itself or with the database parks nobody: it is raised. `late` has
    what is paid on a day of a closed month posted as of now.
    """
    try:
        result, unrated = _close_at_once(day, first, end, late)
    except (EffectiveInFuture, PeriodClosed, OperationalError):
        raise
    except (LedgerRefusal, DatabaseError) as error:
        return close_in_halves(SAVINGS, day, first, end, error)
    for saving_id in unrated:
        park(SAVINGS, saving_id, "The plan has no terms or no rate for this saving.")
    result.parked = len(unrated)
    return result


def _close_at_once(day: date, first: UUID, end: UUID, late: bool) -> tuple[Closed, list[UUID]]:
    statement = "select * from savings.close_day(%s, %s, %s, %s)"
    [(closed, accrued, paid, tax, busy, unrated, posted)] = run(statement, [day, first, end, late])
    for posting_id in posted or []:
        periods.link(
            posting_id=posting_id,
            month=(day + DAY).replace(day=1),
            adjusts=None,
            reason=f"interest to {day}, closed late",
            at=timezone.now(),
        )
    sums = {"accrued": accrued, "paid": int(paid), "tax": int(tax)}
    return Closed(closed, busy, sums=sums), unrated or []


SAVINGS = Rolled(
    rolls=Roll,
    chunks=RollChunk,
    positions=Position,
    total="savings",
    close=close_day,
    close_one=lambda saving_id, until: close_saving(saving_id=saving_id, until=until),
    closed_again="savings.saving.closed_again",
    not_parked=SavingNotParked,
)
