"""What a saver decides of saving automatically. None of it moves money."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from accounts import audit
from accounts.models import User
from core.actors import acting_as_service
from savings.models import AutoRun, AutoSaving, SavingsPlan, UserSavings
from savings.refusals import (
    AutomaticGoesOn,
    AutomaticIdReused,
    AutomaticInvalid,
    AutomaticNotFound,
    AutomaticOver,
    NothingToSkip,
    SavingFrozen,
    SavingOver,
    StateRefused,
    TakesMoneyOnce,
    TooManyAutomatic,
)
from savings.services import coming
from savings.services.holding import Held, hold
from savings.states import OVER

MOST = 100
LARGEST = 1_000_000_000  # kobo
FURTHEST = timedelta(days=366 * 2)
# What payments are rounded up to: a naira at least, ten thousand at most.
STEPS = range(100, 1_000_001)
LONGEST_REASON = 300
Kind, State = AutoSaving.Kind, AutoSaving.State


def plan_automatic(
    *,
    automatic_id: UUID,
    saving_id: UUID,
    user: User,
    kind: str,
    amount: int,
    first_date: date,
    at: datetime,
    rhythm: str = AutoSaving.Rhythm.DAILY,
    follows_target: bool = False,
) -> AutoSaving:
    """Save into a saving by itself from `first_date` on; see AutoSaving for what `amount` (minor units) means.

    With `follows_target` the amount is worked out, and `amount` is not looked at. A repeat returns the first.

    Raises SavingNotFound, SavingFrozen, SavingOver, StateRefused, TakesMoneyOnce, AutomaticInvalid, AutomaticGoesOn,
    AutomaticIdReused, TooManyAutomatic.
    """
    with acting_as_service(), transaction.atomic():
        held = hold(saving_id, user_id=user.pk, at=at)
        found = AutoSaving.objects.filter(pk=automatic_id).first()
        if found is not None:
            if (found.saving_id, found.kind, found.first_date) != (saving_id, kind, first_date):
                raise AutomaticIdReused
            return found
        wanted = AutoSaving(
            id=automatic_id,
            saving=held.saving,
            kind=kind,
            rhythm=rhythm,
            amount=amount,
            follows_target=follows_target,
            first_date=first_date,
            next_date=first_date,
            made_at=at,
        )
        _check_saving(held)
        _check_days(wanted, held)
        _settle_amount(wanted, held)
        _check_others(wanted)
        wanted.save(force_insert=True)
        audit.record(
            action="savings.automatic.planned",
            target=wanted,
            saving=str(saving_id),
            kind=kind,
            rhythm=rhythm,
            amount=wanted.amount,
        )
    return wanted


def change_amount(
    *, automatic: AutoSaving, user: User, amount: int, at: datetime, follows_target: bool = False
) -> AutoSaving:
    """Save another amount from now on, also on days that wait to be tried again.

    Raises AutomaticNotFound, AutomaticInvalid, AutomaticOver.
    """
    with _held(automatic, user, at) as (held, own):
        was = own.amount
        own.amount, own.follows_target = own.amount if follows_target else amount, follows_target
        _settle_amount(own, held)
        own.save(update_fields=["amount", "follows_target"])
        if own.kind == Kind.RHYTHM:
            own.runs.filter(state=AutoRun.State.DUE).update(amount=own.amount)
        audit.record(action="savings.automatic.changed", target=own, was=was, amount=own.amount)
    return own


def pause_automatic(*, automatic: AutoSaving, user: User, at: datetime, reason: str = "") -> AutoSaving:
    """Save nothing by it until it is resumed; what falls between is left out.

    Raises AutomaticNotFound, AutomaticOver.
    """
    with _held(automatic, user, at) as (_unused, own):
        if own.state != State.PAUSED:
            coming.leave_out(own, code=coming.PAUSED, reason=_("You paused it."), at=at)
            own.state, own.next_date, own.reason = State.PAUSED, None, reason[:LONGEST_REASON]
            own.save(update_fields=["state", "next_date", "reason"])
            audit.record(action="savings.automatic.paused", target=own, reason=own.reason)
    return own


def resume_automatic(*, automatic: AutoSaving, user: User, at: datetime) -> AutoSaving:
    """Go on with its next day from today on; it has ended where none is left.

    Raises AutomaticNotFound, AutomaticOver.
    """
    with _held(automatic, user, at) as (held, own):
        if own.state == State.PAUSED:
            coming.go_on(own, held.saving, at=at)
            audit.record(action="savings.automatic.resumed", target=own, amount=own.amount)
    return own


def stop_automatic(*, automatic: AutoSaving, user: User, at: datetime, reason: str = "") -> AutoSaving:
    """End it for good; what was saved stays saved. Raises AutomaticNotFound; one that has ended is left as it is."""
    with _held(automatic, user, at, ended=True) as (_unused, own):
        if own.goes_on:
            coming.leave_out(own, code=coming.STOPPED, reason=_("You stopped it."), at=at)
            own.state, own.next_date, own.ended_at = State.ENDED, None, at
            own.reason = reason[:LONGEST_REASON]
            own.save(update_fields=["state", "next_date", "ended_at", "reason"])
            audit.record(action="savings.automatic.stopped", target=own, reason=own.reason)
    return own


def skip_next(*, automatic: AutoSaving, user: User, at: datetime, reason: str = "") -> AutoRun:
    """Leave out the next day alone; what follows a target is shared out anew.

    Raises AutomaticNotFound, AutomaticOver, NothingToSkip.
    """
    with _held(automatic, user, at) as (held, own):
        if own.next_date is None:
            raise NothingToSkip
        run, _is_new = AutoRun.objects.get_or_create(
            automatic=own,
            due_date=own.next_date,
            defaults={
                "state": AutoRun.State.SKIPPED,
                "amount": own.amount if own.kind == Kind.RHYTHM else None,
                "code": coming.SKIPPED,
                "reason": reason[:LONGEST_REASON] or _("You skipped it."),
                "made_at": at,
                "ended_at": at,
            },
        )
        coming.advance(own, held.saving, after=run.due_date, at=at)
        share_out(run, own, held)
        audit.record(
            action="savings.automatic.skipped", target=own, day=str(run.due_date), next_amount=run.next_amount
        )
    return run


def share_out(run: AutoRun, automatic: AutoSaving, held: Held) -> None:
    """Share what is missing out over the days that are left, and say so on the day that was skipped."""
    run.next_amount = coming.needed(automatic, held.saving, held.today)
    run.save(update_fields=["next_amount"])
    if run.next_amount is not None:
        automatic.amount = run.next_amount
        automatic.save(update_fields=["amount"])


@contextmanager
def _held(
    automatic: AutoSaving, user: User, at: datetime, *, ended: bool = False
) -> Iterator[tuple[Held, AutoSaving]]:
    """The saving first, then its automatic saving: both locked, and the customer's own."""
    with acting_as_service(), transaction.atomic():
        if not UserSavings.objects.filter(pk=automatic.saving_id, user_id=user.pk).exists():
            raise AutomaticNotFound
        held = hold(automatic.saving_id, user_id=user.pk, at=at)
        own = AutoSaving.objects.select_for_update().get(pk=automatic.pk)
        if not own.goes_on and not ended:
            raise AutomaticOver
        yield held, own


def _check_saving(held: Held) -> None:
    saving = held.saving
    if saving.plan.kind == SavingsPlan.Kind.FIXED:
        raise TakesMoneyOnce
    if saving.state == "FROZEN":
        raise SavingFrozen
    if saving.state in OVER or held.is_over:
        raise SavingOver
    if saving.state not in coming.SAVES:
        raise StateRefused(state=saving.state, event="plan_automatic")


def _check_days(wanted: AutoSaving, held: Held) -> None:
    if wanted.kind not in Kind.values:
        raise AutomaticInvalid(_("Choose one of those offered."), field="kind")
    if wanted.rhythm not in AutoSaving.Rhythm.values:
        raise AutomaticInvalid(_("Choose how often."), field="rhythm")
    if wanted.kind != Kind.RHYTHM and wanted.rhythm != AutoSaving.Rhythm.DAILY:
        raise AutomaticInvalid(_("This sort saves every day."), field="rhythm")
    if wanted.follows_target:
        _check_target(wanted, held)
    if not held.today <= wanted.first_date <= held.today + FURTHEST:
        raise AutomaticInvalid(_("Choose a day from today on, within two years."), field="first_date")
    end = coming.ends_on(wanted, held.saving)
    if end is not None and wanted.first_date >= end:
        raise AutomaticInvalid(_("Choose a day before this saving comes to its end."), field="first_date")


def _check_target(wanted: AutoSaving, held: Held) -> None:
    saving = held.saving
    has_goal = saving.target is not None and (saving.matures_on or saving.target_date)
    if wanted.kind != Kind.RHYTHM or not has_goal:
        raise AutomaticInvalid(
            _("Only a fixed amount can follow a target, of a saving that has one."), field="follows_target"
        )


def _settle_amount(wanted: AutoSaving, held: Held) -> None:
    """Work out an amount that follows a target, and check any other. Raises AutomaticInvalid."""
    if wanted.follows_target:
        _check_target(wanted, held)
        wanted.amount = coming.needed(wanted, held.saving, held.today) or wanted.amount
    least = {Kind.RHYTHM: coming.least(held.saving, 1, held.today), Kind.ROUND_UP: STEPS[0]}.get(
        Kind(wanted.kind), 0
    )
    most = STEPS[-1] if wanted.kind == Kind.ROUND_UP else LARGEST
    if wanted.amount < least:
        raise AutomaticInvalid(_("That is less than this plan takes at a time."), field="amount")
    if wanted.amount > most:
        raise AutomaticInvalid(_("Choose a smaller amount."), field="amount")


def _check_others(wanted: AutoSaving) -> None:
    others = AutoSaving.objects.filter(saving=wanted.saving)
    if others.filter(kind=wanted.kind).exclude(state=State.ENDED).exists():
        raise AutomaticGoesOn
    if others.count() >= MOST:
        raise TooManyAutomatic
