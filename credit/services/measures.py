"""Measures for a loan that is hard to pay: each changes what was agreed from today on, and keeps what was before.

The caller holds the loan. Two people stand behind each (`approved/`). Amounts are minor units (kobo).
"""

from datetime import date, timedelta
from decimal import Decimal

from django.utils.translation import gettext_lazy as _

from accounts import audit
from core.actors import current_actor
from core.errors import DomainError
from credit.models import DelinquencyPause, LoanTransaction
from credit.notices import hardship as notices
from credit.replay import Capitalise, ChangeRate, ReAge, Reschedule
from credit.replay import Event as LoanEvent
from credit.services.folding import Kind
from credit.services.holding import Held
from credit.services.modifying import keep_modification
from credit.services.noting import enter
from credit.services.steps import step
from credit.states import Actor, Event, Guard, State, StateRefused

LONGEST_PAUSE = timedelta(days=183)


class PauseInvalid(DomainError):
    """`data["longest"]` is the last day until which it could be."""

    code = "loan_pause_invalid"
    message = _("A pause begins today and ends on a later day, at most half a year from now.")
    public = ("longest",)


def reschedule(held: Held, *, count: int, first_due: date | None, reason: str) -> LoanTransaction:
    """From the running row on `count` instalments, the first due on `first_due`; what is overdue stays due.

    Raises StateRefused, NotPossible.
    """
    return _agree_anew(held, Reschedule(held.today, count, first_due), Event.RESCHEDULE, reason)


def re_age(held: Held, *, count: int, first_due: date | None, reason: str) -> LoanTransaction:
    """As `reschedule`, and what is overdue is asked for anew. Raises StateRefused, NotPossible."""
    return _agree_anew(held, ReAge(held.today, count, first_due), Event.RE_AGE, reason)


def change_rate(held: Held, *, rate: Decimal, keeps_instalment: bool, reason: str) -> LoanTransaction:
    """From today on another rate (percent a year). Raises StateRefused, NotPossible."""
    return _change(held, ChangeRate(held.today, rate, keeps_instalment), kind=Kind.RATE_CHANGE, reason=reason)


def capitalise(held: Held, *, reason: str) -> LoanTransaction:
    """Interest that is due and unpaid becomes principal. Raises StateRefused, NotPossible."""
    return _change(held, Capitalise(held.today), kind=Kind.CAPITALISATION, reason=reason)


def pause(held: Held, *, until: date, reason: str) -> DelinquencyPause:
    """From today until that day being late does not count, nothing is charged for it, and nobody is reminded.

    It ends by itself. One that runs ends today, and the new one goes on from there. Raises StateRefused, PauseInvalid.
    """
    _require_active(held, "pause")
    longest = held.today + LONGEST_PAUSE
    if not held.today < until <= longest:
        raise PauseInvalid(longest=longest.isoformat())
    for other in DelinquencyPause.objects.filter(loan=held.loan, until__gt=held.today):
        # One that began today has no day yet: it cannot end before it begins, and they are the same days.
        other.until = max(held.today, other.since + timedelta(days=1))
        other.save(update_fields=["until"])
    actor = current_actor()
    made = DelinquencyPause.objects.create(
        loan=held.loan,
        since=held.today,
        until=until,
        reason=reason[:300],
        by_id=actor.user_id if actor else None,
        made_at=held.at,
    )
    held.position.paused_until = until
    held.position.save(update_fields=["paused_until"])
    audit.record(action="credit.loan.paused", target=held.loan, until=until.isoformat(), reason=reason)
    notices.paused(held.loan, made)
    return made


def _agree_anew(held: Held, event: Reschedule | ReAge, way: Event, reason: str) -> LoanTransaction:
    kind = Kind.RESCHEDULE if way is Event.RESCHEDULE else Kind.RE_AGE
    row = _change(held, event, kind=kind, reason=reason)
    step(
        held.application,
        way,
        who=Actor.OFFICER,
        at=held.at,
        holding=[Guard.MAKER_IS_NOT_CHECKER],
        reason=reason,
    )
    return row


def _change(held: Held, event: LoanEvent, *, kind: str, reason: str) -> LoanTransaction:
    _require_active(held, kind.lower())
    before = held.standing
    row = enter(held, event, kind=kind, reason=reason)
    keep_modification(held, before, row)
    notices.schedule_changed(held.loan)
    return row


def _require_active(held: Held, what: str) -> None:
    if held.application.state != State.ACTIVE:
        raise StateRefused(state=held.application.state, event=what)
