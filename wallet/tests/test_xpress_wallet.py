"""The adapter of Xpress Wallet against its sandbox."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest

from core.actors import acting_as_service
from wallet.gateways.base import (
    ChargeNotFound,
    ForgedSignature,
    GatewayRefused,
    GatewayUnavailable,
    UnreadableNotice,
)
from wallet.gateways.capabilities import (
    AccountNotResolved,
    ChargesCards,
    GivesAccounts,
    KeepsLedger,
    KnowsBanks,
    OpensCheckouts,
    PaysOut,
    RecipientRefused,
    Refunds,
)
from wallet.gateways.naira import nearest_kobo_in
from wallet.gateways.xpress_wallet import XpressWallet
from wallet.sandbox.models import SandboxXpressRow
from wallet.tests.deposits import fault
from wallet.tests.xpress_wallet import (
    BANK,
    DOOR,
    HOLDER,
    NUMBER,
    OURS,
    adapter,
    an_order,
    notice,
    pay_in,
)


@pytest.fixture
def there(live_server, settings) -> Iterator[XpressWallet]:
    settings.XPRESS_WALLET_WEBHOOK_URL = f"{live_server.url}/nobody/listens/"
    one = adapter(f"{live_server.url}/sandbox/xpress-wallet", settings.XPRESS_WALLET_SANDBOX_SECRET_KEY)
    yield one
    one.close()


def rows() -> list[SandboxXpressRow]:
    with acting_as_service():
        return list(SandboxXpressRow.objects.filter(about=OURS).order_by("pk"))


def test_it_offers_what_the_company_can_do_and_no_more():
    one = adapter("http://nobody.test")
    assert isinstance(one, GivesAccounts) and isinstance(one, KnowsBanks) and isinstance(one, KeepsLedger)
    assert isinstance(one, PaysOut) and one.idempotent is False
    assert not isinstance(one, OpensCheckouts | ChargesCards | Refunds)


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


def test_a_search_goes_through_every_page(there):
    there.send(order=an_order(), currency="NGN")
    for number in range(25):
        there.send(order=an_order(reference=f"alj-other-{number:010d}"), currency="NGN")
    assert there.find_transfer(reference=OURS).state == "SUCCEEDED"


def test_no_try_is_repeated_when_its_answer_is_lost(there):
    fault("DROP_REPLY", endpoint="wallet_transfer")
    with pytest.raises(GatewayUnavailable):
        there.send(order=an_order(), currency="NGN")
    assert len(rows()) == 1


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
