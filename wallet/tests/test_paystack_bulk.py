"""Many payouts in one call: so many at most, and a repeat of some sends only the rest."""

import pytest

from core.actors import acting_as_service
from wallet.gateways import paystack_payouts
from wallet.gateways.base import GatewayUnavailable
from wallet.gateways.capabilities import GatewayBalanceTooLow, PayoutOrder
from wallet.sandbox.models import SandboxTransfer
from wallet.tests.payouts_at_paystack import balance, fault, recipient
from wallet.tests.paystack import Pauses, adapter

OPENING = 1_000_000_000
EACH = 10_000 + 1_000


@pytest.fixture
def pauses() -> Pauses:
    return Pauses()


@pytest.fixture
def paystack(live_server, settings, pauses):
    settings.SANDBOX_TRANSFER_SECONDS = 3600
    key = settings.PAYSTACK_SANDBOX_SECRET_KEY
    return adapter(f"{live_server.url}/sandbox/paystack", key=key, read=20.0, pauses=pauses)


def orders(paystack, many: int) -> list[PayoutOrder]:
    to = recipient(paystack)
    return [PayoutOrder(f"bulk-{number:016d}", to, 10_000, "Salary") for number in range(many)]


def sent() -> int:
    with acting_as_service():
        return SandboxTransfer.objects.count()


@pytest.fixture
def three_a_call(monkeypatch) -> None:
    assert paystack_payouts.BULK_LIMIT == 100
    monkeypatch.setattr(paystack_payouts, "BULK_LIMIT", 3)


def test_more_than_go_in_one_call_go_in_several_with_a_pause_between(paystack, pauses, three_a_call):
    wanted = orders(paystack, 7)
    done = paystack.send_bulk(orders=wanted, currency="NGN")
    assert [one.reference for one in done] == [one.reference for one in wanted]
    assert {(one.state, one.amount, one.currency) for one in done} == {("PENDING", 10_000, "NGN")}
    assert (sent(), balance(), pauses.slept) == (7, OPENING - 7 * EACH, [paystack_payouts.BULK_PAUSE] * 2)


@pytest.mark.parametrize("kind", ["DROP_REPLY", "BAD_GATEWAY_AFTER"])
def test_a_lost_answer_sends_nothing_twice(paystack, kind):
    fault(kind, endpoint="transfer_bulk")
    wanted = orders(paystack, 3)
    assert len(paystack.send_bulk(orders=wanted, currency="NGN")) == 3
    assert (sent(), balance()) == (3, OPENING - 3 * EACH)


def test_what_was_sent_before_is_told_of_and_the_rest_is_sent(paystack):
    wanted = orders(paystack, 3)
    paystack.send(order=wanted[1], currency="NGN")
    assert len(paystack.send_bulk(orders=wanted, currency="NGN")) == 3
    assert sent() == 3


def test_one_that_cannot_go_stops_the_call_and_none_is_sent(paystack, settings):
    settings.SANDBOX_OPENING_BALANCE = 2 * EACH
    with pytest.raises(GatewayBalanceTooLow):
        paystack.send_bulk(orders=orders(paystack, 3), currency="NGN")
    assert sent() == 0


def test_a_later_call_that_fails_leaves_out_what_nobody_knows(paystack, three_a_call):
    wanted = orders(paystack, 4)
    wanted[3] = PayoutOrder("bulk-of-nobody-0001", "RCP_nobody", 10_000, "Salary")
    assert len(paystack.send_bulk(orders=wanted, currency="NGN")) == 3
    assert sent() == 3


def test_the_first_call_without_an_answer_is_unknown(paystack):
    fault("HTML_503", endpoint="transfer_bulk", remaining=3)
    with pytest.raises(GatewayUnavailable):
        paystack.send_bulk(orders=orders(paystack, 2), currency="NGN")
