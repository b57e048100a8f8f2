"""What a gateway tells us is kept when genuine, believed when the gateway confirms it, and counted once."""

from unittest.mock import patch

import pytest
from django.utils import timezone

from accounts.tests.factories import make_person
from core.actors import acting_as_service
from wallet import services as wallet
from wallet import tasks
from wallet.gateways.paystack import Paystack
from wallet.models import Account, PaymentGateway
from wallet.sandbox import deliveries
from wallet.sandbox.models import SandboxCharge, SandboxDelivery
from wallet.sandbox.tasks import deliver_webhook
from wallet.services import charge_events, webhooks
from wallet.tests.deposits import (
    age,
    at_once,
    balance,
    balances,
    body,
    calls_answered_again,
    cases,
    events,
    fault,
    install_sandbox,
    no_worker,
    notices,
    now,
    pay,
    pay_unheard,
    send,
    start,
)
from wallet.tests.factories import make_wallet


@pytest.fixture
def purse(paystack) -> Account:
    return make_wallet(make_person())


def states() -> list[str]:
    return [event.state for event in events()]


def test_the_same_webhook_twenty_times_at_once_is_one_event_and_one_credit(purse):
    fault("DUPLICATE_WEBHOOK", "20")
    payment = start(purse)
    with patch.object(Paystack, "find_charge", autospec=True, side_effect=Paystack.find_charge) as asked:
        pay(payment)
    with acting_as_service():
        [delivery] = SandboxDelivery.objects.all()
    assert [attempt["status"] for attempt in delivery.attempts] == [200] * 20
    assert (states(), asked.call_count) == (["PROCESSED"], 1)
    assert (now(payment).state, balance(purse), notices()) == ("SUCCEEDED", 250_000, ["deposit.succeeded"])


FORGERIES = {
    "upper case": lambda raw, key: (raw, deliveries.sign(raw, key=key).upper()),
    "truncated": lambda raw, key: (raw, deliveries.sign(raw, key=key)[:-2]),
    "another key": lambda raw, key: (raw, deliveries.sign(raw, key=key + "x")),
    "serialised again": lambda raw, key: (raw.replace(b": ", b":"), deliveries.sign(raw, key=key)),
    "body cut short": lambda raw, key: (raw[:-1], deliveries.sign(raw, key=key)),
    "missing": lambda raw, key: (raw, None),
    "empty": lambda raw, key: (raw, ""),
    "no hex": lambda raw, key: (raw, "g" * 128),
}


@pytest.mark.parametrize("forge", FORGERIES)
def test_a_forged_webhook_is_refused_and_leaves_only_a_count(paystack, purse, settings, forge):
    payment = pay_unheard(start(purse))
    raw, signature = FORGERIES[forge](body(payment.reference), settings.PAYSTACK_SANDBOX_SECRET_KEY)
    for times in (1, 2):
        assert send(paystack, raw, signature).status_code == 401
        assert wallet.forged_count("paystack") == times
    assert (states(), now(payment).state, balance(purse)) == ([], "PENDING", 0)


def test_a_forged_delivery_is_tried_again_by_the_sandbox_and_then_counts(purse):
    fault("FORGED_SIGNATURE")
    payment = start(purse)
    assert pay(payment).state == "PENDING"
    assert wallet.forged_count("paystack") == 1
    with acting_as_service():
        delivery = SandboxDelivery.objects.get()
    deliver_webhook(delivery_id=delivery.pk)
    assert (now(payment).state, wallet.forged_count("paystack")) == ("SUCCEEDED", 1)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"[]",
        b"7",
        b"\xff\xfe",
        b"{}",
        b'{"event":7}',
        b'{"event":"a b"}',
        b'{"event":NaN}',
        b"[" * 90_000,
    ],
)
def test_a_signed_body_that_is_no_notice_is_refused(paystack, raw):
    assert send(paystack, raw).status_code == 400
    assert (states(), wallet.forged_count("paystack")) == ([], 0)


def test_a_huge_body_is_refused(paystack):
    assert send(paystack, b'{"event":"charge.success","a":"' + b"a" * 2_000_000 + b'"}').status_code in (
        400,
        413,
    )
    assert states() == []


def test_only_post_is_taken_and_without_a_gateway_there_is_nothing(paystack, client):
    assert client.get("/webhooks/paystack/").status_code == 405
    with acting_as_service():
        PaymentGateway.objects.update(kind="OTHER")
    assert send(paystack, b"{}").status_code == 404


@pytest.mark.parametrize(
    "raw",
    [
        body("dep-1", event="subscription.create"),
        b'{"event":"invoice.update"}',
        b'{"event":"transfer.success","data":null}',
        b'{"event":"charge.success","data":{"reference":["a"]}}',
        b'{"event":"charge.success","data":{"reference":"a\\u0000/../b"}}',
        b'{"event":"charge.success","data":[1]}',
    ],
)
def test_an_event_we_have_no_use_for_is_kept_and_ignored(paystack, raw):
    assert send(paystack, raw).status_code == 200
    assert send(paystack, raw).status_code == 200
    [event] = events()
    assert (event.state, bytes(event.body), cases()) == ("IGNORED", raw, [])
    assert event.processed_at


def test_two_different_webhooks_for_one_payment_credit_once(paystack, purse):
    payment = pay(start(purse))
    assert send(paystack, body(payment.reference, amount=999)).status_code == 200
    assert send(paystack, body(payment.reference, event="charge.updated")).status_code == 200
    assert (states(), balance(purse)) == (["PROCESSED", "IGNORED"], 250_000)


def test_a_webhook_is_a_hint_and_not_the_payment(paystack, purse):
    payment = start(purse)
    assert send(paystack, body(payment.reference, amount=250_000, currency="NGN")).status_code == 200
    [event] = events()
    assert (event.state, event.error.split(":")[0]) == ("FAILED", "not_settled_yet")
    assert (now(payment).state, balance(purse)) == ("PENDING", 0)
    pay(payment)
    age(2)
    tasks.process_waiting_webhooks()
    assert (states(), now(payment).state, balance(purse)) == (["PROCESSED"], "SUCCEEDED", 250_000)


def test_money_under_a_reference_that_is_not_ours_is_a_case_and_no_credit(paystack, purse):
    payment = pay_unheard(start(purse))
    with acting_as_service():
        SandboxCharge.objects.filter(reference=payment.reference).update(reference="not-ours")
        SandboxCharge.objects.create(
            reference="not-paid", requested_amount=1, amount=1, currency="NGN", created_at=timezone.now()
        )
    for reference in ("not-ours", "not-ours", "not-paid"):
        assert send(paystack, body(reference)).status_code == 200
    [case] = cases()
    assert (case.kind, case.reference, case.data["paid"]) == ("UNKNOWN_REFERENCE", "not-ours", 250_000)
    assert (states(), balance(purse)) == (["PROCESSED", "FAILED"], 0)
    assert balances("SUSPENSE", "PAYSTACK_CLEARING") == (0, 0)


def test_a_reference_nobody_knows_is_tried_again_and_then_left_to_staff(paystack):
    assert send(paystack, body("nobodys")).status_code == 200
    tries = 1
    while events()[0].attempts < webhooks.TRIES and tries < 99:
        assert states() == ["FAILED"]
        age(2**tries)
        tasks.process_waiting_webhooks()
        tries += 1
    age(10**5)
    with patch.object(Paystack, "find_charge") as asked:
        tasks.process_waiting_webhooks()
    assert not asked.called and cases() == []
    assert (events()[0].attempts, tries) == (webhooks.TRIES, webhooks.TRIES)


# What happens when something dies on the way.


def test_a_webhook_no_worker_took_is_taken_up_later(purse):
    payment = start(purse)
    with no_worker():
        assert pay(payment).state == "PENDING"
    tasks.process_waiting_webhooks()
    assert states() == ["RECEIVED"]
    age(2)
    tasks.process_waiting_webhooks()
    assert (states(), now(payment).state) == (["PROCESSED"], "SUCCEEDED")


@pytest.mark.parametrize("kind", ["BAD_GATEWAY_BEFORE", "BAD_GATEWAY_AFTER", "HTML_503", "TOO_MANY"])
def test_a_webhook_that_came_while_the_gateway_was_down_is_tried_again(purse, kind):
    payment = start(purse)
    fault(kind, remaining=99, endpoint="verify")
    pay(payment)
    assert (states(), events()[0].error.split(":")[0]) == (["FAILED"], "gateway_unavailable")
    age(2)
    tasks.process_waiting_webhooks()
    calls_answered_again()
    tasks.process_waiting_webhooks()
    assert (states(), events()[0].attempts) == (["FAILED"], 2)
    age(2)
    tasks.process_waiting_webhooks()
    assert (states(), balance(purse)) == (["PROCESSED"], 250_000)


def test_dying_between_the_credit_and_its_record_credits_once(purse):
    payment = start(purse)
    with no_worker():
        pay(payment)
    [event] = events()
    with patch.object(webhooks, "_record", side_effect=SystemExit), pytest.raises(SystemExit):
        tasks.process_webhook(event_id=str(event.pk))
    assert (states(), now(payment).state) == (["RECEIVED"], "SUCCEEDED")
    age(2)
    tasks.process_waiting_webhooks()
    assert (states(), balance(purse), notices()) == (["PROCESSED"], 250_000, ["deposit.succeeded"])


def test_dying_before_the_credit_leaves_it_to_the_next_try(purse):
    payment = start(purse)
    with no_worker():
        pay(payment)
    with patch("wallet.services.settlement._settled", side_effect=SystemExit), pytest.raises(SystemExit):
        tasks.process_webhook(event_id=str(events()[0].pk))
    assert (now(payment).state, balance(purse), balances("PAYSTACK_CLEARING")) == ("PENDING", 0, (0,))
    age(2)
    tasks.process_waiting_webhooks()
    assert (states(), balance(purse)) == (["PROCESSED"], 250_000)


def test_processing_twice_changes_nothing(purse):
    payment = pay(start(purse))
    [event] = events()
    before = (now(payment).settled_at, event.processed_at)
    tasks.process_webhook(event_id=str(event.pk))
    assert (now(payment).settled_at, events()[0].processed_at) == before
    assert (balance(purse), notices()) == (250_000, ["deposit.succeeded"])


def test_one_webhook_in_many_workers_and_the_sweep_credits_once(purse):
    payment = start(purse)
    with no_worker():
        pay(payment)
    age(2)
    [event] = events()
    run = [lambda: tasks.process_webhook(event_id=str(event.pk))] * 3
    assert not at_once(*run, tasks.process_waiting_webhooks, tasks.process_waiting_webhooks)
    assert (states(), balance(purse), notices()) == (["PROCESSED"], 250_000, ["deposit.succeeded"])


def test_a_try_that_fails_late_does_not_undo_one_that_succeeded(purse):
    payment = start(purse)
    with no_worker():
        pay(payment)
    [event] = events()
    check = charge_events.check_payment

    def overtaken(**facts):
        with patch.object(charge_events, "check_payment", check):
            tasks.process_webhook(event_id=str(event.pk))
        raise charge_events.NotSettledYet

    with patch.object(charge_events, "check_payment", overtaken):
        assert webhooks.process_webhook(event_id=event.pk, at=timezone.now()).state == "PROCESSED"
    assert (states(), events()[0].error) == (["PROCESSED"], "")


def test_the_old_key_signs_nothing_after_a_rotation(paystack, purse, settings):
    payment = start(purse)
    raw = body(payment.reference)
    old = deliveries.sign(raw, key=settings.PAYSTACK_SANDBOX_SECRET_KEY)
    settings.PAYSTACK_SANDBOX_SECRET_KEY = "sk_test_rotated"
    install_sandbox("sk_test_rotated")
    assert send(paystack, raw, old).status_code == 401
    assert pay(payment).state == "SUCCEEDED"
