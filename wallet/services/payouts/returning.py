"""Money that a bank sent back after it was paid out: to where it came from, fees and all, once."""

from core.ids import posting_id
from wallet.models import Account, Payout
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

RETURN = "RETURN"


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
    """The same amounts, from where they went, to another account than they came from."""
    clearing = clearing_of(payout.gateway, payout.currency_id)
    sources = [(clearing, payout.amount)]
    sources += [
        (system_account(fee["credit"], payout.currency_id), fee["amount"]) for fee in payout.fee_lines
    ]
    post(
        posting_id=payout.return_posting_id,
        lines=[Line(RETURN, source, target, amount) for source, amount in sources],  # type: ignore[arg-type]
        description=f"{payout.gateway_id} {payout.reference}",
    )
    return where
