"""What a gateway pays into our bank: taken in from its list, posted once, and found in its own ledger."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts import roles
from accounts.models import AuditEvent
from accounts.tests.factories import make_person
from accounts.tests.staff import at_work, make_agent
from core.actors import acting_as_service
from wallet import reconciliation_tasks
from wallet.gateways.base import GatewayUnavailable
from wallet.models import BankSettlement, Break, PaymentGateway, Transaction
from wallet.sandbox import settlements as at_paystack
from wallet.services import reconciliation
from wallet.services.gateways import adapter_of
from wallet.services.reconciliation.bank_settlements import settle_into_bank
from wallet.tests.deposits import at_once, balances, fault, pay, start
from wallet.tests.factories import make_wallet
from wallet.tests.test_admin import only_reads

pytestmark = pytest.mark.django_db(transaction=True)
PAID, FEES = 500_000, 17_500
LEFT = PAID - FEES


@pytest.fixture
def gateway(paystack: str, settings) -> PaymentGateway:
    """One that was paid ₦5,000 for us, of which it is now sending what it did not keep to our bank."""
    settings.SANDBOX_OPENING_BALANCE = 0
    assert pay(start(make_wallet(make_person(), tier=3), PAID)).is_credited
    with acting_as_service():
        at_paystack.settle(at=timezone.now())
        return PaymentGateway.objects.get()


def end(status: str) -> None:
    with acting_as_service():
        made = at_paystack.SandboxSettlement.objects.get()
        at_paystack.decide(settlement_id=made.pk, status=status, at=timezone.now())


def reconcile() -> list[tuple[str, int, int | None]]:
    """Ask the gateway as each morning does, and return the differences that are left."""
    reconciliation_tasks.ask_gateway(gateway="paystack", currency="NGN", day=timezone.localdate().isoformat())
    with acting_as_service():
        rows = Break.objects.unresolved().order_by("id")
        return list(rows.values_list("kind", "gateway_amount", "book_amount"))


def found() -> BankSettlement:
    with acting_as_service():
        return BankSettlement.objects.get()


def test_on_its_way_it_is_a_difference_that_ends_by_itself_when_it_is_paid(gateway):
    assert reconcile() == [("MISSING_IN_BOOKS", -LEFT, None)]
    assert (found().state, found().posted_at) == ("PENDING", None)
    end("SUCCESS")
    assert reconcile() == []
    row = found()
    assert (row.state, row.processed, row.fees, row.deducted, row.amount) == ("PAID", PAID, FEES, 0, LEFT)
    assert balances("PAYSTACK_CLEARING", "OUR_BANK") == (0, LEFT)
    assert reconcile() == []
    with acting_as_service():
        [posted] = Transaction.objects.of_posting(row.posting_id)
    assert (posted.kind, posted.amount) == ("BANK_SETTLEMENT", LEFT)


def test_one_that_fails_is_our_balance_there_again(gateway):
    end("FAILED")
    assert reconcile() == []
    assert found().state == "FAILED" and balances("PAYSTACK_CLEARING", "OUR_BANK") == (LEFT, 0)


def test_taken_in_by_many_at_once_it_is_posted_once(gateway):
    end("SUCCESS")
    facts = {"gateway": gateway, "currency": "NGN", "on": timezone.localdate(), "at": timezone.now()}
    assert at_once(*[lambda: reconciliation.take_in_settlements(**facts)] * 6) == []
    assert balances("OUR_BANK") == (LEFT,)


def test_another_amount_after_it_was_posted_moves_nothing_and_is_told(gateway):
    end("SUCCESS")
    adapter, day = adapter_of(gateway), timezone.localdate()
    [said] = adapter.settlements(since=day - timedelta(days=2), until=day + timedelta(days=2))
    for amount in (said.amount, said.amount + 1):
        settle_into_bank(gateway=gateway, said=replace(said, amount=amount), at=timezone.now())
    assert (found().amount, balances("OUR_BANK")) == (LEFT, (LEFT,))
    with acting_as_service():
        assert AuditEvent.objects.filter(action="wallet.bank_settlement.differs").count() == 1


def test_a_gateway_that_does_not_answer_leaves_it_for_the_next_morning(gateway):
    end("SUCCESS")
    fault("HTML_503", endpoint="settlement", remaining=3)
    with pytest.raises(GatewayUnavailable):
        reconciliation.take_in_settlements(
            gateway=gateway, currency="NGN", on=timezone.localdate(), at=timezone.now()
        )
    assert balances("OUR_BANK") == (0,)
    assert reconcile() == [] and balances("OUR_BANK") == (LEFT,)


def test_finance_sees_it_with_its_posting_in_few_queries(gateway):
    end("SUCCESS")
    reconcile()
    agent = make_agent()
    with acting_as_service():
        agent.groups.set(Group.objects.filter(name=roles.FINANCE))
    browser = at_work(agent)
    with CaptureQueriesContext(connection) as asked:
        shown = browser.get(reverse("admin:wallet_banksettlement_changelist"))
    assert "₦4,825.00" in shown.content.decode() and len(only_reads(asked)) <= 10
    page = browser.get(reverse("admin:wallet_banksettlement_change", args=[found().pk]))
    assert str(found().posting_id) in page.content.decode()


def test_what_it_is_made_of_is_told(gateway):
    with acting_as_service():
        number = at_paystack.shape(at_paystack.SandboxSettlement.objects.get())["id"]
    charges = list(adapter_of(gateway).settled_charges(gateway_id=str(number)))
    assert [(charge.state, charge.amount, charge.fee) for charge in charges] == [("SUCCEEDED", PAID, FEES)]
