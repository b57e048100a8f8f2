"""The control page lets the world outside act: banks, customers' banks, and who pays in."""

import re

import pytest

from core.actors import acting_as_service
from wallet.sandbox.models import SandboxBook, SandboxCharge, SandboxDispute, SandboxRefund, SandboxTransfer
from wallet.tests.sandbox.steps import initialize, pay, verify
from wallet.tests.sandbox.test_transfers import REFERENCE, send, told

PAGE = "/sandbox/paystack/"


@pytest.fixture
def act(visitor):
    def post(where: str, **fields: str):
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', visitor.get(PAGE).text)[1]
        return visitor.post(PAGE + where, data={"csrfmiddlewaretoken": token, **fields})

    return post


def test_a_transfer_arrives_and_comes_back_when_told_to(act, api, receiver):
    send(api)
    with acting_as_service():
        number = SandboxTransfer.objects.get(reference=REFERENCE).pk
    for action in ("nonsense", "SUCCESS", "FAILED", "REVERSED", "SUCCESS"):
        assert act(f"control/transfers/{number}", action=action).status_code == 302
    assert told(receiver) == ["transfer.success", "transfer.reversed"]


def test_a_dispute_is_raised_reminded_of_and_decided(act, visitor, api, receiver):
    pay(visitor, api)
    with acting_as_service():
        charge = SandboxCharge.objects.get()
    assert act(f"control/charges/{charge.pk}/dispute").status_code == 302
    with acting_as_service():
        dispute = SandboxDispute.objects.get()
    assert "charge.dispute.create" in visitor.get(PAGE).text
    for action in ("remind", "nonsense", "lost"):
        assert act(f"control/disputes/{dispute.pk}", action=action).status_code == 302
    assert act(f"control/disputes/{dispute.pk}", action="won").status_code == 404
    assert told(receiver) == [
        "charge.success",
        *(f"charge.dispute.{what}" for what in ("create", "remind", "resolve")),
    ]


def test_what_was_not_paid_cannot_be_disputed(act, api):
    initialize(api)
    with acting_as_service():
        charge = SandboxCharge.objects.get()
    assert act(f"control/charges/{charge.pk}/dispute").status_code == 404


def test_a_refund_ends_as_told(act, visitor, api, receiver):
    pay(visitor, api)
    api.post("refund", json={"transaction": "dep-1"})
    with acting_as_service():
        refund = SandboxRefund.objects.get()
    for action in ("NEEDS_ATTENTION", "nonsense", "PROCESSED", "FAILED"):
        assert act(f"control/refunds/{refund.pk}", action=action).status_code == 302
    assert told(receiver)[1:] == ["refund.pending", "refund.needs-attention", "refund.processed"]
    assert verify(api)["status"] == "reversed"


def test_the_balance_and_the_set_up_are_changed(act, visitor, api):
    api.get("balance")
    assert act("control/balance", change="-400000000").status_code == 302
    with acting_as_service():
        assert SandboxBook.objects.get().balance == 600_000_000
    assert "₦6,000,000.00" in visitor.get(PAGE).text
    assert act("control/balance", change="0").status_code == 422
    assert act("control/set-up", transfer_seconds="9", asks_otp="on").status_code == 302
    assert send(api).json()["data"]["status"] == "otp"
    refused = act("control/set-up", transfer_seconds="-1")
    assert (refused.status_code, 'class="error"' in refused.text) == (422, True)


def test_somebody_pays_into_a_number_that_may_be_nobodys(act, visitor, receiver):
    fields = {"number": "9000000001", "amount": "5000", "sender_name": "EZE", "narration": ""}
    assert act("control/deposits", **fields).status_code == 302
    assert told(receiver) == ["charge.success"]
    assert act("control/deposits", **fields | {"number": "90000"}).status_code == 422
