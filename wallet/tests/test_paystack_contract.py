"""What our adapter takes for granted of Paystack: asked of the sandbox, and of the vendor where a test key is set.

    PAYSTACK_CONTRACT_KEY=sk_test_… pytest wallet/tests/test_paystack_contract.py -rs

The same assertions for both, so that a difference between them shows. It moves test money only; a live key is refused.
"""

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from core.ids import base62, uuid7
from wallet.gateways.base import ChargeNotFound, DuplicateReference, GatewayRefused
from wallet.gateways.capabilities import AccountNotResolved, PayoutOrder, RecipientRefused
from wallet.gateways.paystack import Paystack
from wallet.gateways.paystack_http import LIVE_URL
from wallet.tests.paystack import adapter, start

KEY = os.environ.get("PAYSTACK_CONTRACT_KEY", "")
# An account that both know, by the vendor's own documents.
BANK, NUMBER = "058", "0001234567"


NOT_ASKED = "NOT ASKED OF THE VENDOR: set PAYSTACK_CONTRACT_KEY to a key of Paystack's test mode"
VENDOR = pytest.param("vendor", marks=pytest.mark.skipif(not KEY, reason=NOT_ASKED))


@pytest.fixture(params=["sandbox", VENDOR])
def place(request, live_server, settings) -> tuple[str, str]:
    """The address and the key of whom we ask."""
    if request.param == "sandbox":
        settings.PAYSTACK_WEBHOOK_URL = f"{live_server.url}/nobody/listens/"
        return f"{live_server.url}/sandbox/paystack", settings.PAYSTACK_SANDBOX_SECRET_KEY
    if not KEY.startswith("sk_test_"):
        pytest.fail("PAYSTACK_CONTRACT_KEY is no key of test mode: nothing was asked")
    return LIVE_URL, KEY


@pytest.fixture
def paystack(place) -> Iterator[Paystack]:
    url, key = place
    one = adapter(url, key=key, read=20.0)
    yield one
    one.close()


@pytest.fixture
def raw(place) -> Iterator[httpx.Client]:
    """The same place, asked without our adapter: its very words."""
    url, key = place
    headers = {"Authorization": f"Bearer {key}"}
    with httpx.Client(base_url=url, headers=headers, timeout=20.0, trust_env=False) as client:
        yield client


def fresh() -> str:
    return f"contract-{base62(uuid7()).lower()}"


def has_shape(data: dict, **wanted: type | tuple[type, ...]) -> None:
    for name, kinds in wanted.items():
        assert name in data, f"{name} is missing"
        assert isinstance(data[name], kinds), f"{name} is {data[name]!r}"


def test_a_checkout_is_opened_and_its_charge_is_not_paid(paystack):
    reference = fresh()
    checkout = start(paystack, reference, email="ada@example.com", callback_url="https://example.com/")
    assert checkout.reference == reference
    charge = paystack.find_charge(reference=reference)
    assert (charge.state, charge.amount, charge.currency) == ("ABANDONED", 250_000, "NGN")


def test_a_reference_is_taken_once(paystack):
    reference = fresh()
    how = {"email": "ada@example.com", "callback_url": "https://example.com/"}
    start(paystack, reference, **how)
    with pytest.raises(DuplicateReference):
        start(paystack, reference, **how)


def test_an_unknown_charge_is_not_found(paystack):
    with pytest.raises(ChargeNotFound):
        paystack.find_charge(reference=fresh())


def test_a_bad_key_is_told_so(place):
    url, _key = place
    with pytest.raises(GatewayRefused) as caught:
        adapter(url, key="sk_test_" + "0" * 40).find_charge(reference=fresh())
    assert caught.value.data["said"] == "Invalid key"


def test_errors_have_their_envelope(raw):
    answer = raw.post("/transaction/initialize", json={"amount": "5000"})
    assert answer.status_code == 400
    has_shape(answer.json(), status=bool, message=str)
    assert answer.json()["status"] is False


def test_banks_are_listed_with_their_codes(paystack, raw):
    codes = {bank.code for bank in paystack.banks()}
    assert {"058", "044", "011"} <= codes
    row = raw.get("/bank?country=nigeria&currency=NGN&perPage=1").json()["data"][0]
    has_shape(row, id=int, name=str, slug=str, code=str, active=bool, is_deleted=(bool, type(None)), type=str)


def test_an_account_that_is_none_is_not_resolved(paystack):
    with pytest.raises(AccountNotResolved):
        paystack.resolve_account(account_number="1234567895", bank_code=BANK)


def test_the_same_account_is_the_same_recipient(paystack):
    to = {"account_number": NUMBER, "bank_code": BANK, "name": "CHIDI EZE", "currency": "NGN"}
    first = paystack.make_recipient(**to)
    assert first.startswith("RCP_")
    assert paystack.make_recipient(**to) == first


def test_a_payout_that_was_never_ordered_is_not_found(paystack, raw):
    reference = fresh()
    assert paystack.find_transfer(reference=reference).state == "NOT_FOUND"
    answer = raw.get(f"/transfer/verify/{reference}")
    assert (answer.status_code, answer.json()["message"]) == (404, "Transfer not found")


def test_a_payout_to_nobody_is_refused_by_name(paystack):
    order = PayoutOrder(reference=fresh(), recipient="RCP_0000000000000000", amount=10_000, reason="contract")
    with pytest.raises(RecipientRefused):
        paystack.send(order=order, currency="NGN")


def test_a_payout_is_known_by_our_reference_and_ordered_once(paystack):
    to = {"account_number": NUMBER, "bank_code": BANK, "name": "CHIDI EZE", "currency": "NGN"}
    if paystack.balance(currency="NGN") < 20_000:
        pytest.skip("the account of this key has no test balance: top it up to ask this")
    order = PayoutOrder(fresh(), paystack.make_recipient(**to), 10_000, "contract")
    sent = paystack.send(order=order, currency="NGN")
    assert sent.state in ("PENDING", "SUCCEEDED")
    again = paystack.send(order=order, currency="NGN")
    found = paystack.find_transfer(reference=order.reference)
    assert (again.reference, found.amount, found.currency) == (order.reference, 10_000, "NGN")
    assert found.gateway_id == sent.gateway_id


def test_the_balance_and_its_ledger_have_their_shapes(raw):
    for row in raw.get("/balance").json()["data"]:
        has_shape(row, currency=str, balance=int)
    for row in raw.get("/balance/ledger?perPage=5").json()["data"]:
        has_shape(row, id=int, balance=int, currency=str, difference=int, reason=str)
        has_shape(row, model_responsible=str, model_row=int, createdAt=str)


def test_the_ledger_is_read_oldest_first(paystack):
    today = datetime.now(UTC).date()
    times = [
        row.at for row in paystack.ledger(since=today - timedelta(days=2), until=today + timedelta(days=1))
    ]
    assert times == sorted(times)


def test_a_customer_is_known_by_address_and_has_one_account_number(paystack):
    who = {"email": "contract@example.com", "first_name": "Ada", "last_name": "Obi"}
    code = paystack.make_customer(**who)
    assert code.startswith("CUS_")
    assert paystack.make_customer(**who) == code
    try:
        account = paystack.open_virtual_account(reference="", phone="+2348031234567", bvn="", **who)
    except GatewayRefused as refusal:
        pytest.skip(f"account numbers are not switched on for this key: {refusal.data.get('said')}")
    again = paystack.open_virtual_account(reference="", phone="+2348031234567", bvn="", **who)
    assert (again.account_number, again.customer_code) == (account.account_number, code)


def test_a_refund_of_nothing_is_refused(paystack):
    with pytest.raises(GatewayRefused):
        paystack.refund(reference=fresh(), amount=5000, currency="NGN", note="contract")


def test_disputes_are_listed(paystack):
    for dispute in paystack.disputes():
        assert dispute.state in ("OPEN", "WON", "LOST")
        break
