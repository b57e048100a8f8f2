"""Where a payment would go, and what it would do to the instalments to come: before anybody confirms it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db import transaction

from accounts.models import User
from core.actors import acting_as_service
from credit.allocation import Paid
from credit.replay import Repay, happen, quote
from credit.schedule import plan, roll
from credit.services.holding import Held, hold
from credit.services.noting import try_event
from credit.standing import Standing
from credit.states import Event, State, StateRefused
from credit.terms import Effect


@dataclass(frozen=True)
class Ahead:
    """What is to come of a loan: the next two instalments, how many there are, the last day, the interest unpaid."""

    next_due: date | None
    next_amount: int
    then_amount: int
    count: int
    ends_on: date | None
    interest: int


@dataclass(frozen=True)
class Preview:
    """A payment of `amount` (minor units) today. `left` is what would pay the loan off after it."""

    amount: int
    effect: Effect
    paid: Paid
    left: int
    before: Ahead
    after: Ahead

    @property
    def has_choice(self) -> bool:
        """Whether principal is paid before its day, and instalments are left that it can change."""
        return self.paid.ahead > 0 and self.after.count > 0

    @property
    def saves(self) -> int:
        """Interest that will not be asked for any more, beside what is paid now."""
        return max(self.before.interest - self.after.interest - self.paid.interest, 0)


def preview(*, loan_id: UUID, user: User, amount: int, at: datetime, effect: Effect | None = None) -> Preview:
    """Say what a payment of `amount` (minor units) would do; nothing moves. `repay` does just that.

    Raises LoanNotFound, LoanParked, StateRefused, DayGone, NotPossible.
    """
    with acting_as_service(), transaction.atomic():
        return _preview(_held(loan_id, user, at), amount, effect)


def preview_each(*, loan_id: UUID, user: User, amount: int, at: datetime) -> Sequence[Preview]:
    """As `preview`, once for each effect that a borrower can choose; the loan's own one comes first."""
    with acting_as_service(), transaction.atomic():
        held = _held(loan_id, user, at)
        own = held.standing.effect
        return [_preview(held, amount, one) for one in sorted(Effect, key=lambda one: one is not own)]


def ahead_of(standing: Standing, on: date) -> Ahead:
    """Return what is to come of a loan after a day, were all that is overdue paid on it."""
    planned = plan(standing, on)
    rows = [row for row in planned if row.due > on and row.payment > row.paid]
    left = [row.payment - row.paid for row in rows]
    return Ahead(
        next_due=rows[0].due if rows else None,
        next_amount=left[0] if left else 0,
        then_amount=left[1] if len(left) > 1 else 0,
        count=len(rows),
        ends_on=rows[-1].due if rows else None,
        interest=sum(row.unpaid_interest for row in planned),
    )


def _held(loan_id: UUID, user: User, at: datetime) -> Held:
    held = hold(loan_id, user_id=user.pk, at=at)
    if held.application.state != State.ACTIVE:
        raise StateRefused(state=held.application.state, event=str(Event.REPAY))
    return held


def _preview(held: Held, amount: int, effect: Effect | None) -> Preview:
    event, today = Repay(held.today, amount, effect), held.today
    paid = try_event(held, event) or Paid()
    after = happen(held.standing, event)
    return Preview(
        amount=amount,
        effect=after.effect,
        paid=paid,
        left=quote(after, today).total,
        before=ahead_of(roll(held.standing, today), today),
        after=ahead_of(after, today),
    )
