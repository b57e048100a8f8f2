"""Paystack's own book of our balance: read page by page, oldest first, and it adds up."""

from datetime import timedelta

import pytest
from django.utils import timezone

from core.actors import acting_as_service
from wallet.gateways.base import GatewayUnavailable
from wallet.gateways.capabilities import KeepsLedger
from wallet.gateways.paystack import Paystack
from wallet.sandbox import ledger, services, wire
from wallet.sandbox.models import Fault, SandboxCharge
from wallet.tests.payouts_at_paystack import decide, order
from wallet.tests.paystack import adapter, start


@pytest.fixture
def paystack(live_server, settings) -> Paystack:
    settings.PAYSTACK_WEBHOOK_URL = f"{live_server.url}/nobody/listens/"
    settings.SANDBOX_TRANSFER_SECONDS = 3600
    return adapter(f"{live_server.url}/sandbox/paystack", key=settings.PAYSTACK_SANDBOX_SECRET_KEY)


def rows(paystack: Paystack, days: int = 1):
    today = timezone.now().date()
    return list(paystack.ledger(since=today - timedelta(days=days), until=today + timedelta(days=1)))


def test_every_movement_is_a_row_and_each_starts_where_the_last_one_ended(paystack):
    assert isinstance(paystack, KeepsLedger)
    start(paystack)
    with acting_as_service():
        code = SandboxCharge.objects.get().access_code
        services.pay(access_code=code, at=timezone.now())
    sent = paystack.send(order=order(paystack), currency="NGN")
    decide("FAILED")
    paystack.refund(reference="dep-1", amount=50_000, currency="NGN", note="")
    found = rows(paystack)
    assert [row.source for row in found] == ["OTHER", "CHARGE", "TRANSFER", "TRANSFER", "REFUND"]
    assert [row.change for row in found[1:]] == [250_000 - 13_750, -251_000, 251_000, -50_000]
    total = 0
    for row in found:
        total += row.change
        assert (row.balance, row.currency) == (total, "NGN")
    assert total == paystack.balance(currency="NGN")
    charge = paystack.find_charge(reference="dep-1")
    assert (found[1].source_id, found[2].source_id) == (charge.gateway_id, sent.gateway_id)


@pytest.mark.parametrize("size", [1, 3, 4])
def test_pages_are_read_to_the_last_by_cursor(paystack, monkeypatch, size):
    monkeypatch.setattr(wire, "LARGEST_PAGE", size)
    with acting_as_service():
        for change in (100, 200, -50):
            ledger.move(
                currency="NGN", difference=change, reason="x", model="Topup", row=1, at=timezone.now()
            )
    assert [row.change for row in rows(paystack)[1:]] == [100, 200, -50]


def test_only_days_that_were_asked_for_are_given(paystack):
    now = timezone.now()
    with acting_as_service():
        for days in (2, 1, 0):
            moved = {"currency": "NGN", "reason": "x", "model": "Topup", "row": days}
            ledger.move(difference=days + 1, at=now - timedelta(days=days), **moved)
    today = now.date()
    yesterday = paystack.ledger(since=today - timedelta(days=1), until=today)
    assert [row.source_id for row in yesterday] == ["1"]
    assert list(paystack.ledger(since=today, until=today)) == []


def test_a_ledger_without_an_answer_gives_nothing(paystack):
    with acting_as_service():
        Fault.objects.create(kind="HTML_503", endpoint="ledger", remaining=3)
    with pytest.raises(GatewayUnavailable):
        rows(paystack, days=0)
