"""What both sides sign: one spelling of the same terms, and another hash for any other."""

import re
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import ROUND_UP, Context, Decimal, localcontext
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credit.terms_hash import (
    NotSigned,
    OfferTerms,
    Side,
    Signature,
    SignedByAnother,
    TermsChanged,
    refuse_unsigned,
    terms_hash,
    terms_text,
)
from credit.tests.fuzz import fuzz

TERMS = OfferTerms(
    offer_id=UUID(int=1),
    application_id=UUID(int=2),
    borrower_id=UUID(int=3),
    provider_ids=(UUID(int=4),),
    currency="NGN",
    amount=10_000_000,
    term=6,
    rate=Decimal("24"),
    apr=Decimal("29.8412345678"),
    total_payable=10_712_345,
    fees={"arrangement": 100_000, "insurance": 50_000},
    rules={
        "instalments": "level, each month on the 31st",
        "late_charge": 50_000,
        "early": "interest to the day",
    },
    conditions=("A guarantor signs too.", "The salary is paid into the wallet."),
    valid_until=datetime(2027, 3, 2, 11, tzinfo=UTC),
)
OTHERS: list[dict[str, Any]] = [
    {"offer_id": UUID(int=9)},
    {"application_id": UUID(int=9)},
    {"borrower_id": UUID(int=9)},
    {"provider_ids": (UUID(int=9),)},
    {"provider_ids": (UUID(int=4), UUID(int=5))},
    {"currency": "USD"},
    {"amount": 10_000_001},
    {"term": 7},
    {"rate": Decimal("24.0000000001")},
    {"apr": Decimal("29.8412345679")},
    {"total_payable": 10_712_344},
    {"fees": {"arrangement": 100_001, "insurance": 50_000}},
    {"fees": {"arrangement": 100_000, "insurance": 50_000, "another": 0}},
    {"fees": {"arrangement": 50_000, "insurance": 100_000}},
    {"rules": {**TERMS.rules, "late_charge": 50_001}},
    {"rules": {**TERMS.rules, "late_charge": "50000"}},
    {"rules": {**TERMS.rules, "early": "interest to the month's end"}},
    {"conditions": TERMS.conditions[:1]},
    {"conditions": TERMS.conditions[::-1]},
    {"conditions": ("".join(TERMS.conditions),)},
    {"conditions": (TERMS.conditions[0] + " ", TERMS.conditions[1])},
    {"valid_until": TERMS.valid_until + timedelta(microseconds=1)},
]


@dataclass(frozen=True)
class Grace:
    """As the terms of a schedule are: a value made of values."""

    months: int = 0
    capitalised: bool = False


@dataclass(frozen=True)
class Rule:
    method: Side
    weights: tuple[Decimal, ...] = (Decimal(1), Decimal("1.50"))
    grace: Grace = field(default_factory=Grace)
    first: date = date(2027, 4, 30)
    agreed: int | None = None


def signed(sha256: str | None = None) -> list[Signature]:
    said = terms_hash(TERMS) if sha256 is None else sha256
    return [
        Signature(Side.BORROWER, TERMS.borrower_id, said),
        Signature(Side.PROVIDER, TERMS.provider_ids[0], said),
    ]


def test_the_hash_is_pinned() -> None:
    """A change of the spelling would make contracts that are signed look forged: give the form another name instead."""
    assert terms_text(TERMS).startswith(
        '{"amount":10000000,"application_id":"00000000-0000-0000-0000-000000000002",'
    )
    assert '"form":"alajo-terms-2"' in terms_text(TERMS)
    assert terms_hash(TERMS) == "2f2e103be67b7bef67d69bd7037cb470d5e167c379677a78e4ffc3d9e51a5eff"


@pytest.mark.parametrize("change", OTHERS, ids=lambda change: next(iter(change)))
def test_other_terms_have_another_hash(change: dict[str, Any]) -> None:
    assert terms_hash(replace(TERMS, **change)) != terms_hash(TERMS)


def test_every_part_of_the_terms_is_tried() -> None:
    assert {name for change in OTHERS for name in change} == {one.name for one in fields(OfferTerms)}


def test_all_those_hashes_differ_from_one_another() -> None:
    assert len({terms_hash(replace(TERMS, **change)) for change in OTHERS}) == len(OTHERS)


@pytest.mark.parametrize(
    "change",
    [
        {"rate": Decimal("24.00")},
        {"rate": Decimal("2.4E+1")},
        {"apr": Decimal("29.84123456780")},
        {"fees": {"insurance": 50_000, "arrangement": 100_000}},
        {"rules": dict(reversed(TERMS.rules.items()))},
        {"valid_until": TERMS.valid_until.astimezone(timezone(timedelta(hours=1)))},
        {"offer_id": UUID("{00000000-0000-0000-0000-000000000001}")},
    ],
    ids=lambda change: next(iter(change)),
)
def test_the_same_terms_spelled_otherwise_have_the_same_hash(change: dict[str, Any]) -> None:
    with localcontext(Context(prec=3, rounding=ROUND_UP)):
        assert terms_hash(replace(TERMS, **change)) == terms_hash(TERMS)


def test_letters_composed_in_two_ways_are_the_same_letters() -> None:
    one, other = (
        replace(TERMS, conditions=("\u00c0l\u00e0j\u1ecd",)),
        replace(TERMS, conditions=("A\u0300la\u0300jo\u0323",)),
    )
    assert one.conditions != other.conditions
    assert terms_hash(one) == terms_hash(other)


@fuzz
@given(st.decimals(-(10**6), 10**6, places=6), st.integers(0, 6))
def test_zeros_behind_a_rate_say_nothing(rate: Decimal, zeros: int) -> None:
    longer = rate.quantize(Decimal(1).scaleb(-6 - zeros))
    assert terms_hash(replace(TERMS, rate=longer)) == terms_hash(replace(TERMS, rate=rate))
    written = re.search(r'"rate":"([^"]+)"', terms_text(replace(TERMS, rate=rate)))
    assert written is not None and Decimal(written[1]) == rate


@pytest.mark.parametrize(
    "change",
    [
        {"rate": 24.0},
        {"rate": 24},
        {"apr": Decimal("NaN")},
        {"amount": 1.0},
        {"amount": True},
        {"amount": Decimal(1)},
        {"fees": {"arrangement": 0.5}},
        {"rules": {"late_charge": 0.5}},
        {"rules": {"late_charge": {1: 2}}},
        {"rules": {"late_charge": {5}}},
        {"rules": {"late_charge": [Decimal("Infinity")]}},
        {"rules": {"late_charge": Rule}},
        {"valid_until": datetime(2027, 3, 2, 11)},  # noqa: DTZ001
        {"fees": {"\u00e9": 1, "e\u0301": 2}},
    ],
    ids=lambda change: next(iter(change)),
)
def test_what_has_no_one_spelling_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises((TypeError, ValueError)):
        terms_hash(replace(TERMS, **change))


def test_a_rule_may_be_a_value_made_of_values() -> None:
    written = terms_text(replace(TERMS, rules={"schedule": Rule(Side.BORROWER)}))
    assert (
        '"rules":{"schedule":{"agreed":null,"first":"2027-04-30","grace":{"capitalised":false,"months":0},'
        '"method":"BORROWER","weights":["1","1.5"]}}' in written
    )


def test_each_part_of_a_rule_is_signed() -> None:
    rule = Rule(Side.BORROWER)
    others = [
        replace(rule, method=Side.PROVIDER),
        replace(rule, weights=(Decimal("1.5"), Decimal(1))),
        replace(rule, grace=Grace(months=1)),
        replace(rule, grace=Grace(capitalised=True)),
        replace(rule, first=date(2027, 5, 1)),
        replace(rule, agreed=0),
    ]
    hashes = {terms_hash(replace(TERMS, rules={"schedule": one})) for one in [rule, *others]}
    assert len(hashes) == len(others) + 1


# Signing


def test_terms_that_both_sides_signed_pass() -> None:
    refuse_unsigned(TERMS, signed())
    refuse_unsigned(TERMS, reversed(signed()))


@pytest.mark.parametrize("change", OTHERS, ids=lambda change: next(iter(change)))
def test_terms_that_changed_after_signing_do_not(change: dict[str, Any]) -> None:
    with pytest.raises(TermsChanged):
        refuse_unsigned(replace(TERMS, **change), signed())


@pytest.mark.parametrize("place", [0, 1])
def test_one_side_that_signed_other_terms_is_named(place: int) -> None:
    signatures = signed()
    signatures[place] = replace(signatures[place], sha256="0" * 64)
    with pytest.raises(TermsChanged) as refusal:
        refuse_unsigned(TERMS, signatures)
    assert refusal.value.public_data == {"side": list(Side)[place]}


@pytest.mark.parametrize(
    ("signatures", "missing"),
    [
        ([], ["BORROWER", "PROVIDER"]),
        (signed()[:1], ["PROVIDER"]),
        (signed()[1:], ["BORROWER"]),
        (signed()[:1] * 2, ["PROVIDER"]),
    ],
)
def test_a_side_that_has_not_signed_is_named(signatures: list[Signature], missing: list[str]) -> None:
    with pytest.raises(NotSigned) as refusal:
        refuse_unsigned(TERMS, signatures)
    assert refusal.value.public_data == {"sides": missing}


def test_one_who_signs_for_both_sides_signs_for_one() -> None:
    borrower, provider = signed()
    with pytest.raises(SignedByAnother) as refusal:
        refuse_unsigned(TERMS, [borrower, replace(provider, party_id=TERMS.borrower_id)])
    assert refusal.value.public_data == {"side": "PROVIDER"}


def test_a_pool_is_signed_by_each_of_its_lenders_in_whatever_order_they_are_named() -> None:
    first, second = UUID(int=4), UUID(int=5)
    pool = replace(TERMS, provider_ids=(first, second))
    assert terms_text(pool) == terms_text(replace(TERMS, provider_ids=(second, first)))
    said = terms_hash(pool)
    borrower = Signature(Side.BORROWER, TERMS.borrower_id, said)
    lenders = [Signature(Side.PROVIDER, one, said) for one in (first, second)]
    refuse_unsigned(pool, [borrower, *lenders])
    for signatures in ([borrower, lenders[0]], [borrower, lenders[1], lenders[1]]):
        with pytest.raises(NotSigned) as refusal:
            refuse_unsigned(pool, signatures)
        assert refusal.value.public_data == {"sides": ["PROVIDER"]}
    for nobody in ((), (first, first)):
        with pytest.raises(ValueError, match="named once"):
            terms_text(replace(TERMS, provider_ids=nobody))
