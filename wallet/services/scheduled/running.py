"""Scheduled transfers on their day. There is one row for a schedule and a day, and one payment for a row.

`make_due_runs` writes the rows, of days that were missed as well; `run_scheduled` pays one of them. Two at once share
the work, and whoever dies in between leaves a row that is due.
"""

from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from django.db.transaction import on_commit
from django.utils import timezone

from accounts import audit
from accounts import services as accounts
from accounts.models import Notification
from core.actors import acting_as, acting_as_service
from core.errors import DomainError
from wallet.models import BankAccount, Payout, ScheduledRun, ScheduledTransfer
from wallet.refusals import DailySendingLimitExceeded, InsufficientFunds
from wallet.services.payouts import request_payout
from wallet.services.scheduled.planning import advance
from wallet.services.transfers import transfer

State = ScheduledRun.State
# When it is tried again while money is short or the day's limit is used up; after the last it is not sent.
RETRIES = (timedelta(hours=1), timedelta(hours=5), timedelta(hours=24))
_PASSING = (InsufficientFunds, DailySendingLimitExceeded)
# If whoever took a run up dies, the next one may after this.
TAKEN_FOR = timedelta(minutes=5)
AT_ONCE = 500


def make_due_runs(*, at: datetime) -> int:
    """Write a row for each day that has come, and return how many; missed days are caught up with, each once."""
    today, made = timezone.localdate(at), 0
    for _round in range(AT_ONCE):
        with acting_as_service():
            due = ScheduledTransfer.objects.due(today).select_for_update(skip_locked=True)
            schedule = due.order_by("next_date", "pk").first()
            if schedule is None or schedule.next_date is None:
                break
            day = schedule.next_date
            _run, is_new = ScheduledRun.objects.get_or_create(
                schedule=schedule, due_date=day, defaults={"made_at": at, "next_try_at": at}
            )
            made += is_new
            advance(schedule, after=day, at=at)
    return made


def take_due_run(*, at: datetime) -> UUID | None:
    """Pick the run that waits longest, and put it off, so that no other worker pays it as well."""
    with acting_as_service():
        due = ScheduledRun.objects.filter(state=State.DUE, next_try_at__lte=at)
        run = due.select_for_update(skip_locked=True).order_by("next_try_at", "pk").first()
        if run is None:
            return None
        run.next_try_at = at + TAKEN_FOR
        run.save(update_fields=["next_try_at"])
        return run.pk


def run_scheduled(*, run_id: UUID, at: datetime) -> ScheduledRun:
    """Pay what a run stands for, once; what stands in the way is written down with it and told to its owner."""
    with acting_as_service():
        runs = ScheduledRun.objects.select_related(
            *("schedule__owner", "schedule__source", "schedule__bank_account")
        )
        run = runs.get(pk=run_id)
    if run.state != State.DUE:
        return run
    try:
        return _pay(run, at=at)
    except DomainError as refusal:
        return _stopped(run_id, refusal, at=at)


def _pay(run: ScheduledRun, *, at: datetime) -> ScheduledRun:
    """The money and the word that it was sent, both or neither. Raises a DomainError."""
    schedule = run.schedule
    with acting_as(schedule.owner):
        payout = None
        if schedule.bank_account_id is None:
            transfer(
                posting_id=run.posting_id,
                source=schedule.source,
                recipient_id=schedule.recipient_id or schedule.owner_id,
                amount=schedule.amount,
                note=schedule.note,
                at=at,
            )
        else:
            payout = _payout(run, schedule, at=at)
        with acting_as_service():
            held = ScheduledRun.objects.select_for_update().get(pk=run.pk)
            if held.state != State.DUE:
                return held
            held.state, held.payout, held.code, held.reason = State.SENT, payout, "", ""
            _end(held, at=at)
            audit.record(
                action="wallet.schedule.sent", target=schedule, run=str(run.pk), day=str(run.due_date)
            )
            return held


def _payout(run: ScheduledRun, schedule: ScheduledTransfer, *, at: datetime) -> Payout:
    from wallet import payout_tasks  # the tasks call services

    with acting_as_service():
        bank_account = BankAccount.objects.get(pk=schedule.bank_account_id or run.pk)
    payout = request_payout(
        payout_id=run.pk,
        account=schedule.source,
        bank_account=bank_account,
        amount=schedule.amount,
        purpose=Payout.Purpose.SCHEDULED,
        note=schedule.note,
        at=at,
    )
    on_commit(partial(payout_tasks.order_payout.delay, payout_id=str(payout.pk)), robust=True)
    return payout


def _stopped(run_id: UUID, refusal: DomainError, *, at: datetime) -> ScheduledRun:
    """Money that is short may come: it is tried again by plan. Anything else ends this day, and no other."""
    with acting_as_service():
        run = ScheduledRun.objects.select_for_update().select_related("schedule").get(pk=run_id)
        if run.state != State.DUE:
            return run
        run.code, run.reason = refusal.code, str(refusal)[:300]
        if isinstance(refusal, _PASSING) and run.tries < len(RETRIES):
            run.next_try_at = at + RETRIES[run.tries]
            run.tries += 1
            run.save(update_fields=["code", "reason", "next_try_at", "tries"])
            if run.tries == 1:
                _tell(run, "scheduled.waiting")
            return run
        run.state = State.FAILED
        _end(run, at=at)
        audit.record(action="wallet.schedule.failed", target=run.schedule, run=str(run.pk), code=refusal.code)
        _tell(run, "scheduled.failed")
        return run


def _end(run: ScheduledRun, *, at: datetime) -> None:
    run.next_try_at, run.ended_at = None, at
    run.save(update_fields=["state", "payout", "code", "reason", "next_try_at", "ended_at"])


def _tell(run: ScheduledRun, event: str) -> None:
    schedule = run.schedule
    facts = {
        "schedule": str(schedule.pk),
        "name": schedule.name,
        "amount": schedule.amount,
        "currency": "NGN",
        "reason": run.reason,
        "day": str(run.due_date),
    }
    accounts.notify(notices=[Notification(user_id=schedule.owner_id, event=event, data=facts)])
