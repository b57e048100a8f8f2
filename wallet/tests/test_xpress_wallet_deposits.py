"""Money into a customer's account number at Xpress Wallet: credited once, to whose it is, parts of a kobo apart."""

import pytest
from django.utils import timezone

from accounts.models import Customer
from accounts.tests.declaring import declare
from accounts.tests.factories import make_person
from core.actors import acting_as_service
from wallet import money_in_tasks
from wallet.models import DedicatedAccount
from wallet.sandbox.models import SandboxXpressWallet
from wallet.sandbox.xpress_wallet.movements import NOBODYS
from wallet.services.dedicated_accounts import carry_on, close_accounts
from wallet.tests.deposits import balance, balances, calls_answered_again, events, fault
from wallet.tests.factories import make_wallet
from wallet.tests.money_in import own_number, payments, suspended
from wallet.tests.xpress_wallet import CODE, knock, notice, pay_in

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def ada(xpress_wallet):
    person = make_person(name="Ada Obi", email="ada@alajo.test")
    with acting_as_service():
        Customer.objects.filter(pk=person.pk).update(phone="+2348031234567")
    return person


@pytest.fixture
def purse(ada):
    return make_wallet(ada, tier=3)


@pytest.fixture
def number(ada, purse) -> DedicatedAccount:
    declare(ada)
    return own_number(ada, purse)


def test_without_a_date_of_birth_no_number_is_given(ada, purse):
    row = own_number(ada, purse)
    assert (row.state, row.reason, row.gateway_id) == ("FAILED", "The date of birth is missing.", CODE)


def test_money_sent_to_a_customers_number_is_theirs_once(purse, number):
    assert (number.state, number.bank_name, number.gateway_id) == ("ACTIVE", "Providus Bank", CODE)
    before = balances("XPRESS_WALLET_CLEARING", "GATEWAY_FEES", "ROUNDING")
    # It keeps half a percent: 6.1728 naira of 1234.56.
    row = pay_in(number.account_number, "1234.56")
    assert balance(purse) == 123_456
    clearing, fees, parts = balances("XPRESS_WALLET_CLEARING", "GATEWAY_FEES", "ROUNDING")
    assert (clearing - before[0], fees - before[1], parts - before[2]) == (123_456 - 617, 617, 0)
    [payment] = payments()
    assert (payment.reference, payment.gateway_id, payment.fee) == (row.reference, CODE, 617)
    # What the wallet there holds now is 1228.3872, and the next makes it 1236.8447: a kobo less than both fees say.
    pay_in(number.account_number, "8.50")
    later = balances("XPRESS_WALLET_CLEARING", "GATEWAY_FEES", "ROUNDING")
    assert (later[0] - clearing, later[1] - fees, later[2] - parts) == (845, 4, 1)
    assert balance(purse) == 123_456 + 850


def test_money_for_a_number_of_nobody_is_kept_in_suspense(purse, number):
    fault("UNKNOWN_ACCOUNT")
    pay_in(number.account_number, "500")
    [row] = suspended()
    assert (row.amount, row.sender["receiver_bank_account_number"]) == (50_000, NOBODYS)
    assert (balance(purse), balances("SUSPENSE")) == (0, (50_000,))


def test_a_lie_a_repeat_and_a_lost_answer_credit_nothing_twice(purse, number, xpress_wallet):
    assert knock(xpress_wallet, notice("XW-of-nobody")).status_code == 200
    assert [event.state for event in events()] == ["FAILED"] and payments() == []
    fault("DUPLICATE_WEBHOOK", "5")
    fault("HTML_503", endpoint="wallet_row", remaining=3)
    row = pay_in(number.account_number)
    assert balance(purse) == 0
    calls_answered_again()
    assert knock(xpress_wallet, notice(row.reference)).status_code == 200
    assert balance(purse) == 500_000
    assert knock(xpress_wallet, notice(row.reference, more="said")).status_code == 200
    assert balance(purse) == 500_000


def test_what_was_not_told_of_is_found_by_reading_the_list(purse, number):
    fault("DROP_WEBHOOK", remaining=2)
    fault("UNKNOWN_ACCOUNT")
    pay_in(number.account_number, "500")
    row = pay_in(number.account_number)
    assert (balance(purse), payments(), suspended()) == (0, [], [])
    for _time in range(2):
        money_in_tasks.look_for_deposits()
    assert (balance(purse), [payment.reference for payment in payments()]) == (500_000, [row.reference])
    assert len(suspended()) == 1


def test_another_currency_credits_nobody(purse, number):
    fault("WRONG_CURRENCY", "USD")
    pay_in(number.account_number)
    assert balance(purse) == 0 and [row.currency_code for row in suspended()] == ["USD"]


def test_a_number_given_up_is_closed_there(number, ada):
    close_accounts(user=ada, at=timezone.now())
    carry_on(row_id=number.pk, at=timezone.now())
    with acting_as_service():
        assert not SandboxXpressWallet.objects.get(number=number.account_number).active
