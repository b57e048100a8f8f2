"""Which gateway takes a payment: chosen by currency, amount, priority, fee and health; and what becomes of it when the
chosen one goes down."""

from contextlib import suppress
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.tests.approving import make_colleague
from accounts.tests.factories import make_person
from core.actors import acting_as_service
from wallet import services as wallet
from wallet.gateways.base import GatewayUnavailable
from wallet.models import Account, Payment, PaymentGateway
from wallet.sandbox.models import Fault, SandboxCharge, SandboxXpressPayment
from wallet.services import breaker as breakers
from wallet.services.breaker import MOST, PAUSE, Breaker, CircuitOpen
from wallet.services.gateways import NoGateway, health_of
from wallet.services.routing import fee_of, gateway_for
from wallet.tests import xpress_pay as xpress
from wallet.tests.approving import browser_of
from wallet.tests.deposits import (
    balance,
    calls_answered_again,
    fault,
    install_sandbox,
    now,
    pay,
    start,
    verify,
)
from wallet.tests.factories import make_wallet


@pytest.fixture
def two(db) -> None:
    install_sandbox("sk_test_x")
    xpress.install_xpress_pay()


@pytest.fixture
def both(paystack, xpress_pay) -> Account:
    """Paystack first, XpressPay second, each at its sandbox; and a wallet."""
    return make_wallet(make_person())


def change(code: str, **facts: object) -> None:
    with acting_as_service():
        PaymentGateway.objects.filter(pk=code).update(**facts)


def chosen(amount: int = 250_000, currency: str = "NGN") -> str:
    with acting_as_service():
        return gateway_for(currency, amount).code


def down(code: str) -> None:
    """Have a gateway be one that does not answer."""

    def gone() -> None:
        raise GatewayUnavailable(reason="http_503")

    for _time in range(MOST):
        with suppress(GatewayUnavailable), Breaker(code).asking():
            gone()


def later(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    when = breakers.time.time() + seconds
    monkeypatch.setattr(breakers.time, "time", lambda: when)


def test_the_first_by_priority_then_by_fee_then_by_name(two):
    assert chosen() == "paystack"
    change("xpress-pay", priority=50)
    assert chosen() == "xpress-pay"
    change("xpress-pay", priority=100)
    assert chosen() == "paystack"
    change("paystack", fee_percent="1.5", fee_flat=10_000, fee_cap=200_000)
    change("xpress-pay", fee_percent="1.4", fee_flat=20_000)
    assert [chosen(5_000), chosen(10_500_000), chosen(1_000_000_000)] == [
        "paystack",
        "xpress-pay",
        "paystack",
    ]


def test_the_fee_is_reckoned_in_whole_kobo():
    gateway = PaymentGateway(fee_percent=Decimal("1.5"), fee_flat=10_000, fee_cap=200_000)
    assert [fee_of(gateway, amount) for amount in (33, 250_000, 1_000_000_000)] == [10_000, 13_750, 200_000]


def test_only_one_that_takes_the_amount_and_the_currency(two):
    change("paystack", min_amount=10_000, max_amount=1_000_000)
    amounts = (9_999, 10_000, 1_000_000, 1_000_001)
    assert [chosen(amount) for amount in amounts] == ["xpress-pay", "paystack", "paystack", "xpress-pay"]
    change("xpress-pay", max_amount=5_000)
    with pytest.raises(NoGateway):
        chosen(9_000)
    with pytest.raises(NoGateway):
        chosen(currency="USD")


def test_bounds_in_the_wrong_order_are_refused(two):
    with pytest.raises(IntegrityError), transaction.atomic():
        change("paystack", min_amount=2, max_amount=1)


def test_neither_a_merchants_own_nor_one_without_a_page_is_chosen(two):
    change("paystack", active=False)
    change("xpress-pay", kind="XPRESS_WALLET")
    with pytest.raises(NoGateway):
        chosen()


def test_one_that_does_not_answer_is_passed_over_until_it_may_be_tried(two, monkeypatch):
    down("paystack")
    assert chosen() == "xpress-pay"
    later(monkeypatch, PAUSE)
    assert chosen() == "paystack"


def test_when_none_answers_a_payment_waits_at_the_best(two):
    down("paystack")
    down("xpress-pay")
    assert chosen() == "paystack"
    with acting_as_service(), pytest.raises(NoGateway):
        gateway_for("NGN", 250_000, besides="xpress-pay")


def test_a_new_payment_goes_to_the_one_that_answers(both):
    down("paystack")
    payment = start(both)
    assert payment.gateway_id == "xpress-pay" and payment.reference.isalnum()
    assert xpress.pay(payment).state == "SUCCEEDED" and balance(both) == 250_000


def test_a_payment_whose_gateway_went_down_before_it_was_asked_goes_to_the_next(both):
    fault("HTML_503", remaining=1_000, endpoint="initialize")
    payments, ends = [], []
    for _time in range(MOST):
        try:
            payments.append(start(both))
        except GatewayUnavailable as error:
            ends.append(type(error))
    # Each of these was asked, and nobody knows what came of it: it stays, and its customer may try again.
    assert ends == [GatewayUnavailable] * MOST and payments == []
    with acting_as_service():
        first = Payment.objects.order_by("id").first()
        assert first is not None and (first.gateway_id, first.state) == ("paystack", "INTENT")
        assert health_of(PaymentGateway.objects.get(pk="paystack")).state == "OPEN"
        reached = Fault.objects.get().remaining
    again = start_again(first, both)
    assert (again.pk, again.gateway_id, again.state) == (first.pk, "xpress-pay", "PENDING")
    assert again.reference != first.reference and again.amount == first.amount
    with acting_as_service():
        assert Fault.objects.get().remaining == reached and not SandboxCharge.objects.exists()
        assert SandboxXpressPayment.objects.get().transaction_id == again.reference
    assert xpress.pay(again).state == "SUCCEEDED" and balance(both) == 250_000


def start_again(payment: Payment, account: Account) -> Payment:
    """What the form does when it is sent once more."""
    return wallet.start_deposit(
        account=account,
        amount=payment.amount,
        email="ada@alajo.test",
        callback_url="http://testserver/add-money/back/",
        at=timezone.now(),
        payment_id=payment.pk,
    )


def test_a_stored_payment_stays_where_it_is_when_no_other_answers(both):
    down("paystack")
    down("xpress-pay")
    with pytest.raises(CircuitOpen):
        start(both)
    with acting_as_service():
        payment = Payment.objects.get()
        assert (payment.gateway_id, payment.state) == ("paystack", "INTENT")


def test_a_payment_with_its_page_stays_and_asking_about_it_is_put_off(both, monkeypatch):
    payment = start(both)
    fault("DROP_WEBHOOK")
    pay(payment)
    down("paystack")
    at = timezone.now()
    with pytest.raises(CircuitOpen):
        verify(payment, at=at)
    waiting = now(payment)
    assert (waiting.gateway_id, waiting.state) == ("paystack", "PENDING")
    assert waiting.next_check_at == at + timedelta(minutes=5)
    calls_answered_again()
    later(monkeypatch, PAUSE)
    assert verify(payment).state == "SUCCEEDED" and balance(both) == 250_000
    with acting_as_service():
        assert health_of(PaymentGateway.objects.get(pk="paystack")).state == "CLOSED"


def test_staff_see_whether_a_gateway_answers(two, monkeypatch):
    boss = browser_of(make_colleague("wallet.view_paymentgateway"))

    def page() -> str:
        return boss.get("/staff/wallet/paymentgateway/paystack/change/").content.decode()

    assert "Answers" in page() and "Not to the last call" not in page()
    with suppress(GatewayUnavailable), Breaker("paystack").asking():
        raise GatewayUnavailable
    assert "Not to the last call" in page()
    down("paystack")
    assert "No; it is left alone until" in page()
    monkeypatch.setattr(breakers, "PAUSE", 0)
    down("xpress-pay")
    other = boss.get("/staff/wallet/paymentgateway/xpress-pay/change/").content.decode()
    assert "No; the next call tries it again" in other
