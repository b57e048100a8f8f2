"""The control pages of XpressPay and Xpress Wallet: each shows its own, and lets the world outside act."""

import re

import pytest
from django.test import Client
from django.utils import timezone

from core.actors import acting_as_service
from wallet.sandbox.models import Fault, SandboxDelivery, SandboxXpressRow, SandboxXpressWallet
from wallet.sandbox.xpress_pay import payments
from wallet.sandbox.xpress_wallet import movements
from wallet.sandbox.xpress_wallet.movements import naira

PAYSTACK, PAY, WALLET = "/sandbox/paystack/", "/sandbox/xpress-pay/", "/sandbox/xpress-wallet/"


@pytest.fixture
def browser(db) -> Client:
    return Client()


def faults() -> list[tuple[str, str]]:
    with acting_as_service():
        return list(Fault.objects.order_by("pk").values_list("kind", "endpoint"))


def a_payout() -> SandboxXpressRow:
    with acting_as_service():
        Fault.objects.create(kind="TRANSFER_STAYS")
        return movements.send(
            amount=naira(250_000),
            to="0000000220/000014",
            narration="x",
            metadata={},
            about="",
            at=timezone.now(),
        )


def again(row: SandboxXpressRow) -> str:
    with acting_as_service():
        return SandboxXpressRow.objects.get(pk=row.pk).status


@pytest.mark.parametrize(
    ("page", "own", "others"),
    [
        (PAYSTACK, "charge_authorization", ("xpress_verify", "wallet_rows")),
        (PAY, "xpress_verify", ("transfer_verify", "wallet_rows")),
        (WALLET, "wallet_rows", ("transfer_verify", "xpress_verify")),
    ],
)
def test_each_offers_the_faults_of_its_own_calls_and_calls_off_no_others(browser, page, own, others):
    body = browser.get(page).content.decode()
    assert f'value="{own}"' in body and not any(f'value="{other}"' in body for other in others)
    assert browser.post(page, {"kind": "HTML_503", "endpoint": own}).status_code == 302
    assert browser.post(page, {"kind": "HTML_503", "endpoint": others[0]}).status_code == 422
    with acting_as_service():
        Fault.objects.create(kind="DROP_REPLY", endpoint=others[0])
    shown = browser.get(page).content.decode()
    assert "503 with an HTML body" in shown.split("<form")[0] and "hang up" not in shown.split("<form")[0]
    assert browser.post(f"{page}faults/clear").headers["Location"] == page
    assert faults() == [("DROP_REPLY", others[0])]


def test_payments_of_xpress_pay_are_shown_with_their_webhooks_which_can_be_sent_again(browser):
    assert "No payment yet" in browser.get(PAY).content.decode()
    with acting_as_service():
        how = {"email": "ada@alajo.test", "callback_url": "", "metadata": [], "at": timezone.now()}
        paid = payments.open_payment(number="alj0000001", amount=250_000, **how)
        payments.pay(access_code=paid.access_code, at=timezone.now())
        delivery = SandboxDelivery.objects.get()
    body = browser.get(PAY).content.decode()
    assert "alj0000001" in body and "₦2,500.00" in body and "xpress PAID" in body
    assert browser.post(f"{PAY}deliveries/{delivery.pk}/resend").headers["Location"] == PAY


def test_a_payout_of_xpress_wallet_arrives_and_comes_back_when_told_to(browser):
    assert "Nothing moved yet" in browser.get(WALLET).content.decode()
    row = a_payout()
    ends = [
        (
            action,
            browser.post(f"{WALLET}control/payouts/{row.pk}", {"action": action}).status_code,
            again(row),
        )
        for action in ("nonsense", "arrive", "fail", "return", "return")
    ]
    assert [end[2] for end in ends] == ["pending", "success", "success", "failed", "failed"]
    assert {end[1] for end in ends} == {302}
    assert browser.post(f"{WALLET}control/payouts/{row.pk + 999}", {"action": "arrive"}).status_code == 404
    with acting_as_service():
        ours = SandboxXpressWallet.objects.get()
    # Its price is not given back.
    assert naira(1_000_000_000) - ours.balance == movements.FEE + movements.VAT


def test_our_wallet_there_and_account_numbers_are_paid_into(browser):
    assert browser.post(f"{WALLET}control/balance", {"change": "-400000000"}).status_code == 302
    assert "₦6,000,000.00" in browser.get(WALLET).content.decode()
    assert browser.post(f"{WALLET}control/balance", {"change": "0"}).status_code == 422
    fields = {"number": "5000000001", "amount": "5000", "sender_name": "EZE", "narration": ""}
    assert browser.post(f"{WALLET}control/deposits", fields).status_code == 302
    body = browser.get(WALLET).content.decode()
    assert "5000000001/000023" in body and "wallet success" in body
    refused = browser.post(f"{WALLET}control/deposits", fields | {"number": "5"})
    assert refused.status_code == 422 and re.search('class="error"', refused.content.decode())
