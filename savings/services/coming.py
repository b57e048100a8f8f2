"""When a saving saves by itself next, what that comes to, and when it rests or ends.

All of it is called under the lock of the saving's position. What falls into a rest is left out: there is no next day
while a saving is paused or frozen, and once it goes on it is one from that day on.
"""

from datetime import date, datetime, timedelta

from django.db.models import Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from savings import goals
from savings.models import AutoRun, AutoSaving, UserSavings
from savings.models.automatic import AutoSavingQuerySet
from savings.services.terms import terms_of
from wallet import rhythm
from wallet.models import Account

DAY = timedelta(days=1)
State, RunState = AutoSaving.State, AutoRun.State
# In which states a saving saves by itself: the first money starts a draft.
SAVES = ("DRAFT", "ACTIVE")
PAUSED, STOPPED, SKIPPED = "paused", "stopped", "skipped_by_owner"


def ends_on(automatic: AutoSaving, saving: UserSavings) -> date | None:
    """Return the day on which nothing is saved any more; None where there is none."""
    return saving.matures_on or (saving.target_date if automatic.follows_target else None)


def next_after(automatic: AutoSaving, saving: UserSavings, after: date) -> date | None:
    """Return the first of its days that is later; None where it has come to its end."""
    day = rhythm.following(automatic.rhythm, automatic.first_date, after)
    end = ends_on(automatic, saving)
    return None if day is None or (end is not None and day >= end) else day


def advance(automatic: AutoSaving, saving: UserSavings, *, after: date, at: datetime) -> None:
    """Move on to the next day; where there is none, it has ended. The caller has the lock of its row too."""
    automatic.next_date = next_after(automatic, saving, after)
    if automatic.next_date is None:
        automatic.state, automatic.ended_at = State.ENDED, at
    automatic.save(update_fields=["next_date", "state", "ended_at"])


def go_on(automatic: AutoSaving, saving: UserSavings, *, at: datetime) -> None:
    """Have it save on its next day from today on, anew; what follows a target is shared out anew."""
    today = timezone.localdate(at)
    automatic.state, automatic.reason, automatic.skipped = State.ACTIVE, "", 0
    if saving.state not in SAVES:
        automatic.next_date = None
    else:
        automatic.next_date = next_after(automatic, saving, today - DAY)
        if automatic.next_date is None:
            automatic.state, automatic.ended_at = State.ENDED, at
        automatic.amount = needed(automatic, saving, today) or automatic.amount
    automatic.save(update_fields=["state", "reason", "skipped", "next_date", "amount", "ended_at"])


def needed(automatic: AutoSaving, saving: UserSavings, today: date) -> int | None:
    """Return what each of the days that are left has to bring (minor units), as the target has it.

    None where it follows no target, or no day is left. What waits to be tried again counts as if it came.
    """
    end = ends_on(automatic, saving)
    if not automatic.follows_target or automatic.next_date is None or end is None:
        return None
    days = goals.due_days(automatic.rhythm, automatic.first_date, since=automatic.next_date, before=end)
    waiting = automatic.runs.filter(state=RunState.DUE).aggregate(total=Sum("amount"))["total"] or 0
    return least(saving, goals.instalment(missing_of(saving) - waiting, len(days)), today)


def least(saving: UserSavings, amount: int, today: date) -> int:
    """Return an amount, or what the plan takes at least where that is more."""
    return max(amount, terms_of(saving, today).minimum, 1)


def missing_of(saving: UserSavings) -> int:
    """What is missing to a saving's target (minor units); nothing where it has none."""
    balance = Account.objects.values_list("balance", flat=True).get(pk=saving.account_id)
    return max((saving.target or 0) - balance, 0)


def leave_out(automatic: AutoSaving, *, code: str, reason: str, at: datetime) -> int:
    """Give up the days that wait to be tried again, and return how many they were."""
    waiting = automatic.runs.filter(state=RunState.DUE)
    return waiting.update(state=RunState.SKIPPED, code=code, reason=reason, next_try_at=None, ended_at=at)


def rest_all(saving: UserSavings, *, at: datetime) -> None:
    """The saving was paused or frozen."""
    for automatic in _going_on(saving):
        leave_out(automatic, code=PAUSED, reason=_("The saving was paused."), at=at)
        automatic.next_date = None
        automatic.save(update_fields=["next_date"])


def go_on_all(saving: UserSavings, *, at: datetime) -> None:
    """The saving goes on."""
    for automatic in _going_on(saving).filter(state=State.ACTIVE):
        go_on(automatic, saving, at=at)


def end_all(saving: UserSavings, *, at: datetime) -> None:
    """The saving is over."""
    waiting = AutoRun.objects.filter(automatic__saving=saving, state=RunState.DUE)
    waiting.update(
        state=RunState.SKIPPED,
        code=STOPPED,
        reason=_("The saving has ended."),
        next_try_at=None,
        ended_at=at,
    )
    _going_on(saving).update(
        state=State.ENDED, next_date=None, ended_at=at, reason=_("The saving has ended.")
    )


def _going_on(saving: UserSavings) -> AutoSavingQuerySet:
    return AutoSaving.objects.filter(saving=saving).exclude(state=State.ENDED).select_for_update()
