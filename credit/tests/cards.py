"""A small card to score by: five facts, one of them inquiries, and two hard rules."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from credit.decisions import Input
from credit.scorecard import Bin, Card, Characteristic, HardRule, Kind, Scale, Value

SCALE = Scale(points=Decimal(600), odds=Decimal(50), pdo=Decimal(20))
KNOWN = frozenset(
    {"pay_to_income", "months_saving", "late_repayments", "home", "inquiries", "age", "bureau_status"}
)
NOON = datetime(2027, 3, 1, 12, tzinfo=UTC)


def band(code: str, points: str, low: str | None = None, high: str | None = None, words: str = "") -> Bin:
    bounds = {name: None if end is None else Decimal(end) for name, end in (("low", low), ("high", high))}
    return Bin(code, words or code, Kind.RANGE, Decimal(points), **bounds)


def named(code: str, points: str, *values: str, words: str = "") -> Bin:
    return Bin(code, words or code, Kind.VALUES, Decimal(points), values=values)


def missing(code: str, points: str) -> Bin:
    return Bin(code, "not known", Kind.MISSING, Decimal(points))


def other(code: str, points: str) -> Bin:
    return Bin(code, "another answer", Kind.OTHER, Decimal(points))


PAY = Characteristic(
    "pay_to_income",
    "Pay to income",
    (
        band("PTI1", "150.25", None, "5", "under 5 %"),
        band("PTI2", "120.5", "5", "20", "5 to 20 %"),
        band("PTI3", "60", "20", None, "20 % and above"),
        missing("PTI0", "70"),
    ),
    weight=Decimal("1.2"),
    average=Decimal("125"),
    unit="%",
)
SAVING = Characteristic(
    "months_saving",
    "Months of saving",
    (
        band("SAV1", "90", None, "3", "under 3"),
        band("SAV2", "120", "3", "12", "3 to 12"),
        band("SAV3", "140", "12", None, "12 and more"),
        missing("SAV0", "95"),
    ),
    weight=Decimal("0.8"),
    average=Decimal("122"),
)
LATE = Characteristic(
    "late_repayments",
    "Late repayments",
    (
        band("LATE1", "140", None, "1", "none"),
        band("LATE2", "90", "1", None, "one or more"),
        missing("LATE0", "110"),
    ),
    weight=Decimal("0.8"),
    average=Decimal("130"),
)
HOME = Characteristic(
    "home",
    "Home",
    (
        named("HOME1", "125", "OWN", "MORTGAGE", words="your own"),
        named("HOME2", "115", "RENT", words="rented"),
        other("HOME9", "110"),
        missing("HOME0", "112"),
    ),
    weight=Decimal("0.3"),
    average=Decimal("118"),
)
INQUIRIES = Characteristic(
    "inquiries",
    "Loans asked for in 6 months",
    (
        band("INQ1", "125", None, "2", "none or one"),
        band("INQ2", "119", "2", None, "two or more"),
        missing("INQ0", "120"),
    ),
    weight=Decimal("0.2"),
    average=Decimal("121"),
    counts_inquiries=True,
)
TOO_YOUNG = HardRule("too_young", "Age", "age", (band("AGE", "0", None, "18", "under 18"),), unit="years")
IN_DEFAULT = HardRule(
    "in_default",
    "Standing at the credit bureau",
    "bureau_status",
    (named("DEFAULT", "0", "DEFAULT", words="a loan in default"), missing("NO_FILE", "0")),
)
CARD = Card("house", 3, SCALE, 600, (PAY, SAVING, LATE, HOME, INQUIRIES), (TOO_YOUNG, IN_DEFAULT))
GOOD: dict[str, Value] = {
    "pay_to_income": Decimal("4.5"),
    "months_saving": Decimal(14),
    "late_repayments": Decimal(0),
    "home": "OWN",
    "inquiries": Decimal(1),
    "age": Decimal(34),
    "bureau_status": "CLEAR",
}


def values(**changes: Value) -> dict[str, Value]:
    return {**GOOD, **changes}


def inputs(**changes: Value) -> list[Input]:
    return [Input(name, value, "test", NOON) for name, value in values(**changes).items()]


def with_one(characteristic: Characteristic) -> Card:
    """The card with one characteristic in the place of the one of its name."""
    return replace(
        CARD,
        characteristics=tuple(
            characteristic if one.name == characteristic.name else one for one in CARD.characteristics
        ),
    )


def only(*characteristics: Characteristic, cut_off: int = 0, rules: Any = ()) -> Card:
    return Card("small", 1, SCALE, cut_off, characteristics, rules)
