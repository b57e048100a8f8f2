"""Payouts by a gateway that takes no reference of ours: what has no answer is searched for, and never ordered twice."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts import roles
from accounts.models import User
from accounts.tests.approving import make_colleague
from accounts.tests.factories import make_person
from core.actors import acting_as_service
from core.ids import uuid7
from wallet import services as wallet
from wallet.gateways.base import GatewayUnavailable
from wallet.gateways.xpress_wallet import XpressWallet
from wallet.models import Account, BankAccount, PaymentGateway, Payout
from wallet.services.approved.payout_outcomes import CODE as OUTCOME
from wallet.services.banks import payouts_of
from wallet.tests.approving import approve, propose
from wallet.tests.deposits import at_once, balances, calls_answered_again, fault, notices
from wallet.tests.factories import make_wallet
from wallet.tests.ledger import prove_the_books
from wallet.tests.payouts import NAIRA, cases, check, kinds, money, now, order, request
from wallet.tests.xpress_wallet import (
    CODE,
    add_bank_account,
    decide,
    knock,
    notice,
    sent,
    there,
)

HAS, SENT = 20_000 * NAIRA, 5_000 * NAIRA
OUR_FEE, VAT = 1_000, 75
TOTAL = SENT + OUR_FEE + VAT
# What the company takes of us: 10.50 and VAT of 0.7875, half up.
THEIRS = 1_129


@pytest.fixture
def person(transactional_db) -> User:
    return make_person(name="Ada Obi")


@pytest.fixture
def purse(person) -> Account:
    return make_wallet(person, amount=HAS)


@pytest.fixture
def bank(xpress_wallet, person) -> BankAccount:
    return add_bank_account(person)


@pytest.fixture
def unheard(settings, bank) -> None:
    """No webhook reaches us."""
    settings.XPRESS_WALLET_WEBHOOK_URL = settings.XPRESS_WALLET_BASE_URL + "/nobody/listens/"


def later(minutes: int):
    return timezone.now() + timedelta(minutes=minutes)


def test_a_payout_is_sent_and_booked_when_its_row_says_so(unheard, purse, bank):
    before = balances("XPRESS_WALLET_CLEARING", "GATEWAY_FEES", "ROUNDING")
    payout = order(request(purse, bank))
    assert (payout.state, payout.gateway_id, len(sent(payout))) == ("SENT", CODE, 1)
    assert payout.gateway_transfer == sent(payout)[0].reference
    found = check(payout)
    assert (found.state, found.gateway_fee, len(found.session)) == ("SUCCEEDED", THEIRS, 30)
    assert money(purse) == (HAS - TOTAL, 0)
    assert kinds(payout) == [("WITHDRAWAL", -SENT), ("FEE", -OUR_FEE), ("VAT", -VAT)]
    clearing, fees, parts = balances("XPRESS_WALLET_CLEARING", "GATEWAY_FEES", "ROUNDING")
    assert (clearing - before[0], fees - before[1], parts - before[2]) == (-SENT - THEIRS, THEIRS, 0)


def test_parts_of_a_kobo_never_add_up_between_our_books_and_theirs(unheard, purse, bank):
    there_before = opening(bank)
    before = balances("XPRESS_WALLET_CLEARING", "ROUNDING")
    payouts = [order(request(purse, bank, 1_000 * NAIRA)) for _time in range(4)]
    assert {check(payout).state for payout in payouts} == {"SUCCEEDED"}
    moved = (there() - there_before) * 100
    clearing, parts = balances("XPRESS_WALLET_CLEARING", "ROUNDING")
    # Four fees of 1128.75 kobo are 4515: one kobo less than four times 1129.
    assert (clearing - before[0], parts - before[1]) == (moved, -1)
    assert moved == -4 * 1_000 * NAIRA - 4_515


def opening(bank: BankAccount):
    """What is there before anything was sent: it begins with the first question."""
    with acting_as_service():
        gateway = PaymentGateway.objects.get(pk=CODE)
    payouts_of(gateway).balance(currency="NGN")
    return there()


@pytest.mark.parametrize("lost", ["DROP_REPLY", "BAD_GATEWAY_AFTER", "WRONG_SHAPE_AFTER"])
def test_an_answer_lost_after_it_was_done_is_searched_for(unheard, purse, bank, lost, monkeypatch):
    payout = request(purse, bank)
    if lost == "WRONG_SHAPE_AFTER":
        monkeypatch.setattr(XpressWallet, "_taken", unreadable)
    else:
        fault(lost, endpoint="wallet_transfer")
    found = order(payout)
    assert (found.state, found.gateway_transfer, len(sent(payout))) == ("UNKNOWN", "", 1)
    fault("HTML_503", endpoint="wallet_rows", remaining=3)
    with pytest.raises(GatewayUnavailable):
        check(payout)
    calls_answered_again()
    assert (check(payout).state, now(payout).orders, len(sent(payout))) == ("SUCCEEDED", 1, 1)
    assert money(purse) == (HAS - TOTAL, 0)


def unreadable(*_given: object) -> None:
    raise GatewayUnavailable(reason="http_200")


def test_an_order_that_never_got_in_is_not_given_again_and_two_people_end_it(unheard, purse, bank):
    payout = request(purse, bank)
    fault("BAD_GATEWAY_BEFORE", endpoint="wallet_transfer")
    assert order(payout).state == "UNKNOWN"
    for minutes in (1, 10, 31, 24 * 60):
        found = check(payout, at=later(minutes))
        assert (found.state, found.orders, sent(payout), money(purse)) == ("UNKNOWN", 1, [], (HAS, TOTAL))
    assert cases() == [("no_answer", "OPEN")]
    with acting_as_service():
        old = timezone.now() - timedelta(minutes=31)
        Payout.objects.filter(pk=payout.pk).update(ordered_at=old, unknown_since=old)
    said = {"payout": str(payout.pk), "outcome": "NOT_SENT", "gateway_transfer": ""}
    one, other = (
        make_colleague(roles.PROPOSE_PAYOUT_OUTCOME),
        make_colleague(roles.APPROVE_PAYOUT_OUTCOME),
    )
    approve(propose(OUTCOME, said, by=one, target=f"payout:{payout.pk}"), by=other)
    assert (now(payout).state, money(purse), sent(payout)) == ("FAILED", (HAS, 0), [])
    assert cases() == [("no_answer", "CLOSED")]


def test_a_refusal_ends_it_and_too_low_a_balance_lets_it_wait(settings, unheard, purse, bank):
    settings.SANDBOX_OPENING_BALANCE = SENT
    payout = request(purse, bank)
    found = order(payout)
    assert (found.state, found.next_check_at > timezone.now(), sent(payout)) == ("HELD", True, [])
    assert check(payout, at=later(60)).state == "FAILED" and money(purse) == (HAS, 0)


def test_an_account_of_nobody_is_refused_before_anything_is_sent(unheard, purse, bank):
    payout = request(purse, bank)
    with acting_as_service():
        BankAccount.objects.filter(pk=bank.pk).update(holder_name="")
    assert (order(payout).state, sent(payout), money(purse)) == ("FAILED", [], (HAS, 0))


@pytest.mark.parametrize(
    ("kind", "value", "state", "case"),
    [
        ("TRANSFER_STAYS", "", "SENT", []),
        ("TRANSFER_FAILS", "", "FAILED", []),
        ("TRANSFER_REVERSED", "", "FAILED", []),
        ("NULL_FEES", "", "SUCCEEDED", []),
        ("AMOUNT_AS_STRING", "", "SUCCEEDED", []),
        ("WRONG_AMOUNT", "100", "UNKNOWN", [("differs", "OPEN")]),
        ("WRONG_CURRENCY", "USD", "SENT", [("differs", "OPEN")]),
    ],
)
def test_whatever_becomes_of_it_there_the_books_say_no_more_than_is_known(
    unheard, purse, bank, kind, value, state, case
):
    payout = request(purse, bank)
    fault(kind, value)
    order(payout)
    found = check(payout)
    assert (found.state, cases(), len(sent(payout))) == (state, case, 1)
    left = {"SUCCEEDED": (HAS - TOTAL, 0), "FAILED": (HAS, 0)}.get(state, (HAS, TOTAL))
    assert money(purse) == left
    if state == "SUCCEEDED":
        # Where it names no fee, what its balance fell by is one.
        assert found.gateway_fee in (THEIRS, THEIRS - 1)


def test_webhooks_are_hints_and_a_return_days_later_is_posted_once(purse, bank):
    fault("TRANSFER_STAYS")
    payout = order(request(purse, bank))
    decide(payout, "arrive")
    assert (now(payout).state, money(purse)) == ("SUCCEEDED", (HAS - TOTAL, 0))
    decide(payout, "return")
    assert (now(payout).state, money(purse)) == ("RETURNED", (HAS, 0))
    check(payout, at=later(3 * 24 * 60))
    assert money(purse) == (HAS, 0) and notices()[-1] == "withdrawal.returned"


def test_a_notice_that_lies_moves_nothing(purse, bank, xpress_wallet):
    fault("TRANSFER_STAYS")
    fault("DROP_WEBHOOK", remaining=10)
    payout = order(request(purse, bank))
    lie = notice("XW-1", metadata={"payout": payout.reference})
    assert knock(xpress_wallet, lie).status_code == 200
    assert (now(payout).state, money(purse)) == ("SENT", (HAS, TOTAL))
    assert knock(xpress_wallet, lie, door="x" * 32).status_code == 404
    assert knock(xpress_wallet, notice("XW-1", metadata={"payout": "short"})).status_code == 400


def test_a_customer_who_names_another_payout_in_a_note_confuses_nobody(unheard, purse, bank):
    lost = request(purse, bank)
    fault("BAD_GATEWAY_BEFORE", endpoint="wallet_transfer")
    order(lost)
    facts = {"account": purse, "bank_account": bank, "amount": SENT, "at": timezone.now()}
    other = wallet.request_payout(payout_id=uuid7(), note=lost.reference, **facts)
    assert check(order(other)).state == "SUCCEEDED"
    assert (check(lost).state, len(sent(lost))) == ("UNKNOWN", 0)


def test_ten_orders_at_once_are_one(unheard, purse, bank):
    payout = request(purse, bank)
    assert at_once(*[lambda: order(payout)] * 10) == []
    assert (len(sent(payout)), now(payout).orders) == (1, 1)
    prove_the_books()


def test_whoever_is_killed_between_call_and_answer_leaves_it_to_be_found(unheard, purse, bank, monkeypatch):
    payout = request(purse, bank)

    class Killed(BaseException):
        pass

    def killed(*_given: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(XpressWallet, "_taken", killed)
        with pytest.raises(Killed):
            order(payout)
    assert (now(payout).state, len(sent(payout))) == ("UNKNOWN", 1)
    # Nobody orders it again: neither who asks for it once more, nor the sweep.
    assert order(payout).state == "UNKNOWN" and len(sent(payout)) == 1
    assert (check(payout).state, len(sent(payout)), money(purse)) == ("SUCCEEDED", 1, (HAS - TOTAL, 0))
