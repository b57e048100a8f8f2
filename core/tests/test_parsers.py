import io
import json
from decimal import Decimal
from typing import Any

import pytest
from django.test import RequestFactory
from hypothesis import given
from hypothesis import strategies as st
from rest_framework import serializers
from rest_framework.exceptions import APIException
from rest_framework.request import Request

from core.api import parsers
from core.api.parsers import StrictJSONParser, load
from core.api.serializers import MoneyField, StrictSerializer
from core.money import MAX_AMOUNT


def test_a_body_is_read_as_json() -> None:
    body = (
        '{"to": "ada", "amount": 50, "rate": 0.10, "big": 12345678901234567890123, "note": "\\ud83d\\ude00"}'
    )
    assert load(body.encode()) == {
        "to": "ada",
        "amount": 50,
        "rate": Decimal("0.10"),
        "big": 12345678901234567890123,
        "note": "😀",
    }


def test_a_number_with_a_point_is_never_a_float() -> None:
    assert [type(value) for value in load(b"[1.0, 1e3, -0.0]")] == [Decimal] * 3


def nested(depth: int) -> bytes:
    return b"[" * depth + b"]" * depth


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 400, "malformed_json"),
        (b"   ", 400, "malformed_json"),
        (b"{", 400, "malformed_json"),
        (b"{'a': 1}", 400, "malformed_json"),
        (b'{"a": 1,}', 400, "malformed_json"),
        (b"01", 400, "malformed_json"),
        (b'"a\nb"', 400, "malformed_json"),
        (b'\xef\xbb\xbf{"a": 1}', 400, "malformed_json"),
        (b'{"a": "\xff"}', 400, "not_utf8"),
        ('{"a": 1}'.encode("utf-16"), 400, "not_utf8"),
        (b'{"a": 1, "a": 1}', 400, "duplicate_key"),
        (b'[{"b": {"a": 1, "\\u0061": 2}}]', 400, "duplicate_key"),
        (b"NaN", 400, "not_a_number"),
        (b'{"a": [Infinity]}', 400, "not_a_number"),
        (b'{"a": -Infinity}', 400, "not_a_number"),
        (nested(21), 400, "json_too_deep"),
        (b'{"a":' * 21 + b"1" + b"}" * 21, 400, "json_too_deep"),
        (nested(400_000), 400, "json_too_deep"),
        (b'{"a": "x\\u0000"}', 400, "nul_character"),
        (b'{"x\\u0000": 1}', 400, "nul_character"),
        (b'["\\ud800"]', 400, "unpaired_surrogate"),
        (b"1e400", 400, "number_out_of_range"),
        (b"1e-400", 400, "number_out_of_range"),
        (b"1e99999999999999999999", 400, "number_out_of_range"),
        (b"9" * 101, 400, "number_out_of_range"),
        (b"9" * 500_000, 400, "number_out_of_range"),
        (b'"' + b"x" * 1024 * 1024 + b'"', 413, "body_too_large"),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_a_body_that_could_be_read_two_ways_is_refused_by_name(body: bytes, status: int, code: str) -> None:
    with pytest.raises(APIException) as refusal:
        load(body)
    assert (refusal.value.status_code, refusal.value.detail.code) == (status, code)  # type: ignore[union-attr]


def test_twenty_levels_and_one_megabyte_are_still_taken() -> None:
    assert load(nested(20))
    assert len(load(b'"' + b"x" * (1024 * 1024 - 2) + b'"')) == 1024 * 1024 - 2


def test_a_syntax_error_says_where() -> None:
    with pytest.raises(parsers.MalformedJSON, match="line 2, column 3"):
        load(b"[\n  x]")


def parse(body: bytes, **headers: str) -> Any:
    request = RequestFactory().post("/api/v1/x", body, content_type="application/json", headers=headers)
    return StrictJSONParser().parse(request, "application/json", {"request": Request(request)})


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "GZIP", "identity, gzip"])
def test_a_compressed_body_is_refused(encoding: str) -> None:
    with pytest.raises(parsers.CompressedBody) as refusal:
        parse(b"[]", **{"Content-Encoding": encoding})
    assert (refusal.value.status_code, refusal.value.detail.code) == (415, "compressed_body")


def test_a_body_announced_too_long_is_refused_unread() -> None:
    class Unreadable(io.BytesIO):
        def read(self, *args: Any) -> bytes:
            raise AssertionError("the body was read")

    request = RequestFactory().post(
        "/x", b"[]", content_type="application/json", headers={"Content-Length": "2000000"}
    )
    with pytest.raises(parsers.BodyTooLarge):
        StrictJSONParser().parse(Unreadable(), None, {"request": Request(request)})


def test_the_raw_body_can_be_read_again_after_parsing() -> None:
    request = RequestFactory().post("/x", b'{"a": 1}', content_type="application/json")
    assert Request(request, parsers=[StrictJSONParser()]).data == {"a": 1}
    assert request.body == b'{"a": 1}'


@given(st.binary(max_size=200))
def test_any_bytes_are_a_value_or_a_named_refusal(raw: bytes) -> None:
    try:
        load(raw)
    except APIException as refusal:
        assert refusal.status_code == 400


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.text(st.characters(exclude_categories=["Cs", "Cc"])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abc"), inner, max_size=3),
    max_leaves=10,
)


@given(JSON)
def test_ordinary_values_come_through_whole(value: Any) -> None:
    assert load(json.dumps(value).encode()) == value


class ItemInput(StrictSerializer):
    amount = MoneyField()


class OrderInput(StrictSerializer):
    note = serializers.CharField(required=False)
    total = MoneyField(read_only=True)
    items = ItemInput(many=True, required=False)


def codes_of(serializer: serializers.Serializer) -> Any:
    with pytest.raises(serializers.ValidationError) as refusal:
        serializer.is_valid(raise_exception=True)
    return refusal.value.get_codes()


def test_declared_fields_are_taken() -> None:
    order = OrderInput(data={"note": "x", "items": [{"amount": 1}]})
    assert order.is_valid() and order.validated_data["items"] == [{"amount": 1}]


def test_unknown_fields_are_listed_beside_the_other_errors() -> None:
    data = {"note": [], "colour": 1, "total": 5, "items": [{"amount": 1, "vat": 0}, {}]}
    assert codes_of(OrderInput(data=data)) == {
        "note": ["invalid"],
        "colour": ["unknown_field"],
        "total": ["unknown_field"],
        "items": {0: {"vat": ["unknown_field"]}, 1: {"amount": ["required"]}},
    }


def test_a_flood_of_unknown_fields_is_not_echoed_whole() -> None:
    assert len(codes_of(OrderInput(data={f"x{n}": 1 for n in range(5000)}))) <= 20


@pytest.mark.parametrize("data", [None, [], "text", 5])
def test_a_body_that_is_no_object_is_refused(data: Any) -> None:
    assert set(codes_of(OrderInput(data=data))) == {"non_field_errors"}


@pytest.mark.parametrize("amount", [1, 5000, MAX_AMOUNT])
def test_an_amount_is_a_positive_integer(amount: int) -> None:
    assert ItemInput(data={"amount": amount}).is_valid()


@pytest.mark.parametrize(
    ("amount", "code"),
    [
        (True, "amount_invalid"),
        ("5000", "amount_invalid"),
        ("", "amount_invalid"),
        ([], "amount_invalid"),
        ({}, "amount_invalid"),
        (None, "null"),
        (Decimal("50.5"), "amount_fractional"),
        (Decimal("50.0"), "amount_fractional"),
        (Decimal("1E+3"), "amount_fractional"),
        (1.5, "amount_fractional"),
        (0, "amount_not_positive"),
        (-1, "amount_not_positive"),
        (MAX_AMOUNT + 1, "amount_too_large"),
        (10**90, "amount_too_large"),
    ],
)
def test_anything_else_is_no_amount(amount: Any, code: str) -> None:
    assert codes_of(ItemInput(data={"amount": amount})) == {"amount": [code]}


def test_amounts_given_out_may_be_anything_the_ledger_holds() -> None:
    assert OrderInput({"total": -5}).data["total"] == -5


def test_a_field_may_allow_zero() -> None:
    assert MoneyField(min_value=0).run_validation(0) == 0
