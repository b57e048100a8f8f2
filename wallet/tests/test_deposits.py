"""Money in, by the whole way: our adapter, the sandbox's pages and API, its signed webhook, our ledger."""

import time
from datetime import timedelta
from functools import partial
from threading import Barrier, Event

import httpx
import pytest
from django.utils import timezone

from accounts.tests.factories import make_person
from core.actors import acting_as_service
from core.ids import uuid7
from wallet import services as wallet
from wallet import tasks
from wallet.gateways.base import GatewayRefused, GatewayUnavailable
from wallet.gateways.paystack import Paystack
from wallet.models import Account, Payment
from wallet.sandbox.cards import DECLINED_CARD
from wallet.sandbox.models import SandboxCharge
from wallet.services import gateways
from wallet.services.deposits import (
    DepositOver,
    DepositTooLarge,
    DepositTooSmall,
    PaymentIdReused,
    take_due_payment,
)
from wallet.tests.deposits import (
    CALLBACK,
    age,
    at_once,
    balance,
    balances,
    calls_answered_again,
    events,
    fault,
    install_sandbox,
    no_worker,
    notices,
    now,
    pay,
    pay_unheard,
    start,
    verify,
)
from wallet.tests.factories import make_wallet

BOOKS = ("PAYSTACK_CLEARING", "GATEWAY_FEES", "SUSPENSE")
HOUR = timedelta(hours=1)
FEE = 13_750  # of ₦2,500 by card


@pytest.fixture
def purse(paystack) -> Account:
    return make_wallet(make_person())


def proceed(payment: Payment) -> Payment:
    return wallet.open_checkout(
        payment=payment, email="ada@alajo.test", callback_url=CALLBACK, at=timezone.now()
    )


def test_a_payment_is_credited_by_its_webhook(purse):
    payment = start(purse)
    assert payment.state == "PENDING" and "/checkout/" in payment.checkout_url
    payment = pay(payment)
    assert (payment.state, payment.fee, payment.next_check_at) == ("SUCCEEDED", FEE, None)
    assert balance(purse) == 250_000
    assert balances(*BOOKS) == (250_000 - FEE, FEE, 0)
    assert notices() == ["deposit.succeeded"]
    [event] = events()
    assert (event.state, event.reference) == ("PROCESSED", payment.reference)


def test_a_payment_is_credited_when_the_browser_comes_back(purse):
    payment = start(purse)
    assert verify(payment).state == "PENDING"
    assert pay_unheard(payment).state == "PENDING"
    assert verify(payment).state == "SUCCEEDED"
    assert verify(payment).state == "SUCCEEDED"
    assert balance(purse) == 250_000


def test_a_payment_nobody_tells_of_is_found_by_asking(purse):
    payment = start(purse)
    pay_unheard(payment)
    tasks.check_open_payments()
    assert balance(purse) == 0
    age(1)
    tasks.check_open_payments()
    assert now(payment).state == "SUCCEEDED"
    assert (balance(purse), events()) == (250_000, [])


def test_webhook_return_and_poll_at_once_credit_once(purse, monkeypatch):
    payment = start(purse)
    with no_worker():
        pay(payment)
    [event] = events()
    age(1)
    assert take_due_payment(at=timezone.now()) == payment.pk
    find, gate = Paystack.find_charge, Barrier(3)

    def find_together(self, **reference):
        charge = find(self, **reference)
        gate.wait(timeout=20)
        return charge

    monkeypatch.setattr(Paystack, "find_charge", find_together)
    by_webhook = partial(wallet.process_webhook, event_id=event.pk, at=timezone.now())
    assert not at_once(by_webhook, partial(verify, payment), partial(verify, payment))
    assert not gate.broken and balance(purse) == 250_000
    assert (now(payment).state, notices()) == ("SUCCEEDED", ["deposit.succeeded"])


def test_workers_at_once_share_the_payments_that_are_due(purse, monkeypatch):
    payments = [start(purse) for _ in range(4)]
    for payment in payments:
        pay_unheard(payment)
    age(2)
    find, asked = Paystack.find_charge, []

    def find_noted(self, *, reference):
        asked.append(reference)
        return find(self, reference=reference)

    monkeypatch.setattr(Paystack, "find_charge", find_noted)
    assert not at_once(*[tasks.check_open_payments] * 3)
    assert sorted(asked) == sorted(payment.reference for payment in payments)
    assert balance(purse) == 1_000_000


@pytest.mark.parametrize(
    ("amount", "error"), [(4_999, DepositTooSmall), (-1, DepositTooSmall), (10**9 + 1, DepositTooLarge)]
)
def test_an_amount_the_gateway_does_not_take_is_refused_before_anything_is_stored(purse, amount, error):
    with pytest.raises(error):
        start(purse, amount)
    with acting_as_service():
        assert not Payment.objects.exists()


def test_the_same_payment_started_twice_is_one(purse):
    begin = partial(wallet.create_payment, payment_id=uuid7(), at=timezone.now())
    first = begin(account=purse, amount=250_000)
    assert begin(account=purse, amount=250_000) == first
    for changes in ({"amount": 250_001}, {"account": make_wallet(make_person())}):
        with pytest.raises(PaymentIdReused):
            begin(**{"account": purse, "amount": 250_000, **changes})


@pytest.mark.parametrize(("kind", "value"), [("BAD_GATEWAY_BEFORE", ""), ("HTML_503", ""), ("TOO_MANY", "1")])
def test_a_gateway_that_is_down_leaves_a_payment_that_can_go_on(purse, kind, value):
    payment = wallet.create_payment(account=purse, amount=250_000, at=timezone.now())
    fault(kind, value, remaining=3)
    with pytest.raises(GatewayUnavailable):
        proceed(payment)
    assert now(payment).state == "INTENT" and now(payment).next_check_at
    age(1)
    tasks.check_open_payments()
    assert now(payment).state == "INTENT" and now(payment).next_check_at > timezone.now()
    opened = proceed(payment)
    assert proceed(payment).checkout_url == opened.checkout_url
    assert pay(opened).state == "SUCCEEDED"


def test_a_lost_address_is_had_again_under_a_new_reference(purse):
    fault("BAD_GATEWAY_AFTER")
    payment = start(purse)
    with acting_as_service():
        lost, fresh = SandboxCharge.objects.order_by("pk")
    assert lost.reference != payment.reference == fresh.reference
    assert pay(payment).state == "SUCCEEDED"
    assert balance(purse) == 250_000


def test_two_requests_for_one_page_show_the_same_page(purse):
    payment = wallet.create_payment(account=purse, amount=250_000, at=timezone.now())
    found = []
    assert not at_once(*[lambda: found.append(proceed(payment))] * 4)
    assert len({opened.checkout_url for opened in found}) == 1
    with acting_as_service():
        charge = SandboxCharge.objects.get(access_code=found[0].checkout_url.rsplit("/", 1)[1])
    assert {opened.reference for opened in found} == {charge.reference}
    assert pay(found[0]).state == "SUCCEEDED"


def test_an_answer_overtaken_by_its_twin_is_not_shown(purse, monkeypatch):
    payment = wallet.create_payment(account=purse, amount=250_000, at=timezone.now())
    original, opened, overtaken, calls, found = Paystack.start_checkout, Event(), Event(), [], []

    def staged(self, **facts):
        calls.append(facts["reference"])
        if len(calls) == 3:
            overtaken.set()
            time.sleep(0.3)
        checkout = original(self, **facts)
        if len(calls) == 1:
            opened.set()
            overtaken.wait(timeout=20)
        return checkout

    def twin():
        opened.wait(timeout=20)
        found.append(proceed(payment))

    monkeypatch.setattr(Paystack, "start_checkout", staged)
    assert not at_once(lambda: found.append(proceed(payment)), twin)
    assert (len(calls), calls[0] == calls[1] != calls[2]) == (3, True)
    assert {(one.reference, one.checkout_url) for one in found} == {(calls[2], now(payment).checkout_url)}
    assert pay(now(payment)).state == "SUCCEEDED"


def test_a_gateway_that_refuses_fails_the_payment(purse):
    install_sandbox("sk_test_wrong")
    with pytest.raises(GatewayRefused):
        start(purse)
    with acting_as_service():
        payment = Payment.objects.get()
    assert (payment.state, payment.reason, payment.next_check_at) == ("FAILED", "Invalid key", None)
    with pytest.raises(DepositOver):
        proceed(payment)


def test_no_gateway_is_called_inside_a_transaction(purse):
    payment = start(purse)
    with pytest.raises(RuntimeError, match="inside a transaction"), acting_as_service():
        verify(payment)
    with pytest.raises(RuntimeError, match="inside a transaction"), acting_as_service():
        start(purse)


@pytest.mark.parametrize("kind", ["BAD_GATEWAY_BEFORE", "BAD_GATEWAY_AFTER", "HTML_503", "TOO_MANY"])
def test_nothing_is_lost_while_the_gateway_does_not_answer(purse, kind):
    payment = start(purse)
    fault(kind, remaining=99, endpoint="verify")
    assert pay(payment).state == "PENDING"
    with pytest.raises(GatewayUnavailable):
        verify(payment, at=payment.expires_at + HOUR)
    assert now(payment).state == "PENDING"
    assert now(payment).next_check_at == payment.expires_at + HOUR + timedelta(minutes=5)
    calls_answered_again()
    assert verify(payment).state == "SUCCEEDED"
    assert balance(purse) == 250_000


def test_an_answer_that_comes_too_late_leaves_the_next_check_set(purse, monkeypatch, settings):
    payment = pay_unheard(start(purse))
    hasty = Paystack(
        secret_key=settings.PAYSTACK_SANDBOX_SECRET_KEY,
        base_url=settings.PAYSTACK_BASE_URL,
        timeout=httpx.Timeout(0.3),
        tries=1,
    )
    fault("DELAY", "1", endpoint="verify")
    with monkeypatch.context() as patched, pytest.raises(GatewayUnavailable):
        patched.setattr(gateways, "_paystack", lambda key, url: hasty)
        verify(payment)
    assert now(payment).state == "PENDING" and now(payment).next_check_at
    assert verify(payment).state == "SUCCEEDED"


def test_an_outage_stops_the_round_and_the_next_goes_on(purse):
    payments = [pay_unheard(start(purse)) for _ in range(3)]
    age(2)
    fault("HTML_503", remaining=3, endpoint="verify")
    tasks.check_open_payments()
    assert [now(payment).state for payment in payments] == ["PENDING"] * 3
    tasks.check_open_payments()
    assert sorted(now(payment).state for payment in payments) == ["PENDING", "SUCCEEDED", "SUCCEEDED"]
    age(5)
    tasks.check_open_payments()
    assert balance(purse) == 750_000


def test_a_declined_payment_may_still_be_paid(purse):
    payment = start(purse)
    assert pay(payment, card=DECLINED_CARD).state == "PENDING"
    payment = verify(payment)
    assert (payment.state, payment.reason) == ("FAILED", "failed")
    assert pay(payment).state == "SUCCEEDED"
    assert (balance(purse), now(payment).reason) == (250_000, "")


def test_asking_often_does_not_use_up_the_times_to_ask(purse):
    payment = start(purse)
    begun = payment.expires_at - timedelta(hours=72)
    for minutes, following in ((0.5, 1), (0.6, 1), (2, 5), (2, 5), (59, 60), (61, 24 * 60), (2000, 48 * 60)):
        found = verify(payment, at=begun + timedelta(minutes=minutes))
        assert found.next_check_at == begun + timedelta(minutes=following)


def test_an_abandoned_payment_expires_and_a_late_success_is_credited_once(purse):
    payment = start(purse)
    assert verify(payment, at=payment.expires_at - timedelta(seconds=1)).state == "PENDING"
    payment = verify(payment, at=payment.expires_at)
    assert (payment.state, payment.next_check_at) == ("EXPIRED", None)
    payment = pay(payment)
    assert (payment.state, balance(purse)) == ("SUCCEEDED", 250_000)
    verify(payment)
    assert balance(purse) == 250_000
