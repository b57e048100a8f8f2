"""What a saving will come to, and what breaking it would: without a database, and against what really becomes of it."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from accounts.models import User
from core.actors import acting_as_service
from savings import projection, services
from savings.curves import Point, curve_of, sampled
from savings.interest import Band, Every, Method, Standing, Terms
from savings.models import Position
from savings.projection import Penalty
from savings.services import Wish, terms_of
from savings.tests.pages import a_fixed, an_up_front, flat
from savings.tests.world import DAY, NAIRA, balance, day, funded, moment, opened

START = date(2026, 1, 31)


def test_months_fall_on_the_last_day_where_they_are_shorter() -> None:
    moves = projection.payments(first=500, monthly=100, start=START, end=date(2026, 5, 31))
    assert moves == {
        START: 500,
        date(2026, 2, 28): 100,
        date(2026, 3, 31): 100,
        date(2026, 4, 30): 100,
    }
    assert projection.payments(first=0, monthly=0, start=START, end=START + DAY) == {}


def test_all_that_was_earned_is_paid_on_the_last_day() -> None:
    rule = flat("10", paid=Every.END)
    outcome = projection.ahead({START: rule}, start=START, end=START + 365 * DAY, moves={START: 100_000})
    assert (outcome.saved, outcome.interest, outcome.tax, outcome.net) == (100_000, 10_000, 1_000, 9_000)
    assert outcome.balance == outcome.comes_to == 109_000
    assert [row.day for row in outcome.rows if row.paid] == [START + 364 * DAY]


def test_interest_up_front_is_paid_on_the_first_day_and_not_again() -> None:
    rule, end = flat("10", paid=Every.END), START + 365 * DAY
    outcome = projection.ahead({START: rule}, start=START, end=end, moves={START: 100_000}, is_up_front=True)
    assert (outcome.up_front.interest, outcome.up_front.tax) == (10_000, 1_000)
    assert (outcome.interest, outcome.balance, outcome.comes_to) == (10_000, 100_000, 109_000)


@pytest.mark.parametrize(
    ("method", "days", "up_front", "percent"),
    [
        (Method.WHOLE, None, False, "10.47"),
        (Method.WHOLE, 365, False, "10.47"),
        (Method.WHOLE, 180, False, "10.47"),
        (Method.MARGINAL, None, False, "10.47"),
        # 4,931.51 of 95,068.49 that are tied up for 180 days.
        (Method.WHOLE, 180, True, "10.80"),
    ],
)
def test_yields(method: Method, days: int | None, up_front: bool, percent: str) -> None:
    paid = Every.END if up_front else Every.MONTH
    rule = Terms(bands=(Band(0, Decimal(10)),), method=method, paid=paid, tax=Decimal(10))
    start = date(2026, 1, 1)
    found = projection.yield_of(rule, amount=10_000_000, start=start, days=days, is_up_front=up_front)
    assert found.quantize(Decimal("0.01")) == Decimal(percent)


def test_a_share_that_is_lost_is_a_share_of_what_is_there_on_the_day() -> None:
    moves = {START: 100_000, START + 10 * DAY: 50_000}
    lost = Penalty("SHARE", Decimal("2.5"))
    early = projection.broken(flat("10"), lost, start=START, on=START + 5 * DAY, moves=moves)
    later = projection.broken(flat("10"), lost, start=START, on=START + 10 * DAY, moves=moves)
    assert early.penalty == round((early.balance) * 0.025)
    assert later.penalty > early.penalty and later.balance >= 150_000
    assert projection.broken(flat("10"), Penalty(), start=START, on=START, moves=moves).pays_out == 100_000


@pytest.mark.django_db
@pytest.mark.parametrize("is_up_front", [False, True])
def test_breaking_is_projected_as_it_is_quoted(ada: User, is_up_front: bool) -> None:
    funded(ada)
    plan = an_up_front() if is_up_front else a_fixed()
    saving = opened(ada, plan, naira=12_345, at=moment(day(45)), wish=Wish(name="Rent", days=90))
    quote = services.quote_closing(saving_id=saving.pk, user=ada, at=timezone.now())
    with acting_as_service():
        terms = terms_of(saving, day(0))
        rule = terms.for_term(90)
    found = projection.broken(
        rule,
        Penalty(terms.penalty, terms.penalty_percent),
        start=day(45),
        on=day(0),
        moves={day(45): 12_345 * NAIRA},
        early=projection.UpFront(saving.paid_at_start, saving.tax_at_start),
    )
    names = ("balance", "earned", "interest", "tax", "taken_back", "tax_back", "penalty", "pays_out")
    assert {name: getattr(found, name) for name in names} == {name: getattr(quote, name) for name in names}


@pytest.mark.django_db
def test_what_is_ahead_is_what_the_days_become(ada: User) -> None:
    """A saving of which some days are closed goes on to where one that was projected from its first day comes."""
    funded(ada)
    saving = opened(ada, a_fixed(), naira=12_345, at=moment(day(50)), wish=Wish(name="Rent", days=50))
    with acting_as_service():
        rule, position = terms_of(saving, day(0)).for_term(50), Position.objects.get()
    whole = projection.ahead({day(50): rule}, start=day(50), end=day(0), moves={day(50): 12_345 * NAIRA})
    services.choose_at_maturity(saving_id=saving.pk, user=ada, choice="PAY_OUT", at=moment(day(20)))
    with acting_as_service():
        position.refresh_from_db()
    standing = Standing(position.balance, position.carry, position.capital)
    rest = projection.ahead({day(50): rule}, start=day(20), end=day(0), moves={}, standing=standing)
    assert position.next_day == day(20) and rest.balance == whole.balance
    services.mature(saving_id=saving.pk, at=moment(day(0)))
    assert balance(saving) == 0


def test_a_curve_places_its_days_and_its_goal() -> None:
    past = [Point(START, 0), Point(START + 10 * DAY, 500)]
    curve = curve_of(past, [Point(START + 20 * DAY, 1_000)], target=2_000)
    assert [placed.x for placed in (*curve.past, *curve.coming)] == [8.0, 320.0, 632.0]
    assert curve.target_y == curve.lines[-1] and curve.past[0].y == curve.base
    assert curve.coming_line.startswith("320.0,") and curve.past_area.startswith("8.0,")
    assert (curve.first, curve.last) == (START, START + 20 * DAY)
    assert [is_to_come for _point, is_to_come in curve.rows] == [False, False, True]


def test_sampled_days_keep_the_first_and_the_last() -> None:
    few, many = sampled(START, START + 3 * DAY), sampled(START, START + timedelta(days=1_000))
    assert few == [START + n * DAY for n in range(4)]
    assert (len(many), many[0], many[-1]) == (30, START, START + 1_000 * DAY)
