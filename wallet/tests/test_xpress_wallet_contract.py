"""What our adapter takes for granted of Xpress Wallet: asked of the sandbox, and of the vendor where a test key is set.

    XPRESS_WALLET_CONTRACT_KEY=sk_sandbox_… pytest wallet/tests/test_xpress_wallet_contract.py -rs

The same assertions for both, so that a difference between them shows. A live key is refused. What we know of it is from
samples that others published: before it is relied on, this has to be asked of the vendor.
"""

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from core.ids import uuid7
from wallet.gateways.base import ChargeNotFound, GatewayRefused
from wallet.gateways.capabilities import AccountNotResolved, Destination, PayoutOrder
from wallet.gateways.xpress_wallet import XpressWallet
from wallet.gateways.xpress_wallet_http import LIVE_URL
from wallet.services.payouts.requesting import reference_of

KEY = os.environ.get("XPRESS_WALLET_CONTRACT_KEY", "")
# Guaranty Trust Bank, and an account there.
BANK, NUMBER = "000013", "0001234567"
NOT_ASKED = "NOT ASKED OF THE VENDOR: set XPRESS_WALLET_CONTRACT_KEY to a key of Xpress Wallet's sandbox"
VENDOR = pytest.param("vendor", marks=pytest.mark.skipif(not KEY, reason=NOT_ASKED))


@pytest.fixture(params=["sandbox", VENDOR])
def place(request, live_server, settings) -> tuple[str, str]:
    """The address and the key of whom we ask."""
    if request.param == "sandbox":
        settings.XPRESS_WALLET_WEBHOOK_URL = f"{live_server.url}/nobody/listens/"
        return f"{live_server.url}/sandbox/xpress-wallet", settings.XPRESS_WALLET_SANDBOX_SECRET_KEY
    if not KEY.startswith("sk_sandbox_"):
        pytest.fail("XPRESS_WALLET_CONTRACT_KEY is no key of the sandbox: nothing was asked")
    return LIVE_URL, KEY


@pytest.fixture
def there(place) -> Iterator[XpressWallet]:
    one = adapter(*place)
    yield one
    one.close()


def adapter(url: str, key: str) -> XpressWallet:
    return XpressWallet(secret_key=key, door="d" * 32, base_url=url)


def test_a_bad_key_is_refused(place):
    with pytest.raises(GatewayRefused):
        adapter(place[0], "sk_sandbox_" + "0" * 40).check_credentials()


def test_banks_and_holders_are_known(there):
    assert {BANK, "000014"} <= {bank.code for bank in there.banks()}
    assert there.resolve_account(account_number=NUMBER, bank_code=BANK)
    with pytest.raises(AccountNotResolved):
        there.resolve_account(account_number="1234567895", bank_code=BANK)


def test_what_was_never_ordered_is_not_found(there):
    reference = reference_of(uuid7())
    since = datetime.now(UTC)
    assert there.find_transfer(reference=reference, since=since).state == "NOT_FOUND"
    with pytest.raises(ChargeNotFound):
        there.find_charge(reference=reference)


def test_a_payout_is_found_by_our_name_of_it_whose_price_its_balance_tells(there):
    if there.balance(currency="NGN") < 20_000:
        pytest.skip("the account of this key has no test balance: POST /merchant/fund-wallet to ask this")
    name = there.resolve_account(account_number=NUMBER, bank_code=BANK)
    order = PayoutOrder(reference_of(uuid7()), BANK, 10_000, "contract", Destination(NUMBER, name))
    since = datetime.now(UTC)
    taken = there.send(order=order, currency="NGN")
    found = there.find_transfer(reference=order.reference, since=since)
    same = there.find_transfer(reference=order.reference, gateway_id=taken.gateway_id)
    assert (found.gateway_id, found.amount, found.currency) == (taken.gateway_id, 10_000, "NGN")
    assert found.state in ("PENDING", "SUCCEEDED") and same.gateway_id == found.gateway_id
    assert found.fee is None or (found.fee >= 0 and abs(found.dust) <= 1)


def test_the_ledger_is_read_oldest_first(there):
    today = datetime.now(UTC).date()
    rows = list(there.ledger(since=today - timedelta(days=2), until=today + timedelta(days=1)))
    assert [row.at for row in rows] == sorted(row.at for row in rows)
