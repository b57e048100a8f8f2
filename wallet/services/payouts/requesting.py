"""A payout begins: its names are chosen, its fee is fixed and its money set aside, all in one transaction."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from accounts import audit
from core.actors import acting_as_service
from core.errors import DomainError
from wallet.models import Account, BankAccount, Payout
from wallet.refusals import CurrencyMismatch, NotYourAccount
from wallet.services.bank_accounts import BankAccountGone
from wallet.services.cooling_off import check_cooling_off
from wallet.services.holds import place_hold
from wallet.services.payouts.quoting import check_new_account, check_size, fee_of

NGN = "NGN"
# If whoever asked for it dies before ordering it, somebody else does so after this.
TAKEN_UP_AFTER = timedelta(seconds=60)


class PayoutIdReused(DomainError):
    code = "payout_id_reused"
    kind = "conflict"
    message = _("This withdrawal was already started with other details.")


class FeeChanged(DomainError):
    """`data["fee"]` is what it costs now."""

    code = "fee_changed"
    kind = "conflict"
    message = _("The fee has changed meanwhile. Nothing was sent: look at the new one, and confirm again.")
    public = ("fee",)


def request_payout(
    *,
    payout_id: UUID,
    account: Account,
    bank_account: BankAccount,
    amount: int,
    at: datetime,
    purpose: str = Payout.Purpose.WITHDRAWAL,
    note: str = "",
    expected_fee: int | None = None,
) -> Payout:
    """Store a payout of `amount` (minor units) and set it aside with its fee; a repeat returns the first.

    It is ordered by whoever calls `order_payout` next. Raises PayoutTooSmall, PayoutTooLarge, PayoutIdReused,
    NotYourAccount, BankAccountGone, FeeChanged when it costs other than `expected_fee`, CoolingOff, NewBankAccount,
    InsufficientFunds, LimitExceeded, and why nothing may leave the account.
    """
    check_size(amount)
    with acting_as_service():
        found = Payout.objects.filter(pk=payout_id).first()
        if found is None:
            _check(account, bank_account, amount, purpose, at)
            fee = fee_of(account=account, amount=amount, purpose=purpose, at=at)
            if expected_fee is not None and fee.total != expected_fee:
                raise FeeChanged(fee=fee.total)
            facts: dict[str, Any] = {
                "reference": reference_of(payout_id),
                "gateway_id": bank_account.gateway_id,
                "account": account,
                "bank_account": bank_account,
                "purpose": purpose,
                "amount": amount,
                "fee": fee.total,
                "fee_lines": [
                    {"kind": line.kind, "amount": line.amount, "credit": line.credit_code}
                    for line in fee.paid
                ],
                "fee_schedule": str(fee.schedule_id or ""),
                "currency_id": account.currency_id,
                "note": note,
                "created_at": at,
                "next_check_at": at + TAKEN_UP_AFTER,
            }
            found, is_new = Payout.objects.get_or_create(pk=payout_id, defaults=facts)
            if is_new:
                _set_aside(found)
                return found
        if (found.account_id, found.bank_account_id, found.amount) != (account.pk, bank_account.pk, amount):
            raise PayoutIdReused
        return found


def reference_of(payout_id: UUID) -> str:
    """Return the name by which the gateway knows a payout: 36 of a-z, 0-9 and -, the same whoever asks."""
    return f"alj-{payout_id.hex}"


def _check(account: Account, bank_account: BankAccount, amount: int, purpose: str, at: datetime) -> None:
    if account.owner_id != bank_account.owner_id or (
        # A merchant's account has no owner: its code says whose it is.
        account.owner_id is None and account.code != f"merchant:{bank_account.organization_id}"
    ):
        raise NotYourAccount
    if account.currency_id != NGN:
        raise CurrencyMismatch
    known = BankAccount.objects.get(pk=bank_account.pk)
    if known.removed_at is not None:
        raise BankAccountGone
    check_cooling_off(source=account, amount=amount, at=at)
    check_new_account(bank_account=known, amount=amount, currency=account.currency_id, purpose=purpose, at=at)


def _set_aside(payout: Payout) -> None:
    place_hold(
        hold_id=payout.hold_id,
        account_id=payout.account_id,
        amount=payout.total,
        counted=payout.amount,
        expires_at=None,
        reason=f"Withdrawal to {payout.bank_account}",
    )
    audit.record(
        action="wallet.withdrawal.requested",
        target=payout,
        amount=payout.amount,
        fee=payout.fee,
        bank_account=str(payout.bank_account_id),
    )
