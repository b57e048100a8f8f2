"""Money under references that we never made: credited once to whose it is, else kept in suspense with a case."""

import pytest
from django.utils import timezone

from accounts.tests.factories import make_person
from core.actors import acting_as_service
from wallet import services as wallet
from wallet import tasks
from wallet.models import Account, DedicatedAccount, SuspenseItem, WebhookEvent
from wallet.refusals import AccountFrozen
from wallet.sandbox.models import SandboxCharge
from wallet.services import reconciliation
from wallet.services.suspense import CannotTakeDeposit, DepositResolved, NothingSuspended
from wallet.tests.deposits import (
    age,
    at_once,
    balance,
    balances,
    body,
    cases,
    events,
    fault,
    freeze,
    notices,
    pay_unheard,
    send,
    start,
    verify,
)
from wallet.tests.factories import make_wallet
from wallet.tests.money_in import own_number, payments, send_to, suspended

pytestmark = pytest.mark.django_db(transaction=True)

BOOKS = ("SUSPENSE", "PAYSTACK_CLEARING", "GATEWAY_FEES")


@pytest.fixture
def ada():
    return make_person(name="Ada Obi", email="ada@alajo.test")


@pytest.fixture
def purse(ada):
    return make_wallet(ada, tier=3)


def attribute(account, by, row=None):
    row = row or suspended()[0]
    return wallet.attribute_deposit(
        deposit_id=row.pk, account_id=account.pk, by=by, reason="named it by phone", at=timezone.now()
    )


def test_what_is_sent_to_a_customers_number_is_theirs(paystack, ada, purse):
    row = own_number(ada, purse)
    sent = send_to(row.account_number, 500_000)
    [payment] = payments()
    assert (payment.state, payment.method, payment.reference) == ("SUCCEEDED", "TRANSFER", sent.reference)
    assert (balance(purse), balances(*BOOKS)) == (500_000, (0, 495_000, 5_000))
    assert notices() == ["account_number.opened", "deposit.succeeded"]


def test_twenty_webhooks_of_one_deposit_credit_it_once(paystack, ada, purse):
    row = own_number(ada, purse)
    fault("DROP_WEBHOOK")
    sent = send_to(row.account_number)
    raws = [body(sent.reference, n=n, authorization={"channel": "dedicated_nuban"}) for n in range(5)]
    errors = at_once(*[lambda raw=raw: send(paystack, raw) for raw in raws for _ in range(4)])
    assert errors == [] and (balance(purse), len(payments())) == (500_000, 1)


@pytest.mark.parametrize("kind", ["AMOUNT_AS_STRING", "NULL_FEES", "METADATA_ZERO"])
def test_strange_shapes_of_a_deposit_are_read_all_the_same(paystack, ada, purse, kind):
    row = own_number(ada, purse)
    fault(kind)
    send_to(row.account_number)
    assert balance(purse) == 500_000
    assert balances("GATEWAY_FEES") == (0 if kind == "NULL_FEES" else 5_000,)


def test_a_number_that_nobody_has_is_suspended_with_a_case_and_credits_nobody(paystack, ada, purse):
    row = own_number(ada, purse)
    fault("UNKNOWN_ACCOUNT")
    sent = send_to(row.account_number)
    [kept], [case] = suspended(), cases()
    assert (kept.state, kept.amount, kept.reference, kept.is_posted) == (
        "OPEN",
        500_000,
        sent.reference,
        True,
    )
    assert kept.sender["sender_name"] == "EZE CHIDI" and kept.sender["narration"] == "rent"
    assert (case.kind, case.data["sender_name"], case.data["paid"]) == (
        "UNMAPPED_DEPOSIT",
        "EZE CHIDI",
        500_000,
    )
    assert (balance(purse), balances(*BOOKS)) == (0, (500_000, 495_000, 5_000))
    for _again in range(2):
        send(paystack, body(sent.reference, again=_again))
    assert len(suspended()) == len(cases()) == 1


def test_a_customers_name_at_the_gateway_does_where_the_number_is_not_told(paystack, ada, purse):
    row = own_number(ada, purse)
    fault("DROP_WEBHOOK")
    sent = send_to(row.account_number)
    with acting_as_service():
        SandboxCharge.objects.update(sender={**sent.sender, "receiver": ""})
    send(paystack, body(sent.reference))
    assert balance(purse) == 500_000


def test_a_number_and_a_name_of_two_customers_are_for_a_person_to_sort_out(paystack, ada, purse):
    row = own_number(ada, purse)
    with acting_as_service():
        DedicatedAccount.objects.update(customer_code="CUS_another")
    send_to(row.account_number)
    assert (balance(purse), len(suspended())) == (0, 1)


def test_another_currency_credits_nobody_and_posts_nothing(paystack, ada, purse):
    row = own_number(ada, purse)
    fault("WRONG_CURRENCY", "USD")
    send_to(row.account_number)
    [kept] = suspended()
    assert (kept.currency_code, kept.is_posted, kept.why) == ("USD", False, "WRONG_CURRENCY")
    assert (balance(purse), balances(*BOOKS)) == (0, (0, 0, 0))
    assert [case.kind for case in cases()] == ["WRONG_CURRENCY"]
    with pytest.raises(NothingSuspended):
        attribute(purse, ada)


def test_a_customer_who_may_not_receive_finds_it_kept_aside(paystack, ada, purse):
    row = own_number(ada, purse)
    freeze(purse)
    send_to(row.account_number)
    assert (suspended()[0].why, balances("SUSPENSE")) == ("LATE_PAYMENT", (500_000,))


def test_over_what_the_tier_may_hold_it_is_kept_for_the_upgrade(paystack, ada):
    purse = make_wallet(ada, tier=1)
    row = own_number(ada, purse)
    send_to(row.account_number, 40_000_000)
    assert (payments()[0].state, balance(purse)) == ("HELD", 0)


def test_a_suspended_deposit_is_given_to_its_owner_once(paystack, ada, purse):
    fault("UNKNOWN_ACCOUNT")
    send_to("9000000000")
    agent = make_person(role="AGENT")
    with pytest.raises(CannotTakeDeposit):
        attribute(Account(pk=wallet_of("SUSPENSE")), agent)
    reconciliation.follow_suspense()
    done = attribute(purse, agent)
    reconciliation.follow_suspense()
    with acting_as_service():
        assert SuspenseItem.objects.get().attributed_by == done.resolved_posting_id
    assert (done.state, done.account_id, done.resolved_by_id) == ("ATTRIBUTED", purse.pk, agent.pk)
    assert (balance(purse), balances("SUSPENSE")) == (500_000, (0,))
    [payment] = payments()
    assert (payment.state, payment.posting_id) == ("SUCCEEDED", done.resolved_posting_id)
    assert [case.state for case in cases()] == ["CLOSED"] and notices() == ["deposit.succeeded"]
    with pytest.raises(DepositResolved):
        attribute(purse, agent)
    send(paystack, body(done.reference))
    assert balance(purse) == 500_000


def test_given_at_once_by_two_it_is_given_once(paystack, ada, purse):
    fault("UNKNOWN_ACCOUNT")
    send_to("9000000000")
    other, row = make_wallet(make_person(name="Bola Ade"), tier=3), suspended()[0]
    errors = at_once(lambda: attribute(purse, ada, row), lambda: attribute(other, ada, row))
    assert [type(error) for error in errors] == [DepositResolved]
    assert balance(purse) + balance(other) == 500_000


def test_a_payment_that_was_looked_into_is_given_to_its_own_customer_only(paystack, ada, purse):
    payment = verify(pay_unheard(start(purse), UNDERPAID="200000"))
    assert payment.state == "REVIEW"
    [kept] = suspended()
    assert (kept.why, kept.amount, kept.payment_id) == ("WRONG_AMOUNT", 200_000, payment.pk)
    with pytest.raises(CannotTakeDeposit):
        attribute(make_wallet(make_person(name="Bola Ade")), ada)
    attribute(purse, ada)
    [payment] = payments()
    assert (payment.state, payment.amount, balance(purse)) == ("SUCCEEDED", 200_000, 200_000)


def test_an_account_that_takes_nothing_is_given_nothing(paystack, ada, purse):
    fault("UNKNOWN_ACCOUNT")
    send_to("9000000000")
    freeze(purse)
    with pytest.raises(AccountFrozen):
        attribute(purse, ada)
    assert suspended()[0].state == "OPEN" and balances("SUSPENSE") == (500_000,)


def test_a_transfer_that_a_bank_turned_back_is_told_and_books_nothing(paystack, ada, purse):
    row = own_number(ada, purse)
    told = {"amount": "30000", "message_type": "INCORRECT_AMOUNT", "transaction_id": "1"}
    for code in (row.customer_code, "CUS_nobody"):
        customer = {"customer_code": code}
        send(paystack, body("", event="bank.transfer.rejected", bank_transfer=told, customer=customer))
    assert notices() == ["account_number.opened", "deposit.turned_back"]
    assert [event.state for event in events()] == ["PROCESSED", "IGNORED"]
    assert balances(*BOOKS) == (0, 0, 0)


def test_what_was_undone_before_we_heard_of_it_is_nothing(paystack, ada, purse):
    row = own_number(ada, purse)
    fault("DROP_WEBHOOK")
    sent = send_to(row.account_number)
    with acting_as_service():
        SandboxCharge.objects.filter(pk=sent.pk).update(status="REVERSED")
    send(paystack, body(sent.reference))
    with acting_as_service():
        assert WebhookEvent.objects.get(reference=sent.reference).state == "IGNORED"
    assert balance(purse) == 0 and cases() == []


def test_the_gateway_being_away_puts_it_off(paystack, ada, purse):
    row = own_number(ada, purse)
    fault("HTML_503", remaining=3, endpoint="verify")
    send_to(row.account_number)
    assert balance(purse) == 0
    age(5)
    tasks.process_waiting_webhooks()
    assert balance(purse) == 500_000


def wallet_of(code: str):
    with acting_as_service():
        return wallet.system_account(code)
