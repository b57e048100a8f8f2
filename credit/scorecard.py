"""A scorecard: what each fact about an applicant adds to a score, bin by bin.

Pure, in Decimal: no database and no clock. A score stands for odds of good to bad, and so many points more double them.
A card is a version that never changes; `credit/card_rules.py` says what a card may be, `credit/decisions.py` what is
kept of a decision, `credit/reasons.py` why somebody was declined.

Points are rounded once, in the total. A value that is missing has a bin with points of its own, never a silent zero. A
value that no bin takes is refused, and so is one that the card did not ask for or that was not given at all: a bureau
that is down leaves nothing to score, which is not the same as a bureau that knows nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Context, Decimal, localcontext
from enum import StrEnum

# Its own context, so that the same card and facts give the same digits whatever the caller's is.
EXACT = Context(prec=34, rounding=ROUND_HALF_EVEN)
PD_PLACES = Decimal("1e-10")

Value = Decimal | str | None


class CannotScore(ValueError):
    """The facts are not those that the card asks for, or a fact is of a kind that it has no bin for."""


@dataclass(frozen=True)
class Scale:
    """A score of `points` stands for `odds` of good to bad; `pdo` points more double them."""

    points: Decimal
    odds: Decimal
    pdo: Decimal

    def __post_init__(self) -> None:
        for number in (self.points, self.odds, self.pdo):
            refuse_inexact(number)
        if self.odds <= 0 or self.pdo <= 0:
            raise ValueError("odds and the points that double them are above zero")

    @property
    def factor(self) -> Decimal:
        with localcontext(EXACT):
            return self.pdo / Decimal(2).ln()

    @property
    def offset(self) -> Decimal:
        with localcontext(EXACT):
            return self.points - self.factor * self.odds.ln()

    def points_at(self, odds: Decimal) -> Decimal:
        """Return the score that stands for these odds of good to bad."""
        with localcontext(EXACT):
            return self.offset + self.factor * odds.ln()

    def default_probability(self, points: Decimal) -> Decimal:
        """Return how likely it is, between 0 and 1, that somebody of this score turns bad."""
        with localcontext(EXACT):
            log_odds = (points - self.offset) / self.factor
            small = (-abs(log_odds)).exp()  # never above one, so that no score is too great
            return ((small if log_odds > 0 else 1) / (1 + small)).quantize(PD_PLACES)


def points_of(scale: Scale, *, intercept: Decimal, coefficient: Decimal, woe: Decimal, among: int) -> Decimal:
    """Return what a bin adds, unrounded, on a card of `among` characteristics.

    The intercept and the coefficient are those of a logistic regression on the weight of evidence (`woe`) that gives
    the log odds of turning *bad*; each characteristic carries an equal part of the offset and of the intercept.
    """
    with localcontext(EXACT):
        return scale.offset / among - scale.factor * (intercept / among + coefficient * woe)


class Kind(StrEnum):
    """What a bin takes: numbers of a range, named values, a value that is missing, any other value."""

    RANGE = "RANGE"
    VALUES = "VALUES"
    MISSING = "MISSING"
    OTHER = "OTHER"


@dataclass(frozen=True)
class Bin:
    """One row of a card. A range takes its lower bound and not its upper; None is without end.

    `code` names the bin in a reason, `words` is what a person reads: "under 5 %".
    """

    code: str
    words: str
    kind: Kind
    points: Decimal = Decimal(0)
    low: Decimal | None = None
    high: Decimal | None = None
    values: tuple[str, ...] = ()

    def takes(self, value: Value) -> bool:
        if value is None or self.kind is Kind.MISSING:
            return value is None and self.kind is Kind.MISSING
        if self.kind is Kind.VALUES:
            return value in self.values
        if self.kind is Kind.RANGE:
            if not isinstance(value, Decimal):
                return False
            return (self.low is None or value >= self.low) and (self.high is None or value < self.high)
        return False  # OTHER takes what is left: see `bin_of`


@dataclass(frozen=True)
class Characteristic:
    """A fact that is scored.

    `weight` decides between factors that fall equally short. `average` is the mean points, for this fact, of applicants
    at or just above the cut-off. `label` and `unit` are for people: "Pay to income", "%".
    """

    name: str
    label: str
    bins: tuple[Bin, ...]
    weight: Decimal = Decimal(0)
    average: Decimal = Decimal(0)
    unit: str = ""
    counts_inquiries: bool = False

    @property
    def is_numeric(self) -> bool:
        return _numeric(self.bins)

    @property
    def best(self) -> Bin:
        """The bin of most points among those that hold a known value; the earlier where there are several."""
        known = [one for one in self.bins if one.kind in (Kind.RANGE, Kind.VALUES)]
        return max(known, key=lambda one: one.points)


@dataclass(frozen=True)
class HardRule:
    """A fact that declines by itself, where `input` falls in one of the bins; a missing value only in one for that.

    The bins' points are not looked at.
    """

    name: str
    label: str
    input: str
    bins: tuple[Bin, ...]
    unit: str = ""


@dataclass(frozen=True)
class Card:
    """One version of a card. Who reaches `cut_off` passes, unless a hard rule declines."""

    name: str
    version: int
    scale: Scale
    cut_off: int
    characteristics: tuple[Characteristic, ...]
    rules: tuple[HardRule, ...] = ()

    @property
    def inputs(self) -> frozenset[str]:
        return frozenset(one.name for one in self.characteristics) | {rule.input for rule in self.rules}


@dataclass(frozen=True)
class Hit:
    """The bin that an applicant's value fell in."""

    characteristic: Characteristic
    value: Value
    bin: Bin


@dataclass(frozen=True)
class RuleHit:
    rule: HardRule
    value: Value
    bin: Bin


@dataclass(frozen=True)
class Score:
    """`points` is the exact sum, `rounded` what is shown and compared with the cut-off, `pd` a chance from 0 to 1."""

    hits: tuple[Hit, ...]
    rules_hit: tuple[RuleHit, ...]
    points: Decimal
    rounded: int
    pd: Decimal


def score(card: Card, values: Mapping[str, Value]) -> Score:
    """Return the score of these values: one for each input of the card, None where it is missing.

    Raises CannotScore.
    """
    if values.keys() != card.inputs:
        odd = sorted(values.keys() ^ card.inputs)
        raise CannotScore(f"The card asks for exactly its own inputs; these differ: {', '.join(odd)}.")
    hits = tuple(
        Hit(one, values[one.name], bin_of(one.name, one.bins, values[one.name]))
        for one in card.characteristics
    )
    with localcontext(EXACT):
        total = sum((hit.bin.points for hit in hits), Decimal(0))
    return Score(
        hits=hits,
        rules_hit=_rules_hit(card, values),
        points=total,
        rounded=int(total.to_integral_value(rounding=ROUND_HALF_UP)),
        pd=card.scale.default_probability(total),
    )


def bin_of(name: str, bins: Sequence[Bin], value: Value) -> Bin:
    """Return the bin that takes a value. Raises CannotScore where none does, or the value is of the wrong kind."""
    found = _found(name, bins, value)
    if found is None:
        raise CannotScore(f"{name} has no bin for {'a missing value' if value is None else value}.")
    return found


def refuse_inexact(number: object) -> None:
    """Raise TypeError for what is not a Decimal, ValueError for one that is no finite number."""
    if not isinstance(number, Decimal):
        raise TypeError(f"a number of a card is a Decimal, not {type(number).__name__}")
    if not number.is_finite():
        raise ValueError("a number of a card is finite")


def _found(name: str, bins: Sequence[Bin], value: Value) -> Bin | None:
    if value is not None:
        _refuse_kind(name, bins, value)
    for one in bins:
        if one.takes(value):
            return one
    if value is None:
        return None
    return next((one for one in bins if one.kind is Kind.OTHER), None)


def _refuse_kind(name: str, bins: Sequence[Bin], value: Value) -> None:
    if type(value) not in (Decimal, str):
        raise CannotScore(f"{name} is a Decimal, a text or None, not {value!r}.")
    if any(one.kind in (Kind.RANGE, Kind.VALUES) for one in bins):
        wanted = Decimal if _numeric(bins) else str
        if type(value) is not wanted or (isinstance(value, Decimal) and not value.is_finite()):
            raise CannotScore(
                f"{name} is a {'finite number' if wanted is Decimal else 'text'}, not {value!r}."
            )


def _numeric(bins: Sequence[Bin]) -> bool:
    return any(one.kind is Kind.RANGE for one in bins)


def _rules_hit(card: Card, values: Mapping[str, Value]) -> tuple[RuleHit, ...]:
    found = ((rule, _found(rule.name, rule.bins, values[rule.input])) for rule in card.rules)
    return tuple(RuleHit(rule, values[rule.input], one) for rule, one in found if one is not None)
