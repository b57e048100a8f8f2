"""The sandbox knows banks, accounts and people as Paystack does, and tells of an identification by signed webhook."""

import hashlib
import hmac
import json

import pytest

from wallet.tests.sandbox.steps import fault, only_delivery

ASKED = {
    "country": "NG",
    "type": "bank_account",
    "account_number": "0111111111",
    "bvn": "222222222221",
    "bank_code": "007",
    "first_name": "Ada",
    "last_name": "Obi",
}


def customer(api, email: str = "ada@alajo.test") -> dict:
    body = {"email": email, "first_name": "Ada", "last_name": "Obi"}
    return api.post("customer", json=body).json()["data"]


def identify(api, code: str, **changes: object):
    return api.post(f"customer/{code}/identification", json=ASKED | changes)


def test_banks_and_accounts_answer_as_published(api):
    banks = api.get("bank", params={"country": "nigeria"}).json()
    assert banks["message"] == "Banks retrieved"
    assert {"name", "code", "slug", "type"} <= set(banks["data"][0])
    found = api.get("bank/resolve", params={"account_number": "0111111111", "bank_code": "007"}).json()
    assert (found["message"], found["data"]["account_name"]) == ("Account number resolved", "ADA OBI")
    lost = api.get("bank/resolve", params={"account_number": "0111111112", "bank_code": "007"})
    assert (lost.status_code, lost.json()["status"]) == (422, False)
    assert api.get("bank/resolve").status_code == 422
    assert api.post("bank/resolve", json={}).status_code == 404


def test_the_same_address_is_the_same_customer(api):
    first = customer(api)
    assert first["customer_code"].startswith("CUS_")
    assert customer(api)["customer_code"] == first["customer_code"]
    assert customer(api, "bola@alajo.test")["customer_code"] != first["customer_code"]


def test_the_published_test_values_are_confirmed_by_signed_webhook(api, receiver, settings):
    code = customer(api)["customer_code"]
    answer = identify(api, code)
    assert (answer.status_code, answer.json()["message"]) == (202, "Customer Identification in progress")
    [(body, signature)] = receiver.got
    key = settings.PAYSTACK_SANDBOX_SECRET_KEY.encode()
    assert signature == hmac.new(key, body, hashlib.sha512).hexdigest()
    told = json.loads(body)
    assert (told["event"], told["data"]["customer_code"]) == ("customeridentification.success", code)
    assert told["data"]["identification"]["bvn"] == "222*****221"
    assert only_delivery().state == "DELIVERED"


def test_any_other_number_is_refused_by_webhook_with_a_reason(api, receiver):
    identify(api, customer(api)["customer_code"], bvn="33333333333")
    told = json.loads(receiver.got[0][0])
    assert told["event"] == "customeridentification.failed"
    assert told["data"]["reason"]


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"bvn": ""}, 400),
        ({"bvn": "abc"}, 400),
        ({"bvn": 22222222221}, 400),
        ({"account_number": "1"}, 400),
        ({"country": "GH"}, 400),
        ({"type": "bvn"}, 400),
        ({"first_name": None}, 400),
        ({"last_name": "x" * 101}, 400),
    ],
)
def test_bad_input_is_refused(api, receiver, changes, status):
    assert identify(api, customer(api)["customer_code"], **changes).status_code == status
    assert receiver.got == []


def test_an_unknown_customer_or_a_bad_address_is_told_so(api):
    assert identify(api, "CUS_nobody").status_code == 404
    assert api.post("customer", json={"email": "nobody"}).status_code == 400
    assert api.post("customer", json={}).status_code == 400


def test_faults_strike_these_calls_too(api, receiver):
    fault(api, "WRONG_SHAPE", endpoint="resolve")
    assert isinstance(api.get("bank/resolve").json()["data"], list)
    fault(api, "HTML_503", endpoint="bank")
    assert api.get("bank").status_code == 503
    code = customer(api)["customer_code"]
    fault(api, "DROP_WEBHOOK", reference=code)
    identify(api, code)
    assert receiver.got == []
    assert only_delivery().state == "DROPPED"


def test_a_webhook_comes_many_times_when_told_to(api, receiver):
    code = customer(api)["customer_code"]
    fault(api, "DUPLICATE_WEBHOOK", value="3", reference=code)
    identify(api, code)
    assert len(receiver.got) == 3
    assert len(set(receiver.got)) == 1
