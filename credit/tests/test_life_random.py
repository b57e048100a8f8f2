"""What holds for every life of a loan, event after event, and against a model that goes day by day."""

from collections import defaultdict
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from hypothesis import assume, given
from hypothesis import strategies as some

from core.daycount import day_fraction
from credit.replay import (
    Capitalise,
    ChangeRate,
    Charge,
    Disburse,
    Event,
    PayOff,
    ReAge,
    Repay,
    Reschedule,
    happen,
    pay,
    quote,
    replay,
)
from credit.schedule import plan, roll
from credit.standing import Standing, begin
from credit.terms import Counts, Effect, Grace, Half, Method, Terms
from credit.tests.random_loans import some_of_them, terms_of

DAY = timedelta(days=1)
effects = some.none() | some.sampled_from(Effect)
deeds = some.lists(
    some.tuples(
        some.integers(0, 45),
        some.sampled_from(["REPAY"] * 6 + ["LEND", "RATE", "FEE", "PENALTY", "MOVE", "RE_AGE", "CAPITALISE"]),
        some.integers(1, 40_000),
        effects,
    ),
    max_size=12,
)


def event_of(name: str, on: date, amount: int, effect: Effect | None) -> Event:
    match name:
        case "REPAY":
            return Repay(on, amount, effect)
        case "LEND":
            return Disburse(on, amount)
        case "RATE":
            return ChangeRate(on, Decimal(amount) / 1000, keeps_instalment=amount % 2 == 0)
        case "MOVE":
            return Reschedule(on, amount % 30 + 1, first_due=on + (amount % 40 + 1) * DAY)
        case "RE_AGE":
            return ReAge(on, amount % 30 + 1)
        case "CAPITALISE":
            return Capitalise(on)
    return Charge(on, amount % 500 + 1, is_penalty=name == "PENALTY")


@dataclass
class Life:
    """A life that may have happened, and where it stood after each event."""

    terms: Terms
    events: list[Event] = field(default_factory=list)
    standings: list[Standing] = field(default_factory=list)
    payments: int = 0
    taken: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    @property
    def now(self) -> Standing:
        return self.standings[-1]


def lived(terms: Terms, deeds: list[tuple[int, str, int, Effect | None]]) -> Life:
    """Live through these deeds; what cannot happen does not, and changes nothing."""
    life, on = Life(terms), terms.calendar.start
    life.standings.append(begin(terms))
    for days, name, amount, effect in [(0, "LEND", 100_000, None), *deeds]:
        on += days * DAY
        event = event_of(name, on, amount, effect)
        try:
            after = happen(life.now, event)
        except ValueError:
            # Nobody may be told that they cannot pay, whatever happened before.
            assert not (life.events and isinstance(event, Repay | Charge))
            continue
        if isinstance(event, Repay):
            _same, paid = pay(life.now, event)
            assert _same == after
            assert paid.total == event.amount
            life.payments += event.amount
            for bucket in ("interest", "principal", "fees", "penalties", "overpaid"):
                life.taken[bucket] += getattr(paid, bucket)
        life.events.append(event)
        life.standings.append(after)
    assume(life.events)
    return life


def check(life: Life) -> None:
    """Every kobo is in one place."""
    now = life.now
    rows = now.rows
    lent = sum(event.amount for event in life.events if isinstance(event, Disburse))
    charged = {
        penal: sum(one.amount for one in life.events if isinstance(one, Charge) and one.is_penalty is penal)
        for penal in (False, True)
    }
    grown = now.converted + sum(row.converted for row in rows)
    assert now.lent == lent
    assert sum(row.principal for row in rows) + now.left == lent + grown
    assert now.balance == now.left + now.overdue_principal - now.ahead_principal
    principal = sum(row.paid_principal for row in rows) + now.ahead_principal
    interest = sum(row.paid_interest for row in rows) + now.ahead_interest
    taken = life.taken
    # Interest that was paid to the end of a period may turn out never to be earned; it is principal then.
    moved = taken["interest"] - interest
    assert moved == 0 or (moved > 0 and life.terms.paying.counts is Counts.PERIOD)
    # What was earned is asked for, or waits, or became principal.
    if not any(isinstance(event, Capitalise) for event in life.events):
        earned = sum(row.charged for row in rows)
        assert earned == sum(row.interest for row in rows) + now.carried + now.put_off
    assert principal + now.overpaid == taken["principal"] + taken["overpaid"] + moved
    assert now.fees + life.taken["fees"] == charged[False]
    assert now.penalties + life.taken["penalties"] == charged[True]
    assert min(now.balance, now.left, now.carried, now.put_off) >= 0
    assert min(now.ahead_principal, now.ahead_interest) >= 0
    for row in rows:
        assert min(row.closing, row.unpaid_interest, row.unpaid_principal, row.interest, row.charged) >= 0


@some_of_them
@given(terms_of(), deeds)
def test_every_kobo_is_in_one_place(terms: Terms, deeds: list[tuple[int, str, int, Effect | None]]) -> None:
    life = lived(terms, deeds)
    check(life)


@some_of_them
@given(terms_of(), deeds)
def test_every_plan_clears(terms: Terms, deeds: list[tuple[int, str, int, Effect | None]]) -> None:
    life = lived(terms, deeds)
    rows = plan(life.now, life.now.day)
    converted = sum(row.converted for row in rows)
    assert sum(row.principal for row in rows) == life.now.lent + converted
    assert rows[-1].closing == 0
    owed = 0
    for row in rows:
        assert row.opening == owed
        owed = row.closing
        assert owed >= 0


@some_of_them
@given(terms_of(), deeds)
def test_paying_what_is_quoted_ends_a_loan(
    terms: Terms, deeds: list[tuple[int, str, int, Effect | None]]
) -> None:
    life = lived(terms, deeds)
    on = life.now.day
    assert quote(life.now, on).total >= life.now.balance
    paid_off = happen(life.now, PayOff(on))
    assert paid_off.balance == paid_off.fees == paid_off.penalties == 0
    assert paid_off.overpaid == life.now.overpaid
    assert quote(paid_off, on).total == 0
    unpaid = roll(life.now, on + 4000 * DAY)
    assert quote(unpaid, unpaid.day).total >= life.now.balance
    later = roll(paid_off, on + 4000 * DAY)
    assert quote(later, later.day).total == 0
    assert later.is_over


@some_of_them
@given(terms_of(), deeds, some.data())
def test_a_life_cut_anywhere_is_the_same_life(
    terms: Terms, deeds: list[tuple[int, str, int, Effect | None]], data: some.DataObject
) -> None:
    life = lived(terms, deeds)
    cut = data.draw(some.integers(0, len(life.events)))
    standing = replay(terms, life.events[:cut])
    assert standing == life.standings[cut]
    for event in life.events[cut:]:
        # Looking in between, as the close of a day does, changes nothing.
        days = (event.on - standing.day).days
        standing = roll(standing, standing.day + data.draw(some.integers(0, days)) * DAY)
        standing = happen(standing, event)
    assert standing == life.now == replay(terms, life.events)


# A model that knows no rows: it goes day by day


@dataclass
class Model:
    balance: int = 0
    rate: Decimal = Decimal(0)
    earned: dict[date, Fraction] = field(default_factory=dict)

    def go(self, day_count: str, start: date, end: date) -> None:
        while start < end:
            self.earned[start] = self.balance * Fraction(self.rate) / 100 * day_fraction(day_count, start)
            start += DAY


plain = terms_of(methods=(Method.LEVEL, Method.EQUAL_PRINCIPAL, Method.INTEREST_ONLY, Method.GRADUATED))
DAILY_COUNTS = ("ACT/365F", "ACT/360", "ACT/ACT-ISDA")


@some_of_them
@given(plain, some.sampled_from(DAILY_COUNTS), deeds)
def test_interest_is_what_each_day_earned(
    terms: Terms, day_count: str, deeds: list[tuple[int, str, int, Effect | None]]
) -> None:
    """By the day, on what is really owed: the late earns on, what was paid early does not."""
    calendar = replace(terms.calendar, day_count=day_count)
    paying = replace(terms.paying, counts=Counts.DAY)
    terms = replace(
        terms,
        calendar=calendar,
        paying=paying,
        grace=Grace(terms.grace.no_principal),
        rounding=replace(terms.rounding, interest=Half.EVEN, each_slice=False),
        capitalise_unpaid=False,
        arrears_earn=False,
    )
    life = lived(terms, [deed for deed in deeds if deed[1] not in ("CAPITALISE",)])
    model, day = Model(rate=terms.rate), calendar.start
    for event, before, after in zip(life.events, life.standings, life.standings[1:], strict=False):
        model.go(day_count, day, event.on)
        day = event.on
        if isinstance(event, Repay):
            model.balance -= pay(before, event)[1].principal
        elif isinstance(event, Disburse):
            model.balance += event.amount
        elif isinstance(event, ChangeRate):
            model.rate = event.rate
        assert model.balance == after.balance
    end = life.now.day + 100 * DAY
    model.go(day_count, day, end)
    for row in roll(life.now, end).rows:
        days = [row.start + n * DAY for n in range((row.due - row.start).days)]
        assert row.charged == round(sum((model.earned[one] for one in days), Fraction(0)))


@some_of_them
@given(terms_of(), deeds)
def test_a_payment_taken_back_was_never_there(
    terms: Terms, deeds: list[tuple[int, str, int, Effect | None]]
) -> None:
    life = lived(terms, deeds)
    others = [event for event in life.events if not isinstance(event, Repay)]
    try:
        without = replay(terms, others)
    except ValueError:  # what was agreed after it would not have been
        return
    assert sum(row.paid for row in without.rows) == 0
    on = life.now.day
    # Who has paid nothing owes no less; each row may round the other way.
    slack = 2 * (len(roll(without, on).rows) + len(life.events))
    assert quote(without, on).total + slack >= quote(life.now, on).total
