"""The sandbox's API keeps Paystack's rules, and breaks them only when told to."""

import httpx
import pytest
from django.db import ProgrammingError, connection

from core.actors import acting_as_anon, acting_as_service
from wallet.sandbox import faults, services
from wallet.sandbox.models import Fault, SandboxCharge
from wallet.tests.sandbox.steps import (
    fault,
    initialize,
    verify,
)


def test_initialize_answers_as_published(api):
    response = initialize(api)
    assert response.status_code == 200
    answer = response.json()
    assert (answer["status"], answer["message"]) == (True, "Authorization URL created")
    assert set(answer["data"]) == {"authorization_url", "access_code", "reference"}


@pytest.mark.parametrize("authorization", ["", "Bearer", "Bearer sk_test_wrong", "Basic é"])
def test_a_wrong_key_is_told_so(api, authorization):
    response = api.get("transaction/verify/x", headers={"Authorization": authorization.encode()})
    assert (response.status_code, response.json()["message"]) == (401, "Invalid key")


@pytest.mark.parametrize(
    ("changes", "code", "said"),
    [
        ({"email": ""}, "missing_params", "email"),
        ({"email": None}, "missing_params", "email"),
        ({"amount": None}, "missing_params", "amount"),
        ({"email": "nobody"}, "invalid_params", "Email"),
        ({"email": {"a": 1}}, "invalid_params", "Email"),
        ({"amount": 4999}, "invalid_params", "Amount"),
        ({"amount": "4999"}, "invalid_params", "Amount"),
        ({"amount": -250000}, "invalid_params", "Amount"),
        ({"amount": 5000.5}, "invalid_params", "Amount"),
        ({"amount": True}, "invalid_params", "Amount"),
        ({"amount": 1_000_000_001}, "invalid_params", "Amount"),
        ({"currency": "GBP"}, "unsupported_currency", "Currency"),
        ({"currency": ["NGN"]}, "unsupported_currency", "Currency"),
        ({"reference": "a_b"}, "invalid_params", "Reference"),
        ({"reference": "a/b"}, "invalid_params", "Reference"),
        ({"reference": {"a": 1}}, "invalid_params", "Reference"),
        ({"reference": "a\0"}, "invalid_params", "JSON"),
        ({"metadata": "{"}, "invalid_params", "metadata"),
        ({"metadata": '{"a":"\\ud800"}'}, "invalid_params", "metadata"),
        ({"callback_url": "javascript:alert(1)"}, "invalid_params", "callback_url"),
    ],
)
def test_bad_input_is_refused_as_the_real_one_does(api, changes, code, said):
    response = initialize(api, **changes)
    assert response.status_code == 400
    assert response.json()["code"] == code
    assert said in response.json()["message"]
    with acting_as_service():
        assert not SandboxCharge.objects.exists()


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"7", b'{"amount":NaN}', b'{"a":"\\ud800"}', b"\xff", b"[" * 100_000]
)
def test_a_body_that_is_no_object_is_refused(api, content):
    response = api.post("transaction/initialize", content=content)
    assert (response.status_code, response.json()["status"]) == (400, False)


def test_an_amount_may_come_as_digits_and_the_least_is_fifty_naira(api):
    assert initialize(api, amount="5000").status_code == 200
    assert verify(api)["amount"] == 5000


def test_a_reference_is_used_once(api):
    initialize(api)
    response = initialize(api)
    assert response.status_code == 400
    assert response.json()["message"] == "Duplicate Transaction Reference"
    assert response.json()["code"] == "duplicate_reference"


def test_a_missing_reference_is_made(api):
    assert len(initialize(api, reference=None).json()["data"]["reference"]) > 9


@pytest.mark.parametrize("reference", ["unknown", "%00", "%F0%9F%92%B0"])
def test_an_unknown_reference_is_not_found(api, reference):
    response = api.get(f"transaction/verify/{reference}")
    assert response.status_code in (400, 404)
    if reference == "unknown":
        assert response.json()["code"] == "transaction_not_found"


@pytest.mark.parametrize(
    ("amount", "fee"),
    [
        (249_999, 3_750),
        (250_000, 13_750),
        (5_000, 75),
        (12_666_600, 199_999),
        (12_666_700, 200_000),
        (10**9, 200_000),
    ],
)
def test_fees_follow_the_price_list(amount, fee):
    assert services.card_fee(amount) == fee


def test_a_fault_strikes_as_often_as_asked_and_only_where_asked(api):
    initialize(api)
    fault(api, "BAD_GATEWAY_BEFORE", remaining=2, endpoint="verify", reference="dep-1")
    assert initialize(api, reference="dep-2").status_code == 200
    assert api.get("transaction/verify/dep-2").status_code == 200
    statuses = [api.get("transaction/verify/dep-1").status_code for _ in range(3)]
    assert statuses == [502, 502, 200]


@pytest.mark.parametrize(
    ("kind", "status", "applied"),
    [
        ("BAD_GATEWAY_AFTER", 502, True),
        ("BAD_GATEWAY_BEFORE", 502, False),
        ("HTML_503", 503, False),
        ("TOO_MANY", 429, False),
    ],
)
def test_a_failing_initialize_has_done_its_work_or_not_as_the_fault_says(api, kind, status, applied):
    fault(api, kind)
    assert initialize(api).status_code == status
    with acting_as_service():
        assert SandboxCharge.objects.exists() is applied


def test_every_fault_strikes_somewhere_and_only_there():
    groups = [getattr(faults, name) for name in dir(faults) if name.startswith("ON_")]
    told = [kind for group in groups if group not in (faults.ON_TRANSFER, faults.ON_REFUND) for kind in group]
    assert len(told) == len(set(told))
    assert {*told, *faults.ON_TRANSFER, *faults.ON_REFUND} == set(Fault.Kind)


def test_faults_need_the_key_and_make_sense(api, live_server):
    assert httpx.post(f"{live_server.url}/sandbox/paystack/faults", json={"kind": "DELAY"}).status_code == 401
    for bad in ({"kind": "NONSENSE"}, {"kind": "DELAY", "value": "long"}, {"kind": "DELAY", "remaining": 0}):
        assert api.post("faults", json=bad).status_code in (400, 200)
    assert api.post("faults", json={"kind": "NONSENSE"}).status_code == 400
    assert api.post("faults", json={"kind": "WRONG_CURRENCY", "value": "dollars"}).status_code == 400
    fault(api, "DELAY", value="9")
    assert api.post("faults", json={"clear": True}).json()["data"] == []


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "table",
    [
        "sandbox_fault",
        "sandbox_sandboxcharge",
        "sandbox_sandboxcustomer",
        "sandbox_sandboxdelivery",
        "sandbox_sandboxtransfer",
        "sandbox_sandboxbook",
    ],
)
def test_nobody_but_the_service_reaches_a_table(table):
    with (
        pytest.raises(ProgrammingError, match="permission denied"),
        acting_as_anon(),
        connection.cursor() as cursor,
    ):
        cursor.execute(f"select * from {table}")
