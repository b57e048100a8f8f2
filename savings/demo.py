"""The demo world's savings: five plans, and two months of saving, told beside the wallets' weeks. Development only."""

from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from django.utils import timezone

from accounts.models import User
from core.ids import posting_id, uuid7
from core.rolling import close_whole_day, days_to_close
from savings import services
from savings.demo_plans import make_plans
from savings.models import AutoSaving, SavingsGroup, SavingsPlan
from savings.services import Wish, automatic, grouping, liabilities
from wallet import services as wallet
from wallet.demo import Act
from wallet.services import Line

NAIRA = 100
DAY = timedelta(days=1)
# The first partition of days that there surely is begins 59 days back.
BEGAN = 58
Do = Callable[[], object]


class Story:
    """Acts at moments, by days before the day on which it is told."""

    def __init__(self, people: Mapping[str, User], at: datetime) -> None:
        self.people, self.at, self.acts = people, at, list[Act]()
        self.plans: dict[str, SavingsPlan] = {}

    def moment(self, days: int, hour: int, minute: int = 0) -> datetime:
        clock = datetime.combine(self.day(days), time(hour, minute))
        return min(timezone.make_aware(clock), self.at)

    def day(self, days: int) -> date:
        return timezone.localdate(self.at) - days * DAY

    def then(self, days: int, hour: int, do: Callable[..., object], *args: Any, **facts: Any) -> None:
        moment = self.moment(days, hour)
        self.acts.append((moment, partial(do, *args, at=moment, **facts)))

    def opens(self, who: str, plan: str, naira: int, back: int, hour: int = 10, **wish: Any) -> UUID:
        chosen = uuid7()
        self.then(back, hour, self._open, chosen, who, plan, naira * NAIRA, Wish(**wish))
        return chosen

    def _open(self, chosen: UUID, who: str, plan: str, amount: int, wish: Wish, *, at: datetime) -> None:
        services.open_saving(
            saving_id=chosen,
            user=self.people[who],
            plan=self.plans[plan],
            wish=wish,
            amount=amount,
            posting_id=posting_id(),
            at=at,
        )

    def pays(self, who: str, chosen: UUID, naira: int, days: int, hour: int = 9) -> None:
        facts = {"saving_id": chosen, "user": self.people[who], "amount": naira * NAIRA}
        self.then(days, hour, _contribute, facts)

    def takes(self, who: str, chosen: UUID, naira: int, days: int, hour: int = 15) -> None:
        facts = {"saving_id": chosen, "user": self.people[who], "amount": naira * NAIRA}
        self.then(days, hour, _withdraw, facts)


def tell(people: Mapping[str, User], at: datetime) -> list[Act]:
    """What Ada and Bola save, and each night's roll. The plans are there since a year."""
    story = Story(people, at)
    story.then(BEGAN, 7, _begin, story)
    _flexible(story)
    _towards_a_target(story)
    _fixed(story)
    _together(story)
    for days in range(BEGAN - 1, -1, -1):
        story.then(days, 0, _night, day=story.day(days + 1))
    return story.acts


def _begin(story: Story, *, at: datetime) -> None:
    """Plans, and what the two had with us before this story begins."""
    story.plans = make_plans(on=story.day(0))
    equity = wallet.system_account("EQUITY")
    for who, naira in (("ada", 700_000), ("bola", 200_000)):
        purse = wallet.open_wallet(owner_id=story.people[who].pk)
        lines = [Line("ADJUSTMENT", equity, purse, naira * NAIRA)]
        wallet.post(posting_id=posting_id(), lines=lines, description="Balance brought over", effective_at=at)


def _flexible(story: Story) -> None:
    saved = story.opens("ada", "flexible", 80_000, 57, name="Rainy days")
    for days, naira in ((44, 25_000), (31, 40_000), (16, 15_000), (4, 10_000)):
        story.pays("ada", saved, naira, days)
    story.takes("ada", saved, 12_500, 21)


def _towards_a_target(story: Story) -> None:
    """School fees, ₦10,000 a week by itself; now and then she adds to it."""
    target, by = 400_000 * NAIRA, story.day(-120)
    fees = story.opens("ada", "target", 60_000, 49, name="School fees", target=target, target_date=by)
    story.then(48, 11, _weekly, fees, story)
    for days in (41, 34, 27, 20, 13, 6):
        story.then(days, 6, _save_by_itself)
    story.pays("ada", fees, 20_000, 18)


def _fixed(story: Story) -> None:
    story.opens("ada", "fixed", 150_000, 57, 12, name="Land, second part", days=60)
    story.opens("ada", "fixed", 50_000, 52, 9, name="A month put by", days=30)
    story.opens("bola", "fixed-up-front", 60_000, 40, 16, name="Shop rent", days=90)
    broken = story.opens("ada", "fixed", 40_000, 46, 17, name="New phone", days=90)
    story.then(25, 13, _break, broken, story.people["ada"])


def _together(story: Story) -> None:
    group, (ada, bola) = uuid7(), (story.people["ada"], story.people["bola"])
    story.then(33, 18, _make_group, group, story)
    story.then(33, 19, _join, group, ada, 30_000 * NAIRA)
    story.then(32, 8, _join, group, bola, 45_000 * NAIRA)
    story.then(12, 8, _give, group, bola, 15_000 * NAIRA)


def _make_group(group: UUID, story: Story, *, at: datetime) -> None:
    grouping.make_group(
        group_id=group,
        user=story.people["ada"],
        plan=story.plans["group"],
        name="Detty December",
        target=250_000 * NAIRA,
        target_date=story.day(-60),
        at=at,
    )


def _join(group: UUID, user: User, amount: int, *, at: datetime) -> None:
    code = SavingsGroup.objects.values_list("code", flat=True).get(pk=group)
    grouping.join_group(
        code=code, saving_id=uuid7(), user=user, amount=amount, posting_id=posting_id(), at=at
    )


def _give(group: UUID, user: User, amount: int, *, at: datetime) -> None:
    found = SavingsGroup.objects.get(pk=group)
    own = grouping.own_saving(group=found, user=user)
    assert own is not None
    _contribute({"saving_id": own.pk, "user": user, "amount": amount}, at=at)


def _contribute(facts: dict[str, Any], *, at: datetime) -> None:
    services.contribute(**facts, posting_id=posting_id(), at=at)


def _withdraw(facts: dict[str, Any], *, at: datetime) -> None:
    services.withdraw(**facts, posting_id=posting_id(), at=at)


def _break(chosen: UUID, user: User, *, at: datetime) -> None:
    quote = services.quote_closing(saving_id=chosen, user=user, at=at)
    services.end_saving(quote_id=quote.pk, user=user, at=at)


def _weekly(chosen: UUID, story: Story, *, at: datetime) -> None:
    automatic.plan_automatic(
        automatic_id=uuid7(),
        saving_id=chosen,
        user=story.people["ada"],
        kind=AutoSaving.Kind.RHYTHM,
        rhythm=AutoSaving.Rhythm.WEEKLY,
        amount=10_000 * NAIRA,
        first_date=story.day(41),
        at=at,
    )


def _save_by_itself(*, at: datetime) -> None:
    automatic.make_due_runs(at=at)
    while run_id := automatic.take_due_run(at=at):
        automatic.run_automatic(run_id=run_id, at=at)


def _night(*, day: date, at: datetime) -> None:
    """Just after midnight: the day that is over is closed for every saving, and what is due is paid out."""
    if day in days_to_close(services.SAVINGS, until=day):
        close_whole_day(services.SAVINGS, day=day)
        liabilities.note_day(day=day)
    services.mature_due(at=at)
