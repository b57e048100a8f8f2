"""Xpress Wallet's calls, those that we use."""

import secrets
from typing import Any

from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from wallet.sandbox.faults import Kind
from wallet.sandbox.models import SandboxXpressRow, SandboxXpressWallet
from wallet.sandbox.xpress_wallet import banks, movements
from wallet.sandbox.xpress_wallet.wire import (
    Body,
    Refusal,
    about,
    answer,
    checked_amount,
    checked_text,
    endpoint,
    number,
)

PAGE = 20


@endpoint("GET", "wallet_banks")
def bank_list(request: HttpRequest, body: Body) -> HttpResponse:
    return answer(banks=[{"code": code, "name": name} for code, name, _other in banks.BANKS])


@endpoint("GET", "wallet_resolve")
def account_details(request: HttpRequest, body: Body) -> HttpResponse:
    code, account_number = request.GET.get("sortCode", ""), request.GET.get("accountNumber", "")
    holder = banks.holder_of(sort_code=code, account_number=account_number)
    if holder is None:
        raise Refusal(400, "Could not resolve account details")
    return answer(account={"bankCode": code, "accountName": holder, "accountNumber": account_number})


@endpoint("POST", "wallet_transfer")
def transfer(request: HttpRequest, body: Body) -> HttpResponse:
    """Send money to a bank. It knows no reference of ours, so it does so each time."""
    amount = checked_amount(body)
    code, account_number = checked_text(body, "sortCode", 6), checked_text(body, "accountNumber", 10)
    checked_text(body, "accountName")
    narration = checked_text(body, "narration", 250)
    if banks.holder_of(sort_code=code, account_number=account_number) is None:
        raise Refusal(400, "Transfer failed. Invalid account")
    try:
        row = movements.send(
            amount=amount,
            to=f"{account_number}/{code}",
            narration=narration,
            metadata=body.get("metadata") or {},
            about=about(body),
            at=timezone.now(),
        )
    except movements.BalanceTooLow as error:
        raise Refusal(400, str(error)) from error
    sent = {
        "amount": number(row.amount),
        "charges": number(row.fee),
        "vat": number(row.vat),
        "total": number(row.amount + row.fee + row.vat),
        "reference": row.reference,
        "sessionId": row.session_id,
        "destination": row.destination,
        "transactionReference": row.reference,
        "description": row.description,
        "metadata": row.metadata,
    }
    return answer("Transaction successfully completed.", transfer=sent)


@endpoint("GET", "wallet_balance")
def merchant_wallet(request: HttpRequest, body: Body) -> HttpResponse:
    return answer(wallet=_wallet(movements.merchants(at=timezone.now())))


@endpoint("GET", "wallet_rows")
def merchant_transactions(request: HttpRequest, body: Body) -> HttpResponse:
    """A page of what moved, the newest first."""
    page, which = request.GET.get("page", "1"), request.GET.get("type", "ALL")
    if (
        not page.isascii()
        or not page.isdecimal()
        or not 1 <= int(page) <= 10**6
        or which not in ("ALL", "CREDIT", "DEBIT")
    ):
        raise Refusal(400, "page or type is not valid")
    rows = SandboxXpressRow.objects.order_by("-pk")
    if which != "ALL":
        rows = rows.filter(is_debit=which == "DEBIT")
    total, first = rows.count(), (int(page) - 1) * PAGE
    told = {"page": int(page), "totalRecords": total, "totalPages": max(1, -(-total // PAGE))}
    return answer(
        data=[_row(row) for row in rows.select_related("wallet")[first : first + PAGE]], metadata=told
    )


@endpoint("GET", "wallet_row")
def merchant_transaction(request: HttpRequest, body: Body, reference: str) -> HttpResponse:
    row = SandboxXpressRow.objects.select_related("wallet").filter(reference=reference).first()
    if row is None:
        raise Refusal(404, "Transaction not found")
    return answer(transaction=_row(row))


@endpoint("POST", "wallet_open")
def open_wallet(request: HttpRequest, body: Body) -> HttpResponse:
    """Give a customer a wallet with an account number; a phone has one."""
    facts = {
        name: checked_text(body, there, 60)
        for name, there in (("first_name", "firstName"), ("last_name", "lastName"))
    }
    for name in ("bvn", "dateOfBirth"):
        checked_text(body, name, 11)
    try:
        with transaction.atomic():
            wallet = SandboxXpressWallet.objects.create(
                customer_id=secrets.token_hex(12),
                number=f"5{secrets.randbelow(10**9):09d}",
                email=checked_text(body, "email"),
                phone=checked_text(body, "phoneNumber", 20),
                metadata=body.get("metadata") or {},
                created_at=timezone.now(),
                **facts,
            )
    except IntegrityError as error:
        raise Refusal(400, "Customer already exists") from error
    return answer("Wallet created", customer=_customer(wallet), wallet=_wallet(wallet))


@endpoint("GET", "wallet_customer")
def wallet_of_customer(request: HttpRequest, body: Body) -> HttpResponse:
    return answer(wallet=_wallet(_found(customer_id=request.GET.get("customerId", ""))))


@endpoint("GET", "wallet_customer")
def customer_by_phone(request: HttpRequest, body: Body) -> HttpResponse:
    return answer(customer=_customer(_found(phone=request.GET.get("phoneNumber", ""))))


@endpoint("POST", "wallet_customer")
def close_wallet(request: HttpRequest, body: Body) -> HttpResponse:
    wallet = _found(customer_id=checked_text(body, "customerId", 40))
    SandboxXpressWallet.objects.filter(pk=wallet.pk).update(active=False)
    return answer("Wallet closed")


def _found(**by: str) -> SandboxXpressWallet:
    found = SandboxXpressWallet.objects.exclude(customer_id=None).filter(**by).first()
    if found is None:
        raise Refusal(404, "Customer not found")
    return found


def _customer(wallet: SandboxXpressWallet) -> Body:
    return {
        "id": wallet.customer_id,
        "firstName": wallet.first_name,
        "lastName": wallet.last_name,
        "email": wallet.email,
        "phoneNumber": wallet.phone,
        "tier": "TIER_1",
        "metadata": wallet.metadata,
    }


def _wallet(wallet: SandboxXpressWallet) -> Body:
    return {
        "id": f"wallet-{wallet.pk}",
        "bankName": "Providus Bank",
        "bankCode": "000023",
        "accountName": wallet.name,
        "accountNumber": wallet.number,
        "accountReference": f"acc-{wallet.pk}",
        "bookedBalance": number(wallet.balance),
        "availableBalance": number(wallet.balance),
        "status": "ACTIVE" if wallet.active else "CLOSED",
    }


def _row(row: SandboxXpressRow) -> Body:
    facts: dict[str, Any] = {
        name: number(getattr(row, name))
        for name in ("amount", "fee", "vat", "total", "balance_before", "balance_after")
    }
    if Kind.NULL_FEES in row.quirks:
        facts |= {"fee": None, "vat": None, "total": None}
    if Kind.AMOUNT_AS_STRING in row.quirks:
        facts["amount"] = str(row.amount)
    # What adding up binary fractions leaves.
    facts["balance_before"] += 3.6e-12 if row.pk % 2 else 0
    return facts | {
        "id": f"txn-{row.pk:09d}",
        "category": row.category,
        "currency": row.currency,
        "metadata": row.metadata,
        "reference": row.reference,
        "source": row.source,
        "destination": row.destination,
        "customerId": row.wallet.customer_id,
        "type": "DEBIT" if row.is_debit else "CREDIT",
        "description": row.description,
        "sessionId": row.session_id,
        "status": row.status,
        "completed": not row.is_waiting,
        "mode": "SANDBOX",
        "createdAt": row.created_at.isoformat(),
    }
