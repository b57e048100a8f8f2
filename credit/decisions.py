"""What is decided by a scorecard, and the record that gives the same decision again, byte for byte. Pure.

A record holds everything that the decision stands on: the card's version and hash, each input with its source and time,
the bin it fell in and its points, the total exact and rounded, the cut-off, the hard rules hit, the probability of
default and the reasons. It is text in one spelling. Played again with the same card it comes out the same, or it is not
the record of that decision.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from hashlib import sha256
from typing import Any

from accounts.approvals import canonical
from credit.card_data import card_hash
from credit.reasons import Reason, reasons_of
from credit.scorecard import CannotScore, Card, Score, Value, score

FORM = 1  # of the record; another form is another number, and old records stay as they are


class Outcome(StrEnum):
    PASSED = "PASSED"
    DECLINED = "DECLINED"


@dataclass(frozen=True)
class Input:
    """One raw fact: its value (None where it is missing), where it comes from, and when it was so."""

    name: str
    value: Value
    source: str
    at: datetime


class NotItsCard(ValueError):
    """The record was made with another card, or with another version of it."""


@dataclass(frozen=True)
class Decision:
    outcome: Outcome
    score: Score
    reasons: tuple[Reason, ...]
    record: str

    @property
    def sha256(self) -> str:
        return sha256(self.record.encode()).hexdigest()


def decide(card: Card, inputs: Sequence[Input]) -> Decision:
    """Return what the card decides on these inputs, and its record. Raises CannotScore."""
    values = {one.name: one.value for one in inputs}
    if len(values) != len(inputs):
        raise CannotScore("An input is given twice.")
    scored = score(card, values)
    passed = scored.rounded >= card.cut_off and not scored.rules_hit
    outcome = Outcome.PASSED if passed else Outcome.DECLINED
    reasons = reasons_of(card, scored)
    return Decision(outcome, scored, reasons, _record(card, inputs, scored, outcome, reasons))


def replay(record: str, card: Card) -> Decision:
    """Decide again from a record's own inputs: its `record` equals the one given, or that one was not made so.

    Raises NotItsCard; KeyError, TypeError or ValueError for text that is no record.
    """
    data = json.loads(record)
    if data["form"] != FORM or data["card"] != _card_named(card):
        raise NotItsCard(f"This record was not made with version {card.version} of {card.name}.")
    return decide(card, [_input_of(one) for one in data["inputs"]])


def inputs_in(record: str) -> dict[str, Value]:
    """Return the inputs that a record stands on, by name. Raises KeyError, TypeError or ValueError for what is none."""
    found = [_input_of(one) for one in json.loads(record)["inputs"]]
    return {one.name: one.value for one in found}


def _record(
    card: Card, inputs: Iterable[Input], scored: Score, outcome: Outcome, reasons: Iterable[Reason]
) -> str:
    return canonical(
        {
            "form": FORM,
            "card": _card_named(card),
            "inputs": [_input_data(one) for one in sorted(inputs, key=lambda one: one.name)],
            "hits": [
                {"name": hit.characteristic.name, "bin": hit.bin.code, "points": str(hit.bin.points)}
                for hit in scored.hits
            ],
            "points": str(scored.points),
            "score": scored.rounded,
            "cut_off": card.cut_off,
            "rules_hit": [{"name": hit.rule.name, "bin": hit.bin.code} for hit in scored.rules_hit],
            "pd": str(scored.pd),
            "outcome": str(outcome),
            "reasons": [reason.facts() for reason in reasons],
        }
    )


def _card_named(card: Card) -> dict[str, Any]:
    return {"name": card.name, "version": card.version, "sha256": card_hash(card)}


def _input_data(one: Input) -> dict[str, Any]:
    """A number and a text of the same letters are two values, so which of them it is stands beside it."""
    if one.at.tzinfo is None:
        raise ValueError(f"the time of {one.name} has no zone")
    return {
        "name": one.name,
        "number": str(one.value) if isinstance(one.value, Decimal) else None,
        "text": one.value if isinstance(one.value, str) else None,
        "source": one.source,
        "at": one.at.astimezone(UTC).isoformat(timespec="microseconds"),
    }


def _input_of(data: dict[str, Any]) -> Input:
    number, text = data["number"], data["text"]
    value = text if number is None else Decimal(number)
    return Input(data["name"], value, data["source"], datetime.fromisoformat(data["at"]))
