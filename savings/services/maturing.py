"""What happens just after midnight in Lagos to savings that have come to their end: paid out, or saved again."""

import logging
from collections.abc import Callable, Sequence
from datetime import date, datetime
from uuid import UUID

from django.db import DatabaseError, transaction
from django.db.models import Q, Sum
from django.utils import timezone

from accounts import audit
from core.actors import acting_as_service
from core.errors import DomainError
from core.ids import nth, posting_id, uuid7
from savings import notices
from savings.models import Move, PlanTerms, UserSavings
from savings.refusals import PlanClosed
from savings.services.closing import close_saving
from savings.services.contributing import check_amount, start
from savings.services.ending import stop
from savings.services.holding import Held, effective, hold, wallet_of
from savings.services.opening import draft
from savings.services.steps import step
from savings.services.terms import check_length, terms_in_force
from savings.states import Event
from wallet import services as wallet
from wallet.services import Line

AtMaturity = UserSavings.AtMaturity
AT_ONCE = 1_000
logger = logging.getLogger(__name__)


def mature_due(*, at: datetime, until: Callable[[], bool] = lambda: False) -> int:
    """End the savings whose last day has passed, and return how many were. Safe to run twice and at once.

    One that cannot be paid out stays matured with its money in it; its owner is told, and it is tried again, after
    those that were not tried yet. One that is parked, or that fails, keeps no other waiting. `until` says when to leave
    the rest to another run.
    """
    done = 0
    for states in (("ACTIVE", "PAUSED"), ("MATURED",)):
        last: tuple[date, UUID] | None = None
        while not until() and (due := _due(states, timezone.localdate(at), last)):
            for matures_on, saving_id in due:
                last = matures_on, saving_id
                if until():
                    break
                done += _try(saving_id, at)
    return done


def _due(states: Sequence[str], today: date, after: tuple[date, UUID] | None) -> list[tuple[date, UUID]]:
    with acting_as_service():
        due = UserSavings.objects.filter(state__in=states, matures_on__lte=today, position__parked_at=None)
        if after is not None:
            day, pk = after
            due = due.filter(Q(matures_on__gt=day) | Q(matures_on=day, pk__gt=pk))
        found = due.order_by("matures_on", "pk").values_list("matures_on", "pk")[:AT_ONCE]
        return [(day, pk) for day, pk in found if day is not None]


def _try(saving_id: UUID, at: datetime) -> bool:
    try:
        return mature(saving_id=saving_id, at=at)
    except (DomainError, DatabaseError):
        logger.exception("saving %s could not be matured", saving_id)
        return False


def mature(*, saving_id: UUID, at: datetime) -> bool:
    """Mature a saving that is over, and do with its money what its owner chose; say whether that was done."""
    with acting_as_service(), transaction.atomic():
        held = hold(saving_id, user_id=None, at=at)
        saving = held.saving
        states = {"ACTIVE", "PAUSED", "MATURED"}
        if not held.is_over or saving.state not in states or held.position.parked_at is not None:
            return False
        was = saving.state
        if was == "PAUSED":
            step(saving, Event.RESUME, at=at, reason="it has come to its end")
        if was != "MATURED":
            step(saving, Event.MATURE, at=at)
        try:
            with transaction.atomic():
                _settle(held, at)
        except DomainError as refusal:
            saving.refresh_from_db()
            if was != "MATURED":
                notices.tell(saving, "saving.matured", reason=str(refusal))
            return False
    return True


def _settle(held: Held, at: datetime) -> None:
    saving = held.saving
    if saving.at_maturity == AtMaturity.PAY_OUT:
        _pay_out(held, at)
        step(saving, Event.PAY_OUT, at=at)
        notices.tell(saving, "saving.paid_out", amount=held.balance)
    else:
        into = _roll_over(held, at)
        step(saving, Event.ROLL_OVER, at=at)
        notices.tell(saving, "saving.rolled_over", amount=held.balance, into=str(into.pk))
    stop(held)


def _pay_out(held: Held, at: datetime) -> None:
    if not held.balance:
        return
    target = wallet_of(held.saving.user_id, held.saving.plan.currency_id)
    posted = posting_id()
    _post(posted, held.saving, [Line("UNSAVING", held.saving.account_id, target.pk, held.balance)], at)
    _withdrawn(held, posted, held.balance)


def _roll_over(held: Held, at: datetime) -> UserSavings:
    """Save again for as long, from the day it ended on and under the terms of that day.

    Raises PlanClosed, SavingInvalid, TooLittle, TooMuch, and a LedgerRefusal.
    """
    old, amount = held.saving, _rolled(held)
    new, terms = _next(old, amount)
    source = wallet_of(old.user_id, old.plan.currency_id)
    more = start(Held(new, new.position, 0, held.today), terms, amount, new_day(old), source, at)
    lines = [Line("SAVING", old.account_id, new.account_id, amount), *more]
    rest = held.balance - amount
    posted = posting_id()
    if rest:
        lines.append(Line("UNSAVING", old.account_id, source.pk, rest))
        _withdrawn(held, nth(posted, len(lines) - 1), rest)
    _post(posted, old, lines, at)
    Move.objects.create(
        posting_id=posted, saving=new, kind=Move.Kind.CONTRIBUTION, amount=amount, value_date=new_day(old)
    )
    audit.record(action="savings.saving.opened", target=new, rolled_from=str(old.pk), terms=str(terms.pk))
    close_saving(saving_id=new.pk, until=held.today)
    return new


def new_day(old: UserSavings) -> date:
    """The day on which what was saved before is saved again: the one that it matured on, however late that is done."""
    assert old.matures_on is not None  # it has come to its end
    return old.matures_on


def _rolled(held: Held) -> int:
    if held.saving.at_maturity == AtMaturity.ROLL_ALL:
        return held.balance
    return min(held.balance, held.saving.moves.aggregate(total=Sum("amount"))["total"] or 0)


def _next(old: UserSavings, amount: int) -> tuple[UserSavings, PlanTerms]:
    assert old.opened_on is not None
    length = new_day(old) - old.opened_on
    if not old.plan.is_open:
        raise PlanClosed
    terms = terms_in_force(old.plan_id, new_day(old))
    check_length(terms, length.days, field="days")
    check_amount(terms, amount)
    new = draft(
        saving_id=uuid7(),
        user_id=old.user_id,
        plan=old.plan,
        terms=terms,
        matures_on=new_day(old) + length,
        name=old.name,
        at_maturity=old.at_maturity,
        rolled_from=old,
    )
    return new, terms


def _withdrawn(held: Held, transaction_id: UUID, amount: int) -> None:
    Move.objects.create(
        posting_id=transaction_id,
        saving=held.saving,
        kind=Move.Kind.WITHDRAWAL,
        amount=-amount,
        value_date=held.today,
    )


def _post(posted: UUID, saving: UserSavings, lines: list[Line], at: datetime) -> None:
    wallet.post(posting_id=posted, lines=lines, description=saving.name, effective_at=effective(at))
