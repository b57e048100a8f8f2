"""A customer's own account number: asked for once, given at once or later, looked after until it is given up."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import AuditEvent
from accounts.services.kyc.identified import NotIdentified
from accounts.tests.factories import make_person
from core.actors import acting_as_service
from wallet import money_in_tasks
from wallet import services as wallet
from wallet.gateways.base import GatewayUnavailable
from wallet.models import DedicatedAccount, WebhookEvent
from wallet.sandbox.models import SandboxAccount
from wallet.services.dedicated_accounts import (
    GIVE_UP,
    SearchedLately,
    TooManyAsks,
    close_accounts,
)
from wallet.tests.deposits import at_once, balance, body, calls_answered_again, fault, notices, send
from wallet.tests.factories import make_wallet
from wallet.tests.money_in import give_bvn, let_time_pass, own_number, send_to

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def ada():
    return make_person(name="Ada Obi", email="ada@alajo.test")


@pytest.fixture
def purse(ada):
    return make_wallet(ada, tier=3)


def rows() -> list[DedicatedAccount]:
    with acting_as_service():
        return list(DedicatedAccount.objects.order_by("pk"))


def opened_at_the_gateway() -> int:
    with acting_as_service():
        return SandboxAccount.objects.filter(active=True).count()


def test_a_number_is_given_to_who_has_a_bvn_and_a_repeat_gives_the_same(paystack, ada, purse):
    with pytest.raises(NotIdentified):
        wallet.ask_for_account(user=ada, wallet=purse, at=timezone.now())
    row = own_number(ada, purse)
    assert (row.state, len(row.account_number), row.bank_name) == ("ACTIVE", 10, "Test Bank")
    assert row.account_name == "ALAJO/ADA OBI" and row.customer_code.startswith("CUS_")
    assert wallet.ask_for_account(user=ada, wallet=purse, at=timezone.now()).pk == row.pk
    assert notices() == ["account_number.opened"]
    with acting_as_service():
        used = AuditEvent.objects.get(action="kyc.number.used")
    assert used.data == {"purpose": "account number"}


def test_asked_for_at_once_there_is_one_number(paystack, ada, purse):
    give_bvn(ada)

    def ask():
        at = timezone.now()
        row = wallet.ask_for_account(user=ada, wallet=purse, at=at)
        wallet.open_account(row_id=row.pk, at=at)

    assert at_once(*[ask] * 3) == []
    assert [row.state for row in rows()] == ["ACTIVE"]


@pytest.mark.parametrize("kind", ["HTML_503", "DROP_REPLY"])
def test_without_an_answer_it_is_asked_for_again_until_it_is_there(paystack, ada, purse, kind):
    give_bvn(ada)
    row = wallet.ask_for_account(user=ada, wallet=purse, at=timezone.now())
    fault(kind, remaining=9, endpoint="customer")
    with pytest.raises(GatewayUnavailable):
        wallet.open_account(row_id=row.pk, at=timezone.now())
    assert rows()[0].state == "REQUESTED"
    calls_answered_again()
    let_time_pass(11)
    assert rows()[0].state == "ACTIVE" and opened_at_the_gateway() == 1


def test_what_never_comes_is_given_up_and_may_be_asked_for_again_but_not_for_ever(paystack, ada, purse):
    give_bvn(ada)
    for _ in range(3):
        wallet.ask_for_account(user=ada, wallet=purse, at=timezone.now())
        with acting_as_service():
            due = {"requested_at": timezone.now() - GIVE_UP, "next_try_at": timezone.now()}
            DedicatedAccount.objects.filter(state="REQUESTED").update(**due)
        money_in_tasks.open_account_numbers()
        with acting_as_service():
            DedicatedAccount.objects.update(requested_at=timezone.now())
    assert {row.state for row in rows()} == {"FAILED"}
    assert notices() == ["account_number.failed"] * 3
    with pytest.raises(TooManyAsks):
        wallet.ask_for_account(user=ada, wallet=purse, at=timezone.now())


def test_the_banks_no_comes_by_webhook_and_is_told(paystack, ada, purse):
    give_bvn(ada)
    wallet.ask_for_account(user=ada, wallet=purse, at=timezone.now())
    told = {"customer": {"email": "ada@alajo.test"}, "dedicated_account": None}
    raw = body("", event="dedicatedaccount.assign.failed", **told, identification={"status": "failed"})
    assert send(paystack, raw).status_code == 200
    assert (rows()[0].state, rows()[0].reason) == ("FAILED", "identification failed")


def test_the_banks_yes_is_not_believed_but_asked_about(paystack, ada, purse):
    give_bvn(ada)
    wallet.ask_for_account(user=ada, wallet=purse, at=timezone.now())
    forged = {"account_number": "0123456789", "account_name": "MALLORY", "bank": {"name": "Hers"}}
    told = {"customer": {"email": "ada@alajo.test"}, "dedicated_account": forged}
    assert send(paystack, body("", event="dedicatedaccount.assign.success", **told)).status_code == 200
    [row] = rows()
    assert row.state == "ACTIVE" and row.account_number != "0123456789"


def test_an_assignment_for_nobody_who_waits_is_left(paystack, ada):
    told = {"customer": {"email": "nobody@alajo.test"}}
    send(paystack, body("", event="dedicatedaccount.assign.success", **told))
    with acting_as_service():
        assert WebhookEvent.objects.get().state == "IGNORED"


def test_a_lost_deposit_is_looked_for_but_not_all_the_time(paystack, ada, purse):
    row = own_number(ada, purse)
    fault("DROP_WEBHOOK")
    send_to(row.account_number)
    assert balance(purse) == 0
    wallet.search_transfers(row=row, at=timezone.now())
    assert balance(purse) == 500_000
    with pytest.raises(SearchedLately) as caught:
        wallet.search_transfers(row=row, at=timezone.now())
    assert 0 < caught.value.data["retry_after"] <= 601


def test_who_leaves_gives_the_number_up_and_what_still_comes_is_suspended(paystack, ada, purse):
    row = own_number(ada, purse)
    close_accounts(user=ada, at=timezone.now())
    assert rows()[0].state == "CLOSED"
    money_in_tasks.open_account_numbers()
    assert opened_at_the_gateway() == 0 and rows()[0].next_try_at is None
    send_to(row.account_number)
    assert balance(purse) == 0


def test_a_worker_that_died_before_the_gateway_was_asked_is_no_matter(paystack, ada, purse):
    give_bvn(ada)
    wallet.ask_for_account(user=ada, wallet=purse, at=timezone.now() - timedelta(minutes=11))
    money_in_tasks.open_account_numbers()
    assert rows()[0].state == "ACTIVE"
