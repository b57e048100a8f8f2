"""Refunds and disputes at Paystack, as the adapter orders, finds and answers them."""

import pytest
from django.utils import timezone

from core.actors import acting_as_service
from wallet.gateways.base import ChargeNotFound, GatewayRefused, GatewayUnavailable
from wallet.gateways.capabilities import Refunds
from wallet.gateways.paystack import Paystack
from wallet.sandbox import disputes, refunds, services
from wallet.sandbox.cards import CARDS, GOOD_CARD, TestCard
from wallet.sandbox.models import Fault, SandboxBook, SandboxCharge, SandboxDelivery, SandboxRefund
from wallet.tests.paystack import NOW, adapter, start

REFUND_FAILS, NEEDS_ACCOUNT = CARDS["4084080000671803"], CARDS["4084080000671902"]
ASKED = {"amount": 100_000, "currency": "NGN", "note": "case 7"}


@pytest.fixture
def paystack(live_server, settings) -> Paystack:
    settings.PAYSTACK_WEBHOOK_URL = f"{live_server.url}/nobody/listens/"
    return adapter(f"{live_server.url}/sandbox/paystack", key=settings.PAYSTACK_SANDBOX_SECRET_KEY)


def fault(kind: str, value: str = "", **where: object) -> None:
    with acting_as_service():
        Fault.objects.create(kind=kind, value=value, **where)


def paid(paystack: Paystack, card: TestCard = GOOD_CARD, reference: str = "dep-1") -> SandboxCharge:
    start(paystack, reference)
    with acting_as_service():
        code = SandboxCharge.objects.get(reference=reference).access_code
        return services.pay(access_code=code, at=NOW, card=card)


def balance() -> int:
    with acting_as_service():
        return SandboxBook.objects.get(currency="NGN").balance


def states(paystack: Paystack, times: int) -> list[str]:
    """What the refunds of the charge say as time goes by."""
    return [refund.state for _time in range(times) for refund in paystack.refunds_of(reference="dep-1")]


def told() -> list[str]:
    with acting_as_service():
        events = SandboxDelivery.objects.exclude(event="charge.success").order_by("pk")
        return [event.event for event in events]


def test_a_refund_is_ordered_goes_its_way_and_arrives(paystack):
    assert isinstance(paystack, Refunds)
    paid(paystack)
    before = balance()
    refund = paystack.refund(reference="dep-1", **ASKED)
    assert (refund.state, refund.amount, refund.currency, refund.deducted) == (
        "PENDING",
        100_000,
        "NGN",
        100_000,
    )
    assert balance() == before - 100_000
    assert states(paystack, 2) == ["PENDING", "SUCCEEDED"]
    found = paystack.find_refund(gateway_id=refund.gateway_id, reference="dep-1")
    assert (found.state, found.raw["merchant_note"]) == ("SUCCEEDED", "case 7")
    assert told() == ["refund.pending", "refund.processing", "refund.processed"]
    assert paystack.find_charge(reference="dep-1").state == "SUCCEEDED"


def test_a_refund_of_all_of_it_turns_the_charge_round(paystack):
    paid(paystack)
    paystack.refund(reference="dep-1", **ASKED | {"amount": 250_000})
    assert paystack.find_charge(reference="dep-1").state == "PENDING"
    states(paystack, 2)
    assert paystack.find_charge(reference="dep-1").state == "REVERSED"


def test_a_refund_that_fails_is_in_our_balance_again(paystack):
    paid(paystack, REFUND_FAILS)
    before = balance()
    paystack.refund(reference="dep-1", **ASKED)
    assert states(paystack, 2) == ["PENDING", "FAILED"]
    assert balance() == before


def test_a_refund_that_needs_attention_is_sent_to_an_account(paystack):
    paid(paystack, NEEDS_ACCOUNT)
    refund = paystack.refund(reference="dep-1", **ASKED)
    to = {"reference": "dep-1", "account_number": "1234567896", "bank_code": "058", "currency": "NGN"}
    with pytest.raises(GatewayRefused) as caught:
        paystack.retry_refund(gateway_id=refund.gateway_id, **to)
    assert caught.value.data["status"] == 422
    assert states(paystack, 2) == ["PENDING", "NEEDS_ATTENTION"]
    with pytest.raises(GatewayRefused):
        paystack.retry_refund(gateway_id=refund.gateway_id, **to | {"bank_code": "999"})
    assert paystack.retry_refund(gateway_id=refund.gateway_id, **to).state == "PENDING"
    assert states(paystack, 1) == ["SUCCEEDED"]


@pytest.mark.parametrize("amount", [250_001, 0, 10**12])
def test_no_more_is_paid_back_than_was_paid(paystack, amount):
    paid(paystack)
    with pytest.raises(GatewayRefused):
        paystack.refund(reference="dep-1", **ASKED | {"amount": amount})
    paystack.refund(reference="dep-1", **ASKED | {"amount": 200_000})
    with pytest.raises(GatewayRefused):
        paystack.refund(reference="dep-1", **ASKED | {"amount": 50_001})


def test_what_was_not_paid_or_is_not_known_is_not_refunded(paystack):
    start(paystack)
    for reference in ("dep-1", "nobodys"):
        with pytest.raises(GatewayRefused):
            paystack.refund(reference=reference, **ASKED)
    with pytest.raises(ChargeNotFound):
        paystack.refunds_of(reference="nobodys")


@pytest.mark.parametrize(
    ("kind", "made"),
    [("DROP_REPLY", 1), ("BAD_GATEWAY_AFTER", 1), ("BAD_GATEWAY_BEFORE", 0), ("HTML_503", 0)],
)
def test_a_refund_without_an_answer_is_ordered_once_and_then_looked_for(paystack, kind, made):
    paid(paystack)
    fault(kind, endpoint="refund")
    with pytest.raises(GatewayUnavailable):
        paystack.refund(reference="dep-1", **ASKED)
    assert len(paystack.refunds_of(reference="dep-1")) == made


def test_refunds_of_another_charge_are_not_shown(paystack):
    paid(paystack)
    paid(paystack, reference="dep-2")
    paystack.refund(reference="dep-2", **ASKED)
    assert paystack.refunds_of(reference="dep-1") == []


def test_an_amount_may_come_as_a_text(paystack):
    paid(paystack)
    fault("AMOUNT_AS_STRING", reference="dep-1")
    paystack.refund(reference="dep-1", **ASKED)
    with acting_as_service():
        assert '"amount":"100000"' in SandboxDelivery.objects.get(event="refund.pending").body


def dispute(charge: SandboxCharge, amount: int = 250_000) -> str:
    with acting_as_service():
        disputes.raise_dispute(charge=charge, amount=amount, at=timezone.now())
        return str(charge.disputes.get().pk + 4_000_000_000)


def decide(gateway_id: str, *, lost: bool) -> None:
    with acting_as_service():
        disputes.decide(dispute_id=int(gateway_id) - 4_000_000_000, lost=lost, at=timezone.now())


def test_a_dispute_is_found_open_with_its_charge_and_its_time(paystack):
    gateway_id = dispute(paid(paystack))
    found = paystack.dispute(gateway_id=gateway_id)
    assert (found.state, found.reference, found.amount, found.currency) == ("OPEN", "dep-1", 250_000, "NGN")
    assert found.due_at > timezone.now()
    assert [each.gateway_id for each in paystack.disputes()] == [gateway_id]
    assert told() == ["charge.dispute.create"]


def test_giving_in_pays_the_money_back(paystack):
    gateway_id = dispute(paid(paystack))
    before = balance()
    answered = paystack.answer_dispute(gateway_id=gateway_id, accept=True, amount=100_000, message="Sorry")
    assert (answered.state, answered.amount, balance()) == ("LOST", 100_000, before - 100_000)
    with pytest.raises(GatewayRefused):
        paystack.answer_dispute(gateway_id=gateway_id, accept=False, amount=0, message="No")
    assert told() == ["charge.dispute.create", "charge.dispute.resolve"]


@pytest.mark.parametrize(("lost", "state"), [(True, "LOST"), (False, "WON")])
def test_contesting_leaves_it_to_the_bank(paystack, lost, state):
    gateway_id = dispute(paid(paystack))
    before = balance()
    answered = paystack.answer_dispute(gateway_id=gateway_id, accept=False, amount=0, message="It was them")
    assert answered.state == "OPEN"
    decide(gateway_id, lost=lost)
    assert paystack.dispute(gateway_id=gateway_id).state == state
    assert balance() == (before - 250_000 if lost else before)


def test_a_dispute_nobody_knows_is_refused(paystack):
    with pytest.raises(GatewayRefused):
        paystack.dispute(gateway_id="1")


def test_the_sandbox_ends_a_refund_as_it_is_told(paystack):
    paid(paystack)
    paystack.refund(reference="dep-1", **ASKED)
    with acting_as_service():
        made = SandboxRefund.objects.get()
        refunds.decide(refund_id=made.pk, status="FAILED", at=timezone.now())
        refunds.decide(refund_id=made.pk, status="PROCESSED", at=timezone.now())
    assert states(paystack, 1) == ["FAILED"]
