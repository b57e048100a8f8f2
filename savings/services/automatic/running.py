"""Automatic saving on its day. There is one row for an automatic saving and a day, and one movement for a row.

`make_due_runs` writes the rows, of days that were missed as well; `run_automatic` saves what one stands for. The money
and the word that it was saved are one database transaction under the saving's lock: two at once share the work, and
whoever dies in between leaves a row that is due.
"""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import audit
from core.actors import acting_as_service
from core.errors import DomainError
from savings import events, notices
from savings.models import AutoRun, AutoSaving
from savings.refusals import SavingOver, TakesMoneyOnce
from savings.services import coming
from savings.services.automatic.owing import owed
from savings.services.automatic.planning import share_out
from savings.services.contributing import pay_in
from savings.services.holding import Held, hold
from savings.services.steps import step
from savings.states import Event, following

State = AutoRun.State
# How long after the last try the next one is: one, three and five days after the first. Then the day is skipped.
RETRIES = (timedelta(days=1), timedelta(days=2), timedelta(days=2))
# So many days that were skipped in a row pause the saving.
PATIENCE = 3
# If whoever took a run up dies, the next one may after this.
TAKEN_FOR = timedelta(minutes=5)
AT_ONCE = 2_000
_ENDS = (SavingOver, TakesMoneyOnce)


def make_due_runs(*, at: datetime) -> int:
    """Write a row for each day that has come, and return how many; missed days are caught up with, each once."""
    today, made = timezone.localdate(at), 0
    for _round in range(AT_ONCE):
        with acting_as_service():
            due = AutoSaving.objects.due(today).select_related("saving")
            free = due.select_for_update(of=("self",), skip_locked=True)
            automatic = free.order_by("next_date", "pk").first()
            if automatic is None or automatic.next_date is None:
                break
            amount = automatic.amount if automatic.kind == AutoSaving.Kind.RHYTHM else None
            run, is_new = AutoRun.objects.get_or_create(
                automatic=automatic,
                due_date=automatic.next_date,
                defaults={"amount": amount, "made_at": at, "next_try_at": at},
            )
            made += is_new
            coming.advance(automatic, automatic.saving, after=run.due_date, at=at)
    return made


def take_due_run(*, at: datetime) -> UUID | None:
    """Pick the run that waits longest, and put it off, so that no other worker takes it up as well."""
    with acting_as_service():
        due = AutoRun.objects.filter(state=State.DUE, next_try_at__lte=at)
        run = due.select_for_update(skip_locked=True).order_by("next_try_at", "pk").first()
        if run is None:
            return None
        run.next_try_at = at + TAKEN_FOR
        run.save(update_fields=["next_try_at"])
        return run.pk


def run_automatic(*, run_id: UUID, at: datetime) -> AutoRun:
    """Save what a run stands for, once; what stands in the way is written down with it and told to its owner."""
    with acting_as_service(), transaction.atomic():
        automatic = AutoSaving.objects.get(runs=run_id)
        held = hold(automatic.saving_id, user_id=None, at=at)
        automatic = AutoSaving.objects.select_for_update().get(pk=automatic.pk)
        run = AutoRun.objects.select_for_update().get(pk=run_id)
        run.automatic = automatic
        if run.next_try_at is None or run.next_try_at > at + TAKEN_FOR:
            return run
        if held.saving.state not in coming.SAVES and not held.is_over:
            coming.leave_out(automatic, code=coming.PAUSED, reason=_("The saving was paused."), at=at)
            run.refresh_from_db()
            return run
        try:
            with transaction.atomic():
                _save(run, held, at)
        except DomainError as refusal:
            held.saving.refresh_from_db()
            _refused(run, held, refusal, at)
    return run


def _save(run: AutoRun, held: Held, at: datetime) -> None:
    """The money and the word that it was saved, both or neither. Raises a DomainError."""
    due = owed(run, held)
    run.amount = due.amount
    if due.code:
        _end(run, State.NOTHING, due.code, due.reason, at)
        return
    pay_in(held, amount=due.amount, posting_id=run.posting_id, at=at)
    _end(run, State.SAVED, "", "", at)
    automatic = run.automatic
    automatic.skipped = 0
    automatic.save(update_fields=["skipped"])
    audit.record(action="savings.automatic.saved", target=automatic, day=str(run.due_date), amount=due.amount)


def _refused(run: AutoRun, held: Held, refusal: DomainError, at: datetime) -> None:
    """What stands in the way may pass: it is tried again by plan, and then left out."""
    if isinstance(refusal, _ENDS):
        coming.end_all(held.saving, at=at)
        run.refresh_from_db()
        return
    run.code, run.reason = refusal.code, str(refusal)[:300]
    if run.tries < len(RETRIES):
        run.next_try_at = at + RETRIES[run.tries]
        run.tries += 1
        run.save(update_fields=["amount", "code", "reason", "next_try_at", "tries"])
        if run.tries == 1:
            _tell(run, held, "saving.waiting", again=str(timezone.localdate(run.next_try_at)))
        return
    _skip(run, held, at)


def _skip(run: AutoRun, held: Held, at: datetime) -> None:
    automatic = run.automatic
    _end(run, State.SKIPPED, run.code, run.reason, at)
    automatic.skipped += 1
    automatic.save(update_fields=["skipped"])
    share_out(run, automatic, held)
    audit.record(
        action="savings.automatic.skipped",
        target=automatic,
        day=str(run.due_date),
        code=run.code,
        next_amount=run.next_amount,
    )
    events.skipped(held.saving, run)
    if automatic.skipped < PATIENCE:
        _tell(run, held, "saving.skipped")
        return
    _pause(automatic, held, at)
    _tell(run, held, "saving.paused_itself")


def _pause(automatic: AutoSaving, held: Held, at: datetime) -> None:
    """Nothing could be saved three times in a row: the saving rests until its owner goes on with it.

    One that was never paid into cannot be paused, and then its automatic saving is.
    """
    reason = _("Nothing could be saved three times in a row.")
    if following(held.saving.state, Event.PAUSE):
        step(held.saving, Event.PAUSE, at=at, reason=reason)
        AutoSaving.objects.filter(pk=automatic.pk).update(reason=reason)
    elif automatic.goes_on:
        coming.leave_out(automatic, code=coming.PAUSED, reason=reason, at=at)
        automatic.state, automatic.next_date, automatic.reason = AutoSaving.State.PAUSED, None, reason
        automatic.save(update_fields=["state", "next_date", "reason"])


def _end(run: AutoRun, state: str, code: str, reason: str, at: datetime) -> None:
    run.state, run.code, run.reason, run.next_try_at, run.ended_at = state, code, reason, None, at
    run.save(update_fields=["state", "amount", "code", "reason", "next_try_at", "ended_at"])


def _tell(run: AutoRun, held: Held, event: str, **facts: Any) -> None:
    notices.tell(
        held.saving,
        event,
        automatic=str(run.automatic_id),
        day=str(run.due_date),
        amount=run.amount or 0,
        reason=run.reason,
        next_amount=run.next_amount,
        **facts,
    )
