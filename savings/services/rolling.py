"""The daily roll: each day is closed for every saving, in chunks that any number of workers take.

A chunk is one database transaction: killed half way it never was, and another worker takes it. A saving that cannot be
closed is parked with its error and keeps no other waiting. Somebody who writes to a saving closes its days first, in
their own transaction (`close_saving`), so the roll leaves out what is being written to and comes back to it.
"""

from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

from django.db import DatabaseError, OperationalError, connection, transaction
from django.db.models import Exists, F, Min
from django.utils import timezone

from core.actors import acting_as_service
from savings.models import Position, Roll, RollChunk
from savings.services.wishes import Wishes, wishes_of
from wallet.refusals import EffectiveInFuture, LedgerRefusal, PeriodClosed
from wallet.services import periods
from wallet.services.posting import run

CHUNK = 5_000
FIRST, END = UUID(int=0), UUID(int=2**128 - 1)
LONGEST_ERROR = 500
DAY = timedelta(days=1)


@dataclass
class Closed:
    """What closing came to: savings, interest in minor units to ten places, and minor units paid and withheld."""

    closed: int = 0
    accrued: Decimal = field(default_factory=Decimal)
    paid: int = 0
    tax: int = 0
    busy: int = 0
    parked: int = 0

    def add(self, other: "Closed") -> None:
        self.closed += other.closed
        self.accrued += other.accrued
        self.paid += other.paid
        self.tax += other.tax
        self.busy += other.busy
        self.parked += other.parked


def days_to_close(*, until: date) -> list[date]:
    """Return the days, up to `until` itself, that are not closed for every saving yet; oldest first."""
    first = Position.objects.filter(parked_at=None, next_day__lte=until).aggregate(first=Min("next_day"))[
        "first"
    ]
    return [] if first is None else [first + n * DAY for n in range((until - first).days + 1)]


def start_roll(*, day: date, size: int = CHUNK) -> Roll:
    """Return the roll of a day, cut into chunks when it is new. Two who start it at once get the same one.

    One that was finished is taken up again for savings that came to the day later: those that are saved again late.
    """
    with transaction.atomic():
        roll, is_new = Roll.objects.get_or_create(day=day, defaults={"savings": 0})
        if roll.finished_at is not None:
            _take_up_again(roll)
        if is_new:
            with connection.cursor() as cursor:
                cursor.execute(_CUT, {"day": day, "size": size, "first": FIRST, "end": END})
            roll.savings = Position.objects.filter(parked_at=None, next_day=day).count()
            roll.save(update_fields=["savings"])
    return roll


# The chunks cover all ids there can be, so none that comes later lies between two.
_CUT = """
insert into savings_rollchunk (roll_id, number, first, next, closed, parked, accrued, paid, tax)
select %(day)s, row_number() over (order by c.first), c.first, coalesce(lead(c.first) over (order by c.first), %(end)s),
    0, 0, 0, 0, 0
from (
    select %(first)s::uuid as first
    union all
    select p.saving_id from (
        select p.saving_id, row_number() over (order by p.saving_id) as n from savings_position p
        where p.next_day = %(day)s and p.parked_at is null
    ) p where p.n > 1 and p.n %% %(size)s = 1
) c
"""


def _take_up_again(roll: Roll) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_LEFT_OUT, {"day": roll.day})
        if not cursor.rowcount:
            return
    roll.finished_at = None
    roll.savings += Position.objects.filter(parked_at=None, next_day=roll.day).count()
    roll.save(update_fields=["finished_at", "savings"])


_LEFT_OUT = """
update savings_rollchunk c set done_at = null
where c.roll_id = %(day)s and c.done_at is not null and exists (
    select from savings_position p
    where p.next_day = %(day)s and p.parked_at is null and p.saving_id >= c.first and p.saving_id < c.next
)
"""


def close_next_chunk(*, day: date) -> Closed | None:
    """Take a chunk of the day that nobody has, and close it; None when there is none to take.

    A chunk in which savings are being written to stays open for a later call, what could be closed of it closed.
    """
    with acting_as_service(), transaction.atomic():
        free = RollChunk.objects.select_for_update(skip_locked=True, no_key=True).filter(
            roll=day, done_at=None
        )
        chunk = free.order_by(F("tried_at").asc(nulls_first=True), "number").first()
        if chunk is None:
            return None
        result = _close(day, chunk.first, chunk.next)
        chunk.closed += result.closed
        chunk.parked += result.parked
        chunk.accrued += result.accrued
        chunk.paid += result.paid
        chunk.tax += result.tax
        chunk.tried_at = timezone.now()
        chunk.done_at = None if result.busy else chunk.tried_at
        chunk.save(update_fields=["closed", "parked", "accrued", "paid", "tax", "tried_at", "done_at"])
    return result


def finish_roll(*, day: date) -> bool:
    """Mark the roll as finished when each of its chunks is; return whether it is."""
    end_roll(day=day)
    return not RollChunk.objects.filter(roll=day, done_at=None).exists()


def end_roll(*, day: date) -> bool:
    """Mark the roll as finished when each of its chunks is; return whether this call did: of many, one goes on."""
    open_ones = RollChunk.objects.filter(roll=day, done_at=None)
    rolls = Roll.objects.filter(~Exists(open_ones), day=day, finished_at=None)
    return bool(rolls.update(finished_at=timezone.now()))


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
        _close(day, saving_id, end)
    except PeriodClosed:
        _close(day, saving_id, end, late=True)


def retry_parked(*, saving_id: UUID, until: date) -> bool:
    """Take a saving out of parking and close its days before `until`; return whether that went well."""
    with transaction.atomic():
        Position.objects.select_for_update(no_key=True).filter(pk=saving_id).update(parked_at=None, error="")
        return close_saving(saving_id=saving_id, until=until).parked_at is None


def _close(day: date, first: UUID, end: UUID, *, late: bool = False) -> Closed:
    """Close what can be closed from `first` on, before `end`; park what cannot.

    What is wrong with the day itself or with the database parks nobody: it is raised.
    """
    try:
        result, unrated = _close_at_once(day, first, end, late)
    except (EffectiveInFuture, PeriodClosed, OperationalError):
        raise
    except (LedgerRefusal, DatabaseError) as error:
        return _close_in_parts(day, first, end, error)
    for saving_id in unrated:
        _park(saving_id, "The plan has no terms or no rate for this saving.")
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
    return Closed(closed=closed, accrued=accrued, paid=int(paid), tax=int(tax), busy=busy), unrated or []


def _close_in_parts(day: date, first: UUID, end: UUID, error: Exception) -> Closed:
    """Halve until the one is found that cannot be closed."""
    here = Position.objects.filter(pk__gte=first, pk__lt=end, next_day=day, parked_at=None)
    ids = list(here.order_by("pk").values_list("pk", flat=True))
    if len(ids) <= 1:
        for saving_id in ids:
            _park(saving_id, str(error))
        return Closed(parked=len(ids))
    middle = ids[len(ids) // 2]
    result = _close(day, first, middle)
    result.add(_close(day, middle, end))
    return result


def _park(saving_id: UUID, error: str) -> None:
    Position.objects.filter(pk=saving_id).update(parked_at=timezone.now(), error=error[:LONGEST_ERROR])
