"""Answers of Xpress Wallet: amounts with dust, rows as samples have them, and what its sandbox never gives."""

import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from wallet.gateways.base import (
    GatewayRefused,
    GatewayUnavailable,
    GatewayUnreadable,
)
from wallet.gateways.capabilities import (
    GatewayBalanceTooLow,
)
from wallet.gateways.naira import clean_kobo_in, full_kobo_in, nearest_kobo_in
from wallet.gateways.replies import Unreadable, parse_object
from wallet.tests.scripted import Scripted
from wallet.tests.xpress_wallet import (
    OURS,
    a_row,
    adapter,
    an_order,
)


@pytest.mark.parametrize(
    ("said", "kobo"),
    [
        ("3518.7500000000036", 351_875),
        ("100", 10_000),
        ("0.1", 10),
        ('"2500.00"', 250_000),
        ("0.0000009", 0),
        ("1e2", 10_000),
    ],
)
def test_dust_is_brushed_off(said, kobo):
    data = parse_object(b'{"amount": %s}' % said.encode(), exact=True)
    assert clean_kobo_in(data, "amount") == kobo


@pytest.mark.parametrize(
    "said",
    ["0.005", "0.000002", "-1", "1e15", "true", "null", '"1,000"', '"1e3"', "[]", '"٣"', '"-1"'],
)
def test_parts_of_a_kobo_and_what_is_no_amount_are_refused(said):
    with pytest.raises(Unreadable, match="amount"):
        clean_kobo_in(parse_object(b'{"amount": %s}' % said.encode(), exact=True), "amount")


@pytest.mark.parametrize("said", ["1e999999999999999999999", "NaN", "-Infinity"])
def test_numbers_out_of_this_world_are_no_json(said):
    with pytest.raises(Unreadable, match="JSON"):
        parse_object(b'{"amount": %s}' % said.encode(), exact=True)


def test_fees_are_rounded_once_and_what_may_be_spent_is_rounded_down():
    data = {
        "fee": Decimal("10.5"),
        "vat": Decimal("0.7875"),
        "balance": Decimal("1.9999"),
        "less": Decimal("-0.005"),
    }
    assert nearest_kobo_in(data, "fee", "vat") == 1_129
    assert full_kobo_in(data, "balance") == 199
    assert nearest_kobo_in(data, "less") == -1
    assert full_kobo_in({"balance": Decimal("1.9999999999")}, "balance") == 200


def test_a_search_without_end_says_that_nobody_knows(scripted, monkeypatch):
    monkeypatch.setattr("wallet.gateways.xpress_wallet_rows.MOST_PAGES", 2)
    page = {"status": True, "data": [a_row(metadata={})["transaction"]], "metadata": {"totalPages": 9}}
    for _page in range(2):
        scripted.answer(page)
    with pytest.raises(GatewayUnavailable, match="not answering"):
        adapter(scripted.url).find_transfer(reference=OURS)


def test_of_an_order_that_failed_and_one_that_was_taken_the_second_counts(scripted):
    failed = a_row(status="failed", reference="XW-0")["transaction"]
    scripted.answer({"status": True, "data": [failed, a_row()["transaction"]], "metadata": {"totalPages": 1}})
    found = adapter(scripted.url).find_transfer(reference=OURS)
    assert (found.state, found.gateway_id) == ("SUCCEEDED", "XW-1")


@pytest.mark.parametrize(
    ("changes", "state", "fee", "dust"),
    [
        ({}, "SUCCEEDED", 1_129, 0),
        # One kobo less was taken than its fee says, by how the balance was rounded before.
        ({"balance_before": 10000.003, "balance_after": 7488.7155}, "SUCCEEDED", 1_129, -1),
        ({"fee": None, "vat": None}, "SUCCEEDED", 1_129, 0),
        # What really moved counts.
        ({"fee": 1}, "SUCCEEDED", 1_129, 0),
        ({"balance_after": None}, "SUCCEEDED", 1_129, 0),
        ({"balance_after": None, "fee": None, "vat": None}, "SUCCEEDED", None, 0),
        ({"status": "failed"}, "FAILED", None, 0),
        ({"completed": False}, "PENDING", None, 0),
        ({"status": "reviewing"}, "PENDING", None, 0),
        ({"metadata": json.dumps({"payout": OURS})}, "SUCCEEDED", 1_129, 0),
        ({"metadata": None, "description": f"{OURS} Withdrawal"}, "SUCCEEDED", 1_129, 0),
    ],
)
def test_a_row_says_what_became_of_a_payout(scripted, changes, state, fee, dust):
    scripted.answer(a_row(**changes))
    found = adapter(scripted.url).find_transfer(reference=OURS, gateway_id="XW-1")
    assert (found.state, found.fee, found.dust) == (state, fee, dust)


@pytest.mark.parametrize(
    "changes",
    [
        {"amount": 2500.005},
        {"amount": None},
        {"currency": "naira"},
        {"reference": "XW-2"},
        {"metadata": {"payout": OURS[:-1] + "9"}},
        {"metadata": {}, "description": f"thanks {OURS}"},
        {"metadata": "[" * 100_000},
        {"balance_after": "much"},
    ],
)
def test_a_row_that_is_not_as_agreed_says_nothing(scripted, changes):
    scripted.answer(a_row(**changes))
    with pytest.raises(GatewayUnreadable):
        adapter(scripted.url).find_transfer(reference=OURS, gateway_id="XW-1")


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (400, {"status": False, "message": "Transfer failed. Insufficient balance"}, GatewayBalanceTooLow),
        (
            400,
            {"status": False, "message": "Transfer failed. Daily transaction limit exceeded."},
            GatewayRefused,
        ),
        (401, {"status": False, "message": "Unauthorized"}, GatewayRefused),
        (403, "<html>", GatewayRefused),
        (200, {"status": False, "message": "?"}, GatewayUnreadable),
        (200, {"status": "true", "transfer": {}}, GatewayUnreadable),
        (200, {"status": True}, GatewayUnreadable),
        (200, {"status": True, "transfer": {"amount": 2500}}, GatewayUnreadable),
        (302, {"status": True}, GatewayUnreadable),
        (429, {"status": False}, GatewayUnavailable),
        (500, {"status": False, "message": "Insufficient balance"}, GatewayUnavailable),
    ],
)
def test_only_a_plain_no_is_a_no(scripted, status, body, error):
    scripted.answer(body, status)
    with pytest.raises(error) as caught:
        adapter(scripted.url).send(order=an_order(), currency="NGN")
    assert isinstance(caught.value, GatewayRefused) == issubclass(error, GatewayRefused)
    assert len(scripted.asked) == 1


def test_an_amount_is_written_to_the_kobo(scripted: Scripted):
    scripted.answer({"status": True, "transfer": {"amount": 90071992547409.91, "reference": "XW-1"}})
    adapter(scripted.url).send(order=an_order(9_007_199_254_740_991), currency="NGN")
    assert b'"amount": 90071992547409.91}' in scripted.asked[0][2]


def test_a_search_goes_no_further_back_than_the_order(scripted):
    old, new = "2026-05-01T00:00:00Z", "2026-05-03T00:00:00Z"
    page = [a_row(createdAt=at, metadata={})["transaction"] for at in (new, old)]
    scripted.answer({"status": True, "data": page, "metadata": {"page": 1, "totalPages": 9}})
    since = datetime(2026, 5, 2, tzinfo=UTC)
    assert adapter(scripted.url).find_transfer(reference=OURS, since=since).state == "NOT_FOUND"
    assert len(scripted.asked) == 1
