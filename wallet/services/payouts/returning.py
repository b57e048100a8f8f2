"""Money that a bank sent back after it was paid out: to where it came from, fees and all, once."""

from django.db.models import Sum

from core.ids import posting_id
from wallet.models import Account, PartReversal, Payout, Transaction
from wallet.refusals import (
    AccountClosed,
    AccountFrozen,
    AccountNoCredit,
    AlreadyReversed,
    BalanceCapExceeded,
    CustomerNoCredit,
    PostingIdOutOfRange,
)
from wallet.services.accounts import open_wallet, system_account
from wallet.services.gateways import clearing_of
from wallet.services.posting import Line, post, reverse

RETURN, FEES = "RETURN", "GATEWAY_FEES"


def give_back(payout: Payout) -> str:
    """Take a payout's posting back; return where the money is when not in its account: HELD, SUSPENSE, or BEFORE.

    BEFORE: staff have taken the posting back already, so there is nothing left to do but to look.
    """
    try:
        _reverse(payout)
        return ""
    except AlreadyReversed:
        return "BEFORE"
    except BalanceCapExceeded:
        return _to_held(payout)
    except (AccountClosed, AccountFrozen, AccountNoCredit, CustomerNoCredit):
        return _aside(payout, system_account("SUSPENSE", payout.currency_id), "SUSPENSE")


def give_back_fee(payout: Payout, *, told: int | None) -> None:
    """Book what the gateway gives back of its own fee: what it told before, less what it tells (`told`) now.

    One that tells nothing keeps it, as far as we know.
    """
    if payout.gateway_fee is None or told is None or told >= payout.gateway_fee:
        return
    clearing, fees = clearing_of(payout.gateway, payout.currency_id), system_account(FEES, payout.currency_id)
    payout.fee_return_posting_id = posting_id()
    post(
        posting_id=payout.fee_return_posting_id,
        lines=[Line("GATEWAY_FEE", clearing, fees, payout.gateway_fee - told)],
        description=f"{payout.gateway_id} {payout.reference}",
    )
    payout.gateway_fee = told


def _reverse(payout: Payout) -> None:
    words = f"{payout.gateway_id} {payout.reference}"
    try:
        reverse(
            posting_id=payout.return_posting_id, reverses=payout.posting_id, description=words, kind=RETURN
        )
    except PostingIdOutOfRange:
        payout.return_posting_id = posting_id()
        reverse(
            posting_id=payout.return_posting_id, reverses=payout.posting_id, description=words, kind=RETURN
        )


def _to_held(payout: Payout) -> str:
    """What the tier may not hold any more is kept for its owner, as money that comes in is."""
    owner_id = payout.account.owner_id
    if owner_id is None:
        return _aside(payout, system_account("SUSPENSE", payout.currency_id), "SUSPENSE")
    held = open_wallet(owner_id=owner_id, currency=payout.currency_id, kind=Account.Kind.HELD)
    return _aside(payout, held, "HELD")


def _aside(payout: Payout, target: object, where: str) -> str:
    """The same amounts, from where they went, to another account than they came from; less what staff took back."""
    lines = [
        Line(RETURN, row.credit_account_id, target, row.amount - _taken_back(row))  # type: ignore[arg-type]
        for row in Transaction.objects.of_posting(payout.posting_id).order_by("id")
        if row.amount > _taken_back(row)
    ]
    words = f"{payout.gateway_id} {payout.reference}"
    try:
        post(posting_id=payout.return_posting_id, lines=lines, description=words)
    except PostingIdOutOfRange:
        payout.return_posting_id = posting_id()
        post(posting_id=payout.return_posting_id, lines=lines, description=words)
    return where


def _taken_back(row: Transaction) -> int:
    parts = PartReversal.objects.filter(transaction_id=row.pk)
    return int(parts.aggregate(sum=Sum("amount", default=0))["sum"])
