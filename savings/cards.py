"""A person's savings as cards: what is there, what it earned, how far its goal is. A fixed number of queries."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.db.models import Sum

from accounts.models import User
from savings import goals, wording
from savings.goals import Pace, Progress
from savings.models import AutoSaving, Move, Position, UserSavings
from savings.services.reading import positions_of
from savings.states import ENDED
from wallet import rhythm

ENDED_SHOWN = 50


@dataclass(frozen=True)
class Card:
    """One saving; amounts in minor units. `earned` is interest that is not paid yet, whole kobo of it."""

    saving: UserSavings
    earned: int
    is_parked: bool
    progress: Progress | None
    automatic: AutoSaving | None

    @property
    def balance(self) -> int:
        return self.saving.account.balance

    @property
    def tone(self) -> str:
        return wording.tone(self.saving)

    @property
    def goal_day(self) -> date | None:
        return self.saving.target_date or self.saving.matures_on


@dataclass(frozen=True)
class Overview:
    """All of a person's savings: those that go on, and those that have ended, newest first."""

    going_on: Sequence[Card]
    ended: Sequence[UserSavings]

    @property
    def total(self) -> int:
        return sum(card.balance for card in self.going_on)

    @property
    def earned(self) -> int:
        return sum(card.earned for card in self.going_on)

    @property
    def behind(self) -> Sequence[Card]:
        return [card for card in self.going_on if card.progress and card.progress.behind]


def overview_of(user: User, *, on: date) -> Overview:
    own = UserSavings.objects.visible_to(user).select_related("plan", "account", "group")
    going_on = own.exclude(state__in=ENDED).order_by("-id")
    ended = own.filter(state__in=ENDED - {UserSavings.State.CANCELLED}).order_by("-ended_at", "-id")
    return Overview(cards_of(user, list(going_on), on=on), list(ended[:ENDED_SHOWN]))


def cards_of(user: User, savings: Sequence[UserSavings], *, on: date) -> list[Card]:
    """Return a card for each; they are to be fetched with plan and account."""
    positions = positions_of(user=user, savings=savings)
    moves = _moves_of([saving for saving in savings if saving.target])
    automatic = _automatic_of(savings)
    return [
        Card(
            saving=saving,
            earned=earned(positions.get(saving.pk)),
            is_parked=_is_parked(positions.get(saving.pk)),
            progress=_progress(saving, moves.get(saving.pk, {}), automatic.get(saving.pk), on),
            automatic=automatic.get(saving.pk),
        )
        for saving in savings
    ]


def earned(position: Position | None) -> int:
    """What was earned and not paid yet, whole kobo; nothing where interest was paid up front."""
    return max(int(position.carry), 0) if position else 0


def _is_parked(position: Position | None) -> bool:
    return position is not None and position.parked_at is not None


def _moves_of(savings: Sequence[UserSavings]) -> Mapping[UUID, Mapping[date, int]]:
    found: dict[UUID, dict[date, int]] = defaultdict(dict)
    if savings:
        rows = Move.objects.filter(saving__in=savings).values_list("saving_id", "value_date")
        for saving_id, day, amount in rows.annotate(total=Sum("amount")).order_by("saving_id", "value_date"):
            found[saving_id][day] = amount
    return found


def _automatic_of(savings: Sequence[UserSavings]) -> dict[UUID, AutoSaving]:
    """By saving, the fixed amount that it is paid into by itself now."""
    rows = AutoSaving.objects.filter(
        saving__in=savings, kind=AutoSaving.Kind.RHYTHM, state=AutoSaving.State.ACTIVE
    )
    return {row.saving_id: row for row in rows}


def _progress(
    saving: UserSavings, moves: Mapping[date, int], automatic: AutoSaving | None, on: date
) -> Progress | None:
    if not saving.target:
        return None
    return goals.progress(
        saved=saving.account.balance,
        target=saving.target,
        moves=moves,
        today=on,
        began=saving.opened_on,
        ends=saving.target_date or saving.matures_on,
        pace=pace_of(automatic) if saving.state == UserSavings.State.ACTIVE else None,
    )


def pace_of(automatic: AutoSaving | None) -> Pace | None:
    if automatic is None or automatic.next_date is None or automatic.rhythm not in goals.RHYTHMS:
        return None
    return Pace(automatic.rhythm, automatic.first_date, automatic.next_date, automatic.amount)


def coming(automatic: AutoSaving | None, *, since: date, before: date) -> dict[date, int]:
    """Return what is going to be saved by itself, by its days."""
    pace = pace_of(automatic)
    if pace is None:
        return {}
    first = max(since, pace.next_date)
    return dict.fromkeys(
        rhythm.days(pace.rhythm, pace.first, since=first, until=before - goals.DAY), pace.amount
    )
