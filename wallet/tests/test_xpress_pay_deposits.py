"""A deposit through XpressPay from beginning to end, over HTTP, with every turn its sandbox can take."""

from datetime import timedelta

import httpx
import pytest
from django.conf import settings
from django.utils import timezone

from accounts.tests.factories import make_person
from core.actors import acting_as_service
from wallet import tasks, webhook_views
from wallet.gateways.base import GatewayRefused, GatewayUnavailable
from wallet.models import Account
from wallet.sandbox.models import SandboxDelivery, SandboxXpressPayment
from wallet.services import webhooks
from wallet.tests.deposits import (
    age,
    balance,
    balances,
    calls_answered_again,
    cases,
    events,
    fault,
    now,
    start,
    verify,
)
from wallet.tests.factories import make_wallet
from wallet.tests.xpress_pay import CODE, fail, knock, notice, pay, press


@pytest.fixture
def purse(xpress_pay) -> Account:
    return make_wallet(make_person())


def at_sandbox() -> list[SandboxXpressPayment]:
    with acting_as_service():
        return list(SandboxXpressPayment.objects.order_by("pk"))


def test_a_customer_pays_and_is_credited_once(purse):
    payment = start(purse)
    assert (payment.gateway_id, payment.state) == (CODE, "PENDING")
    assert payment.reference.isalnum() and 6 <= len(payment.reference) <= 30
    answer = press(payment.checkout_url, "pay")
    assert answer.status_code == 302
    assert answer.headers["Location"].endswith(f"/add-money/back/?reference={payment.reference}")
    assert (now(payment).state, balance(purse)) == ("SUCCEEDED", 250_000)
    assert [event.state for event in events()] == ["PROCESSED"]
    assert balances("XPRESS_PAY_CLEARING") == (250_000,)
    press(payment.checkout_url, "abandon")
    verify(payment)
    pay(payment)
    assert (balance(purse), len(at_sandbox())) == (250_000, 1)


def test_declined_at_first_and_paid_later(purse):
    payment = start(purse)
    assert fail(payment).state == "FAILED"
    assert pay(payment).state == "SUCCEEDED" and balance(purse) == 250_000


def test_without_its_webhook_the_payment_is_found_by_asking(purse):
    fault("DROP_WEBHOOK")
    payment = start(purse)
    assert pay(payment).state == "PENDING"
    assert verify(payment).state == "SUCCEEDED" and balance(purse) == 250_000


def test_left_unpaid_it_expires_and_may_still_be_paid(purse):
    payment = start(purse)
    press(payment.checkout_url, "abandon")
    assert verify(payment, at=payment.expires_at + timedelta(hours=1)).state == "EXPIRED"
    assert pay(payment).state == "SUCCEEDED" and balance(purse) == 250_000


@pytest.mark.parametrize(
    ("kind", "value", "case"),
    [
        ("WRONG_AMOUNT", "200000", "WRONG_AMOUNT"),
        ("UNDERPAID", "1", "WRONG_AMOUNT"),
        ("WRONG_AMOUNT", "300000", "WRONG_AMOUNT"),
        ("WRONG_CURRENCY", "USD", "WRONG_CURRENCY"),
    ],
)
def test_another_amount_or_currency_credits_nobody(purse, kind, value, case):
    fault(kind, value)
    payment = pay(start(purse))
    assert (payment.state, balance(purse)) == ("REVIEW", 0)
    assert [found.kind for found in cases()] == [case]


@pytest.mark.parametrize("kind", ["DROP_REPLY", "BAD_GATEWAY_AFTER"])
def test_when_its_page_is_lost_another_number_gets_one(purse, kind):
    fault(kind, endpoint="xpress_initialize")
    payment = start(purse)
    assert len(at_sandbox()) == 2 and at_sandbox()[1].transaction_id == payment.reference
    assert pay(payment).state == "SUCCEEDED" and balance(purse) == 250_000


@pytest.mark.parametrize("kind", ["BAD_GATEWAY_BEFORE", "HTML_503", "TOO_MANY"])
def test_what_passes_is_asked_again(purse, kind):
    fault(kind, endpoint="xpress_initialize", remaining=2)
    assert pay(start(purse)).state == "SUCCEEDED"


@pytest.mark.parametrize("kind", ["BAD_GATEWAY_BEFORE", "DROP_REPLY", "WRONG_SHAPE", "HTML_503", "TOO_MANY"])
def test_a_payment_that_cannot_be_verified_now_is_put_off_and_not_lost(purse, kind):
    fault("DROP_WEBHOOK")
    payment = start(purse)
    pay(payment)
    fault(kind, endpoint="xpress_verify", remaining=3)
    at = timezone.now()
    with pytest.raises(GatewayUnavailable):
        verify(payment, at=at)
    assert (now(payment).state, now(payment).next_check_at) == ("PENDING", at + timedelta(minutes=5))
    calls_answered_again()
    assert verify(payment).state == "SUCCEEDED" and balance(purse) == 250_000


def test_twenty_notices_at_once_are_one_event(purse):
    fault("DUPLICATE_WEBHOOK", "20")
    payment = start(purse)
    assert pay(payment).state == "SUCCEEDED"
    assert len(events()) == 1 and balance(purse) == 250_000


def test_a_notice_to_another_door_is_not_heard_and_counted(purse):
    fault("FORGED_SIGNATURE")
    payment = start(purse)
    assert pay(payment).state == "PENDING" and events() == []
    with acting_as_service():
        [delivery] = SandboxDelivery.objects.all()
    assert delivery.attempts[0]["status"] == 404 and webhooks.forged_count(CODE) == 1


def test_a_false_notice_moves_nothing(purse, xpress_pay):
    payment = start(purse)
    assert knock(xpress_pay, notice(payment.reference)).status_code == 200
    assert (now(payment).state, balance(purse)) == ("PENDING", 0)
    [event] = events()
    assert (event.state, event.error[:16]) == ("FAILED", "not_settled_yet:")
    fault("DROP_WEBHOOK")
    pay(payment)
    age(2)
    tasks.process_webhook(event_id=str(event.pk))
    assert (now(payment).state, balance(purse)) == ("SUCCEEDED", 250_000)


def test_a_notice_of_what_nobody_knows_credits_nobody(purse, xpress_pay):
    knock(xpress_pay, notice("alj0000000000000000000000"))
    knock(xpress_pay, notice("alj0000000000000000000000", Status="01"))
    assert [event.state for event in events()] == ["FAILED", "IGNORED"] and cases() == []


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (b"", 400),
        (b"[1]", 400),
        (b"\x00\xff", 400),
        (notice("x"), 400),
        (b"[" * 70_000, 413),
        (b"[" * 9_000, 400),
    ],
    ids=["empty", "list", "bytes", "short", "long", "deep"],
)
def test_what_is_no_notice_is_refused(xpress_pay, raw, status):
    assert knock(xpress_pay, raw).status_code == status and events() == []


@pytest.mark.parametrize("door", ["x", "..%2f..", "a" * 500, "%C3%A9"])
def test_no_other_door_opens(xpress_pay, door):
    assert knock(xpress_pay, notice("alj0000000000000000000000"), door=door).status_code == 404
    assert events() == []


def test_nobody_knocks_too_often(xpress_pay, monkeypatch):
    monkeypatch.setattr(webhook_views, "MOST_NOTICES", "2/minute")
    statuses = [knock(xpress_pay, b"{}", door="wrong").status_code for _time in range(3)]
    assert statuses == [404, 404, 429]


def test_only_a_post_is_taken(xpress_pay):
    address = f"{xpress_pay}/webhooks/xpress-pay/{settings.XPRESS_PAY_SANDBOX_DOOR}/"
    assert httpx.get(address, trust_env=False).status_code == 405


def test_a_key_that_is_not_ours_is_refused_and_the_payment_fails(purse, xpress_pay, settings):
    settings.XPRESS_PAY_SANDBOX_PUBLIC_KEY = "XPPUBK-" + "0" * 32 + "-X"
    with pytest.raises(GatewayRefused):
        start(purse)
