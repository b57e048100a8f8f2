"""The daily roll: each day is closed for every loan, in chunks that any number of workers take.

A chunk is one database transaction: killed half way it never was, and another worker takes it. Somebody who writes to a
loan closes its days first, in their own transaction (`closing.close_loan`), so the roll leaves out what is being
written to and comes back to it.
"""

from datetime import date, datetime, timedelta
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Exists, F, Min
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import audit
from core.actors import acting_as_service
from core.errors import DomainError
from credit.models import Loan, LoanRoll, LoanRollChunk, Position
from credit.refusals import LoanNotFound
from credit.services.closing import Closed, close_day, close_loan

CHUNK = 5_000
FIRST, END = UUID(int=0), UUID(int=2**128 - 1)
DAY = timedelta(days=1)


class NotParked(DomainError):
    code = "loan_not_parked"
    kind = "conflict"
    message = _("This loan is not parked: its days are closed as all others are.")


def days_to_close(*, until: date) -> list[date]:
    """Return the days, up to `until` itself, that are not closed for every loan yet; oldest first."""
    open_ones = Position.objects.filter(parked_at=None, next_day__lte=until)
    first = open_ones.aggregate(first=Min("next_day"))["first"]
    return [] if first is None else [first + n * DAY for n in range((until - first).days + 1)]


def start_roll(*, day: date, size: int = CHUNK) -> LoanRoll:
    """Return the roll of a day, cut into chunks when it is new. Two who start it at once get the same one.

    One that was finished is taken up again for loans that came to the day later: parked ones, or owed again.
    """
    with transaction.atomic():
        roll, is_new = LoanRoll.objects.get_or_create(day=day, defaults={"loans": 0})
        if roll.finished_at is not None:
            _take_up_again(roll)
        if is_new:
            with connection.cursor() as cursor:
                cursor.execute(_CUT, {"day": day, "size": size, "first": FIRST, "end": END})
            roll.loans = Position.objects.filter(parked_at=None, next_day=day).count()
            roll.save(update_fields=["loans"])
    return roll


# The chunks cover all ids there can be, so none that comes later lies between two.
_CUT = """
insert into credit_loanrollchunk (roll_id, number, first, next, closed, folded, parked, accrued)
select %(day)s, row_number() over (order by c.first), c.first, coalesce(lead(c.first) over (order by c.first), %(end)s),
    0, 0, 0, 0
from (
    select %(first)s::uuid as first
    union all
    select p.loan_id from (
        select p.loan_id, row_number() over (order by p.loan_id) as n from credit_position p
        where p.next_day = %(day)s and p.parked_at is null
    ) p where p.n > 1 and p.n %% %(size)s = 1
) c
"""


def _take_up_again(roll: LoanRoll) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_LEFT_OUT, {"day": roll.day})
        if not cursor.rowcount:
            return
    roll.finished_at = None
    roll.loans += Position.objects.filter(parked_at=None, next_day=roll.day).count()
    roll.save(update_fields=["finished_at", "loans"])


_LEFT_OUT = """
update credit_loanrollchunk c set done_at = null
where c.roll_id = %(day)s and c.done_at is not null and exists (
    select from credit_position p
    where p.next_day = %(day)s and p.parked_at is null and p.loan_id >= c.first and p.loan_id < c.next
)
"""


def close_next_chunk(*, day: date) -> Closed | None:
    """Take a chunk of the day that nobody has, and close it; None when there is none to take.

    A chunk in which loans are being written to stays open for a later call, what could be closed of it closed.
    """
    with acting_as_service(), transaction.atomic():
        free = LoanRollChunk.objects.select_for_update(skip_locked=True, no_key=True).filter(
            roll=day, done_at=None
        )
        chunk = free.order_by(F("tried_at").asc(nulls_first=True), "number").first()
        if chunk is None:
            return None
        result = close_day(day, first=chunk.first, end=chunk.next)
        chunk.closed += result.closed
        chunk.folded += result.folded
        chunk.parked += result.parked
        chunk.accrued += result.accrued
        chunk.tried_at = timezone.now()
        chunk.done_at = None if result.busy else chunk.tried_at
        chunk.save(update_fields=["closed", "folded", "parked", "accrued", "tried_at", "done_at"])
    return result


def finish_roll(*, day: date) -> bool:
    """Mark the roll as finished when each of its chunks is; return whether it is."""
    end_roll(day=day)
    return not LoanRollChunk.objects.filter(roll=day, done_at=None).exists()


def end_roll(*, day: date) -> bool:
    """Mark the roll as finished when each of its chunks is; return whether this call did: of many, one goes on."""
    open_ones = LoanRollChunk.objects.filter(roll=day, done_at=None)
    rolls = LoanRoll.objects.filter(~Exists(open_ones), day=day, finished_at=None)
    return bool(rolls.update(finished_at=timezone.now()))


def close_again(*, loan_id: UUID, reason: str, at: datetime) -> bool:
    """Close the days of a parked loan up to yesterday, and return whether that went well.

    Where it did not, it is parked again with what is in the way now. Raises LoanNotFound, NotParked.
    """
    with acting_as_service(), transaction.atomic():
        position = Position.objects.select_for_update(no_key=True).filter(pk=loan_id).first()
        if position is None:
            raise LoanNotFound
        if position.parked_at is None:
            raise NotParked
        was = position.error
        Position.objects.filter(pk=loan_id).update(parked_at=None, error="")
        done = close_loan(loan_id=loan_id, until=timezone.localdate(at)).parked_at is None
        audit.record(
            action="credit.loan.closed_again", target=Loan(pk=loan_id), reason=reason, error=was, done=done
        )
    return done
