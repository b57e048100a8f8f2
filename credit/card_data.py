"""A scorecard as plain data and back: what is stored, shown to the one who approves it, and hashed. Pure.

Numbers are text, so that no digit is lost. The same card has one spelling and one hash.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation
from hashlib import sha256
from typing import Any

from accounts.approvals import canonical
from credit.scorecard import Bin, Card, Characteristic, HardRule, Kind, Scale, refuse_inexact


def card_data(card: Card) -> dict[str, Any]:
    """Return a card as data that JSON brings back as it was. Raises TypeError for a number that is no Decimal."""
    return {
        "name": card.name,
        "version": card.version,
        "scale": {
            "points": _text(card.scale.points),
            "odds": _text(card.scale.odds),
            "pdo": _text(card.scale.pdo),
        },
        "cut_off": card.cut_off,
        "characteristics": [_characteristic_data(one) for one in card.characteristics],
        "rules": [
            {
                "name": rule.name,
                "label": rule.label,
                "input": rule.input,
                "unit": rule.unit,
                "bins": _bins_data(rule.bins),
            }
            for rule in card.rules
        ],
    }


def card_of(data: Mapping[str, Any]) -> Card:
    """Return the card of such data. Raises KeyError, TypeError or ValueError for what is not a card."""
    scale = {name: _number(data["scale"][name]) for name in ("points", "odds", "pdo")}
    return Card(
        name=data["name"],
        version=data["version"],
        scale=Scale(**scale),
        cut_off=data["cut_off"],
        characteristics=tuple(_characteristic_of(one) for one in data["characteristics"]),
        rules=tuple(
            HardRule(**{**rule, "bins": tuple(_bin_of(one) for one in rule["bins"])})
            for rule in data["rules"]
        ),
    )


def card_hash(card: Card) -> str:
    """Return the SHA-256 of the card's one spelling, in hex."""
    return sha256(canonical(card_data(card)).encode()).hexdigest()


def _characteristic_data(one: Characteristic) -> dict[str, Any]:
    return {
        "name": one.name,
        "label": one.label,
        "unit": one.unit,
        "weight": _text(one.weight),
        "average": _text(one.average),
        "counts_inquiries": one.counts_inquiries,
        "bins": _bins_data(one.bins),
    }


def _characteristic_of(data: Mapping[str, Any]) -> Characteristic:
    return Characteristic(
        **{
            **data,
            "weight": _number(data["weight"]),
            "average": _number(data["average"]),
            "bins": tuple(_bin_of(one) for one in data["bins"]),
        }
    )


def _bins_data(bins: Iterable[Bin]) -> list[dict[str, Any]]:
    return [
        {
            "code": one.code,
            "words": one.words,
            "kind": str(one.kind),
            "points": _text(one.points),
            "low": None if one.low is None else _text(one.low),
            "high": None if one.high is None else _text(one.high),
            "values": list(one.values),
        }
        for one in bins
    ]


def _bin_of(data: Mapping[str, Any]) -> Bin:
    return Bin(
        **{
            **data,
            "kind": Kind(data["kind"]),
            "points": _number(data["points"]),
            "low": None if data["low"] is None else _number(data["low"]),
            "high": None if data["high"] is None else _number(data["high"]),
            "values": tuple(data["values"]),
        }
    )


def _text(number: Decimal) -> str:
    refuse_inexact(number)
    return str(number)


def _number(text: Any) -> Decimal:
    if not isinstance(text, str):
        raise TypeError("a number of a card is text")
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise ValueError("a number of a card is written in digits") from None
    refuse_inexact(number)
    return number
