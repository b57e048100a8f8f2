"""Money that was kept aside, since it was more than the owner's tier may hold or receive, and its way to the wallet."""

from uuid import UUID

from accounts import audit
from accounts import services as accounts
from accounts.models import Notification
from core.actors import acting_as_service
from core.ids import posting_id
from wallet.models import Account, Payment
from wallet.refusals import (
    BalanceCapExceeded,
    DailyReceivingLimitExceeded,
    InsufficientFunds,
)
from wallet.services.posting import Line, post

RELEASE = "RELEASE"
TRIES = 5
# What somebody else's posting brought about between the look and the posting: look again.
_MOVED = (BalanceCapExceeded, DailyReceivingLimitExceeded, InsufficientFunds)


def release_held(*, owner_id: UUID, currency: str) -> int:
    """Move what is kept for a customer to their wallet, as much as their tier lets it hold; return how much.

    In minor units. Several at once, or one again, move nothing twice: the kept account cannot fall below nought, nor
    the wallet rise over its cap. The customer is told. Raises a LedgerRefusal when their money may not move at all.
    """
    for _attempt in range(TRIES):
        with acting_as_service():
            amount = _room(owner_id=owner_id, currency=currency)
            if amount <= 0:
                return 0
            try:
                _release(owner_id=owner_id, currency=currency, amount=amount)
            except _MOVED:
                continue
            return amount
    return 0


def _accounts_of(owner_id: UUID, currency: str) -> dict[str, Account]:
    kinds = (Account.Kind.WALLET, Account.Kind.HELD)
    rows = Account.objects.filter(owner=owner_id, currency=currency, kind__in=kinds)
    return {account.kind: account for account in rows}


def _room(*, owner_id: UUID, currency: str) -> int:
    """How much of what is kept fits into the wallet now."""
    found = _accounts_of(owner_id, currency)
    held, wallet = found.get(Account.Kind.HELD), found.get(Account.Kind.WALLET)
    if held is None or wallet is None:
        return 0
    return held.available if wallet.cap is None else min(held.available, wallet.cap - wallet.balance)


def _release(*, owner_id: UUID, currency: str, amount: int) -> None:
    found = _accounts_of(owner_id, currency)
    held, wallet = found[Account.Kind.HELD], found[Account.Kind.WALLET]
    posting = post(
        posting_id=posting_id(),
        lines=[Line(RELEASE, held.pk, wallet.pk, amount)],
        description="Kept until the tier was raised",
    )
    audit.record(action="wallet.held.released", target=wallet, posting=str(posting.id), amount=amount)
    _mark_payments(wallet, left=posting.transactions[0].debit_balance or 0)
    facts = {"transaction": str(posting.id), "amount": amount, "currency": currency}
    accounts.notify(notices=[Notification(user_id=owner_id, event="deposit.released", data=facts)])


def _mark_payments(wallet: Account, *, left: int) -> None:
    """What is left is of the newest payments that were kept; the older ones have arrived."""
    for payment in Payment.objects.filter(account=wallet, state=Payment.State.HELD).order_by(
        "-settled_at", "-id"
    ):
        if left > 0:
            left -= payment.amount
        else:
            payment.state = Payment.State.SUCCEEDED
            payment.save(update_fields=["state"])
