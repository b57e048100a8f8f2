"""Deposits paid back to where they came from: held, ordered once, posted once, and never more than was paid."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import Customer
from accounts.tests.factories import make_person
from core.actors import acting_as, acting_as_service
from core.ids import uuid7
from wallet import services as wallet
from wallet.models import Hold, Refund, Transaction
from wallet.refusals import InsufficientFunds
from wallet.sandbox.models import SandboxRefund
from wallet.services import refunds
from wallet.services.refunds import (
    CannotRefund,
    NotRefundable,
    RefundDecided,
    RefundIdReused,
    RefundTooLarge,
    RefundUnderWay,
)
from wallet.tests.deposits import (
    at_once,
    balance,
    balances,
    body,
    cases,
    fault,
    notices,
    now,
    pay_unheard,
    send,
    start,
    verify,
)
from wallet.tests.factories import make_wallet
from wallet.tests.money_in import (
    ask_refund,
    end_refund,
    held,
    let_time_pass,
    order,
    paid,
    refund_at_the_gateway,
    refund_now,
    send_to,
    spend,
    suspended,
)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def ada():
    return make_person(name="Ada Obi", email="ada@alajo.test")


@pytest.fixture
def purse(ada):
    return make_wallet(ada, tier=3)


@pytest.fixture(autouse=True)
def _slow_bank(settings) -> None:
    """Refunds stay on their way until a test ends them."""
    settings.SANDBOX_TRANSFER_SECONDS = 3600


def ordered_at_the_gateway() -> int:
    with acting_as_service():
        return SandboxRefund.objects.count()


def kinds(refund: Refund) -> list[tuple[str, int]]:
    with acting_as_service():
        rows = Transaction.objects.of_posting(refund_now(refund).posting_id)
        return [(row.kind, row.amount) for row in rows]


def test_a_refund_is_held_then_ordered_then_posted_when_it_is_paid(paystack, ada, purse):
    payment = paid(purse)
    refund = ask_refund(payment, 100_000, note="Order cancelled")
    assert (refund.state, held(purse), balance(purse)) == ("HELD", 100_000, 250_000)
    assert order(refund).state == "PENDING"
    (clearing,) = balances("PAYSTACK_CLEARING")
    end_refund("PROCESSED")
    done = refund_now(refund)
    assert (done.state, held(purse), balance(purse)) == ("SUCCEEDED", 0, 150_000)
    assert kinds(refund) == [("REFUND", 100_000)] and balances("PAYSTACK_CLEARING") == (clearing - 100_000,)
    assert notices() == ["deposit.succeeded", "refund.succeeded"]
    with acting_as(ada):
        assert Refund.objects.visible_to(ada).get().note == "Order cancelled"


def test_one_that_fails_gives_the_money_back(paystack, ada, purse):
    refund = ask_refund(paid(purse))
    order(refund)
    end_refund("FAILED")
    assert (refund_now(refund).state, held(purse), balance(purse)) == ("FAILED", 0, 250_000)
    assert notices() == ["deposit.succeeded", "refund.failed"]
    assert ask_refund(now(refund_payment(refund)), 250_000).state == "HELD"


def refund_payment(refund: Refund):
    with acting_as_service():
        return Refund.objects.select_related("payment").get(pk=refund.pk).payment


def test_one_that_needs_an_account_is_a_case_and_then_goes_on(paystack, ada, purse):
    refund = ask_refund(paid(purse))
    order(refund)
    end_refund("NEEDS_ATTENTION")
    assert (refund_now(refund).state, held(purse)) == ("NEEDS_ATTENTION", 100_000)
    assert [(case.kind, case.state) for case in cases()] == [("UNKNOWN_REFUND", "OPEN")]
    end_refund("PROCESSED")
    assert (refund_now(refund).state, [case.state for case in cases()]) == ("SUCCEEDED", ["CLOSED"])


def test_parts_never_come_to_more_than_was_paid(paystack, ada, purse):
    payment = paid(purse)
    for amount in (100_000, 150_000):
        order(ask_refund(payment, amount))
        end_refund("PROCESSED")
    for amount in (1, 250_000, 0, -5):
        with pytest.raises(RefundTooLarge) as caught:
            ask_refund(payment, amount)
        assert caught.value.data["left"] == 0
    assert balance(purse) == 0


def test_refunds_at_once_never_come_to_more_than_was_paid(paystack, ada, purse):
    payment = paid(purse)
    errors = at_once(*[lambda: ask_refund(payment, 250_000)] * 4)
    assert {type(error) for error in errors} <= {RefundUnderWay, RefundTooLarge} and len(errors) == 3
    assert held(purse) == 250_000


def test_a_repeat_is_the_same_refund_and_other_content_is_refused(paystack, ada, purse):
    payment, key = paid(purse), uuid7()
    first = ask_refund(payment, refund_id=key)
    assert ask_refund(payment, refund_id=key).pk == first.pk
    with pytest.raises(RefundIdReused):
        ask_refund(payment, 99, refund_id=key)
    with pytest.raises(RefundUnderWay):
        ask_refund(payment, 1)
    assert held(purse) == 100_000


def test_money_that_was_spent_is_not_paid_back(paystack, ada, purse):
    payment = paid(purse)
    spend(purse, 200_000)
    with pytest.raises(InsufficientFunds):
        ask_refund(payment)
    assert held(purse) == 0 and ask_refund(payment, 50_000).amount == 50_000


def test_what_was_not_received_is_not_paid_back(paystack, ada, purse, monkeypatch):
    with pytest.raises(NotRefundable):
        ask_refund(start(purse))
    payment = paid(purse)
    monkeypatch.setattr(refunds, "adapter_of", lambda _gateway: object())
    with pytest.raises(CannotRefund):
        ask_refund(payment)


@pytest.mark.parametrize("kind", ["DROP_REPLY", "BAD_GATEWAY_AFTER"])
def test_an_order_without_an_answer_is_found_at_the_gateway_and_never_repeated(paystack, ada, purse, kind):
    refund = ask_refund(paid(purse))
    fault("DROP_WEBHOOK", remaining=9)
    fault(kind, endpoint="refund")
    assert order(refund).state == "UNKNOWN"
    assert order(refund).state == "UNKNOWN"
    let_time_pass(6)
    assert refund_now(refund).state == "PENDING"
    end_refund("PROCESSED")
    let_time_pass(60)
    assert (refund_now(refund).state, ordered_at_the_gateway(), balance(purse)) == ("SUCCEEDED", 1, 150_000)


def test_an_order_that_never_got_there_waits_for_a_person(paystack, ada, purse):
    refund, agent = ask_refund(paid(purse)), make_person(role="AGENT")
    fault("BAD_GATEWAY_BEFORE", endpoint="refund")
    assert order(refund).state == "UNKNOWN"
    let_time_pass(6)
    assert (refund_now(refund).state, cases()) == ("UNKNOWN", [])
    let_time_pass(70)
    assert refund_now(refund).state == "UNKNOWN" and [case.kind for case in cases()] == ["UNKNOWN_REFUND"]
    refunds.order_again(refund_id=refund.pk, by=agent, reason="not to be seen there")
    let_time_pass(600)
    assert (refund_now(refund).state, ordered_at_the_gateway()) == ("PENDING", 1)
    with pytest.raises(RefundDecided):
        refunds.call_off(refund_id=refund.pk, by=agent, reason="too late", at=timezone.now())


def test_a_person_may_call_it_off(paystack, ada, purse):
    refund = ask_refund(paid(purse))
    fault("BAD_GATEWAY_BEFORE", endpoint="refund")
    order(refund)
    refunds.call_off(refund_id=refund.pk, by=ada, reason="not wanted any more", at=timezone.now())
    assert (refund_now(refund).state, held(purse), balance(purse)) == ("FAILED", 0, 250_000)


def test_what_the_gateway_refuses_gives_the_money_back(paystack, ada, purse):
    payment = paid(purse)
    refund = ask_refund(payment)
    refund_at_the_gateway(payment, 200_000)
    assert order(refund).state == "FAILED"
    assert "left" in refund_now(refund).error


def test_workers_take_what_waits_and_two_at_once_order_it_once(paystack, ada, purse):
    refund = ask_refund(paid(purse))
    assert at_once(*[lambda: order(refund)] * 4) == []
    assert ordered_at_the_gateway() == 1
    other = ask_refund(now(refund_payment(refund)), 1_000)
    let_time_pass(1)
    assert refund_now(other).state == "PENDING"


def test_the_same_news_twice_at_once_pays_back_once(paystack, ada, purse):
    refund = ask_refund(paid(purse))
    order(refund)
    fault("DUPLICATE_WEBHOOK", "5")
    end_refund("PROCESSED")
    raws = [
        body("", event="refund.processed", transaction_reference=refund.reference, id=n) for n in range(6)
    ]
    assert at_once(*[lambda raw=raw: send(paystack, raw) for raw in raws]) == []
    assert (balance(purse), refund_now(refund).state) == (150_000, "SUCCEEDED")


def test_one_that_comes_back_after_it_was_paid_is_in_the_balance_again(paystack, ada, purse):
    refund = ask_refund(paid(purse))
    order(refund)
    end_refund("PROCESSED")
    with acting_as_service():
        SandboxRefund.objects.update(status="FAILED")
    for n in range(2):
        send(paystack, body("", event="refund.failed", transaction_reference=refund.reference, id=n))
    assert (refund_now(refund).state, balance(purse)) == ("FAILED", 250_000)


def test_a_frozen_customer_can_be_paid_back_and_it_counts_to_no_limit(paystack, ada):
    purse = make_wallet(ada, tier=1)
    payment = paid(purse, 10_000_000)
    with acting_as_service():
        Customer.objects.filter(user=ada).update(status="FROZEN")
    order(ask_refund(payment, 10_000_000))
    end_refund("PROCESSED")
    with acting_as_service():
        hold = Hold.objects.get()
    assert (balance(purse), hold.counted, hold.state) == (0, 0, "COMMITTED")


def test_money_kept_for_an_upgrade_is_paid_back_from_there(paystack, ada):
    purse = make_wallet(ada, tier=1)
    payment = verify(pay_unheard(start(purse, 40_000_000)))
    assert payment.state == "HELD"
    refund = ask_refund(payment, 40_000_000)
    order(refund)
    end_refund("PROCESSED")
    assert refund_now(refund).state == "SUCCEEDED" and balance(purse) == 0


def test_a_suspended_deposit_goes_back_to_who_sent_it(paystack, ada):
    fault("UNKNOWN_ACCOUNT")
    send_to("9000000000")
    [kept] = suspended()
    refund = wallet.return_deposit(deposit_id=kept.pk, reason="nobody's here", at=timezone.now(), by=ada)
    with pytest.raises(NotRefundable):
        wallet.return_deposit(deposit_id=kept.pk, reason="again", at=timezone.now(), by=ada)
    order(refund)
    end_refund("FAILED")
    assert (suspended()[0].state, balances("SUSPENSE")) == ("OPEN", (500_000,))
    again = wallet.return_deposit(deposit_id=kept.pk, reason="once more", at=timezone.now(), by=ada)
    order(again, timezone.now() + timedelta(minutes=1))
    end_refund("PROCESSED")
    assert (suspended()[0].state, balances("SUSPENSE")) == ("RETURNED", (0,))
    assert [case.state for case in cases() if case.kind == "UNMAPPED_DEPOSIT"] == ["CLOSED"]
