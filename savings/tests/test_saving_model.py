"""Random lives of savings, against a model that knows nothing of the database: after each deed both say the same."""

import random
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal

import pytest

from accounts.models import User
from core.actors import acting_as_service
from core.ids import posting_id
from savings import interest, penalties, services
from savings.interest import Band, Every, Method, Standing, Terms
from savings.models import Accrual, Position
from savings.refusals import NotEnoughSaved
from savings.services import Wish
from savings.tests.world import DAY, balance, day, funded, moment, opened, plan_of
from wallet import services as wallet
from wallet.models import Account

DAYS = 32
CUT_OFF = time(18)
FEE = Decimal("2.5")
POINTS = Decimal(3)


@dataclass
class Model:
    """A saving as plain arithmetic: what moved on which day, and the wallet beside it. Minor units."""

    terms: Terms
    wallet: int
    start: date
    moves: dict[date, int] = field(default_factory=dict)
    withdrawals: list[date] = field(default_factory=list)

    def move(self, on: date, amount: int) -> None:
        self.moves[on] = self.moves.get(on, 0) + amount

    def rows(self, end: date, terms: Terms | None = None) -> tuple[Standing, list[interest.Day]]:
        return interest.close_days(
            {self.start: terms or self.terms}, start=self.start, end=end, moves=self.moves
        )

    def balance(self, today: date) -> int:
        _standing, rows = self.rows(today)
        return sum(self.moves.values()) + sum(row.paid - row.tax for row in rows)


def value_day(at: datetime) -> date:
    return at.date() + timedelta(days=at.time() >= CUT_OFF)


def fee_of(model: Model, on: date, amount: int) -> int:
    this_month = [taken for taken in model.withdrawals if taken >= on.replace(day=1)]
    return 0 if not this_month else penalties.share(amount, FEE)


@pytest.mark.django_db
@pytest.mark.parametrize("seed", range(12))
def test_a_random_life_comes_to_what_the_model_says(ada: User, seed: int) -> None:
    chance = random.Random(seed)
    terms = Terms(
        bands=(Band(0, Decimal(4)), Band(50_000, Decimal(10)), Band(300_000, Decimal("12.5"))),
        method=chance.choice(list(Method)),
        paid=chance.choice([Every.DAY, Every.MONTH, Every.END]),
        capitalised=chance.choice([Every.DAY, Every.MONTH, Every.END]),
        day_count=chance.choice(["ACT/365F", "ACT/360", "30E/360"]),
        tax=Decimal(10),
    )
    penalty = chance.choice(["NONE", "LOWER_RATE", "SHARE"])
    plan = plan_of(
        "TARGET",
        terms=terms,
        cut_off=CUT_OFF,
        free_withdrawals=1,
        withdrawal_fee=FEE,
        penalty=penalty,
        penalty_percent=POINTS,
    )
    source = funded(ada)
    first = moment(day(DAYS), time(9))
    wish = Wish(name="Rent", target=10**8, target_date=day(-60))
    saving = opened(ada, plan, naira=600, at=first, wish=wish)
    model = Model(terms, 100_000_00 - 60_000, day(DAYS))
    model.move(day(DAYS), 60_000)
    for back in sorted(chance.sample(range(1, DAYS), 12), reverse=True):
        at = moment(day(back), time(chance.randrange(24), chance.randrange(60)))
        # What is refused leaves the days as they were, too.
        if _one_deed(chance, model, ada, saving.pk, at):
            assert balance(saving) == model.balance(day(back))
    _end(ada, saving.pk, model, penalty)
    with acting_as_service():
        assert Account.objects.get(pk=source.pk).balance == model.wallet
        assert wallet.verify() == []
        assert Accrual.objects.count() == DAYS
        assert Position.objects.get().balance == 0


def _one_deed(chance: random.Random, model: Model, ada: User, saving_id: object, at: datetime) -> bool:
    amount, on = chance.randint(1, 200_000), value_day(at)
    facts = {"saving_id": saving_id, "user": ada, "amount": amount, "posting_id": posting_id(), "at": at}
    if chance.random() < 0.5:
        services.contribute(**facts)
        model.move(on, amount)
        model.wallet -= amount
        return True
    fee = fee_of(model, on, amount)
    if amount + fee > model.balance(at.date()):
        with pytest.raises(NotEnoughSaved):
            services.withdraw(**facts)
        return False
    services.withdraw(**facts)
    model.move(on, -amount - fee)
    model.withdrawals.append(on)
    model.wallet += amount
    return True


def _end(ada: User, saving_id: object, model: Model, penalty: str) -> None:
    today = day(0)
    quote = services.quote_closing(saving_id=saving_id, user=ada, at=moment(today))
    standing, rows = model.rows(today)
    paid, withheld = sum(row.paid for row in rows), sum(row.tax for row in rows)
    earned = standing.carry + paid
    if penalty == "LOWER_RATE":
        lower, lower_rows = model.rows(today, penalties.lowered(model.terms, POINTS))
        earned = min(earned, lower.carry + sum(row.paid for row in lower_rows))
    due = max(round(earned), 0)
    before = model.balance(today)
    gain = due - paid
    if gain >= 0:
        tax = interest.tax_on(gain, Decimal(10))
    else:
        tax = -max(withheld - interest.tax_on(due, Decimal(10)), 0)
    lost = penalties.share(before, POINTS) if penalty == "SHARE" else 0
    services.end_saving(quote_id=quote.pk, user=ada, at=moment(today))
    assert quote.pays_out == before + gain - tax - lost
    model.wallet += quote.pays_out


def test_the_model_sees_a_difference() -> None:
    """A model that agreed with anything would prove nothing."""
    terms = Terms(bands=(Band(0, Decimal(10)),), paid=Every.DAY)
    model = Model(terms, 0, day(3), {day(3): 100_000})
    before = model.balance(day(0))
    model.move(day(2), 1)
    assert model.balance(day(0)) != before
    assert model.balance(day(0) - DAY) < before + 1
