"""Each event of a gateway goes to whoever deals with it, in whatever order events come; the rest is kept and left."""

from collections.abc import Callable

import pytest
from django.db import connection

from accounts.tests.factories import make_person
from core.errors import DomainError
from wallet import tasks
from wallet.models import Account, WebhookEvent
from wallet.services import gateway_events
from wallet.services.charge_events import NotSettledYet
from wallet.services.deposits import check_payment
from wallet.services.gateway_events import HANDLERS, UNASKED_DEPOSIT, NothingToDo, on
from wallet.tests.deposits import age, balance, body, events, fault, no_worker, now, pay, send, start
from wallet.tests.factories import make_wallet

# Every event that the vendor names.
KNOWN = (
    "bank.transfer.rejected",
    "charge.dispute.create",
    "charge.dispute.remind",
    "charge.dispute.resolve",
    "dedicatedaccount.assign.failed",
    "dedicatedaccount.assign.success",
    "invoice.create",
    "paymentrequest.pending",
    "refund.failed",
    "refund.needs-attention",
    "refund.pending",
    "refund.processed",
    "refund.processing",
    "subscription.create",
    "transfer.failed",
    "transfer.reversed",
    "transfer.success",
)


@pytest.fixture
def purse(paystack) -> Account:
    return make_wallet(make_person())


@pytest.fixture
def handled(monkeypatch) -> Callable[..., list[str]]:
    """Deal with events by noting them; return the notes."""

    def handle(*names: str, refuse: Callable[[], Exception | None] = lambda: None) -> list[str]:
        notes: list[str] = []

        def note(gateway, event: WebhookEvent, data, at) -> None:
            assert not connection.in_atomic_block
            notes.append(f"{gateway.code} {event.event} {data.get('reference', '')}".strip())
            error = refuse()
            if error:
                raise error

        for name in names:
            monkeypatch.setitem(HANDLERS, name, note)
        return notes

    return handle


def states() -> list[str]:
    return [event.state for event in events()]


def test_events_that_nobody_deals_with_are_answered_with_200_and_kept(paystack, monkeypatch):
    raw = {event: body("pay-0000000000000001", event=event, id=7) for event in KNOWN}
    for event in KNOWN * 2:
        monkeypatch.delitem(HANDLERS, event, raising=False)
        assert send(paystack, raw[event]).status_code == 200
    assert {event.event: bytes(event.body) for event in events()} == raw
    assert states() == ["IGNORED"] * len(KNOWN)


def test_an_event_goes_to_its_handler_with_what_it_says_and_only_once(paystack, handled):
    notes = handled(*KNOWN)
    for event in KNOWN * 2:
        assert send(paystack, body("pay-0000000000000001", event=event, id=7)).status_code == 200
    assert notes == [f"paystack {event} pay-0000000000000001" for event in KNOWN]
    assert states() == ["PROCESSED"] * len(KNOWN)


def test_a_refusal_puts_the_event_off_and_nothing_to_do_leaves_it(paystack, handled):
    errors: list[Exception | None] = [DomainError("too early"), NothingToDo()]
    notes = handled("transfer.success", refuse=lambda: errors.pop(0))
    send(paystack, body("pay-0000000000000001", event="transfer.success"))
    assert (states(), events()[0].error) == (["FAILED"], "refused: too early")
    age(2)
    tasks.process_waiting_webhooks()
    assert (states(), len(notes)) == (["IGNORED"], 2)


def test_events_out_of_order_are_each_dealt_with(paystack, handled):
    order = ("transfer.reversed", "transfer.success", "refund.processed", "refund.pending", "transfer.failed")
    notes = handled(*order)
    for event in order:
        send(paystack, body("pay-0000000000000001", event=event, transfer_code="TRF_1", id=1))
    assert [note.split()[1] for note in notes] == list(order)
    assert states() == ["PROCESSED"] * len(order)


def test_a_refund_told_of_before_its_payment_waits_for_it(paystack, purse, monkeypatch):
    payment = start(purse)

    def take_refund(gateway, event, data, at) -> None:
        if not now(payment).is_paid:
            raise NotSettledYet

    monkeypatch.setitem(HANDLERS, "refund.processed", take_refund)
    raw = body(payment.reference, event="refund.processed", transaction_reference=payment.reference, id=1)
    assert send(paystack, raw).status_code == 200
    assert states() == ["FAILED"]
    assert events()[0].reference == payment.reference
    pay(payment)
    age(2)
    tasks.process_waiting_webhooks()
    assert (states(), balance(purse)) == (["PROCESSED", "PROCESSED"], 250_000)


def test_a_webhook_and_a_question_at_once_credit_once(purse):
    payment = start(purse)
    with no_worker():
        pay(payment)
    check_payment(payment_id=payment.pk, at=payment.created_at)
    tasks.process_webhook(event_id=str(events()[0].pk))
    assert (states(), now(payment).state, balance(purse)) == (["PROCESSED"], "SUCCEEDED", 250_000)


@pytest.mark.parametrize("delivery", ["WEBHOOK_FIRST", "WEBHOOK_SWAPPED", "WEBHOOK_DELAY"])
def test_a_payment_is_credited_once_however_its_webhook_travels(paystack, purse, delivery):
    fault(delivery, "3" if delivery == "WEBHOOK_DELAY" else "")
    payment = pay(start(purse))
    if delivery == "WEBHOOK_SWAPPED":
        assert (events(), payment.state) == ([], "PENDING")
        check_payment(payment_id=payment.pk, at=payment.created_at)
    assert (now(payment).state, balance(purse)) == ("SUCCEEDED", 250_000)


def test_money_into_an_account_number_goes_to_who_deals_with_unasked_deposits(paystack, purse, handled):
    notes = handled(UNASKED_DEPOSIT)
    payment = start(purse)
    own = {"authorization": {"channel": "dedicated_nuban", "receiver_bank_account_number": "9"}}
    send(paystack, body("not-ours", **own))
    send(paystack, body("never-made"))
    send(paystack, body(payment.reference, **own))
    assert notes == [
        f"paystack charge.success {name}" for name in ("not-ours", "never-made", payment.reference)
    ]
    assert states() == ["PROCESSED"] * 3


def test_an_event_has_one_handler(monkeypatch):
    monkeypatch.setattr(gateway_events, "HANDLERS", {})

    def first(gateway, event, data, at) -> None: ...

    def second(gateway, event, data, at) -> None: ...

    on("x", "y")(first)
    on("x")(first)
    with pytest.raises(ValueError, match="x has a handler already"):
        on("x")(second)
