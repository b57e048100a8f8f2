"""What is made of answers about payouts, refunds, disputes and the ledger that the sandbox never gives."""

from datetime import date

import pytest

from wallet.gateways.base import GatewayRefused, GatewayUnavailable, GatewayUnreadable
from wallet.gateways.capabilities import PayoutOrder
from wallet.tests.paystack import adapter

REFERENCE = "pay-0000000000000001"
ORDER = PayoutOrder(reference=REFERENCE, recipient="RCP_1", amount=250_000, reason="x")
DAY, NEXT = date(2026, 3, 2), date(2026, 3, 3)


def good(data: object, **more: object) -> dict[str, object]:
    return {"status": True, "message": "", "data": data, **more}


def transfer(**changes: object) -> dict[str, object]:
    said = {"id": 1, "reference": REFERENCE, "status": "pending", "amount": 250_000, "currency": "NGN"}
    return said | changes


def refund(**changes: object) -> dict[str, object]:
    said = {"id": 7, "status": "pending", "amount": "20000", "currency": "NGN", "transaction": 9}
    return said | changes


def dispute(**changes: object) -> dict[str, object]:
    charge = {"reference": "dep-1", "amount": 5000, "currency": "NGN"}
    return {"id": 3, "status": "resolved", "resolution": "declined", "transaction": charge} | changes


def movement(**changes: object) -> dict[str, object]:
    said = {"id": 5, "difference": -5, "balance": 10, "currency": "NGN", "model_responsible": "Refund"}
    return said | {"model_row": 7, "createdAt": "2026-03-02T10:00:00.000Z"} | changes


@pytest.mark.parametrize(
    ("said", "state"),
    [
        ("success", "SUCCEEDED"),
        (" Success ", "SUCCEEDED"),
        ("failed", "FAILED"),
        ("rejected", "FAILED"),
        ("blocked", "FAILED"),
        ("abandoned", "FAILED"),
        ("reversed", "REVERSED"),
        ("pending", "PENDING"),
        ("otp", "PENDING"),
        ("received", "PENDING"),
        ("a word of tomorrow", "PENDING"),
    ],
)
def test_only_words_we_know_end_a_payout(scripted, said, state):
    scripted.answer(good(transfer(status=said)))
    assert adapter(scripted.url).find_transfer(reference=REFERENCE).state == state


@pytest.mark.parametrize(
    "changes",
    [
        {"reference": "pay-0000000000000002"},
        {"reference": None},
        {"status": None},
        {"status": 1},
        {"amount": None},
        {"amount": -1},
        {"amount": 2.5},
        {"amount": "2.50"},
        {"amount": True},
        {"currency": "naira"},
        {"fee_charged": "ten"},
    ],
)
def test_an_answer_that_cannot_be_read_leaves_a_payout_unknown(scripted, changes):
    for ask in ("send", "find_transfer"):
        scripted.answer(good(transfer(**changes)))
        arguments = {"order": ORDER, "currency": "NGN"} if ask == "send" else {"reference": REFERENCE}
        with pytest.raises(GatewayUnavailable):
            getattr(adapter(scripted.url), ask)(**arguments)


@pytest.mark.parametrize(
    ("status", "body"),
    [(404, "<html>not here</html>"), (404, {"status": False, "message": "Not found"}), (403, "no")],
)
def test_only_the_vendors_own_words_say_that_a_payout_was_never_made(scripted, status, body):
    """A proxy's 404 must not have it sent again, nor its money given back."""
    scripted.answer(body, status)
    with pytest.raises(GatewayRefused):
        adapter(scripted.url).find_transfer(reference=REFERENCE)
    scripted.answer({"status": False, "message": "no"}, 400)
    scripted.answer(body, status)
    with pytest.raises(GatewayUnavailable):
        adapter(scripted.url).send(order=ORDER, currency="NGN")


def test_a_duplicate_that_nobody_knows_is_a_contradiction_and_unknown(scripted):
    scripted.answer({"status": False, "message": "Reference already exists on a transfer"}, 400)
    scripted.answer({"status": False, "message": "Transfer not found"}, 404)
    with pytest.raises(GatewayUnavailable) as caught:
        adapter(scripted.url).send(order=ORDER, currency="NGN")
    assert caught.value.data["reason"] == "contradiction"


def test_rows_of_a_bulk_answer_that_are_not_ours_or_make_no_sense_are_left_out(scripted):
    rows = [transfer(reference="pay-of-somebody-else"), transfer(amount="x"), {"reference": 7}]
    scripted.answer(good(rows))
    assert adapter(scripted.url).send_bulk(orders=[ORDER], currency="NGN") == []


def test_a_refused_bulk_call_tells_what_is_known_of_it(scripted):
    scripted.answer({"status": False, "message": "Your balance is not enough to fulfill this request"}, 400)
    scripted.answer(good(transfer(status="success")))
    [known] = adapter(scripted.url).send_bulk(orders=[ORDER], currency="NGN")
    assert known.state == "SUCCEEDED"


@pytest.mark.parametrize("rows", [[], [{"currency": "USD", "balance": 5}], [{"currency": "NGN"}]])
def test_a_balance_that_is_not_told_is_none(scripted, rows):
    scripted.answer(good(rows))
    with pytest.raises(GatewayUnreadable):
        adapter(scripted.url).balance(currency="NGN")


@pytest.mark.parametrize(
    ("said", "state"),
    [
        ("pending", "PENDING"),
        ("processing", "PENDING"),
        ("processed", "SUCCEEDED"),
        ("failed", "FAILED"),
        ("needs-attention", "NEEDS_ATTENTION"),
        ("a word of tomorrow", "PENDING"),
    ],
)
def test_only_words_we_know_end_a_refund(scripted, said, state):
    scripted.answer(good(refund(status=said)))
    found = adapter(scripted.url).find_refund(gateway_id="7", reference="dep-1")
    assert (found.state, found.amount, found.deducted) == (state, 20_000, None)


@pytest.mark.parametrize(
    "changes", [{"amount": None}, {"currency": None}, {"status": ""}, {"transaction": {"reference": "dep-2"}}]
)
def test_a_refund_that_cannot_be_read_is_unknown_and_not_asked_for_twice(scripted, changes):
    scripted.answer(good(refund(**changes)))
    with pytest.raises(GatewayUnavailable):
        adapter(scripted.url).refund(reference="dep-1", amount=20_000, currency="NGN", note="")
    assert len(scripted.asked) == 1


@pytest.mark.parametrize(
    ("changes", "state"),
    [
        ({}, "WON"),
        ({"resolution": "merchant-accepted"}, "LOST"),
        ({"resolution": "auto-accepted"}, "LOST"),
        ({"resolution": None}, "OPEN"),
        ({"resolution": "a word of tomorrow"}, "OPEN"),
        ({"status": "awaiting-bank-feedback"}, "OPEN"),
    ],
)
def test_a_dispute_ends_only_in_ways_we_know(scripted, changes, state):
    scripted.answer(good(dispute(**changes)))
    found = adapter(scripted.url).dispute(gateway_id="3")
    assert (found.state, found.amount, found.due_at) == (state, 5000, None)


@pytest.mark.parametrize("changes", [{"transaction": None}, {"transaction": {}}, {"status": None}])
def test_a_dispute_that_cannot_be_read_is_unknown(scripted, changes):
    scripted.answer(good(dispute(**changes)))
    with pytest.raises(GatewayUnreadable):
        adapter(scripted.url).dispute(gateway_id="3")


def test_pages_by_number_are_read_where_there_is_no_cursor(scripted):
    for page, number in enumerate((5, 6, 7), start=1):
        scripted.answer(good([movement(id=number)], meta={"page": page, "pageCount": "3", "perPage": "100"}))
    rows = list(adapter(scripted.url).ledger(since=DAY, until=NEXT))
    assert [row.gateway_id for row in rows] == ["5", "6", "7"]
    assert "page=3" in scripted.asked[-1][1]


def test_a_row_told_on_two_pages_is_one_row(scripted):
    scripted.answer(good([movement()], meta={"next": "a"}))
    scripted.answer(good([movement(), movement(id=4)], meta={"next": None}))
    rows = list(adapter(scripted.url).ledger(since=DAY, until=NEXT))
    assert [row.gateway_id for row in rows] == ["4", "5"]


def test_a_cursor_that_leads_in_a_circle_ends(scripted):
    for following in ("a", "b", "a"):
        scripted.answer(good([movement()], meta={"next": following}))
    with pytest.raises(GatewayUnreadable):
        list(adapter(scripted.url).ledger(since=DAY, until=NEXT))


@pytest.mark.parametrize(
    "changes",
    [
        {"id": None},
        {"createdAt": None},
        {"difference": None},
        {"difference": "5"},
        {"balance": 1.5},
        {"currency": ""},
    ],
)
def test_a_movement_that_cannot_be_read_is_not_left_out_in_silence(scripted, changes):
    scripted.answer(good([movement(**changes)]))
    with pytest.raises(GatewayUnreadable):
        list(adapter(scripted.url).ledger(since=DAY, until=NEXT))
