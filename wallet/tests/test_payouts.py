"""A payout's story through the sandbox: whatever answer is lost, there is one payout, and the sums agree."""

from contextlib import suppress
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import User
from accounts.tests.factories import make_person
from core.actors import acting_as_service
from wallet import payout_tasks
from wallet.gateways.base import GatewayUnavailable
from wallet.models import Account, BankAccount, Payout
from wallet.refusals import InsufficientFunds
from wallet.services import breaker
from wallet.services.payouts import PayoutIdReused, PayoutTooSmall
from wallet.tests.deposits import at_once, balances, calls_answered_again, fault, notices
from wallet.tests.factories import make_wallet
from wallet.tests.payouts import (
    NAIRA,
    add_bank_account,
    at_sandbox,
    cases,
    check,
    decide,
    kinds,
    money,
    now,
    order,
    request,
)

HAS, SENT, FEE = 20_000 * NAIRA, 5_000 * NAIRA, 1_000
# Ours, and the tax on it: the customer pays them on top.
OUR_FEE, VAT = 1_000, 75
TOTAL = SENT + OUR_FEE + VAT
CHARGED = [("WITHDRAWAL", -SENT), ("FEE", -OUR_FEE), ("VAT", -VAT)]


@pytest.fixture
def person(transactional_db) -> User:
    return make_person(name="Ada Obi")


@pytest.fixture
def purse(person) -> Account:
    return make_wallet(person, amount=HAS)


@pytest.fixture
def bank(paystack, person) -> BankAccount:
    return add_bank_account(person)


@pytest.fixture
def slow(settings) -> None:
    """Transfers stay on their way until somebody decides."""
    settings.SANDBOX_TRANSFER_SECONDS = 3600


@pytest.fixture
def unheard(settings) -> None:
    """No webhook reaches us."""
    settings.PAYSTACK_WEBHOOK_URL = settings.PAYSTACK_BASE_URL + "/nobody/listens/"


def test_money_is_set_aside_ordered_and_taken_when_it_arrives(slow, purse, bank):
    payout = request(purse, bank)
    assert (payout.state, money(purse)) == ("HELD", (HAS, TOTAL))
    assert at_sandbox(payout) == []
    assert order(payout).state == "SENT"
    assert money(purse) == (HAS, TOTAL)
    before, ours = balances("PAYSTACK_CLEARING", "GATEWAY_FEES"), balances("FEE_INCOME", "VAT_PAYABLE")
    decide(payout, "SUCCESS")
    found = now(payout)
    assert (found.state, found.gateway_fee, len(found.session)) == ("SUCCEEDED", FEE, 30)
    assert money(purse) == (HAS - TOTAL, 0)
    assert balances("PAYSTACK_CLEARING", "GATEWAY_FEES") == (before[0] - SENT - FEE, before[1] + FEE)
    assert kinds(payout) == CHARGED
    assert balances("FEE_INCOME", "VAT_PAYABLE") == (ours[0] + OUR_FEE, ours[1] + VAT)
    assert notices() == ["bank_account.added", "withdrawal.succeeded"]


@pytest.mark.parametrize("status", ["FAILED", "REJECTED", "BLOCKED", "ABANDONED", "REVERSED"])
def test_what_does_not_arrive_is_free_again(slow, purse, bank, status):
    payout = order(request(purse, bank))
    decide(payout, status)
    check(payout)
    assert (now(payout).state, money(purse), kinds(payout)) == ("FAILED", (HAS, 0), [])
    assert notices()[-1] == "withdrawal.failed"


@pytest.mark.parametrize("lost", ["DROP_REPLY", "BAD_GATEWAY_AFTER"])
def test_an_answer_lost_after_it_was_done_is_asked_for(slow, unheard, purse, bank, lost):
    payout = request(purse, bank)
    fault(lost, endpoint="transfer", remaining=3)
    fault("HTML_503", endpoint="transfer_verify", remaining=3)
    found = order(payout)
    assert (found.state, found.unknown_since is not None) == ("UNKNOWN", True)
    assert (len(at_sandbox(payout)), money(purse)) == (1, (HAS, TOTAL))
    calls_answered_again()
    assert check(payout).state == "SENT"
    decide(payout, "SUCCESS")
    assert check(payout).state == "SUCCEEDED"
    assert (len(at_sandbox(payout)), money(purse)) == (1, (HAS - TOTAL, 0))


def test_an_order_that_never_got_in_is_given_again_under_the_same_reference(slow, purse, bank):
    payout = request(purse, bank)
    fault("BAD_GATEWAY_BEFORE", endpoint="transfer", remaining=3)
    assert order(payout).state == "UNKNOWN"
    assert at_sandbox(payout) == []
    found = check(payout)
    assert (found.state, found.orders) == ("SENT", 2)
    assert [each.reference for each in at_sandbox(payout)] == [payout.reference]


def test_a_gateway_that_is_down_leaves_it_unknown_until_it_answers(slow, purse, bank):
    payout = request(purse, bank)
    fault("DROP_REPLY", endpoint="transfer", remaining=3)
    fault("HTML_503", endpoint="transfer_verify", remaining=30)
    order(payout)
    later = timezone.now() + timedelta(minutes=40)
    with pytest.raises(GatewayUnavailable):
        check(payout, at=later)
    assert (now(payout).state, cases()) == ("UNKNOWN", [("no_answer", "OPEN")])
    assert now(payout).next_check_at > later
    calls_answered_again()
    check(payout, at=later)
    decide(payout, "SUCCESS")
    assert (now(payout).state, cases()) == ("SUCCEEDED", [("no_answer", "CLOSED")])


def test_a_recipient_that_is_refused_ends_it_before_anything_was_sent(purse, bank):
    payout = request(purse, bank)
    with acting_as_service():
        BankAccount.objects.filter(pk=bank.pk).update(holder_name="")
    found = order(payout)
    assert (found.state, at_sandbox(payout), money(purse)) == ("FAILED", [], (HAS, 0))


def test_while_our_balance_there_is_too_low_it_waits_and_then_ends(settings, purse, bank):
    settings.SANDBOX_OPENING_BALANCE = SENT - 1
    payout = request(purse, bank)
    found = order(payout)
    assert (found.state, found.next_check_at > timezone.now(), money(purse)) == ("HELD", True, (HAS, TOTAL))
    ended = check(payout, at=timezone.now() + timedelta(hours=1))
    assert (ended.state, at_sandbox(payout), money(purse)) == ("FAILED", [], (HAS, 0))


def test_money_that_comes_back_days_later_is_returned_once_and_told(slow, purse, bank):
    payout = order(request(purse, bank))
    decide(payout, "SUCCESS")
    decide(payout, "REVERSED")
    found = now(payout)
    assert (found.state, found.returned_at is not None) == ("RETURNED", True)
    back = [("RETURN", VAT), ("RETURN", OUR_FEE), ("RETURN", SENT)]
    assert (money(purse), kinds(payout)) == ((HAS, 0), [*CHARGED, *back])
    check(payout, at=timezone.now() + timedelta(days=3))
    assert money(purse) == (HAS, 0)
    assert notices()[-1] == "withdrawal.returned"


def test_a_return_that_nobody_told_of_is_found_days_later(slow, unheard, purse, bank):
    payout = order(request(purse, bank))
    decide(payout, "SUCCESS")
    paid = check(payout)
    assert paid.next_check_at > timezone.now() + timedelta(hours=12)
    decide(payout, "REVERSED")
    check(payout, at=paid.next_check_at)
    assert (now(payout).state, money(purse)) == ("RETURNED", (HAS, 0))


def test_another_amount_than_was_ordered_is_left_to_staff(slow, purse, bank):
    payout = request(purse, bank)
    fault("WRONG_AMOUNT", "100")
    assert order(payout).state == "UNKNOWN"
    assert (cases(), money(purse)) == ([("differs", "OPEN")], (HAS, TOTAL))


def test_a_request_is_made_once_and_refuses_other_content(purse, bank):
    payout = request(purse, bank)
    assert request(purse, bank, payout_id=payout.pk).reference == payout.reference
    assert money(purse) == (HAS, TOTAL)
    with pytest.raises(PayoutIdReused):
        request(purse, bank, SENT + 1, payout_id=payout.pk)


def test_twenty_requests_and_orders_at_once_are_one_payout(slow, purse, bank):
    first = request(purse, bank)
    steps = [lambda: request(purse, bank, payout_id=first.pk), lambda: order(first)] * 5
    assert at_once(*steps) == []
    assert (len(at_sandbox(first)), money(purse), now(first).orders) == (1, (HAS, TOTAL), 1)


def test_more_than_there_is_leaves_nothing_behind(purse, bank):
    with pytest.raises(InsufficientFunds):
        request(purse, bank, HAS + 1)
    with pytest.raises(PayoutTooSmall):
        request(purse, bank, 9_999)
    assert money(purse) == (HAS, 0)


def test_the_sweep_orders_what_nobody_ordered_and_asks_about_the_rest(slow, unheard, purse, bank):
    lost, open_one = request(purse, bank), order(request(purse, bank, 2_000 * NAIRA))
    decide(open_one, "SUCCESS")
    with acting_as_service():
        for payout in (lost, open_one):
            type(payout).objects.filter(pk=payout.pk).update(next_check_at=timezone.now())
    payout_tasks.check_payouts()
    assert (now(lost).state, now(open_one).state) == ("SENT", "SUCCEEDED")


def test_while_its_gateway_is_left_alone_a_payout_is_surely_not_sent_and_ordered_later(
    purse, bank, monkeypatch
):
    payout = request(purse, bank)
    with acting_as_service():
        Payout.objects.filter(pk=payout.pk).update(recipient="RCP_known")
    rest(monkeypatch)
    at = timezone.now()
    waiting = order(payout, at=at)
    assert (waiting.state, waiting.unknown_since, at_sandbox(payout)) == ("HELD", None, [])
    assert waiting.next_check_at == at + timedelta(minutes=5) and money(purse) == (HAS, TOTAL)


def rest(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the gateway be left alone."""
    monkeypatch.setattr(breaker, "PAUSE", 3600)
    for _time in range(breaker.MOST):
        with suppress(GatewayUnavailable), breaker.Breaker("paystack").asking():
            raise GatewayUnavailable
