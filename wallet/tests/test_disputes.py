"""Disputed payments: what is there is held, our answer is delivered, and the outcome is booked once."""

import pytest
from django.utils import timezone

from accounts.models import AuditEvent, Customer
from accounts.tests.factories import make_person
from core.actors import acting_as, acting_as_service
from wallet import services as wallet
from wallet.models import Dispute
from wallet.sandbox.models import SandboxCharge
from wallet.services.disputes import DisputeAnswered, EvidenceNeeded
from wallet.tests.deposits import at_once, balance, balances, body, cases, events, fault, notices, now, send
from wallet.tests.factories import make_wallet
from wallet.tests.money_in import (
    decide_dispute,
    dispute_now,
    held,
    let_time_pass,
    paid,
    raise_dispute,
    spend,
)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def ada():
    return make_person(name="Ada Obi", email="ada@alajo.test")


@pytest.fixture
def purse(ada):
    return make_wallet(ada, tier=3)


@pytest.fixture
def agent():
    return make_person(role="AGENT")


def answer(agent, *, accept: bool, evidence: str = "Paid in the shop on Monday, and signed for"):
    return wallet.answer_dispute(
        dispute_id=dispute_now().pk, accept=accept, evidence=evidence, by=agent, at=timezone.now()
    )


def test_a_disputed_amount_is_held_and_given_back_when_it_is_won(paystack, ada, purse):
    raise_dispute(paid(purse))
    dispute = dispute_now()
    assert (dispute.state, dispute.held, dispute.shortfall, held(purse)) == ("OPEN", 250_000, 0, 250_000)
    [case] = cases()
    assert (case.kind, case.state, case.data["held"]) == ("DISPUTE", "OPEN", 250_000)
    assert dispute.due_at and case.data["due_at"] == dispute.due_at.isoformat()
    decide_dispute(lost=False)
    assert (dispute_now().state, held(purse), balance(purse)) == ("WON", 0, 250_000)
    assert cases()[0].state == "CLOSED"
    assert notices() == ["deposit.succeeded", "dispute.opened", "dispute.won"]
    with acting_as(ada):
        assert Dispute.objects.visible_to(ada).get().pk == dispute.pk


def test_a_lost_one_takes_what_is_held(paystack, ada, purse):
    raise_dispute(paid(purse), 100_000)
    (clearing,) = balances("PAYSTACK_CLEARING")
    decide_dispute(lost=True)
    assert (dispute_now().state, held(purse), balance(purse)) == ("LOST", 0, 150_000)
    assert balances("PAYSTACK_CLEARING", "CHARGEBACKS") == (clearing - 100_000, 0)


def test_what_the_customer_has_not_got_is_our_exposure_and_then_our_loss(paystack, ada, purse):
    payment = paid(purse)
    spend(purse, 200_000)
    raise_dispute(payment)
    dispute = dispute_now()
    assert (dispute.held, dispute.shortfall, cases()[0].data["exposure"]) == (50_000, 200_000, 200_000)
    decide_dispute(lost=True)
    assert (balance(purse), balances("CHARGEBACKS")) == (0, (200_000,))


def test_an_empty_wallet_holds_nothing_and_loses_nothing(paystack, ada, purse):
    payment = paid(purse)
    spend(purse, 250_000)
    raise_dispute(payment)
    decide_dispute(lost=True)
    assert (dispute_now().posting_id, balances("CHARGEBACKS")) == (None, (250_000,))


def test_a_dispute_is_held_whatever_stands_against_its_customer(paystack, ada, purse):
    payment = paid(purse)
    with acting_as_service():
        Customer.objects.filter(user=ada).update(status="FROZEN")
    raise_dispute(payment)
    decide_dispute(lost=True)
    assert (dispute_now().state, balance(purse)) == ("LOST", 0)


def test_news_come_twice_late_and_in_any_order(paystack, ada, purse):
    payment = paid(purse)
    fault("DROP_WEBHOOK")
    raise_dispute(payment)
    fault("DROP_WEBHOOK")
    decide_dispute(lost=True)
    with acting_as_service():
        number = payment_dispute_id(payment)
    names = ["resolve", "create", "remind", "create", "resolve"]
    raws = [body("", event=f"charge.dispute.{name}", id=number, n=n) for n, name in enumerate(names)]
    for raw in raws:
        send(paystack, raw)
    assert at_once(*[lambda raw=raw: send(paystack, raw) for raw in raws]) == []
    assert (dispute_now().state, balance(purse), held(purse)) == ("LOST", 0, 0)
    assert {event.state for event in events()} == {"PROCESSED"}


def payment_dispute_id(payment) -> int:
    return SandboxCharge.objects.get(reference=payment.reference).disputes.get().pk + 4_000_000_000


def test_told_at_once_by_many_it_is_held_once(paystack, ada, purse):
    payment = paid(purse)
    fault("DROP_WEBHOOK")
    raise_dispute(payment, 100_000)
    with acting_as_service():
        number = payment_dispute_id(payment)
    raws = [body("", event="charge.dispute.create", id=number, n=n) for n in range(6)]
    assert at_once(*[lambda raw=raw: send(paystack, raw) for raw in raws]) == []
    assert (held(purse), len(cases())) == (100_000, 1)


def test_a_reminder_is_noted_and_alarms_while_there_is_no_answer(paystack, ada, purse):
    raise_dispute(paid(purse))
    with acting_as_service():
        number = dispute_now().gateway_dispute
    send(paystack, body("", event="charge.dispute.remind", id=int(number)))
    assert dispute_now().reminded_at is not None
    with acting_as_service():
        assert AuditEvent.objects.get(action="wallet.dispute.reminded").data["alarm"] is True


@pytest.mark.parametrize("number", [None, True, [1], "1"])
def test_a_dispute_that_nobody_knows_holds_nothing(paystack, ada, purse, number):
    paid(purse)
    send(paystack, body("", event="charge.dispute.create", id=number))
    assert held(purse) == 0 and cases() == []


def test_our_answer_is_written_once_and_delivered(paystack, ada, purse, agent):
    raise_dispute(paid(purse))
    for short in ("", "too short"):
        with pytest.raises(EvidenceNeeded):
            answer(agent, accept=False, evidence=short)
    answer(agent, accept=False)
    with pytest.raises(DisputeAnswered):
        answer(agent, accept=True)
    let_time_pass(0)
    dispute = dispute_now()
    assert dispute.delivered_at and (dispute.state, held(purse)) == ("OPEN", 250_000)
    decide_dispute(lost=False)
    assert dispute_now().state == "WON"
    with pytest.raises(DisputeAnswered):
        answer(agent, accept=True)


def test_giving_in_takes_the_money_at_once(paystack, ada, purse, agent):
    raise_dispute(paid(purse))
    answer(agent, accept=True)
    let_time_pass(0)
    assert (dispute_now().state, balance(purse), held(purse)) == ("LOST", 0, 0)


@pytest.mark.parametrize("kind", ["BAD_GATEWAY_BEFORE", "HTML_503"])
def test_an_answer_that_did_not_get_there_is_delivered_later(paystack, ada, purse, agent, kind):
    raise_dispute(paid(purse))
    answer(agent, accept=True)
    fault(kind, remaining=3, endpoint="dispute_resolve")
    let_time_pass(0)
    assert (dispute_now().delivered_at, held(purse)) == (None, 250_000)
    let_time_pass(0)
    assert dispute_now().state == "LOST"


def test_the_evidence_is_not_the_customers_to_read(paystack, ada, purse, agent):
    raise_dispute(paid(purse))
    answer(agent, accept=False)
    with acting_as(ada):
        row = Dispute.objects.visible_to(ada).get()
        assert "evidence" in row.get_deferred_fields()
    assert now(paid(purse)).state == "SUCCEEDED"
