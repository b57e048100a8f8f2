"""Holds: an amount is set aside before it moves, then committed (whole or in parts), released, or left to expire."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from accounts import audit
from wallet.models import Hold
from wallet.services.posting import Posting, call, run


def place_hold(
    *, hold_id: UUID, account_id: UUID, amount: int, expires_at: datetime | None, reason: str
) -> None:
    """Set `amount` (minor units) aside. A repeat with the same content does nothing. Raises InsufficientFunds."""
    with transaction.atomic():
        # The statement does not see what it places: `was_there` is how it was before.
        was_there = run(
            "select exists (select from wallet_hold where id = %s) from wallet.place_hold(%s, %s, %s, %s, %s)",
            [hold_id, hold_id, account_id, amount, expires_at, reason],
        )[0][0]
        if not was_there:
            audit.record(
                action="wallet.hold.placed", target=Hold(pk=hold_id), account=str(account_id), amount=amount
            )


def commit_hold(
    *,
    hold_id: UUID,
    posting_id: UUID,
    credit: UUID,
    amount: int,
    kind: str,
    description: str = "",
    final: bool = True,
) -> Posting:
    """Move `amount` of a hold to another account; `final` releases what is left of it. The posting tells of it.

    Raises HoldNotOpen, HoldExceeded, HoldNotFound.
    """
    return call(
        posting_id,
        "wallet.commit_hold(%s, %s, %s, %s, %s, %s, %s)",
        [hold_id, posting_id, credit, amount, kind, description, final],
    )


def release_hold(*, hold_id: UUID) -> None:
    """Give back what is left of a hold. Raises HoldNotOpen when it was committed or has expired, HoldNotFound."""
    with transaction.atomic():
        was_open = run(
            "select exists (select from wallet_hold where id = %s and state = 'OPEN') from wallet.release_hold(%s)",
            [hold_id, hold_id],
        )[0][0]
        if was_open:
            audit.record(action="wallet.hold.released", target=Hold(pk=hold_id))


def release_expired_holds(*, limit: int = 1000) -> int:
    """Release up to `limit` holds that are past their time; return how many."""
    with transaction.atomic():
        released = int(run("select wallet.expire_holds(%s)", [limit])[0][0])
        if released:
            audit.record(action="wallet.hold.expired", count=released)
    return released
