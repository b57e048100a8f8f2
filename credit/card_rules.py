"""What a scorecard must be before anybody is scored by it. Pure.

Its bins take every value, once: no gap, no overlap, a bin for a missing value. It asks only for inputs that are known,
and for none that is banned by law or by our own word: tribe, religion, sex, state of origin, contacts, photos, call
log, the phone's model as a stand-in for wealth, and the price that a lender sets. A ban by words cannot catch every
stand-in, so inputs come from a closed list besides.
"""

import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal, localcontext
from enum import StrEnum
from itertools import pairwise

from credit.scorecard import EXACT, Bin, Card, Characteristic, HardRule, Kind

# Whole words, and rows of words with "of", "the" and the like left out; a last "s" does not matter. A row that is long
# enough to be nothing else is found without its gaps too.
BANNED: dict[str, str] = {
    "tribe": "tribe tribal ethnicity ethnic hausa igbo yoruba fulani ijaw tiv kanuri ibibio",
    "religion": "religion religious faith church mosque denomination christian christianity muslim islam pastor imam",
    "sex": "sex gender male female",
    "state of origin": "state_origin origin_state lga_origin origin_lga hometown home_town stateoforigin "
    "birthplace place_birth",
    "contacts": "contact phonebook phone_book addressbook address_book",
    "photos": "photo photograph picture gallery selfie",
    "call log": "call_log calllog call_history call_record",
    "phone model": "phone_model phone_brand phone_make phone_price device_model device_brand device_make handset "
    "smartphone model_phone mobile_model device_price",
    "the lender's own price": "interest_rate rate_interest int_rate nominal_rate offer_rate offered_rate loan_rate "
    "lender_rate lending_rate apr aprc price pricing markup",
}
LITTLE = frozenset({"of", "the", "a", "an", "in", "on", "s"})
TELLING = 8  # letters


class Fault(StrEnum):
    EMPTY = "EMPTY"  # nothing is scored, or a bin list has no bin for a known value
    NAME_TWICE = "NAME_TWICE"
    CODE_TWICE = "CODE_TWICE"
    BANNED = "BANNED"
    UNKNOWN_INPUT = "UNKNOWN_INPUT"
    MIXED = "MIXED"  # ranges and named values side by side
    GAP = "GAP"
    OVERLAP = "OVERLAP"
    NO_WIDTH = "NO_WIDTH"  # a range that no number is in
    NO_MISSING = "NO_MISSING"
    NO_OTHER = "NO_OTHER"
    NOT_BETWEEN = "NOT_BETWEEN"  # an average that no applicants can have
    AVERAGES_BELOW = "AVERAGES_BELOW"  # the averages of those who pass do not reach the cut-off
    OUT_OF_REACH = "OUT_OF_REACH"  # a cut-off that nobody, or everybody, reaches


@dataclass(frozen=True)
class Finding:
    """What is wrong, and with what: the name of a characteristic, a rule or a bin; `about` says more."""

    fault: Fault
    where: str
    about: str = ""


def findings(card: Card, *, known: Collection[str]) -> list[Finding]:
    """Return everything that is wrong with a card; nothing where it may be used. `known` are the inputs that exist."""
    found = [
        *_names(card),
        *(Finding(Fault.UNKNOWN_INPUT, name) for name in sorted(card.inputs) if name not in known),
        *_banned_in(card),
    ]
    for one in card.characteristics:
        found += _bins(one.name, one.bins)
        found += _average(one)
    for rule in card.rules:
        found += _rule_bins(rule)
    return found + list(_cut_off(card))


def ban_on(text: str) -> str | None:
    """Return what is banned of the things that a name or a label speaks of; None where it speaks of none."""
    words = [_singular(word) for word in _words(text) if word not in LITTLE]
    row, joined = "_" + "_".join(words) + "_", "".join(words)
    for ban, terms in BANNED.items():
        for term in terms.split():
            parts = [_singular(part) for part in term.split("_")]
            together = "".join(parts)
            if f"_{'_'.join(parts)}_" in row or (len(together) >= TELLING and together in joined):
                return ban
    return None


def _singular(word: str) -> str:
    return word.removesuffix("s")


def _words(text: str) -> list[str]:
    """The words of a name however it is written: call-log, callLog, CALL_LOG2."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return [word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", plain)]


def _names(card: Card) -> Iterator[Finding]:
    if not card.characteristics:
        yield Finding(Fault.EMPTY, card.name)
    yield from _twice(Fault.NAME_TWICE, [one.name for one in card.characteristics])
    yield from _twice(Fault.NAME_TWICE, [rule.name for rule in card.rules])
    parts: Sequence[Characteristic | HardRule] = [*card.characteristics, *card.rules]
    yield from _twice(Fault.CODE_TWICE, [one.code for part in parts for one in part.bins])


def _twice(fault: Fault, names: Sequence[str]) -> list[Finding]:
    return [Finding(fault, name) for name in sorted(set(names)) if names.count(name) > 1]


def _banned_in(card: Card) -> Iterator[Finding]:
    """Looks at names, labels, and the words and values of bins: a harmless name may hide what it sorts by."""
    for one in card.characteristics:
        yield from _bans(one.name, [one.name, one.label, *_told(one.bins)])
    for rule in card.rules:
        yield from _bans(rule.name, [rule.name, rule.label, rule.input, *_told(rule.bins)])


def _told(bins: Iterable[Bin]) -> list[str]:
    return [text for one in bins for text in (one.code, one.words, *one.values)]


def _bans(where: str, texts: Iterable[str]) -> list[Finding]:
    bans = {ban for text in texts if (ban := ban_on(text)) is not None}
    return [Finding(Fault.BANNED, where, ban) for ban in sorted(bans)]


def _bins(name: str, bins: Sequence[Bin]) -> Iterator[Finding]:
    """Every value has a bin, and only one."""
    kinds = [one.kind for one in bins]
    if Kind.MISSING not in kinds:
        yield Finding(Fault.NO_MISSING, name)
    if Kind.RANGE not in kinds and Kind.VALUES not in kinds:
        yield Finding(Fault.EMPTY, name)
    elif Kind.RANGE not in kinds and Kind.OTHER not in kinds:
        yield Finding(Fault.NO_OTHER, name)
    yield from _overlaps(name, bins)
    ranges = _in_order(bins)
    if ranges and (ranges[0].low is not None or all(one.high is not None for one in ranges)):
        yield Finding(Fault.GAP, name, "the ends are closed")
    for before, after in pairwise(ranges):
        if before.high is not None and after.low is not None and before.high < after.low:
            yield Finding(Fault.GAP, name, f"{before.code} to {after.code}")


def _rule_bins(rule: HardRule) -> Iterator[Finding]:
    """A rule's bins need not take every value: what they do not take, the rule lets pass."""
    if not rule.bins:
        yield Finding(Fault.EMPTY, rule.name)
    yield from _overlaps(rule.name, rule.bins)


def _overlaps(name: str, bins: Sequence[Bin]) -> Iterator[Finding]:
    kinds = [one.kind for one in bins]
    if Kind.RANGE in kinds and (Kind.VALUES in kinds or Kind.OTHER in kinds):
        yield Finding(Fault.MIXED, name)
    for kind in (Kind.MISSING, Kind.OTHER):
        if kinds.count(kind) > 1:
            yield Finding(Fault.OVERLAP, name, f"two bins {kind}")
    values = [value for one in bins for value in one.values]
    for twice in _twice(Fault.OVERLAP, values):
        yield Finding(Fault.OVERLAP, name, twice.where)
    for one in bins:
        no_width = one.low is not None and one.high is not None and one.low >= one.high
        if no_width or (one.kind is Kind.VALUES and not one.values):
            yield Finding(Fault.NO_WIDTH, name, one.code)
    ranges = _in_order(bins)
    for before, after in pairwise(ranges):
        if before.high is None or after.low is None or before.high > after.low:
            yield Finding(Fault.OVERLAP, name, f"{before.code} and {after.code}")


def _in_order(bins: Iterable[Bin]) -> list[Bin]:
    ranges = [one for one in bins if one.kind is Kind.RANGE]
    return sorted(ranges, key=lambda one: (one.low is not None, one.low or Decimal(0)))


def _average(one: Characteristic) -> Iterator[Finding]:
    points = [bin_.points for bin_ in one.bins]
    if points and not min(points) <= one.average <= max(points):
        yield Finding(Fault.NOT_BETWEEN, one.name)


def _cut_off(card: Card) -> Iterator[Finding]:
    """A card that declines somebody must have a factor below average to name: then its averages reach the cut-off."""
    filled = [one for one in card.characteristics if one.bins]
    with localcontext(EXACT):
        averages = sum((one.average for one in filled), Decimal(0))
        worst = sum((min(bin_.points for bin_ in one.bins) for one in filled), Decimal(0))
        best = sum((max(bin_.points for bin_ in one.bins) for one in filled), Decimal(0))
        passing = card.cut_off - Decimal("0.5")  # what is rounded to the cut-off
    if averages < passing:
        yield Finding(Fault.AVERAGES_BELOW, card.name)
    if not worst < passing <= best:
        yield Finding(Fault.OUT_OF_REACH, card.name)
