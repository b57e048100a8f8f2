"""The Paystack adapter against the sandbox, over real HTTP."""

import pytest

from core.actors import acting_as_service
from wallet.gateways.base import (
    ChargeNotFound,
    DuplicateReference,
    GatewayRefused,
    GatewayUnavailable,
)
from wallet.gateways.paystack import Paystack
from wallet.sandbox import services
from wallet.sandbox.cards import DECLINED_CARD
from wallet.sandbox.models import Fault, SandboxCharge
from wallet.tests.paystack import NOW, adapter, start


@pytest.fixture
def paystack(live_server, settings) -> Paystack:
    return adapter(f"{live_server.url}/sandbox/paystack", key=settings.PAYSTACK_SANDBOX_SECRET_KEY)


def fault(kind: str, value: str = "", **where: str) -> None:
    with acting_as_service():
        Fault.objects.create(kind=kind, value=value, **where)


def pay(reference: str = "dep-1", **how: object) -> None:
    fault("DROP_WEBHOOK", reference=reference)
    with acting_as_service():
        code = SandboxCharge.objects.get(reference=reference).access_code
        services.pay(access_code=code, at=NOW, **how)


def test_a_checkout_is_started_and_its_charge_found_unpaid(paystack):
    checkout = start(paystack)
    assert checkout.reference == "dep-1"
    assert checkout.url.endswith(f"/sandbox/paystack/checkout/{checkout.access_code}")
    charge = paystack.find_charge(reference="dep-1")
    assert (charge.state, charge.amount, charge.requested_amount) == ("ABANDONED", 250_000, 250_000)
    assert charge.paid_at is None


def test_a_paid_charge_is_found_with_its_fee_time_and_number(paystack):
    start(paystack)
    pay()
    charge = paystack.find_charge(reference="dep-1")
    assert (charge.state, charge.amount, charge.fee, charge.currency) == ("SUCCEEDED", 250_000, 13_750, "NGN")
    assert (charge.paid_at, charge.channel) == (NOW, "card")
    assert int(charge.gateway_id) > 2**31


def test_a_declined_charge_is_failed_and_may_still_be_paid_later(paystack):
    start(paystack)
    pay(card=DECLINED_CARD)
    assert paystack.find_charge(reference="dep-1").state == "FAILED"
    pay()
    assert paystack.find_charge(reference="dep-1").state == "SUCCEEDED"


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("CUSTOMER_BEARS_FEE", "", {"amount": 263_750, "requested_amount": 250_000, "fee": 13_750}),
        ("WRONG_AMOUNT", "5000", {"amount": 5000, "requested_amount": 5000}),
        ("UNDERPAID", "100", {"amount": 100, "requested_amount": 250_000}),
        ("WRONG_CURRENCY", "USD", {"currency": "USD"}),
        ("NULL_FEES", "", {"fee": None}),
        ("METADATA_ZERO", "", {"state": "SUCCEEDED"}),
        ("AMOUNT_AS_STRING", "", {"amount": 250_000}),
    ],
)
def test_an_odd_charge_is_told_as_it_is(paystack, kind, value, expected):
    start(paystack)
    fault(kind, value)
    pay()
    charge = paystack.find_charge(reference="dep-1")
    assert {name: getattr(charge, name) for name in expected} == expected


def test_a_reference_used_before_is_refused_by_name(paystack):
    start(paystack)
    with pytest.raises(DuplicateReference) as caught:
        start(paystack)
    assert caught.value.data["status"] == 400


def test_a_wrong_key_is_refused(live_server):
    with pytest.raises(GatewayRefused) as caught:
        start(adapter(f"{live_server.url}/sandbox/paystack"))
    assert caught.value.data == {"status": 401, "reason": "invalid_Key", "said": "Invalid key"}


def test_an_amount_under_the_least_is_refused_with_the_gateways_words(paystack):
    with pytest.raises(GatewayRefused) as caught:
        start(paystack, amount=4999)
    assert caught.value.data["said"] == "Invalid Amount Sent"
    assert start(paystack, amount=5000).url


def test_an_unknown_reference_is_not_found(paystack):
    with pytest.raises(ChargeNotFound):
        paystack.find_charge(reference="never-made")


def test_a_checkout_that_failed_before_it_was_made_is_made_by_the_retry(paystack):
    fault("BAD_GATEWAY_BEFORE")
    assert start(paystack).reference == "dep-1"


@pytest.mark.parametrize(("kind", "value"), [("BAD_GATEWAY_AFTER", ""), ("DELAY", "1")])
def test_a_checkout_whose_answer_was_lost_is_a_duplicate_and_can_still_be_found(
    live_server, settings, kind, value
):
    paystack = adapter(
        f"{live_server.url}/sandbox/paystack", key=settings.PAYSTACK_SANDBOX_SECRET_KEY, read=0.5
    )
    fault(kind, value, endpoint="initialize")
    with pytest.raises(DuplicateReference):
        start(paystack)
    assert paystack.find_charge(reference="dep-1").state == "ABANDONED"


@pytest.mark.parametrize("kind", ["BAD_GATEWAY_AFTER", "BAD_GATEWAY_BEFORE", "HTML_503", "TOO_MANY"])
def test_a_passing_fault_on_verify_is_ridden_out(paystack, kind):
    start(paystack)
    fault(kind)
    fault(kind)
    assert paystack.find_charge(reference="dep-1").state == "ABANDONED"


@pytest.mark.parametrize("kind", ["BAD_GATEWAY_BEFORE", "HTML_503", "TOO_MANY"])
def test_a_lasting_fault_means_outcome_unknown(paystack, kind):
    for _ in range(3):
        fault(kind)
    with pytest.raises(GatewayUnavailable):
        start(paystack)
