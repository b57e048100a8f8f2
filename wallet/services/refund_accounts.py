"""A refund that what it came from takes nothing of: its customer says to which of their bank accounts it goes instead.

The choice is stored before the gateway is told. Telling it twice sends nothing twice: once it has taken an account, the
refund needs none any more, and it refuses another.
"""

from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from accounts import audit
from accounts.models import User
from core.actors import acting_as_service
from core.errors import DomainError
from core.outbound import require_no_transaction
from wallet.gateways.base import GatewayRefused, GatewayUnavailable
from wallet.gateways.capabilities import RetriesRefunds
from wallet.models import Account, BankAccount, Payout, Refund
from wallet.refusals import (
    AccountFrozen,
    CustomerClosed,
    CustomerFrozen,
    CustomerLocked,
    CustomerNoDebit,
    LedgerRefusal,
    NotYourAccount,
)
from wallet.services.bank_accounts import BankAccountGone, number_of
from wallet.services.cooling_off import check_cooling_off
from wallet.services.gateways import adapter_of
from wallet.services.payouts.choosing import code_at
from wallet.services.payouts.quoting import check_new_account
from wallet.services.refund_outcomes import settle_refund, tell
from wallet.services.refunds import CHECKS, CannotRefund

_OWNERS: dict[str, type[LedgerRefusal]] = {
    Account.OwnerState.LOCKED: CustomerLocked,
    Account.OwnerState.NO_DEBIT: CustomerNoDebit,
    Account.OwnerState.FROZEN: CustomerFrozen,
    Account.OwnerState.CLOSED: CustomerClosed,
}


class NoAccountNeeded(DomainError):
    code = "refund_needs_no_account"
    kind = "conflict"
    message = _("This refund needs no bank account any more.")


class NotInOwnName(DomainError):
    code = "refund_to_another_name"
    message = _("A refund goes to an account in your own name only. Choose another.")


class AccountElsewhere(DomainError):
    code = "bank_account_of_another_gateway"
    kind = "conflict"
    message = _("The payment company of this refund does not know this account. Choose another.")


class AccountNotTaken(DomainError):
    code = "refund_account_not_taken"
    kind = "conflict"
    message = _("The payment company does not send the refund to this account. Choose another.")


def supply_account(*, refund: Refund, bank_account: BankAccount, by: User, at: datetime) -> Refund:
    """Store where a refund goes instead; `send_to_account` tells the gateway afterwards, or a worker if nobody does.

    The same account again returns the refund as it stands. Raises NotYourAccount, NoAccountNeeded, BankAccountGone,
    NotInOwnName, CoolingOff, NewBankAccount, or why the owner's money may not go out.
    """
    with acting_as_service():
        refund = Refund.objects.select_for_update(of=("self",)).select_related("account").get(pk=refund.pk)
        bank_account = BankAccount.objects.get(pk=bank_account.pk)
        if {refund.account.owner_id, bank_account.owner_id} != {by.pk}:
            raise NotYourAccount
        if refund.is_open and refund.bank_account_id == bank_account.pk:
            return refund
        if not refund.needs_account:
            raise NoAccountNeeded
        _check(refund, bank_account, at=at)
        refund.bank_account, refund.checks, refund.next_check_at = bank_account, 1, at + CHECKS[0]
        refund.save(update_fields=["bank_account", "checks", "next_check_at"])
        audit.record(
            action="wallet.refund.account_given",
            target=refund,
            actor_id=by.pk,
            bank_account=str(bank_account.pk),
        )
        return refund


def _check(refund: Refund, bank_account: BankAccount, *, at: datetime) -> None:
    account = refund.account
    if account.state == Account.State.FROZEN:
        raise AccountFrozen
    if account.owner_state in _OWNERS:
        raise _OWNERS[account.owner_state]
    if not bank_account.saved or bank_account.removed_at is not None:
        raise BankAccountGone
    if bank_account.holder == BankAccount.Holder.OTHER:
        raise NotInOwnName
    check_cooling_off(source=account, amount=refund.amount, at=at)
    check_new_account(
        bank_account=bank_account,
        amount=refund.amount,
        currency=account.currency_id,
        purpose=Payout.Purpose.WITHDRAWAL,
        at=at,
    )


def send_to_account(*, refund_id: UUID, at: datetime) -> Refund:
    """Tell the gateway the account that was given for a refund, and book what it says. Calls outside.

    Without an answer it stays to be told again. Raises AccountElsewhere for an account that the gateway does not know,
    AccountNotTaken for one that it does not pay, and then its customer is asked for another; GatewayRefused,
    CannotRefund.
    """
    require_no_transaction()
    with acting_as_service():
        rows = Refund.objects.select_related("gateway", "account", "bank_account")
        refund = rows.get(pk=refund_id)
        chosen = refund.bank_account
        if refund.state != Refund.State.NEEDS_ATTENTION or chosen is None:
            return refund
        gateway, number = refund.gateway, number_of(chosen)
        adapter = adapter_of(gateway)
    if not isinstance(adapter, RetriesRefunds):
        raise CannotRefund
    named = {"gateway_id": refund.gateway_refund, "reference": refund.reference}
    try:
        code = code_at(account=chosen, gateway=gateway)
        if code is None:
            _not_taken(refund, chosen)
            raise AccountElsewhere
        said = adapter.retry_refund(
            **named, account_number=number, bank_code=code, currency=refund.currency_id
        )
    except GatewayUnavailable:
        return refund
    except GatewayRefused:
        # It is refused as well when the gateway has taken an account before.
        said = adapter.find_refund(**named)
        if said.state == "NEEDS_ATTENTION":
            _not_taken(refund, chosen)
            raise AccountNotTaken from None
    return settle_refund(refund_id=refund_id, said=said, at=at)


def _not_taken(refund: Refund, chosen: BankAccount) -> None:
    with acting_as_service():
        mine = Refund.objects.filter(pk=refund.pk, state=refund.state, bank_account=chosen)
        if mine.update(bank_account=None):
            audit.record(action="wallet.refund.account_refused", target=refund, bank_account=str(chosen.pk))
            tell(refund)
