"""Borrowers are reminded of instalments that are due and of those that are late; each kind once for each due day.

Only between 8:00 and 21:00 in Lagos, and not while a pause holds. Loans of which a day is not closed yet wait.
"""

from datetime import date, datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from core.actors import acting_as_service
from credit.models import DelinquencyPause, Position, Reminder
from credit.notices import closing as notices
from credit.states import State

AT_A_TIME = 500
FIRST_HOUR, LAST_HOUR = 8, 20
DAY = timedelta(days=1)
SOON = 3 * DAY
Kind = Reminder.Kind
# Kind: how many days ago the oldest unpaid instalment was due, from and to. What was missed is told late.
LATE = {Kind.TODAY: (0, 0), Kind.LATE: (1, 6), Kind.LATE_WEEK: (7, 29), Kind.LATE_MONTH: (30, 60)}


def may_contact(at: datetime) -> bool:
    """Whether borrowers may be contacted about a debt at this moment, in Lagos."""
    return FIRST_HOUR <= timezone.localtime(at).hour <= LAST_HOUR


def remind_some(*, at: datetime, size: int = AT_A_TIME) -> int:
    """Remind some borrowers, and return how many; 0 when nobody is left to remind or it is no hour for it."""
    if not may_contact(at):
        return 0
    today = timezone.localdate(at)
    try:
        with acting_as_service(), transaction.atomic():
            return sum(_remind(kind, today, size) for kind in Kind)
    except IntegrityError:  # somebody else reminds them just now
        return 0


def _remind(kind: Kind, today: date, size: int) -> int:
    paused = DelinquencyPause.objects.filter(loan=OuterRef("pk"), since__lte=today, until__gt=today)
    found = Position.objects.filter(
        _is_for(kind, today), loan__application__state=State.ACTIVE, next_day=today, parked_at=None
    )
    day = "next_due_on" if kind == Kind.SOON else "due_since"
    told = Reminder.objects.filter(loan=OuterRef("pk"), kind=kind, due_date=OuterRef(day))
    free = found.exclude(Exists(paused)).exclude(Exists(told)).select_related("loan").order_by("pk")
    positions = list(free.select_for_update(of=("self",), skip_locked=True, no_key=True)[:size])
    reminders = {
        Reminder(loan=one.loan, due_date=getattr(one, day), kind=kind): _asked(one, kind) for one in positions
    }
    Reminder.objects.bulk_create(reminders)
    notices.reminded(reminders)
    return len(positions)


def _is_for(kind: Kind, today: date) -> Q:
    if kind == Kind.SOON:
        return Q(next_due_on__gt=today, next_due_on__lte=today + SOON, next_due_amount__gt=0)
    least, most = LATE[kind]
    return Q(due_since__lte=today - least * DAY, due_since__gte=today - most * DAY)


def _asked(position: Position, kind: Kind) -> int:
    """What is asked for (kobo)."""
    return position.next_due_amount if kind == Kind.SOON else position.due
