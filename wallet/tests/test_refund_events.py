"""Refunds and their charges, told in every order, also those that we never ordered (ledger test 8)."""

import pytest

from accounts.tests.factories import make_person
from core.actors import acting_as_service
from wallet.models import Refund
from wallet.tests.deposits import balance, balances, body, cases, events, fault, now, pay_unheard, send, start
from wallet.tests.factories import make_wallet
from wallet.tests.money_in import end_refund, held, paid, refund_at_the_gateway, refund_now, spend

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


def test_a_refund_told_before_its_charge_has_the_charge_asked_about_first(paystack, ada, purse):
    """Paid and paid back on the gateway's own page before we heard of either: half of it, then all of it."""
    payment = pay_unheard(start(purse))
    fault("DROP_WEBHOOK", remaining=9)
    refund_at_the_gateway(payment, 100_000)
    end_refund("PROCESSED")
    raw = body("", event="refund.processed", transaction_reference=payment.reference, refund_reference="R1")
    send(paystack, raw)
    assert (now(payment).state, balance(purse)) == ("SUCCEEDED", 150_000)
    send(paystack, body(payment.reference))
    assert balance(purse) == 150_000
    assert [event.state for event in events()] == ["PROCESSED", "PROCESSED"]


def test_a_charge_that_was_undone_before_we_heard_of_it_is_never_credited(paystack, ada, purse):
    payment = pay_unheard(start(purse))
    fault("DROP_WEBHOOK", remaining=9)
    refund_at_the_gateway(payment, 250_000)
    end_refund("PROCESSED")
    send(paystack, body("", event="refund.processed", transaction_reference=payment.reference, id=1))
    send(paystack, body(payment.reference))
    assert (now(payment).state, now(payment).reason, balance(purse)) == ("FAILED", "reversed", 0)
    assert balances("PAYSTACK_CLEARING", "SUSPENSE") == (0, 0)


def test_of_a_charge_that_nobody_told_of_yet_the_refund_waits(paystack, ada):
    send(paystack, body("", event="refund.pending", transaction_reference="nobodys", id=1))
    send(paystack, body("", event="refund.pending", id=2))
    assert [event.state for event in events()] == ["IGNORED", "IGNORED"]


def test_a_refund_ordered_at_the_gateway_is_taken_as_far_as_there_is_money(paystack, ada, purse):
    payment = paid(purse)
    spend(purse, 200_000)
    refund_at_the_gateway(payment, 150_000)
    with acting_as_service():
        found = Refund.objects.get()
    assert (found.state, found.shortfall, held(purse)) == ("PENDING", 100_000, 50_000)
    assert [case.kind for case in cases()] == ["UNKNOWN_REFUND"]
    end_refund("PROCESSED")
    assert (balance(purse), balances("CHARGEBACKS")) == (0, (100_000,))
    assert refund_now(found).state == "SUCCEEDED"
