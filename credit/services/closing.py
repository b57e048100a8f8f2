"""A loan's days are closed: what each earned, what became due, how late it is. One path for one loan and for many.

Where nothing falls due a day is closed by one statement for thousands (`credit/sql/closing.sql`). Loans on whose next
day something does are read at once, folded here, and written by the same statement. A loan that cannot be closed is
parked with its error and keeps no other waiting.
"""

import json
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time
from typing import Any
from uuid import UUID

from django.db import DatabaseError, OperationalError, connection, transaction
from django.db.models import TextField
from django.db.models.functions import Cast
from django.utils import timezone

from core.errors import DomainError
from core.rolling import DAY, Closed, Rolled, close_in_halves, park
from credit import lender_events
from credit.models import Application, DelinquencyPause, LoanRoll, LoanRollChunk, LoanStanding, Position
from credit.refusals import LoanNotParked
from credit.services.charging import write_charges
from credit.services.falling import Folded, Kept, fold_on
from credit.services.steps import step_many
from credit.states import Actor, Event, Guard, State

# What data that is not as it should be comes to when a loan is worked out.
WRONG = (ArithmeticError, LookupError, TypeError, ValueError)


def close_loan(*, loan_id: UUID, until: date) -> Position:
    """Close a loan's days before `until`, and return its position under a lock: for whoever writes to it.

    Needs a transaction. A day that cannot be closed parks the loan.
    """
    position = Position.objects.select_for_update(no_key=True).get(pk=loan_id)
    end = UUID(int=loan_id.int + 1)
    while position.parked_at is None and position.next_day is not None and position.next_day < until:
        day, coming = position.next_day, position.next_event_on
        if coming is not None and coming <= day + DAY:
            close_day(day, loan_id, end)
        else:
            last = until - DAY if coming is None else min(until, coming - DAY) - DAY
            _close_plain(day, last, loan_id, end)
        position.refresh_from_db()
    return position


def close_day(day: date, first: UUID, end: UUID) -> Closed:
    """Close a day for the loans from `first` on, before `end`, that stand at it; park what cannot be closed.

    Needs a transaction. What is wrong with the day itself or with the database parks nobody: it is raised.
    """
    try:
        with transaction.atomic():
            return _close_at_once(day, first, end)
    except OperationalError:
        raise
    except (DomainError, DatabaseError) as error:
        if _is_of_the_day(error):
            raise
        return close_in_halves(LOANS, day, first, end, error)


LOANS = Rolled(
    rolls=LoanRoll,
    chunks=LoanRollChunk,
    positions=Position,
    total="loans",
    close=close_day,
    close_one=lambda loan_id, until: close_loan(loan_id=loan_id, until=until),
    closed_again="credit.loan.closed_again",
    not_parked=LoanNotParked,
)


def _close_plain(day: date, last: date, first: UUID, end: UUID) -> None:
    """Close days on which nothing falls due, of loans whose positions are locked."""
    try:
        with transaction.atomic():
            for on, _closed, _accrued, _busy, fell in _run(day, last, first, end, ()):
                _fall_behind(fell or [], on + DAY)
    except (DomainError, DatabaseError) as error:
        if isinstance(error, OperationalError) or _is_of_the_day(error):
            raise
        park(LOANS, first, str(error))


def _close_at_once(day: date, first: UUID, end: UUID) -> Closed:
    folded, wrong = _fold_due(day, first, end)
    for loan_id, error in wrong:
        park(LOANS, loan_id, str(error) or type(error).__name__)
    [(_day, closed, accrued, busy, fell)] = _run(day, day, first, end, folded)
    _fall_behind(fell or [], day + DAY)
    write_charges(folded, day + DAY)
    sums = {"folded": len(folded), "accrued": accrued}
    return Closed(closed, busy, len(wrong), sums)


def _fold_due(day: date, first: UUID, end: UUID) -> tuple[list[Folded], list[tuple[UUID, Exception]]]:
    """Lock the loans on whose next day something falls due, and say where each stands then, or what is wrong."""
    here = Position.objects.filter(
        pk__gte=first, pk__lt=end, next_day=day, parked_at=None, next_event_on__lte=day + DAY
    )
    positions = here.order_by("pk").select_for_update(skip_locked=True, no_key=True)
    due = list(positions.values_list("pk", "charged", "charged_row", "penalties_charged"))
    if not due:
        return [], []
    # Read once they are locked: before, somebody might still write.
    terms, late = (Cast(f"loan__{name}", TextField()) for name in ("terms", "late"))
    standings = LoanStanding.objects.filter(pk__in=[key for key, *_stood in due])
    read = standings.values_list("pk", "loan__application__state", "data", "transactions", terms, late)
    kept = {key: rest for key, *rest in read}
    pauses: dict[UUID, list[tuple[date, date]]] = {}
    for pause in DelinquencyPause.objects.filter(loan__in=kept):
        pauses.setdefault(pause.loan_id, []).append((pause.since, pause.until))
    folded: list[Folded] = []
    wrong: list[tuple[UUID, Exception]] = []
    for key, *stood in due:
        try:
            state, *rest = kept[key]
            one = Kept._make((key, *stood, *rest))
            is_active = state == State.ACTIVE
            folded.append(fold_on(one, day + DAY, charges=is_active, pauses=pauses.get(key, ())))
        except WRONG as error:
            wrong.append((key, error))
    return folded, wrong


def _run(day: date, last: date, first: UUID, end: UUID, folded: Iterable[Folded]) -> Iterator[Any]:
    """Run the statement for each of these days: (day, closed, accrued, busy, fell behind)."""
    data = json.dumps([one.data for one in folded], default=str)
    with connection.cursor() as cursor:
        cursor.execute(
            "select d::date, c.* from generate_series(%s::date, %s::date, interval '1 day') d"
            " cross join lateral credit.close_day(d::date, %s, %s, %s::jsonb) c order by d",
            [day, last, first, end, data],
        )
        return iter(cursor.fetchall())


def _fall_behind(loan_ids: list[UUID], on: date) -> None:
    """Note in the history of loans that they are late now."""
    if not loan_ids:
        return
    found = Application.objects.select_for_update(no_key=True).filter(pk__in=loan_ids, state=State.ACTIVE)
    applications = list(found.order_by("pk"))
    step_many(
        applications,
        Event.FALL_BEHIND,
        who=Actor.SYSTEM,
        at=_begin_of(on),
        holding=[Guard.DAYS_PAST_DUE],
    )
    lender_events.late([application.pk for application in applications])


def _begin_of(on: date) -> datetime:
    return timezone.make_aware(datetime.combine(on, time.min))


def _is_of_the_day(error: Exception) -> bool:
    """Whether it is no loan's fault: there is no partition for the day, no rates hold on it."""
    cause = error.__cause__
    diagnosis = getattr(cause, "diag", None)
    state = getattr(cause, "sqlstate", None)
    return state == "P0002" or (state == "23514" and not getattr(diagnosis, "constraint_name", None))
