"""The Paystack adapter and answers that the sandbox never gives."""

import json
from datetime import UTC, datetime

import pytest

from wallet.gateways.base import (
    ChargeNotFound,
    DuplicateReference,
    GatewayRefused,
    GatewayUnavailable,
    GatewayUnreadable,
)
from wallet.tests.paystack import KEY, Pauses, adapter, start


def verified(**changes: object) -> dict[str, object]:
    data = {
        "id": 4099260516,
        "status": "success",
        "reference": "dep-1",
        "amount": 40333,
        "requested_amount": 30050,
        "fees": 10283,
        "currency": "NGN",
        "channel": "card",
        "paid_at": "2024-08-22T09:15:02.000Z",
        "metadata": "",
    }
    return {"status": True, "message": "Verification successful", "data": data | changes}


@pytest.mark.parametrize("reference", ["", "..", "a/b", "a b", "é", "x\0", "a?b=1", "x" * 101])
def test_a_reference_that_could_bend_the_address_never_leaves_the_house(scripted, reference):
    with pytest.raises(ChargeNotFound):
        adapter(scripted.url).find_charge(reference=reference)
    with pytest.raises(GatewayRefused):
        start(adapter(scripted.url), reference=reference)
    assert scripted.asked == []


def test_retries_pause_longer_each_time_and_as_long_as_asked(scripted):
    pauses = Pauses()
    scripted.answer("", 503)
    scripted.answer({"status": False}, 429, {"Retry-After": "3"})
    scripted.answer("busy", 503)
    with pytest.raises(GatewayUnavailable):
        adapter(scripted.url, pauses=pauses).find_charge(reference="dep-1")
    assert pauses.slept == [0.25, 3.0]
    assert len(scripted.asked) == 3


def test_nobody_listening_means_outcome_unknown():
    with pytest.raises(GatewayUnavailable) as caught:
        adapter("http://127.0.0.1:9").find_charge(reference="dep-1")
    assert caught.value.data["reason"] == "ConnectError"


@pytest.mark.parametrize("body", ["<html>", "", "[]", "null", '"x"', "NaN", "[" * 100_000, '{"status":NaN}'])
def test_a_good_status_with_an_unreadable_body_means_outcome_unknown(scripted, body):
    for _ in range(3):
        scripted.answer(body)
    with pytest.raises(GatewayUnreadable):
        adapter(scripted.url).find_charge(reference="dep-1")


@pytest.mark.parametrize(
    "envelope",
    [{}, {"status": True}, {"status": True, "data": []}, {"status": "true", "data": {}}, {"status": 1}],
)
def test_an_envelope_without_data_means_outcome_unknown(scripted, envelope):
    for _ in range(3):
        scripted.answer(envelope)
    with pytest.raises(GatewayUnreadable):
        adapter(scripted.url).find_charge(reference="dep-1")


def test_a_good_status_that_says_no_is_a_refusal(scripted):
    scripted.answer({"status": False, "message": "No"})
    with pytest.raises(GatewayRefused):
        adapter(scripted.url).find_charge(reference="dep-1")


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (400, {"status": False, "message": "Transaction reference not found."}, ChargeNotFound),
        (404, {"status": False, "code": "transaction_not_found"}, ChargeNotFound),
        (404, "<html>no such page</html>", GatewayRefused),
        (400, {"status": False, "message": "Duplicate Transaction Reference"}, DuplicateReference),
        (400, {"status": False, "message": ["odd"], "code": 7}, GatewayRefused),
        (403, "[]", GatewayRefused),
    ],
)
def test_refusals_get_their_names_without_a_second_try(scripted, status, body, error):
    scripted.answer(body, status)
    with pytest.raises(GatewayRefused) as caught:
        adapter(scripted.url).find_charge(reference="dep-1")
    assert type(caught.value) is error


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("reference", "another"),
        ("reference", None),
        ("status", 1),
        ("amount", None),
        ("amount", -1),
        ("amount", True),
        ("amount", 100.5),
        ("amount", "100.50"),
        ("amount", "１００"),
        ("amount", 2**63),
        ("requested_amount", "lots"),
        ("fees", {}),
        ("currency", "naira"),
    ],
)
def test_a_charge_with_a_field_that_cannot_be_read_names_it(scripted, name, value):
    scripted.answer(verified(**{name: value}))
    with pytest.raises(GatewayUnreadable) as caught:
        adapter(scripted.url).find_charge(reference="dep-1")
    assert caught.value.data["field"] == name
    assert len(scripted.asked) == 1


@pytest.mark.parametrize("metadata", ["", 0, None, {"payment": "1"}, '{"payment":"1"}', [], "\ud800\0"])
def test_metadata_of_any_shape_is_no_obstacle(scripted, metadata):
    scripted.answer(verified(metadata=metadata))
    charge = adapter(scripted.url).find_charge(reference="dep-1")
    assert charge.state == "SUCCEEDED"
    assert "\0" not in json.dumps(charge.raw, ensure_ascii=False).encode().decode()


def test_the_sample_where_the_customer_bears_the_fee_reads_as_published(scripted):
    scripted.answer(verified())
    charge = adapter(scripted.url).find_charge(reference="dep-1")
    assert (charge.amount, charge.requested_amount, charge.fee) == (40333, 30050, 10283)
    assert charge.paid_at == datetime(2024, 8, 22, 9, 15, 2, tzinfo=UTC)
    assert charge.gateway_id == "4099260516"


def test_without_a_requested_amount_the_amount_stands_in(scripted):
    answer = verified(amount="40333", fees=None, paid_at=None, paidAt="2024-08-22T10:15:02+01:00")
    del answer["data"]["requested_amount"]
    scripted.answer(answer)
    charge = adapter(scripted.url).find_charge(reference="dep-1")
    assert (charge.amount, charge.requested_amount, charge.fee) == (40333, 40333, None)
    assert charge.paid_at == datetime(2024, 8, 22, 9, 15, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    ("word", "state"),
    [
        ("success", "SUCCEEDED"),
        ("failed", "FAILED"),
        ("abandoned", "ABANDONED"),
        ("reversed", "REVERSED"),
        ("ongoing", "PENDING"),
        ("pending", "PENDING"),
        ("processing", "PENDING"),
        ("queued", "PENDING"),
        ("reversal pending", "PENDING"),
        ("a word of tomorrow", "PENDING"),
    ],
)
def test_only_success_is_success(scripted, word, state):
    scripted.answer(verified(status=word))
    assert adapter(scripted.url).find_charge(reference="dep-1").state == state


@pytest.mark.parametrize(
    "data",
    [
        {"reference": "dep-1", "access_code": "a"},
        {"reference": "dep-1", "access_code": "a", "authorization_url": "javascript:alert(1)"},
        {"reference": "other", "access_code": "a", "authorization_url": "https://checkout.paystack.com/a"},
    ],
)
def test_a_checkout_page_that_is_not_ours_to_send_people_to_is_unreadable(scripted, data):
    scripted.answer({"status": True, "data": data})
    with pytest.raises(GatewayUnreadable):
        start(adapter(scripted.url))


def test_what_is_sent_is_what_was_asked(scripted):
    data = {"reference": "dep-1", "access_code": "a", "authorization_url": "https://checkout.paystack.com/a"}
    scripted.answer({"status": True, "data": data})
    start(adapter(scripted.url))
    method, path, body = scripted.asked[0]
    assert (method, path) == ("POST", "/transaction/initialize")
    assert json.loads(body) == {
        "reference": "dep-1",
        "amount": 250_000,
        "currency": "NGN",
        "email": "ada@alajo.test",
        "callback_url": "http://testserver/back/",
        "metadata": {"payment": "1"},
    }


def test_no_secret_shows_in_what_is_printed(scripted):
    paystack = adapter(scripted.url)
    scripted.answer(verified(authorization={"authorization_code": "AUTH_secret"}))
    assert "AUTH_secret" not in repr(paystack.find_charge(reference="dep-1"))
    assert KEY not in repr(paystack)
