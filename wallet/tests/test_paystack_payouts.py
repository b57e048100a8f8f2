"""The Paystack adapter pays out once for each reference, whatever happens to calls and answers."""

import pytest

from wallet.gateways.base import GatewayRefused, GatewayUnavailable
from wallet.gateways.capabilities import (
    AccountNotResolved,
    GatewayBalanceTooLow,
    KnowsBanks,
    PayoutOrder,
    PaysOut,
    RecipientRefused,
)
from wallet.gateways.paystack import Paystack
from wallet.sandbox.transfers import transfer_fee
from wallet.tests.payouts_at_paystack import (
    BANK,
    NUMBER,
    REFERENCE,
    balance,
    decide,
    fault,
    known,
    order,
    recipient,
    set_up,
    told,
)
from wallet.tests.paystack import adapter

OPENING = 1_000_000_000
SENT = 250_000 + 1_000


@pytest.fixture
def paystack(live_server, settings) -> Paystack:
    settings.PAYSTACK_WEBHOOK_URL = f"{live_server.url}/nobody/listens/"
    settings.SANDBOX_TRANSFER_SECONDS = 3600
    return adapter(f"{live_server.url}/sandbox/paystack", key=settings.PAYSTACK_SANDBOX_SECRET_KEY)


def test_it_offers_what_paying_out_needs(paystack):
    assert isinstance(paystack, PaysOut)
    assert isinstance(paystack, KnowsBanks)
    assert paystack.idempotent


def test_banks_come_by_name_each_once(paystack):
    banks = paystack.banks()
    assert ("058", "Guaranty Trust Bank") in [(bank.code, bank.name) for bank in banks]
    assert [bank.name for bank in banks] == sorted({bank.name for bank in banks}, key=str.casefold)


def test_an_account_has_a_name_or_is_not_found(paystack):
    assert paystack.resolve_account(account_number="0111111111", bank_code="007") == "ADA OBI"
    assert paystack.resolve_account(account_number=NUMBER, bank_code=BANK)
    for number in ("1234567895", "123", "", "12345678９6"):
        with pytest.raises(AccountNotResolved):
            paystack.resolve_account(account_number=number, bank_code=BANK)


def test_the_same_account_is_the_same_recipient(paystack):
    assert recipient(paystack) == recipient(paystack)
    assert recipient(paystack, "0001234567") != recipient(paystack)
    with pytest.raises(RecipientRefused):
        recipient(paystack, "1234567895")


def test_a_payout_is_on_its_way_and_then_arrives(paystack):
    sent = paystack.send(order=order(paystack), currency="NGN")
    assert (sent.state, sent.amount, sent.currency, sent.reference) == ("PENDING", 250_000, "NGN", REFERENCE)
    assert balance() == OPENING - SENT
    assert paystack.balance(currency="NGN") == balance()
    decide("SUCCESS")
    found = paystack.find_transfer(reference=REFERENCE)
    assert (found.state, found.fee, len(found.session_id)) == ("SUCCEEDED", 1_000, 30)
    assert told() == ["transfer.success"]


@pytest.mark.parametrize("ending", ["FAILED", "REJECTED", "BLOCKED"])
def test_a_payout_that_fails_is_in_our_balance_again(paystack, ending):
    paystack.send(order=order(paystack), currency="NGN")
    decide(ending)
    assert paystack.find_transfer(reference=REFERENCE).state == "FAILED"
    assert (balance(), told()) == (OPENING, ["transfer.failed"])


def test_a_payout_may_come_back_after_it_arrived(paystack):
    fault("TRANSFER_AT_ONCE")
    fault("TRANSFER_REVERSED")
    assert paystack.send(order=order(paystack), currency="NGN").state == "SUCCEEDED"
    assert paystack.find_transfer(reference=REFERENCE).state == "REVERSED"
    assert (balance(), told()) == (OPENING, ["transfer.success", "transfer.reversed"])


def test_a_payout_that_nobody_knows_is_not_found_and_no_refusal(paystack):
    assert paystack.find_transfer(reference=REFERENCE).state == "NOT_FOUND"


@pytest.mark.parametrize("kind", ["DROP_REPLY", "BAD_GATEWAY_AFTER"])
def test_an_answer_that_was_lost_is_found_under_the_same_reference(paystack, kind):
    fault(kind, endpoint="transfer")
    assert paystack.send(order=order(paystack), currency="NGN").state == "PENDING"
    assert balance() == OPENING - SENT


@pytest.mark.parametrize("kind", ["DROP_REPLY", "BAD_GATEWAY_AFTER"])
def test_no_answer_at_all_means_unknown_and_asking_again_sends_nothing_twice(paystack, kind):
    wanted = order(paystack)
    fault(kind, endpoint="transfer", remaining=99)
    fault("HTML_503", endpoint="transfer_verify", remaining=99)
    with pytest.raises(GatewayUnavailable):
        paystack.send(order=wanted, currency="NGN")
    assert balance() == OPENING - SENT


@pytest.mark.parametrize("kind", ["BAD_GATEWAY_BEFORE", "HTML_503", "TOO_MANY", "WRONG_SHAPE"])
def test_what_was_not_applied_is_unknown_too_and_may_be_ordered_again(paystack, kind):
    wanted = order(paystack)
    fault(kind, endpoint="transfer", remaining=3)
    with pytest.raises(GatewayUnavailable):
        paystack.send(order=wanted, currency="NGN")
    assert paystack.find_transfer(reference=REFERENCE).state == "NOT_FOUND"
    assert known() is None


def test_a_repeat_tells_what_became_of_the_first_even_when_nothing_is_left(paystack, settings):
    settings.SANDBOX_OPENING_BALANCE = SENT
    wanted = order(paystack)
    paystack.send(order=wanted, currency="NGN")
    decide("SUCCESS")
    assert balance() == 0
    assert paystack.send(order=wanted, currency="NGN").state == "SUCCEEDED"
    assert balance() == 0


def test_a_balance_too_low_is_said_so_and_nothing_is_sent(paystack, settings):
    settings.SANDBOX_OPENING_BALANCE = SENT - 1
    with pytest.raises(GatewayBalanceTooLow):
        paystack.send(order=order(paystack), currency="NGN")
    assert known() is None


def test_an_unknown_recipient_is_refused_by_name(paystack):
    wanted = PayoutOrder(reference=REFERENCE, recipient="RCP_nobody", amount=250_000, reason="x")
    with pytest.raises(RecipientRefused):
        paystack.send(order=wanted, currency="NGN")


def test_a_refusal_is_unknown_while_the_reference_cannot_be_asked_about(paystack):
    wanted = PayoutOrder(reference=REFERENCE, recipient="RCP_nobody", amount=250_000, reason="x")
    fault("HTML_503", endpoint="transfer_verify", remaining=3)
    with pytest.raises(GatewayUnavailable):
        paystack.send(order=wanted, currency="NGN")


def test_a_key_that_is_no_longer_good_says_nothing_about_a_payout(live_server):
    wanted = PayoutOrder(reference=REFERENCE, recipient="RCP_x", amount=250_000, reason="x")
    with pytest.raises(GatewayUnavailable):
        adapter(f"{live_server.url}/sandbox/paystack").send(order=wanted, currency="NGN")


@pytest.mark.parametrize(
    "reference", ["short", "UPPER-0000000000000001", "a" * 51, "pay/0000000000000001", "é" * 20]
)
def test_a_reference_that_the_vendor_would_refuse_never_leaves_the_house(reference):
    nobody = adapter("http://127.0.0.1:9")
    wanted = PayoutOrder(reference=reference, recipient="RCP_x", amount=1, reason="x")
    for ask in (
        lambda: nobody.send(order=wanted, currency="NGN"),
        lambda: nobody.send_bulk(orders=[wanted], currency="NGN"),
        lambda: nobody.find_transfer(reference=reference),
    ):
        with pytest.raises(GatewayRefused) as caught:
            ask()
        assert caught.value.data["reason"] == "invalid_reference"


def test_a_code_that_is_asked_for_leaves_a_payout_waiting(paystack):
    set_up(asks_otp=True)
    assert paystack.send(order=order(paystack), currency="NGN").state == "PENDING"


@pytest.mark.parametrize(
    ("amount", "fee"), [(500_000, 1_000), (500_001, 2_500), (5_000_000, 2_500), (5_000_001, 5_000)]
)
def test_fees_of_payouts_follow_the_price_list(amount, fee):
    assert transfer_fee(amount) == fee
