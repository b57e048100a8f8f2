"""What a lender chooses among for a product, in words, and how the form of a product is laid out."""

from collections.abc import Sequence
from itertools import groupby, permutations

from django.utils.functional import Promise, lazy
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from credit.periods import ACT_364, MONTH_12, MONTH_12_EU
from credit.terms import Bucket, Counts, Effect, Half, Method, To
from wallet.rhythm import DAILY, MONTHLY, WEEKLY

METHODS = [
    (Method.LEVEL, _("The same amount each time")),
    (Method.EQUAL_PRINCIPAL, _("The same principal each time")),
    (Method.INTEREST_ONLY, _("Interest alone, then all at once")),
    (Method.FLAT, _("Flat")),
    (Method.BALLOON, _("Balloon")),
    (Method.GRADUATED, _("Step by step")),
    (Method.STEPPED, _("By season")),
]
METHOD_NOTES: dict[Method, str | Promise] = {
    Method.LEVEL: _("What most people expect of a loan."),
    Method.EQUAL_PRINCIPAL: _("Interest falls with what is owed, and so do the instalments."),
    Method.INTEREST_ONLY: _("All principal comes back with the last instalment."),
    Method.FLAT: _("The same amount, with interest on all that was lent until the end."),
    Method.BALLOON: _("Smaller instalments, and a part of the loan that waits for the last."),
    Method.GRADUATED: _("Instalments grow or shrink by so many percent."),
    Method.STEPPED: _("Each instalment has a weight: more when more comes in."),
}
# What only one method asks for.
OF_METHOD = {
    Method.BALLOON: ("balloon",),
    Method.GRADUATED: ("growth", "growth_every"),
    Method.STEPPED: ("weights",),
}
RHYTHMS = [(MONTHLY, _("By the month")), (WEEKLY, _("By the week")), (DAILY, _("By the day"))]
# A month is a twelfth of a year, a week a 52nd, a day a 365th.
AS_CALLED = "AS_CALLED"
_CALLED = {MONTHLY: MONTH_12_EU, WEEKLY: ACT_364, DAILY: "ACT/365F"}
DAY_COUNTS = [
    (AS_CALLED, _("A month is a twelfth of a year")),
    ("ACT/365F", _("Actual days of 365")),
    ("ACT/360", _("Actual days of 360")),
    (ACT_364, _("Actual days of 364")),
    ("ACT/ACT-ISDA", _("Actual days of the year’s (ISDA)")),
    ("ACT/ACT-AFB", _("Actual days of the year’s (AFB)")),
    ("30/360", _("Months of 30 days, bond basis (30/360)")),
    ("30E/360", _("Months of 30 days, European (30E/360)")),
    ("30/360-US", _("Months of 30 days, US (30/360)")),
    (MONTH_12, _("A twelfth, also an odd first month")),
]
ASKED_LATER, ADDED = "ASKED_LATER", "ADDED"
WAITING = [
    (ASKED_LATER, _("Is asked for with the first one after")),
    (ADDED, _("Is added to the loan")),
]
HALVES = [(Half.EVEN, _("To the even kobo")), (Half.UP, _("Up"))]
ROUNDED = [(To.NEAREST, _("To the nearest")), (To.UP, _("Up")), (To.DOWN, _("Down"))]
EARLY = [
    (Counts.DAY, _("Is charged to the day")),
    (Counts.PERIOD, _("Is charged to the next due day")),
]
EFFECTS = [
    (Effect.SMALLER, _("Makes the coming instalments smaller")),
    (Effect.FEWER, _("Ends the loan earlier")),
    (Effect.POSTPONED, _("Pays the next instalments in advance")),
]
INTEREST_FIRST, PRINCIPAL_FIRST = "INTEREST_FIRST", "PRINCIPAL_FIRST"
AHEAD = [
    (INTEREST_FIRST, _("Interest earned so far, then principal")),
    (PRINCIPAL_FIRST, _("Principal; interest on its day")),
]
ROW_BY_ROW, BUCKET_BY_BUCKET = "ROW_BY_ROW", "BUCKET_BY_BUCKET"
BY = [
    (ROW_BY_ROW, _("One after the other, the oldest first")),
    (BUCKET_BY_BUCKET, _("One kind of all, then the next kind")),
]
BUCKETS: dict[Bucket, str | Promise] = {
    Bucket.INTEREST: _("interest"),
    Bucket.PRINCIPAL: _("principal"),
    Bucket.FEE: _("fees"),
    Bucket.PENALTY: _("late charges"),
}


def order_name(order: Sequence[Bucket]) -> str:
    return " ".join(order)


def order_words(order: Sequence[Bucket]) -> str:
    return capfirst(", ".join(str(BUCKETS[one]) for one in order))


def bucket_title(bucket: Bucket) -> str:
    return capfirst(str(BUCKETS[bucket]))


_lazily = lazy(order_words, str)
_first = lazy(bucket_title, str)
ORDERS = [
    (_first(bucket), [(order_name(order), _lazily(order)) for order in orders])
    for bucket, orders in groupby(permutations(BUCKETS), key=lambda order: order[0])
]
# By name: its title, what is said of it, whether it is folded, and its fields.
GROUPS: list[tuple[str, str | Promise, str | Promise, bool, tuple[str, ...]]] = [
    ("name", _("What it is called"), "", False, ("name", "summary")),
    ("lends", _("What it lends"), "", False, ("from_date", "least", "most", "shortest", "longest")),
    (
        "costs",
        _("What it costs"),
        _("An offer’s rate lies between the two. Fees are kept back when the loan is paid out."),
        False,
        ("lowest_rate", "highest_rate", "fee_percent", "fee_fixed"),
    ),
    (
        "method",
        _("How it is paid back"),
        "",
        False,
        ("method", "balloon", "growth", "growth_every", "weights", "rhythm", "every"),
    ),
    (
        "payout",
        _("How it is paid out"),
        _(
            "At once, or in parts as the borrower asks for them. What is left stays set aside until the last day."
        ),
        True,
        ("parts", "least_part", "draw_days"),
    ),
    (
        "grace",
        _("An easier beginning"),
        _("Instalments at first without principal, without interest, or with interest that waits."),
        True,
        ("no_principal", "interest_later", "capitalised", "interest_free", "capitalise_unpaid"),
    ),
    (
        "early",
        _("Payments, early or not"),
        _("What a payment pays first, and what paying more or sooner does."),
        True,
        ("early", "effect", "ahead", "order", "by"),
    ),
    (
        "late",
        _("Being late"),
        _("What it costs, and what it never costs."),
        False,
        ("late_percent", "late_most", "late_cap", "late_days_free", "arrears_earn"),
    ),
    (
        "days",
        _("Days and rounding"),
        _("How a day counts, and what becomes of parts of a kobo."),
        True,
        ("day_count", "multiple", "to", "half", "smoothed"),
    ),
    (
        "around",
        _("Before it begins"),
        "",
        False,
        ("cooling_off_days", "conditions"),
    ),
]


def convention(chosen: str, rhythm: str) -> str:
    """The day count that was chosen, or the one that goes by what a period is called."""
    return _CALLED[rhythm] if chosen == AS_CALLED else chosen
