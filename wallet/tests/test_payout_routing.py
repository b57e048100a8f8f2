"""By which gateway a payout goes: chosen by currency, amount, priority, fee and health, until it is ordered."""

import pytest
from django.db import IntegrityError, transaction

from accounts.models import User
from accounts.tests.factories import make_person
from core.actors import acting_as_service
from wallet.models import Account, BankAccount, PaymentGateway, Payout
from wallet.services.banks import NoPayouts, payout_gateway
from wallet.services.breaker import PAUSE
from wallet.services.dedicated_accounts import giver
from wallet.services.gateways import NoGateway
from wallet.tests import xpress_wallet as wallet_there
from wallet.tests.deposits import fault
from wallet.tests.factories import install_sandbox, make_wallet
from wallet.tests.payouts import (
    NAIRA,
    add_bank_account,
    at_sandbox,
    bank_account_of,
    check,
    money,
    now,
    order,
    request,
)
from wallet.tests.test_routing import change, down, later
from wallet.tests.xpress_pay import install_xpress_pay
from wallet.tests.xpress_wallet import CODE, know_bank, sent

HAS = 20_000 * NAIRA


@pytest.fixture
def two(db) -> None:
    install_sandbox()
    wallet_there.install_xpress_wallet()


def chosen(amount: int | None = None, currency: str = "NGN") -> str:
    return payout_gateway(currency, amount).code


def gives() -> str:
    with acting_as_service():
        return giver("NGN").code


def test_the_first_by_priority_then_by_fee_of_those_that_pay_out(two):
    assert (chosen(), gives()) == ("paystack", "paystack")
    change(CODE, priority=100, payout_fee_flat=1_000)
    change("paystack", payout_fee_flat=2_500)
    assert (chosen(), gives()) == (CODE, "paystack")
    install_xpress_pay(priority=1)
    assert (chosen(), gives()) == (CODE, "paystack")


def test_only_one_that_takes_the_amount_and_the_currency(two):
    change("paystack", payout_min_amount=10_000, payout_max_amount=1_000_000)
    assert [chosen(amount) for amount in (9_999, 10_000, 1_000_000, 1_000_001)] == [
        CODE,
        "paystack",
        "paystack",
        CODE,
    ]
    change(CODE, payout_max_amount=5_000)
    for refused in ({"amount": 9_000}, {"currency": "USD"}):
        with pytest.raises(NoPayouts):
            chosen(**refused)
    with pytest.raises(IntegrityError), transaction.atomic():
        change("paystack", payout_min_amount=2, payout_max_amount=1)


def test_one_that_does_not_answer_is_passed_over_and_when_none_does_the_first_waits(two):
    down("paystack")
    assert (chosen(), gives()) == (CODE, CODE)
    down(CODE)
    assert (chosen(), gives()) == ("paystack", "paystack")
    change("paystack", active=False)
    change(CODE, active=False)
    with pytest.raises(NoPayouts):
        chosen()
    with pytest.raises(NoGateway):
        gives()


def test_the_database_keeps_an_ordered_payout_where_it_is(two, ada):
    payout = request(make_wallet(ada, amount=HAS), bank_account_of(ada))
    with acting_as_service():
        Payout.objects.filter(pk=payout.pk).update(gateway_id=CODE)
        Payout.objects.filter(pk=payout.pk).update(orders=1)
        with pytest.raises(IntegrityError, match="stays with its gateway"), transaction.atomic():
            Payout.objects.filter(pk=payout.pk).update(gateway_id="paystack")


@pytest.fixture
def person(transactional_db) -> User:
    return make_person(name="Ada Obi")


@pytest.fixture
def purse(person) -> Account:
    return make_wallet(person, amount=HAS)


@pytest.fixture
def bank(paystack, xpress_wallet, person) -> BankAccount:
    """Named through Paystack; Xpress Wallet knows its bank too, by another code."""
    know_bank()
    return add_bank_account(person)


def test_while_its_first_gateway_is_down_a_payout_goes_by_the_next_and_stays_there(purse, bank, monkeypatch):
    payout = request(purse, bank)
    down("paystack")
    fault("DROP_REPLY", endpoint="wallet_transfer")
    fault("DROP_WEBHOOK", remaining=5)
    found = order(payout)
    assert (found.gateway_id, found.state, len(sent(payout))) == (CODE, "UNKNOWN", 1)
    later(monkeypatch, PAUSE)
    assert chosen() == "paystack"
    assert (check(payout).state, now(payout).gateway_id) == ("SUCCEEDED", CODE)
    assert (len(sent(payout)), at_sandbox(payout), money(purse)[1]) == (1, [], 0)


@pytest.mark.parametrize("why", ["unlisted", "twice", "another holder", "no answer"])
def test_an_account_that_the_other_gateway_does_not_surely_know_waits_for_its_own(purse, bank, why):
    payout = request(purse, bank)
    with acting_as_service():
        banks = PaymentGateway.objects.get(pk=CODE).banks
        if why == "unlisted":
            banks.update(listed=False)
        if why == "another holder":
            BankAccount.objects.filter(pk=bank.pk).update(holder_name="CHIDI EZE")
    if why == "twice":
        know_bank("000099", "ACCESS BANK")
    if why == "no answer":
        fault("HTML_503", endpoint="wallet_resolve", remaining=3)
    down("paystack")
    with pytest.raises(Exception, match="not answering"):
        order(payout)
    assert (now(payout).gateway_id, now(payout).state, sent(payout)) == ("paystack", "HELD", [])
