"""What can happen to money at this sandbox: it is paid in, sent to a bank, arrives, fails, comes back."""

import secrets
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import transaction

from core.errors import DomainError
from wallet.sandbox import faults
from wallet.sandbox.announcing import bring
from wallet.sandbox.faults import Kind, Taken
from wallet.sandbox.models import SandboxXpressRow, SandboxXpressWallet

Status = SandboxXpressRow.Status
PAYOUT, FUNDED, RETURNED, TOPUP = (
    "BANK_TRANSFER",
    "WALLET_FUNDED_THROUGH_BANK_TRANSFER",
    "REVERSAL",
    "MERCHANT_WALLET_FUNDED",
)
# What it takes of a payout and its VAT: 0.7875 naira is no whole number of kobo.
FEE, VAT = Decimal("10.5"), Decimal("0.7875")
# What it keeps of money that comes in.
SHARE = Decimal("0.005")
OURS = "5000000000"
# A number that was given to nobody.
NOBODYS = "5999999999"
_ON_TRANSFER = (
    *(Kind.TRANSFER_FAILS, Kind.TRANSFER_STAYS, Kind.TRANSFER_REVERSED),
    *(Kind.WRONG_AMOUNT, Kind.WRONG_CURRENCY, Kind.NULL_FEES, Kind.AMOUNT_AS_STRING),
)
_ON_DEPOSIT = (Kind.UNKNOWN_ACCOUNT, Kind.WRONG_CURRENCY, Kind.NULL_FEES, Kind.AMOUNT_AS_STRING)


class BalanceTooLow(DomainError):
    code = "balance_too_low"
    kind = "conflict"
    message = "Transfer failed. Insufficient balance"


def naira(kobo: int) -> Decimal:
    return Decimal(kobo) / 100


def kobo(naira: Decimal) -> int:
    """To show by: what is less than a kobo is left out."""
    return int(naira * 100)


def merchants(*, at: datetime) -> SandboxXpressWallet:
    """Return our own wallet under its lock; a new one begins with what this account is given to start with."""
    rows = SandboxXpressWallet.objects.select_for_update()
    wallet, is_new = rows.get_or_create(number=OURS, defaults={"created_at": at})
    opening = naira(settings.SANDBOX_OPENING_BALANCE)
    if is_new and opening:
        _write(wallet, opening, category=TOPUP, is_debit=False, description="Opening balance", at=at)
    return wallet


@transaction.atomic
def send(
    *, amount: Decimal, to: str, narration: str, metadata: Any, about: str, at: datetime
) -> SandboxXpressRow:
    """Send money to a bank, every time it is ordered. Raises BalanceTooLow."""
    wallet = merchants(at=at)
    taken = faults.take(_ON_TRANSFER, reference=about)
    paid = _amount(taken, amount)
    if wallet.balance < paid + FEE + VAT:
        raise BalanceTooLow
    row = _write(
        wallet,
        -(paid + FEE + VAT),
        amount=paid,
        fee=FEE,
        vat=VAT,
        category=PAYOUT,
        is_debit=True,
        about=about,
        destination=to,
        description=narration,
        metadata=metadata,
        currency=(taken.values[Kind.WRONG_CURRENCY] or "USD") if Kind.WRONG_CURRENCY in taken else "NGN",
        session_id="".join(secrets.choice("0123456789") for _ in range(30)),
        status=Status.PENDING,
        quirks=sorted(taken.values),
        at=at,
    )
    if Kind.TRANSFER_FAILS in taken:
        return decide(row_id=row.pk, action="fail", at=at)
    if Kind.TRANSFER_STAYS in taken:
        return row
    row = decide(row_id=row.pk, action="arrive", at=at)
    return decide(row_id=row.pk, action="return", at=at) if Kind.TRANSFER_REVERSED in taken else row


@transaction.atomic
def decide(*, row_id: int, action: str, at: datetime) -> SandboxXpressRow:
    """Have a payout arrive, fail, or come back after it had arrived: of what came back its price is not given back."""
    wallet = merchants(at=at)
    row = SandboxXpressRow.objects.select_for_update().get(pk=row_id)
    if action == "arrive" and row.is_waiting:
        row.status = Status.SUCCESS
    elif action == "fail" and row.is_waiting:
        # As if it had never been: what stood before stands after.
        wallet.balance += row.balance_before - row.balance_after
        wallet.save(update_fields=["balance"])
        row.status, row.balance_after = Status.FAILED, row.balance_before
    elif action == "return" and row.is_payout and row.status == Status.SUCCESS:
        row.status = Status.FAILED
        facts = {"about": row.about, "metadata": row.metadata, "source": row.destination}
        _write(wallet, row.amount, category=RETURNED, is_debit=False, description="Returned", at=at, **facts)
    else:
        return row
    row.save(update_fields=["status", "balance_after"])
    announce(row, at=at)
    return row


@transaction.atomic
def deposit(
    *, number: str, amount: Decimal, sender_name: str, narration: str, at: datetime
) -> SandboxXpressRow | None:
    """Pay into an account number; into one that nobody was given it comes to our own wallet, with that number on it."""
    taken = faults.take(_ON_DEPOSIT, reference=number)
    if Kind.UNKNOWN_ACCOUNT in taken:
        number = NOBODYS
    wallet = SandboxXpressWallet.objects.select_for_update().filter(number=number, active=True).first()
    wallet = wallet or merchants(at=at)
    fee = (amount * SHARE).quantize(Decimal("0.0001"))
    row = _write(
        wallet,
        amount - fee,
        amount=amount,
        fee=fee,
        category=FUNDED,
        is_debit=False,
        about=number,
        source=sender_name,
        destination=f"{number}/000023",
        description=narration,
        currency=(taken.values[Kind.WRONG_CURRENCY] or "USD") if Kind.WRONG_CURRENCY in taken else "NGN",
        quirks=sorted(taken.values),
        at=at,
    )
    announce(row, at=at)
    return row


@transaction.atomic
def top_up(*, amount: Decimal, at: datetime) -> None:
    """Pay our own wallet up, or take from it."""
    wallet = merchants(at=at)
    change = max(amount, -wallet.balance)
    if change:
        _write(wallet, change, category=TOPUP, is_debit=change < 0, description="By hand", at=at)


def announce(row: SandboxXpressRow, *, at: datetime) -> None:
    """Tell of a row, unsigned. What the real one says is not public: this says as little as will do."""
    body = {
        "event": f"transaction.{row.status}",
        "data": {
            "reference": row.reference,
            "category": row.category,
            "status": row.status,
            "metadata": row.metadata,
        },
    }
    url = settings.XPRESS_WALLET_WEBHOOK_URL
    bring(event=f"wallet {row.status}", body=body, about=row.about or row.reference, at=at, url=url)


def _amount(taken: Taken, amount: Decimal) -> Decimal:
    if Kind.WRONG_AMOUNT not in taken:
        return amount
    return naira(taken.number(Kind.WRONG_AMOUNT, kobo(amount) - 100))


def _write(wallet: SandboxXpressWallet, change: Decimal, *, at: datetime, **facts: Any) -> SandboxXpressRow:
    before = wallet.balance
    wallet.balance = before + change
    wallet.save(update_fields=["balance"])
    return SandboxXpressRow.objects.create(
        wallet=wallet,
        reference=f"XW-{secrets.token_hex(12)}",
        balance_before=before,
        balance_after=wallet.balance,
        created_at=at,
        **{"amount": abs(change), **facts},
    )
