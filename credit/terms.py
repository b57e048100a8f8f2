"""What a loan was agreed to be: how it is paid back, what it costs, and what counts when somebody pays early or late.

Pure. Amounts are minor units (kobo), rates percent a year.
"""

from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from credit.periods import Calendar

MOST_RATE = 1000
MOST_ROWS = 1200


class Method(StrEnum):
    """How principal comes back."""

    LEVEL = "LEVEL"  # the same instalment each time
    EQUAL_PRINCIPAL = "EQUAL_PRINCIPAL"  # the same principal each time, and the interest on what is left
    FLAT = "FLAT"  # the same instalment, with interest on all that was advanced however much is paid back
    INTEREST_ONLY = "INTEREST_ONLY"  # all principal with the last
    BALLOON = "BALLOON"  # level, but for a part of the principal that waits for the last
    GRADUATED = "GRADUATED"  # each instalment so many percent above or below the one before
    STEPPED = "STEPPED"  # each instalment has a weight


class To(StrEnum):
    NEAREST = "NEAREST"
    UP = "UP"
    DOWN = "DOWN"


class Half(StrEnum):
    """Which way interest of half a kobo goes."""

    EVEN = "EVEN"
    UP = "UP"


class Counts(StrEnum):
    """From when on a payment lowers what earns interest: from its day, or only from the next due day."""

    DAY = "DAY"
    PERIOD = "PERIOD"


class Effect(StrEnum):
    """What paying more than is asked for does to the instalments to come."""

    SMALLER = "SMALLER"
    FEWER = "FEWER"
    POSTPONED = "POSTPONED"


class Bucket(StrEnum):
    INTEREST = "INTEREST"
    PRINCIPAL = "PRINCIPAL"
    FEE = "FEE"
    PENALTY = "PENALTY"


@dataclass(frozen=True)
class Grace:
    """For how many rows from the first on: no principal is asked, interest is charged but not asked, none is charged.

    Interest that waits is asked with the first row after, all at once, and earns nothing; or, where `capitalised`, it
    becomes principal in each row.
    """

    no_principal: int = 0
    interest_later: int = 0
    interest_free: int = 0
    capitalised: bool = False


@dataclass(frozen=True)
class Rounding:
    """Instalments to a multiple of `multiple` kobo, interest to a kobo once a row.

    `each_slice` rounds wherever the balance changes within a row, and `smoothed` moves the instalment a little where
    that brings the last one nearer to the others: what some others do, kept so that their figures can be proven.
    """

    multiple: int = 1
    to: To = To.NEAREST
    interest: Half = Half.EVEN
    each_slice: bool = False
    smoothed: bool = False


@dataclass(frozen=True)
class Paying:
    """What a payment is for. What is due goes first, by `order`: the oldest row whole, or else bucket by bucket.

    What is left pays the interest earned since the last due day (`accrued_first`) and then principal ahead of its day.
    """

    order: tuple[Bucket, ...] = (Bucket.INTEREST, Bucket.PRINCIPAL, Bucket.FEE, Bucket.PENALTY)
    row_by_row: bool = True
    accrued_first: bool = True
    counts: Counts = Counts.DAY
    effect: Effect = Effect.SMALLER

    def __post_init__(self) -> None:
        if sorted(self.order) != sorted(Bucket):
            raise ValueError("The order names each bucket once.")


@dataclass(frozen=True)
class Terms:
    """All that decides a schedule but the money itself."""

    rate: Decimal
    calendar: Calendar
    count: int
    method: Method = Method.LEVEL
    instalment: int | None = None  # agreed, rather than worked out
    balloon: int = 0
    growth: Decimal = Decimal(0)  # percent, from one instalment to the next
    growth_every: int = 1  # instalments that stay the same before they change
    weights: tuple[Decimal, ...] = ()
    grace: Grace = field(default_factory=Grace)
    rounding: Rounding = field(default_factory=Rounding)
    paying: Paying = field(default_factory=Paying)
    capitalise_unpaid: bool = (
        False  # an instalment may be less than its interest, and the rest becomes principal
    )
    arrears_earn: bool = False  # interest that is overdue earns interest: only where the contract says so

    def __post_init__(self) -> None:
        check_rate(self.rate)
        check_count(self.count)
        grace = self.grace
        if min(grace.no_principal, grace.interest_later, grace.interest_free) < 0:
            raise ValueError("A grace is not negative.")
        if max(grace.no_principal, grace.interest_later) >= self.count or grace.interest_free > self.count:
            raise ValueError("A grace ends before the loan does.")
        if self.method is not Method.INTEREST_ONLY and grace.interest_later > grace.no_principal:
            raise ValueError("Interest does not wait longer than principal.")
        if self.rounding.multiple < 1 or (self.instalment is not None and self.instalment <= 0):
            raise ValueError("Instalments are above zero.")
        if self.growth <= -100 or self.growth_every < 1:
            raise ValueError("An instalment cannot shrink to nothing.")
        if self.balloon < 0 or bool(self.balloon) != (self.method is Method.BALLOON):
            raise ValueError("A balloon loan has a balloon, and no other has.")
        if self.method is Method.STEPPED:
            asked = self.weights[grace.no_principal :]
            if len(self.weights) != self.count or min(self.weights) < 0 or not sum(asked):
                raise ValueError("Each row has a weight, none below zero, and one is above.")

    def weight(self, number: int) -> Decimal:
        """Return what a row's instalment is to the instalment of weight 1."""
        if number <= self.grace.no_principal:
            return Decimal(0)
        if self.method is Method.STEPPED:
            return self.weights[min(number, len(self.weights)) - 1]
        if self.method is Method.GRADUATED:
            steps = (number - 1 - self.grace.no_principal) // self.growth_every
            return (1 + self.growth / 100) ** steps
        return Decimal(1)


def check_rate(rate: Decimal) -> None:
    """Raise ValueError for a rate that no loan may have. Zero is one that a loan may have."""
    if not 0 <= rate <= MOST_RATE:
        raise ValueError("A rate is between 0 and 1,000 percent a year.")


def check_count(count: int) -> None:
    """Raise ValueError for a number of instalments that no loan may have."""
    if not 1 <= count <= MOST_ROWS:
        raise ValueError(f"A loan has 1 to {MOST_ROWS} instalments.")
