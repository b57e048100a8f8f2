"""What an owner decides of their scheduled transfers. None of it moves money."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import audit
from accounts import services as accounts
from accounts.models import User
from core.actors import acting_as_service
from core.errors import DomainError
from wallet import rhythm
from wallet.models import Account, BankAccount, ScheduledRun, ScheduledTransfer
from wallet.refusals import NotYourAccount, SameAccount
from wallet.services.bank_accounts import BankAccountGone
from wallet.services.posting import check_amounts
from wallet.services.transfers import LONGEST_NOTE, NoteTooLong

MOST = 50
LARGEST = 1_000_000_000  # kobo
FURTHEST = timedelta(days=366 * 2)
State, Rhythm = ScheduledTransfer.State, ScheduledTransfer.Rhythm


class ScheduleInvalid(DomainError):
    """`data["field"]` names what is wrong."""

    code = "schedule_invalid"
    message = _("This cannot be planned so.")
    public = ("field",)


class TooManySchedules(DomainError):
    code = "too_many_schedules"
    kind = "conflict"
    message = _("You have 50 scheduled transfers. Cancel one that you no longer need.")


class ScheduleIdReused(DomainError):
    code = "schedule_id_reused"
    kind = "conflict"
    message = _("This was already planned with other details.")


class ScheduleOver(DomainError):
    code = "schedule_over"
    kind = "conflict"
    message = _("This scheduled transfer has ended.")


@dataclass(frozen=True)
class Coming:
    """A day on which something will be sent."""

    day: date
    schedule: ScheduledTransfer


def plan_transfer(
    *,
    schedule_id: UUID,
    source: Account,
    amount: int,
    rhythm: str,
    first_date: date,
    at: datetime,
    recipient: accounts.Recipient | None = None,
    bank_account: BankAccount | None = None,
    last_date: date | None = None,
    note: str = "",
) -> ScheduledTransfer:
    """Plan `amount` (minor units) to a person or a bank account from `first_date` on; a repeat returns the first.

    Raises ScheduleInvalid, SameAccount, BankAccountGone, NotYourAccount, NoteTooLong, TooManySchedules,
    ScheduleIdReused.
    """
    owner_id = source.owner_id
    check_amounts([amount])
    _check(amount, rhythm, first_date, last_date, note, today=timezone.localdate(at))
    if owner_id is None or (recipient is None) == (bank_account is None):
        raise ScheduleInvalid(_("Say who gets the money."), field="recipient")
    if recipient is not None and recipient.user_id == owner_id:
        raise SameAccount(_("You cannot send money to yourself."))
    if bank_account is not None:
        _check_bank_account(bank_account, owner_id)
    facts: dict[str, Any] = {
        "owner_id": owner_id,
        "source": source,
        "recipient_id": recipient.user_id if recipient else None,
        "bank_account": bank_account,
        "name": recipient.display_name if recipient else str(bank_account),
        "amount": amount,
        "note": note,
        "rhythm": rhythm,
        "first_date": first_date,
        "last_date": last_date,
        "next_date": first_date,
        "created_at": at,
    }
    with acting_as_service():
        User.objects.select_for_update().get(pk=owner_id)
        found = ScheduledTransfer.objects.filter(pk=schedule_id).first()
        if found is not None:
            if (found.owner_id, found.amount, found.first_date) != (owner_id, amount, first_date):
                raise ScheduleIdReused
            return found
        going_on = ScheduledTransfer.objects.filter(owner=owner_id, state__in=(State.ACTIVE, State.PAUSED))
        if going_on.count() >= MOST:
            raise TooManySchedules
        schedule = ScheduledTransfer.objects.create(id=schedule_id, **facts)
        audit.record(action="wallet.schedule.planned", target=schedule, amount=amount, rhythm=rhythm)
    return schedule


def pause_schedule(*, schedule: ScheduledTransfer, at: datetime) -> ScheduledTransfer:
    """Send nothing until it is resumed; what falls between is left out. Raises ScheduleOver."""
    return _become(schedule, State.PAUSED, "paused", at=at)


def resume_schedule(*, schedule: ScheduledTransfer, at: datetime) -> ScheduledTransfer:
    """Go on with the next day from today on. Raises ScheduleOver, also where no day is left."""
    return _become(schedule, State.ACTIVE, "resumed", at=at)


def cancel_schedule(*, schedule: ScheduledTransfer, at: datetime) -> ScheduledTransfer:
    """End it for good; what was sent stays sent. Raises ScheduleOver."""
    return _become(schedule, State.CANCELLED, "cancelled", at=at)


def skip_next(*, schedule: ScheduledTransfer, at: datetime) -> ScheduledTransfer:
    """Leave out the next day alone. Raises ScheduleOver."""
    with acting_as_service():
        held = _lock(schedule)
        day = held.next_date or held.first_date
        ScheduledRun.objects.get_or_create(
            schedule=held,
            due_date=day,
            defaults={"state": ScheduledRun.State.SKIPPED, "made_at": at, "ended_at": at},
        )
        advance(held, after=day, at=at)
        audit.record(action="wallet.schedule.skipped", target=held, day=str(day))
    return held


def coming_up(*, user: User, at: datetime, within: timedelta = timedelta(days=30)) -> list[Coming]:
    """Return what will be sent in the days from today on, the earliest first. The caller is that user."""
    today = timezone.localdate(at)
    found = []
    active = ScheduledTransfer.objects.visible_to(user).filter(state=State.ACTIVE)
    for schedule in active.select_related("bank_account"):
        until = min(today + within, schedule.last_date or date.max)
        since = max(schedule.next_date or today, today)
        planned = rhythm.days(schedule.rhythm, schedule.first_date, since=since, until=until)
        found += [Coming(day, schedule) for day in planned]
    return sorted(found, key=lambda coming: (coming.day, coming.schedule.pk))


def advance(schedule: ScheduledTransfer, *, after: date, at: datetime) -> None:
    """Move on to the next day; where there is none, it is done. The caller has its lock."""
    day = rhythm.following(schedule.rhythm, schedule.first_date, after)
    if day is not None and (schedule.last_date is None or day <= schedule.last_date):
        schedule.next_date = day
    else:
        schedule.next_date, schedule.state, schedule.ended_at = None, State.DONE, at
    schedule.save(update_fields=["next_date", "state", "ended_at"])


def _check(amount: int, named: str, first: date, last: date | None, note: str, *, today: date) -> None:
    if named not in Rhythm.values:
        raise ScheduleInvalid(_("Choose how often."), field="rhythm")
    if not 0 < amount <= LARGEST:
        raise ScheduleInvalid(_("Choose an amount up to ₦10,000,000."), field="amount")
    if not today <= first <= today + FURTHEST:
        raise ScheduleInvalid(_("Choose a day from today on, within two years."), field="first_date")
    if last is not None and (last < first or named == Rhythm.ONCE):
        raise ScheduleInvalid(_("The last day comes after the first."), field="last_date")
    if len(note) > LONGEST_NOTE:
        raise NoteTooLong


def _check_bank_account(account: BankAccount, owner_id: UUID) -> None:
    if account.owner_id != owner_id:
        raise NotYourAccount
    if account.removed_at is not None:
        raise BankAccountGone


def _lock(schedule: ScheduledTransfer) -> ScheduledTransfer:
    held = ScheduledTransfer.objects.select_for_update().get(pk=schedule.pk)
    if not held.goes_on:
        raise ScheduleOver
    return held


def _become(schedule: ScheduledTransfer, state: str, word: str, *, at: datetime) -> ScheduledTransfer:
    with acting_as_service():
        held = _lock(schedule)
        if held.state == state:
            return held
        held.state = state
        if state == State.CANCELLED:
            held.next_date, held.ended_at = None, at
        elif state == State.ACTIVE:
            held.next_date = _from_today(held, today=timezone.localdate(at))
        held.save(update_fields=["state", "next_date", "ended_at"])
        audit.record(action=f"wallet.schedule.{word}", target=held)
    return held


def _from_today(schedule: ScheduledTransfer, *, today: date) -> date:
    """What fell into the pause is left out; what was to be sent once, and its day is over, is sent today."""
    if schedule.rhythm == Rhythm.ONCE:
        return max(schedule.first_date, today)
    planned = schedule.next_date or schedule.first_date
    day = (
        planned
        if planned >= today
        else rhythm.following(schedule.rhythm, schedule.first_date, today - timedelta(days=1))
    )
    if day is None or (schedule.last_date and day > schedule.last_date):
        raise ScheduleOver(_("Its last day is over. Plan a new one."))
    return day
