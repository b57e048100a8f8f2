"""Loans that nobody chose: terms and lives for hypothesis to try."""

import os
from datetime import date, timedelta
from decimal import Decimal

from hypothesis import HealthCheck, settings
from hypothesis import strategies as some

from credit.periods import ACT_364, MONTH_12, MONTH_12_EU, Calendar
from credit.terms import Counts, Effect, Grace, Half, Method, Paying, Rounding, Terms, To
from wallet.rhythm import DAILY, MONTHLY, WEEKLY

# The same ones each time, unless one asks for many: EXAMPLES=1000 pytest credit/tests/test_life_random.py
EXAMPLES = int(os.environ.get("EXAMPLES", "40"))
some_of_them = settings(
    deadline=None,
    max_examples=EXAMPLES,
    derandomize="EXAMPLES" not in os.environ,
    database=None,
    suppress_health_check=list(HealthCheck),
)
MOST = 10**14  # kobo: 10^12 naira
DAYS = [date(2023, 1, 1) + timedelta(n) for n in range(800)]
BY_DAYS = ("ACT/365F", "ACT/360", "ACT/ACT-ISDA", "30E/360")

principals = some.one_of(some.integers(1, 2000), some.integers(1, MOST))
rates = some.decimals(0, 120, places=3) | some.just(Decimal(0))


@some.composite
def calendars(draw: some.DrawFn) -> Calendar:
    start = draw(some.sampled_from(DAYS))
    rhythm = draw(some.sampled_from([MONTHLY, MONTHLY, WEEKLY, DAILY]))
    counts = (*BY_DAYS, ACT_364, *([MONTH_12, MONTH_12_EU] if rhythm == MONTHLY else []))
    first_due = draw(some.none() | some.integers(1, 50).map(lambda days: start + timedelta(days)))
    return Calendar(
        start,
        first_due=first_due,
        every=draw(some.integers(1, 3)),
        rhythm=rhythm,
        day_count=draw(some.sampled_from(counts)),
    )


@some.composite
def graces(draw: some.DrawFn, count: int) -> Grace:
    no_principal = draw(some.integers(0, count - 1))
    return Grace(
        no_principal,
        draw(some.integers(0, no_principal)),
        draw(some.integers(0, count)),
        draw(some.booleans()),
    )


@some.composite
def terms_of(draw: some.DrawFn, methods: tuple[Method, ...] = tuple(Method), fine: bool = False) -> Terms:
    """Terms without a balloon, which the test that has one knows the size of."""
    method = draw(some.sampled_from([one for one in methods if one is not Method.BALLOON]))
    count = draw(some.integers(1, 40))
    grace = draw(some.just(Grace()) | graces(count))
    weights: tuple[Decimal, ...] = ()
    if method is Method.STEPPED:
        weights = tuple(draw(some.lists(some.decimals("0.1", 3, places=1), min_size=count, max_size=count)))
    return Terms(
        draw(rates),
        draw(calendars()),
        count,
        method=method,
        weights=weights,
        growth=draw(some.integers(-10, 10).map(Decimal)),
        growth_every=draw(some.integers(1, 12)),
        grace=grace,
        rounding=Rounding() if fine else draw(roundings()),
        paying=draw(payings()),
        capitalise_unpaid=draw(some.booleans()),
        arrears_earn=draw(some.booleans()),
    )


@some.composite
def roundings(draw: some.DrawFn) -> Rounding:
    return Rounding(
        draw(some.sampled_from([1, 1, 100, 5000])),
        draw(some.sampled_from(To)),
        draw(some.sampled_from(Half)),
        each_slice=draw(some.booleans()),
        smoothed=draw(some.booleans()),
    )


@some.composite
def payings(draw: some.DrawFn) -> Paying:
    return Paying(
        order=tuple(draw(some.permutations(Paying().order))),
        row_by_row=draw(some.booleans()),
        accrued_first=draw(some.booleans()),
        counts=draw(some.sampled_from(Counts)),
        effect=draw(some.sampled_from(Effect)),
    )
