"""Steps of a story through the sandbox of Xpress Wallet."""

import json
from decimal import Decimal

import httpx
from django.conf import settings
from django.utils import timezone

from accounts.models import User
from core.actors import acting_as_service
from wallet import services as wallet
from wallet.gateways.capabilities import Destination, PayoutOrder
from wallet.gateways.xpress_wallet import XpressWallet
from wallet.models import Bank, BankAccount, PaymentGateway, Payout
from wallet.sandbox.models import SandboxXpressRow, SandboxXpressWallet
from wallet.sandbox.xpress_wallet import movements
from wallet.tests.payouts import LONG_AGO

CODE = "xpress-wallet"
BANK, NUMBER, HOLDER = "000014", "0000000220", "OBI ADA GRACE"
OURS = "alj-00000000000000000001"
DOOR = "d" * 32


def install_xpress_wallet(*, priority: int = 300) -> PaymentGateway:
    return wallet.install_gateway(
        code=CODE,
        kind="XPRESS_WALLET",
        name="Xpress Wallet",
        currencies=["NGN"],
        credentials={
            "secret_key": settings.XPRESS_WALLET_SANDBOX_SECRET_KEY,
            "door": settings.XPRESS_WALLET_SANDBOX_DOOR,
        },
        priority=priority,
    )


def know_bank(code: str = BANK, name: str = "Access Bank Plc", *, gateway: str = CODE) -> None:
    with acting_as_service():
        facts = {"name": name, "read_at": timezone.now()}
        Bank.objects.get_or_create(gateway_id=gateway, code=code, defaults=facts)


def add_bank_account(user: User) -> BankAccount:
    """Ada's account by its bank's word, through Xpress Wallet; not new any more."""
    know_bank()
    found = wallet.look_up(owner=user, bank_code=BANK, number=NUMBER, at=timezone.now())
    return wallet.save_found(owner=user, found=found, at=timezone.now() - LONG_AGO)


def sent(payout: Payout) -> list[SandboxXpressRow]:
    """What the sandbox was made to send for it, whatever became of it."""
    with acting_as_service():
        return list(SandboxXpressRow.objects.filter(about=payout.reference, is_debit=True).order_by("pk"))


def decide(payout: Payout, action: str) -> None:
    """Have its transfer end so now; its webhook comes before this returns."""
    with acting_as_service():
        [row] = SandboxXpressRow.objects.filter(about=payout.reference, is_debit=True)
        movements.decide(row_id=row.pk, action=action, at=timezone.now())


def pay_in(number: str, amount: str = "5000") -> SandboxXpressRow:
    with acting_as_service():
        return movements.deposit(
            number=number,
            amount=Decimal(amount),
            sender_name="OKAFOR EMEKA",
            narration="For Ada",
            at=timezone.now(),
        )


def there() -> Decimal:
    """What is in all wallets there, ours and our customers'."""
    with acting_as_service():
        return sum(SandboxXpressWallet.objects.values_list("balance", flat=True), Decimal(0))


def notice(reference: str, **told: object) -> bytes:
    said = {"event": "transaction.success", "data": {"reference": reference, "status": "success", **told}}
    return json.dumps(said).encode()


def knock(url: str, raw: bytes, *, door: str = "") -> httpx.Response:
    """POST a notice to Xpress Wallet's address."""
    with httpx.Client(trust_env=False, timeout=30) as client:
        address = f"{url}/webhooks/xpress-wallet/{door or settings.XPRESS_WALLET_SANDBOX_DOOR}/"
        return client.post(address, content=raw, headers={"Content-Type": "application/json"})


def adapter(url: str, key: str = "sk_sandbox_x1234567") -> XpressWallet:
    return XpressWallet(secret_key=key, door=DOOR, base_url=url, sleep=lambda _seconds: None)


def an_order(amount: int = 250_000, *, reference: str = OURS) -> PayoutOrder:
    return PayoutOrder(reference, BANK, amount, "Withdrawal", Destination(NUMBER, HOLDER))


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
