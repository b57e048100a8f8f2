"""The adapter of Xpress Wallet against its sandbox, and against answers that the sandbox never gives."""

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from core.actors import acting_as_service
from wallet.gateways.base import (
    ChargeNotFound,
    ForgedSignature,
    GatewayRefused,
    GatewayUnavailable,
    GatewayUnreadable,
    UnreadableNotice,
)
from wallet.gateways.capabilities import (
    AccountNotResolved,
    ChargesCards,
    Destination,
    GatewayBalanceTooLow,
    GivesAccounts,
    KeepsLedger,
    KnowsBanks,
    OpensCheckouts,
    PayoutOrder,
    PaysOut,
    RecipientRefused,
    Refunds,
)
from wallet.gateways.naira import clean_kobo_in, full_kobo_in, nearest_kobo_in
from wallet.gateways.replies import Unreadable, parse_object
from wallet.gateways.xpress_wallet import XpressWallet
from wallet.sandbox.models import SandboxXpressRow
from wallet.tests.deposits import fault
from wallet.tests.scripted import Scripted
from wallet.tests.xpress_wallet import BANK, HOLDER, NUMBER, notice, pay_in

OURS = "alj-00000000000000000001"
DOOR = "d" * 32


def adapter(url: str, key: str = "sk_sandbox_x1234567") -> XpressWallet:
    return XpressWallet(secret_key=key, door=DOOR, base_url=url, sleep=lambda _seconds: None)


@pytest.fixture
def there(live_server, settings) -> Iterator[XpressWallet]:
    settings.XPRESS_WALLET_WEBHOOK_URL = f"{live_server.url}/nobody/listens/"
    one = adapter(f"{live_server.url}/sandbox/xpress-wallet", settings.XPRESS_WALLET_SANDBOX_SECRET_KEY)
    yield one
    one.close()


def an_order(amount: int = 250_000, *, reference: str = OURS) -> PayoutOrder:
    return PayoutOrder(reference, BANK, amount, "Withdrawal", Destination(NUMBER, HOLDER))


def rows() -> list[SandboxXpressRow]:
    with acting_as_service():
        return list(SandboxXpressRow.objects.filter(about=OURS).order_by("pk"))


def a_row(**changes: object) -> dict:
    row = {
        "id": "txn-1",
        "reference": "XW-1",
        "category": "BANK_TRANSFER",
        "type": "DEBIT",
        "currency": "NGN",
        "amount": 2500,
        "fee": 10.5,
        "vat": 0.7875,
        "balance_before": 10000.0000000000036,
        "balance_after": 7488.7125,
        "metadata": {"payout": OURS},
        "status": "success",
        "completed": True,
        "createdAt": "2026-05-04T10:00:00+00:00",
    }
    return {"status": True, "transaction": row | changes}


def test_it_offers_what_the_company_can_do_and_no_more():
    one = adapter("http://nobody.test")
    assert isinstance(one, GivesAccounts) and isinstance(one, KnowsBanks) and isinstance(one, KeepsLedger)
    assert isinstance(one, PaysOut) and one.idempotent is False
    assert not isinstance(one, OpensCheckouts | ChargesCards | Refunds)


@pytest.mark.parametrize(
    ("said", "kobo"),
    [
        ("3518.7500000000036", 351_875),
        ("100", 10_000),
        ("0.1", 10),
        ('"2500.00"', 250_000),
        ("0.0000009", 0),
        ("1e2", 10_000),
    ],
)
def test_dust_is_brushed_off(said, kobo):
    data = parse_object(b'{"amount": %s}' % said.encode(), exact=True)
    assert clean_kobo_in(data, "amount") == kobo


@pytest.mark.parametrize(
    "said",
    ["0.005", "0.000002", "-1", "1e15", "true", "null", '"1,000"', '"1e3"', "[]", '"٣"', '"-1"'],
)
def test_parts_of_a_kobo_and_what_is_no_amount_are_refused(said):
    with pytest.raises(Unreadable, match="amount"):
        clean_kobo_in(parse_object(b'{"amount": %s}' % said.encode(), exact=True), "amount")


@pytest.mark.parametrize("said", ["1e999999999999999999999", "NaN", "-Infinity"])
def test_numbers_out_of_this_world_are_no_json(said):
    with pytest.raises(Unreadable, match="JSON"):
        parse_object(b'{"amount": %s}' % said.encode(), exact=True)


def test_fees_are_rounded_once_and_what_may_be_spent_is_rounded_down():
    data = {
        "fee": Decimal("10.5"),
        "vat": Decimal("0.7875"),
        "balance": Decimal("1.9999"),
        "less": Decimal("-0.005"),
    }
    assert nearest_kobo_in(data, "fee", "vat") == 1_129
    assert full_kobo_in(data, "balance") == 199
    assert nearest_kobo_in(data, "less") == -1
    assert full_kobo_in({"balance": Decimal("1.9999999999")}, "balance") == 200


def test_banks_and_holders_are_known(there):
    banks = there.banks()
    assert banks[0].name == "Access Bank Plc" and "000013" in {bank.code for bank in banks}
    assert there.resolve_account(account_number=NUMBER, bank_code=BANK) == HOLDER
    with pytest.raises(AccountNotResolved):
        there.resolve_account(account_number="1234567895", bank_code="000013")
    to = {"account_number": NUMBER, "name": HOLDER, "currency": "NGN"}
    assert there.make_recipient(bank_code=BANK, **to) == BANK
    with pytest.raises(RecipientRefused):
        there.make_recipient(bank_code="000023", **to)


def test_a_payout_is_found_by_our_name_of_it_and_by_theirs(there):
    taken = there.send(order=an_order(), currency="NGN")
    assert (taken.state, taken.amount, taken.fee) == ("PENDING", 250_000, None)
    for found in (
        there.find_transfer(reference=OURS),
        there.find_transfer(reference=OURS, gateway_id=taken.gateway_id),
    ):
        assert (found.state, found.amount, found.fee, found.dust) == ("SUCCEEDED", 250_000, 1_129, 0)
        assert (found.gateway_id, len(found.session_id)) == (taken.gateway_id, 30)
    assert there.find_transfer(reference=OURS[:-1] + "2").state == "NOT_FOUND"
    assert there.balance(currency="NGN") == 1_000_000_000 - 250_000 - 1_129


def test_ordered_twice_it_is_sent_twice_which_is_why_nobody_does(there):
    for _time in range(2):
        there.send(order=an_order(), currency="NGN")
    assert len(rows()) == 2


def test_no_try_is_repeated_when_its_answer_is_lost(there):
    fault("DROP_REPLY", endpoint="wallet_transfer")
    with pytest.raises(GatewayUnavailable):
        there.send(order=an_order(), currency="NGN")
    assert len(rows()) == 1


def test_a_search_goes_through_every_page_since_the_order_and_no_further(there, scripted, monkeypatch):
    there.send(order=an_order(), currency="NGN")
    for number in range(25):
        there.send(order=an_order(reference=f"alj-other-{number:010d}"), currency="NGN")
    assert there.find_transfer(reference=OURS).state == "SUCCEEDED"
    old, new = "2026-05-01T00:00:00Z", "2026-05-03T00:00:00Z"
    page = [a_row(createdAt=at, metadata={})["transaction"] for at in (new, old)]
    scripted.answer({"status": True, "data": page, "metadata": {"page": 1, "totalPages": 9}})
    since = datetime(2026, 5, 2, tzinfo=UTC)
    assert adapter(scripted.url).find_transfer(reference=OURS, since=since).state == "NOT_FOUND"
    assert len(scripted.asked) == 1


def test_a_search_without_end_says_that_nobody_knows(scripted, monkeypatch):
    monkeypatch.setattr("wallet.gateways.xpress_wallet_rows.MOST_PAGES", 2)
    page = {"status": True, "data": [a_row(metadata={})["transaction"]], "metadata": {"totalPages": 9}}
    for _page in range(2):
        scripted.answer(page)
    with pytest.raises(GatewayUnavailable, match="not answering"):
        adapter(scripted.url).find_transfer(reference=OURS)


def test_of_an_order_that_failed_and_one_that_was_taken_the_second_counts(scripted):
    failed = a_row(status="failed", reference="XW-0")["transaction"]
    scripted.answer({"status": True, "data": [failed, a_row()["transaction"]], "metadata": {"totalPages": 1}})
    found = adapter(scripted.url).find_transfer(reference=OURS)
    assert (found.state, found.gateway_id) == ("SUCCEEDED", "XW-1")


@pytest.mark.parametrize(
    ("changes", "state", "fee", "dust"),
    [
        ({}, "SUCCEEDED", 1_129, 0),
        # One kobo less was taken than its fee says, by how the balance was rounded before.
        ({"balance_before": 10000.003, "balance_after": 7488.7155}, "SUCCEEDED", 1_129, -1),
        ({"fee": None, "vat": None}, "SUCCEEDED", 1_129, 0),
        # What really moved counts.
        ({"fee": 1}, "SUCCEEDED", 1_129, 0),
        ({"balance_after": None}, "SUCCEEDED", 1_129, 0),
        ({"balance_after": None, "fee": None, "vat": None}, "SUCCEEDED", None, 0),
        ({"status": "failed"}, "FAILED", None, 0),
        ({"completed": False}, "PENDING", None, 0),
        ({"status": "reviewing"}, "PENDING", None, 0),
        ({"metadata": json.dumps({"payout": OURS})}, "SUCCEEDED", 1_129, 0),
        ({"metadata": None, "description": f"{OURS} Withdrawal"}, "SUCCEEDED", 1_129, 0),
    ],
)
def test_a_row_says_what_became_of_a_payout(scripted, changes, state, fee, dust):
    scripted.answer(a_row(**changes))
    found = adapter(scripted.url).find_transfer(reference=OURS, gateway_id="XW-1")
    assert (found.state, found.fee, found.dust) == (state, fee, dust)


@pytest.mark.parametrize(
    "changes",
    [
        {"amount": 2500.005},
        {"amount": None},
        {"currency": "naira"},
        {"reference": "XW-2"},
        {"metadata": {"payout": OURS[:-1] + "9"}},
        {"metadata": {}, "description": f"thanks {OURS}"},
        {"metadata": "[" * 100_000},
        {"balance_after": "much"},
    ],
)
def test_a_row_that_is_not_as_agreed_says_nothing(scripted, changes):
    scripted.answer(a_row(**changes))
    with pytest.raises(GatewayUnreadable):
        adapter(scripted.url).find_transfer(reference=OURS, gateway_id="XW-1")


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (400, {"status": False, "message": "Transfer failed. Insufficient balance"}, GatewayBalanceTooLow),
        (
            400,
            {"status": False, "message": "Transfer failed. Daily transaction limit exceeded."},
            GatewayRefused,
        ),
        (401, {"status": False, "message": "Unauthorized"}, GatewayRefused),
        (403, "<html>", GatewayRefused),
        (200, {"status": False, "message": "?"}, GatewayUnreadable),
        (200, {"status": "true", "transfer": {}}, GatewayUnreadable),
        (200, {"status": True}, GatewayUnreadable),
        (200, {"status": True, "transfer": {"amount": 2500}}, GatewayUnreadable),
        (302, {"status": True}, GatewayUnreadable),
        (429, {"status": False}, GatewayUnavailable),
        (500, {"status": False, "message": "Insufficient balance"}, GatewayUnavailable),
    ],
)
def test_only_a_plain_no_is_a_no(scripted, status, body, error):
    scripted.answer(body, status)
    with pytest.raises(error) as caught:
        adapter(scripted.url).send(order=an_order(), currency="NGN")
    assert isinstance(caught.value, GatewayRefused) == issubclass(error, GatewayRefused)
    assert len(scripted.asked) == 1


def test_an_amount_is_written_to_the_kobo(scripted: Scripted):
    scripted.answer({"status": True, "transfer": {"amount": 90071992547409.91, "reference": "XW-1"}})
    adapter(scripted.url).send(order=an_order(9_007_199_254_740_991), currency="NGN")
    assert b'"amount": 90071992547409.91}' in scripted.asked[0][2]


def test_a_customer_has_one_account_number_whatever_answer_is_lost(there):
    who = {"reference": "r1", "email": "ada@alajo.test", "first_name": "Ada", "last_name": "Obi"}
    more = {"phone": "+2348031234567", "bvn": "22222222222", "birth_date": date(1990, 1, 2)}
    fault("DROP_REPLY", endpoint="wallet_open")
    first = there.open_virtual_account(**who, **more)
    assert (len(first.account_number), first.bank_name, first.active) == (10, "Providus Bank", True)
    assert there.open_virtual_account(**who, **more) == first
    with pytest.raises(GatewayRefused):
        there.open_virtual_account(**who | {"email": "eve@alajo.test"}, **more)
    with pytest.raises(GatewayRefused):
        there.open_virtual_account(**who, **more | {"phone": "+2348031234568", "birth_date": None})
    there.close_virtual_account(gateway_id=first.gateway_id)
    there.close_virtual_account(gateway_id="nobody")
    assert there.open_virtual_account(**who, **more).active is False


def test_only_money_that_came_in_for_somebody_is_a_charge(there):
    row = pay_in("5000000001", "1234.56")
    charge = there.find_charge(reference=row.reference)
    assert (charge.state, charge.amount, charge.fee) == ("SUCCEEDED", 123_456, 617)
    assert charge.raw["authorization"]["receiver_bank_account_number"] == "5000000001"
    sent = there.send(order=an_order(), currency="NGN")
    for reference in (sent.gateway_id, "XW-nobody"):
        with pytest.raises(ChargeNotFound):
            there.find_charge(reference=reference)


def test_the_ledger_adds_up_to_what_is_there(there):
    for kind in ("", "TRANSFER_FAILS", "TRANSFER_REVERSED", ""):
        if kind:
            fault(kind)
        there.send(order=an_order(), currency="NGN")
    pay_in("5000000001", "1234.56")
    today = datetime.now(UTC).date()
    found = list(there.ledger(since=today - timedelta(days=1), until=today + timedelta(days=1)))
    assert sum(row.change for row in found) == nearest(there)
    assert [row.at for row in found] == sorted(row.at for row in found)
    assert [row.source for row in found].count("TRANSFER") == 4
    assert {row.reference for row in found if row.source == "TRANSFER"} == {OURS}
    assert list(there.ledger(since=today + timedelta(days=2), until=today + timedelta(days=3))) == []


def nearest(there: XpressWallet) -> int:
    wallet = there.read("/merchant/wallet")["wallet"]
    return nearest_kobo_in(wallet, "availableBalance")


def test_its_credentials_are_checked_without_moving_anything(there, live_server):
    there.check_credentials()
    with pytest.raises(GatewayRefused):
        adapter(there.base_url).check_credentials()


def test_a_notice_comes_to_the_door_and_says_only_what_to_ask():
    one = adapter("http://nobody.test")
    one.verify_signature(b"{}", DOOR)
    for wrong in (None, "", "x", "é" * 32):
        with pytest.raises(ForgedSignature):
            one.verify_signature(b"{}", wrong)
    found = one.read_notice(notice("XW-1"))
    assert (found.event, found.reference, found.data) == ("charge.success", "XW-1", {})
    ours = one.read_notice(notice("XW-1", metadata={"payout": OURS}))
    assert (ours.event, ours.reference) == ("transfer.success", OURS)
    again = one.read_notice(notice("XW-1", metadata={"payout": OURS}, status="failed"))
    assert again.dedupe_key != ours.dedupe_key
    for raw in (
        b"",
        b"[]",
        b"{}",
        notice(""),
        notice("../../x"),
        notice("XW-1", metadata={"payout": "short"}),
    ):
        with pytest.raises(UnreadableNotice):
            one.read_notice(raw)
