"""The daily roll: a day is closed for all rows of a kind, in chunks that any number of workers take.

A chunk is one database transaction: killed half way it never was, and another worker takes it. A row that cannot be
closed is parked with its error and keeps no other waiting. Somebody who writes to a row closes its days first, in their
own transaction, so the roll leaves out what is being written to and comes back to it.

An app says in a `Rolled` what is rolled: its tables, and what closes a day for the rows of a range of ids.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, F, Min, Model, OuterRef, QuerySet, Window
from django.db.models.functions import RowNumber
from django.utils import timezone

from core import audit
from core.actors import acting_as_service
from core.errors import DomainError

CHUNK = 5_000
FIRST, END = UUID(int=0), UUID(int=2**128 - 1)
LONGEST_ERROR = 500
DAY = timedelta(days=1)


@dataclass
class Closed:
    """What closing came to: rows closed, those somebody writes to and those parked; `sums` by the chunks' columns."""

    closed: int = 0
    busy: int = 0
    parked: int = 0
    sums: dict[str, int | Decimal] = field(default_factory=dict)

    def add(self, other: "Closed") -> None:
        self.closed += other.closed
        self.busy += other.busy
        self.parked += other.parked
        for name, number in other.sums.items():
            self.sums[name] = self.sums.get(name, 0) + number


@dataclass(frozen=True)
class Rolled:
    """One kind of roll.

    `rolls` has a row a day, whose column `total` is how many there were; `chunks` has its parts, with what closing them
    came to; `positions` has `next_day`, `parked_at` and `error` for each row, by its id. `close` closes a day from the
    first id on, before the second, in the transaction that it is called in; it raises what no row is to blame for.
    `close_one` closes the days of one before a day, and returns its position. That staff had those of a parked one
    closed is `closed_again` in the trail; `not_parked` is raised where there is nothing to close again.
    """

    rolls: type[Any]
    chunks: type[Any]
    positions: type[Any]
    total: str
    close: Callable[[date, UUID, UUID], Closed]
    close_one: Callable[[UUID, date], Any]
    closed_again: str
    not_parked: type[DomainError]

    def open_at(self, day: date) -> QuerySet[Any]:
        """The positions whose first open day this is."""
        found: QuerySet[Any] = self.positions.objects.filter(parked_at=None, next_day=day)
        return found


def days_to_close(rolled: Rolled, *, until: date) -> list[date]:
    """Return the days, up to `until` itself, that are not closed for all yet; oldest first."""
    open_ones = rolled.positions.objects.filter(parked_at=None, next_day__lte=until)
    first = open_ones.aggregate(first=Min("next_day"))["first"]
    return [] if first is None else [first + n * DAY for n in range((until - first).days + 1)]


def start_roll(rolled: Rolled, *, day: date, size: int = CHUNK) -> Any:
    """Return the roll of a day, cut into chunks when it is new. Two who start it at once get the same one.

    One that was finished is taken up again for rows that came to the day later.
    """
    with transaction.atomic():
        roll, is_new = rolled.rolls.objects.get_or_create(
            day=day, defaults={rolled.total: rolled.open_at(day).count}
        )
        if is_new:
            _cut(rolled, roll, size)
        elif roll.finished_at is not None:
            _take_up_again(rolled, roll)
    return roll


def _cut(rolled: Rolled, roll: Any, size: int) -> None:
    """Write the chunks: they cover all ids there can be, so none that comes later lies between two."""
    numbered = rolled.open_at(roll.day).annotate(number=Window(RowNumber(), order_by=F("pk").asc()))
    begins = numbered.alias(of_chunk=F("number") % size).filter(number__gt=1, of_chunk=1).order_by("pk")
    firsts = [FIRST, *begins.values_list("pk", flat=True)]
    rolled.chunks.objects.bulk_create(
        rolled.chunks(roll=roll, number=number, first=first, next=after)
        for number, (first, after) in enumerate(zip(firsts, [*firsts[1:], END], strict=True), start=1)
    )


def _take_up_again(rolled: Rolled, roll: Any) -> None:
    left_out = rolled.open_at(roll.day).filter(pk__gte=OuterRef("first"), pk__lt=OuterRef("next"))
    if rolled.chunks.objects.filter(Exists(left_out), roll=roll, done_at__isnull=False).update(done_at=None):
        roll.finished_at = None
        setattr(roll, rolled.total, getattr(roll, rolled.total) + rolled.open_at(roll.day).count())
        roll.save(update_fields=["finished_at", rolled.total])


def close_next_chunk(rolled: Rolled, *, day: date) -> Closed | None:
    """Take a chunk of the day that nobody has, and close it; None when there is none to take.

    A chunk in which rows are being written to stays open for a later call, what could be closed of it closed.
    """
    with acting_as_service(), transaction.atomic():
        free = rolled.chunks.objects.select_for_update(skip_locked=True, no_key=True).filter(
            roll=day, done_at=None
        )
        chunk = free.order_by(F("tried_at").asc(nulls_first=True), "number").first()
        if chunk is None:
            return None
        result = rolled.close(day, chunk.first, chunk.next)
        came_to = {"closed": result.closed, "parked": result.parked, **result.sums}
        for name, number in came_to.items():
            setattr(chunk, name, getattr(chunk, name) + number)
        chunk.tried_at = timezone.now()
        chunk.done_at = None if result.busy else chunk.tried_at
        chunk.save(update_fields=[*came_to, "tried_at", "done_at"])
    return result


def finish_roll(rolled: Rolled, *, day: date) -> bool:
    """Mark the roll as finished when each of its chunks is; return whether it is."""
    end_roll(rolled, day=day)
    return not rolled.chunks.objects.filter(roll=day, done_at=None).exists()


def end_roll(rolled: Rolled, *, day: date) -> bool:
    """Mark the roll as finished when each of its chunks is; return whether this call did: of many, one goes on."""
    open_ones = rolled.chunks.objects.filter(roll=day, done_at=None)
    rolls = rolled.rolls.objects.filter(~Exists(open_ones), day=day, finished_at=None)
    return bool(rolls.update(finished_at=timezone.now()))


def close_whole_day(rolled: Rolled, *, day: date, size: int = CHUNK) -> list[Closed]:
    """Roll a day here and now, alone or beside others; return what each chunk came to that was taken here."""
    with acting_as_service():
        start_roll(rolled, day=day, size=size)
    done = []
    while result := close_next_chunk(rolled, day=day):
        done.append(result)
    with acting_as_service():
        end_roll(rolled, day=day)
    return done


def close_in_halves(rolled: Rolled, day: date, first: UUID, end: UUID, error: Exception) -> Closed:
    """Close what can be closed where `error` came of closing all at once: halve until the one it is of is parked."""
    ids = list(
        rolled.open_at(day).filter(pk__gte=first, pk__lt=end).order_by("pk").values_list("pk", flat=True)
    )
    if len(ids) <= 1:
        for row_id in ids:
            park(rolled, row_id, str(error))
        return Closed(parked=len(ids))
    middle = ids[len(ids) // 2]
    result = rolled.close(day, first, middle)
    result.add(rolled.close(day, middle, end))
    return result


def park(rolled: Rolled, row_id: UUID, error: str) -> None:
    """Leave a row out of the rolls until somebody has looked at what is wrong with it."""
    rolled.positions.objects.filter(pk=row_id).update(parked_at=timezone.now(), error=error[:LONGEST_ERROR])


def close_again(rolled: Rolled, row: Model, *, reason: str, at: datetime) -> bool:
    """Close the days of a parked row up to yesterday, its cause mended, and return whether that went well.

    Where it did not, it is parked again with what is in the way now. Raises `rolled.not_parked`.
    """
    with acting_as_service(), transaction.atomic():
        positions = rolled.positions.objects.filter(pk=row.pk)
        position = positions.select_for_update(no_key=True).get()
        if position.parked_at is None:
            raise rolled.not_parked
        positions.update(parked_at=None, error="")
        done: bool = rolled.close_one(row.pk, timezone.localdate(at)).parked_at is None
        audit.record(action=rolled.closed_again, target=row, reason=reason, error=position.error, done=done)
    return done
