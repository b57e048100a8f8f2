"""Savings in the life of a person's account: what is exported, what keeps it open, and what ends with it."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import life
from accounts.life import Blocker
from accounts.models import User
from savings.models import (
    Accrual,
    AutoRun,
    AutoSaving,
    ClosingQuote,
    InterestChoice,
    Move,
    ReplacedAccrual,
    Replay,
    SavingsGroup,
    StateChange,
    UserSavings,
)
from savings.reasons import page_of
from savings.services import cancel_saving, grouping
from savings.services.days import DAY
from savings.states import ENDED, State

SAVING = (
    *("id", "plan__name", "name", "state", "target", "target_date", "opened_on", "matures_on", "at_maturity"),
    *("account_id", "group_id", "rolled_from_id", "paid_at_start", "tax_at_start", "made_at", "ended_at"),
)
MOVE = ("posting_id", "saving_id", "kind", "amount", "value_date", "made_at")
ACCRUAL = (
    "saving_id",
    "day",
    "balance",
    "rate",
    "accrued",
    "carry",
    "paid",
    "tax",
    "posting_id",
    "tax_posting_id",
)
CHANGE = ("saving_id", "was", "now", "event", "on", "made_at")
AUTOMATIC = (
    *("id", "saving_id", "kind", "rhythm", "amount", "follows_target", "first_date", "next_date"),
    *("state", "reason", "skipped", "made_at", "ended_at"),
)
RUN = (
    *("automatic_id", "due_date", "amount", "state", "tries", "code", "reason", "next_amount"),
    *("posting_id", "made_at", "ended_at"),
)
QUOTE = (
    *("saving_id", "day", "is_early", "balance", "earned", "interest", "tax", "taken_back", "tax_back"),
    *("penalty", "pays_out", "posting_id", "made_at", "expires_at", "used_at"),
)
REPLACED = (
    "saving_id",
    "day",
    "balance",
    "rate",
    "accrued",
    "carry",
    "paid",
    "tax",
    "posting_id",
    "tax_posting_id",
)
GROUP = ("id", "name", "target", "target_date", "code", "closed_at", "made_at")


def export(user: User) -> Iterator[life.File]:
    """A person's savings with all their days, and the groups they made; of others in a group, nothing. Minor units."""
    savings = UserSavings.objects.visible_to(user)
    yield "savings", _rows(savings, *SAVING)
    yield "savings_movements", _rows(Move.objects.filter(saving__in=savings), *MOVE)
    yield "savings_interest", _days(savings)
    yield "savings_states", _rows(StateChange.objects.filter(saving__in=savings), *CHANGE)
    automatic = AutoSaving.objects.visible_to(user)
    yield "automatic_savings", _rows(automatic, *AUTOMATIC)
    yield "automatic_savings_days", _rows(AutoRun.objects.filter(automatic__in=automatic), *RUN)
    yield "savings_quotes", _rows(ClosingQuote.objects.filter(saving__in=savings), *QUOTE)
    yield "interest_choices", _rows(InterestChoice.objects.filter(user=user), "earns", "from_date", "made_at")
    replays = Replay.objects.filter(saving__in=savings)
    yield "savings_replays", _rows(replays, "saving_id", "since", "interest", "tax", "made_at")
    yield "savings_interest_before", _rows(ReplacedAccrual.objects.filter(saving__in=savings), *REPLACED)
    yield "savings_groups", _rows(SavingsGroup.objects.filter(organiser=user), *GROUP)


def _days(savings: QuerySet[UserSavings]) -> Iterator[dict[str, Any]]:
    """Saving by saving: their days are found by their ids."""
    for saving in savings.exclude(opened_on=None).order_by("pk"):
        ended = timezone.localdate(saving.ended_at or timezone.now())
        began = saving.opened_on or ended
        days = Accrual.objects.of(saving, since=began, before=ended + DAY).order_by("pk")
        yield from _rows(days, *ACCRUAL)


def blockers(user: User) -> Iterator[Blocker]:
    """A saving that goes on keeps an account open: what is in it is the person's, and it may be frozen."""
    going_on = UserSavings.objects.filter(user=user).exclude(state__in=(*ENDED, State.DRAFT)).order_by("pk")
    for saving in going_on[:3]:
        yield Blocker(
            _("Your saving “%(name)s” goes on") % {"name": saving.name},
            _("End it, or wait until it is paid out. Its page says what ending it comes to."),
            page_of(saving),
        )


def close(*, user: User, at: datetime, **_signal: Any) -> None:
    """Give up what was never paid into, and let nobody into the groups of a person who leaves."""
    for saving_id in UserSavings.objects.filter(user=user, state=State.DRAFT).values_list("pk", flat=True):
        cancel_saving(saving_id=saving_id, user=user, at=at)
    for group_id in SavingsGroup.objects.filter(organiser=user, closed_at=None).values_list("pk", flat=True):
        grouping.close_group(group_id=group_id, user=user, at=at)


def register() -> None:
    life.exporters.append(export)
    life.blockers.append(blockers)
    life.closing.connect(close, dispatch_uid="savings.personal.close")


def _rows(rows: QuerySet[Any], *fields: str) -> Iterator[dict[str, Any]]:
    return rows.order_by("pk").values(*fields).iterator(chunk_size=500)
