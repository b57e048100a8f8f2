"""Holds: an amount is set aside before it moves, then committed (whole or in parts), released, or left to expire."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from accounts import audit
from wallet.models import Hold
from wallet.services.posting import Line, Posting, call, check_amounts, columns, run


def place_hold(
    *,
    hold_id: UUID,
    account_id: UUID,
    amount: int,
    expires_at: datetime | None,
    reason: str,
    counted: int | None = None,
) -> None:
    """Set `amount` (minor units) aside, `counted` of it (None: all) counting as sent today; fees do not.

    A repeat with the same content does nothing. Raises InsufficientFunds, LimitExceeded, the account's state.
    """
    with transaction.atomic():
        # The statement does not see what it places: `was_there` is how it was before.
        was_there = run(
            "select exists (select from wallet_hold where id = %s) from wallet.place_hold(%s, %s, %s, %s, %s, %s)",
            [hold_id, hold_id, account_id, amount, expires_at, reason, counted],
        )[0][0]
        if not was_there:
            audit.record(
                action="wallet.hold.placed", target=Hold(pk=hold_id), account=str(account_id), amount=amount
            )


def claim(*, hold_id: UUID, account_id: UUID, most: int, least: int, reason: str) -> int:
    """Set aside up to `most` (minor units) of what is available, at least `least`, and return how much it was.

    For what is claimed back from an account, whatever its owner's standing and limits are, and counting towards none.
    A repeat with the same id returns what was set aside at first. Raises InsufficientFunds.
    """
    check_amounts([most, least])
    with transaction.atomic():
        was_there, held = run(
            "select exists (select from wallet_hold where id = %s), amount from wallet.claim(%s, %s, %s, %s, %s)",
            [hold_id, hold_id, account_id, most, least, reason],
        )[0]
        if held and not was_there:
            audit.record(
                action="wallet.hold.placed", target=Hold(pk=hold_id), account=str(account_id), amount=held
            )
        return held or 0


@dataclass(frozen=True)
class Reserve:
    """A hold to be, for `reserve_many`: `amount` (minor units) on an account until `expires_at`."""

    hold_id: UUID
    account_id: UUID
    amount: int
    expires_at: datetime | None


def reserve_many(*, reserves: Sequence[Reserve], reason: str) -> dict[UUID, str]:
    """Place each hold that fits, per account in the order given, in one statement; return why others were not placed.

    The codes are those of the refusals of `place_hold`. What is placed counts towards no limit. A repeat with the same
    content places nothing anew. Raises AccountNotFound, AmountNotPositive; ValueError for one hold twice.
    """
    if len({one.hold_id for one in reserves}) < len(reserves):
        raise ValueError("each hold is named once")
    check_amounts(one.amount for one in reserves)
    accounts = {one.hold_id: one for one in reserves}
    with transaction.atomic():
        rows = run(
            "select hold, was_there, code from wallet.reserve_many(%s, %s, %s, %s::timestamptz[], %s)",
            [
                [one.hold_id for one in reserves],
                [one.account_id for one in reserves],
                [one.amount for one in reserves],
                [one.expires_at for one in reserves],
                reason,
            ],
        )
        placed = [accounts[hold] for hold, was_there, code in rows if not was_there and code is None]
        if placed:
            audit.record_each(
                action="wallet.hold.placed",
                targets=[
                    (Hold(pk=one.hold_id), {"account": str(one.account_id), "amount": one.amount})
                    for one in placed
                ],
            )
    return {hold: code for hold, _was_there, code in rows if code is not None}


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


def commit_hold_lines(
    *,
    hold_id: UUID,
    posting_id: UUID,
    lines: Sequence[Line],
    description: str = "",
    effective_at: datetime | None = None,
) -> Posting:
    """Move several amounts of a hold in one posting, what was paid out and the fees for it; the rest is given back.

    Every line is out of the hold's own account. It counts from `effective_at`, or from now. A repeat under the same
    posting id returns the first result. Raises HoldNotOpen, HoldExceeded, HoldNotFound.
    """
    check_amounts(line.amount for line in lines)
    kinds, _debits, credits, amounts = columns(lines)
    return call(
        posting_id,
        "wallet.commit_hold_lines(%s, %s, %s, %s, %s, %s, %s)",
        [hold_id, posting_id, kinds, credits, amounts, description, effective_at],
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
