"""Why somebody was declined, from the bins that they fell in. Pure.

A hard rule that was hit is a reason by itself and comes first. Where the score fell short, the factors follow that lie
furthest below the average of applicants at or just above the cut-off: four in all, and inquiries as a fifth where they
counted. The facts of a reason are kept with the decision; its sentence is made when somebody reads it, in their
language. The method is the first of the two in the commentary on Regulation B, 12 CFR 1002.9(b)(2).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal, localcontext
from enum import StrEnum
from typing import Any

from django.utils.translation import gettext as _

from credit.scorecard import EXACT, Card, Hit, Score, Value, score

MOST = 4


class Cause(StrEnum):
    RULE = "RULE"
    FACTOR = "FACTOR"


@dataclass(frozen=True)
class Reason:
    """Why, in facts: `code` is the bin's, `shown` the applicant's value in words (empty where it is not known).

    `best` is the best band in words and `shortfall` how many points a factor lies below the average; zero for a rule.
    """

    cause: Cause
    name: str
    code: str
    label: str
    shown: str
    best: str = ""
    shortfall: Decimal = Decimal(0)

    def facts(self) -> dict[str, Any]:
        return {
            "cause": str(self.cause),
            "name": self.name,
            "code": self.code,
            "label": self.label,
            "shown": self.shown,
            "best": self.best,
            "shortfall": str(self.shortfall),
        }

    @classmethod
    def from_facts(cls, facts: Mapping[str, Any]) -> "Reason":
        return cls(**{**facts, "cause": Cause(facts["cause"]), "shortfall": Decimal(facts["shortfall"])})


def reasons_of(card: Card, scored: Score) -> tuple[Reason, ...]:
    """Return why this score was declined, the weightiest first; nothing where it was not.

    Each rule that was hit is named, however many. Factors are reasons only where the score fell short of the cut-off.
    """
    rules = tuple(
        Reason(
            Cause.RULE,
            hit.rule.name,
            hit.bin.code,
            hit.rule.label,
            _shown(hit.value, hit.bin.words, hit.rule.unit),
        )
        for hit in scored.rules_hit
    )
    if scored.rounded >= card.cut_off:
        return rules
    below = factors_below(scored)
    left = max(MOST - len(rules), 0)
    chosen = below[:left] + [hit for hit in below[left:] if hit.characteristic.counts_inquiries]
    return rules + tuple(_factor(hit) for hit in chosen)


def factors_below(scored: Score) -> list[Hit]:
    """Return the factors below average, the furthest first; equal ones by weight, then by name.

    The key factors that go with a score which is shown to somebody, declined or not.
    """
    below = [hit for hit in scored.hits if _shortfall(hit) > 0]
    return sorted(
        below,
        key=lambda hit: (-_shortfall(hit), -hit.characteristic.weight, hit.characteristic.name),
    )


def sentence(reason: Reason) -> str:
    """Return a reason as its reader's language has it: "Pay to income: 34 %. Best: under 5 %"."""
    said = {
        "label": reason.label.removesuffix(":"),
        "shown": reason.shown or _("not known"),
        "best": reason.best,
    }
    if reason.cause is Cause.RULE:
        return _("%(label)s: %(shown)s, which alone declines an application") % said
    return _("%(label)s: %(shown)s. Best: %(best)s") % said


def with_averages(card: Card, applicants: Iterable[Mapping[str, Value]], *, reach: int) -> Card:
    """Return the card with the averages of those applicants whose score lies from the cut-off to `reach` above it.

    Raises ValueError where nobody's does.
    """
    near = [
        scored
        for scored in (score(card, values) for values in applicants)
        if card.cut_off <= scored.rounded <= card.cut_off + reach
    ]
    if not near:
        raise ValueError("nobody's score lies at or just above the cut-off")
    with localcontext(EXACT):
        means = [
            sum((scored.hits[place].bin.points for scored in near), Decimal(0)) / len(near)
            for place in range(len(card.characteristics))
        ]
    averaged = [replace(one, average=mean) for one, mean in zip(card.characteristics, means, strict=True)]
    return replace(card, characteristics=tuple(averaged))


def _shortfall(hit: Hit) -> Decimal:
    with localcontext(EXACT):
        return hit.characteristic.average - hit.bin.points


def _factor(hit: Hit) -> Reason:
    one = hit.characteristic
    return Reason(
        cause=Cause.FACTOR,
        name=one.name,
        code=hit.bin.code,
        label=one.label,
        shown=_shown(hit.value, hit.bin.words, one.unit),
        best=one.best.words,
        shortfall=_shortfall(hit),
    )


def _shown(value: Value, words: str, unit: str) -> str:
    """A number as itself with its unit, a named value by the words of its bin."""
    if value is None:
        return ""
    if isinstance(value, str):
        return words
    plain = f"{value:f}"
    if "." in plain:
        plain = plain.rstrip("0").rstrip(".")
    return f"{plain} {unit}".rstrip()
