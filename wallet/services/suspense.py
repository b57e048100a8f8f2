"""Money that came in and is nobody's yet: kept in suspense until a person says whose it is, or sends it back."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from accounts import audit
from accounts import services as accounts
from accounts.models import Notification, User
from core.actors import acting_as_service
from core.errors import DomainError
from core.ids import posting_id as new_posting_id
from wallet.gateways.base import Charge
from wallet.models import Account, Case, Payment, PaymentGateway, SuspendedDeposit
from wallet.refusals import BalanceCapExceeded, DailyReceivingLimitExceeded
from wallet.services.accounts import open_wallet, system_account
from wallet.services.posting import Line, Posting, post

SUSPENSE = "SUSPENSE"
_State = SuspendedDeposit.State
# What a gateway tells of who sent money, as far as it helps to find whose it is.
_SENDER = (
    *("sender_name", "sender_bank", "sender_bank_account_number", "narration"),
    *("receiver_bank_account_number", "receiver_bank", "channel"),
)
LONGEST_FACT = 150


class SuspendedNotFound(DomainError):
    code = "suspended_deposit_not_found"
    kind = "not_found"
    message = _("There is no such deposit.")


class DepositResolved(DomainError):
    code = "suspended_deposit_resolved"
    kind = "conflict"
    message = _("This deposit was dealt with already.")


class NothingSuspended(DomainError):
    code = "nothing_suspended"
    kind = "conflict"
    message = _("Nothing of this deposit stands in our books: it came in a currency that we do not keep.")


class CannotTakeDeposit(DomainError):
    code = "cannot_take_deposit"
    kind = "conflict"
    message = _(
        "Choose the wallet of a customer, in the deposit’s currency; for a payment of theirs, their own."
    )


def suspend(
    *,
    gateway: PaymentGateway,
    charge: Charge,
    amount: int,
    why: str,
    posting_id: UUID,
    is_posted: bool,
    payment: Payment | None = None,
    at: datetime,
) -> SuspendedDeposit:
    """Note what stands in suspense, once for each charge; the caller posts it, in the same transaction."""
    facts = {
        "payment": payment,
        "posting_id": posting_id,
        "is_posted": is_posted,
        "amount": amount,
        "currency_code": charge.currency,
        "fee": charge.fee,
        "why": why,
        "sender": sender_of(charge),
        "received_at": at,
    }
    row, is_new = SuspendedDeposit.objects.get_or_create(
        gateway=gateway, reference=charge.reference, defaults=facts
    )
    if is_new:
        audit.record(action="wallet.deposit.suspended", target=row, amount=amount, why=why)
    return row


def sender_of(charge: Charge) -> dict[str, str]:
    """What the gateway says of who paid a charge, and into which account."""
    told = charge.raw.get("authorization")
    facts: dict[str, Any] = told if isinstance(told, dict) else {}
    found = {name: str(facts[name])[:LONGEST_FACT] for name in _SENDER if facts.get(name)}
    payer = charge.raw.get("customer")
    if isinstance(payer, dict) and isinstance(payer.get("customer_code"), str):
        found["customer_code"] = payer["customer_code"][:LONGEST_FACT]
    return found


def check_attribution(*, deposit: SuspendedDeposit, account: Account) -> None:
    """Check that a suspended deposit can be given to this account.

    Raises DepositResolved, NothingSuspended, CannotTakeDeposit.
    """
    if deposit.state != _State.OPEN:
        raise DepositResolved
    if not deposit.is_posted:
        raise NothingSuspended
    is_wallet = account.kind == Account.Kind.WALLET and account.owner_id is not None
    is_other = deposit.payment is not None and deposit.payment.account_id != account.pk
    if not is_wallet or is_other or account.currency_id != deposit.currency_code:
        raise CannotTakeDeposit


def attribute_deposit(
    *, deposit_id: UUID, account_id: UUID, by: User, reason: str, at: datetime
) -> SuspendedDeposit:
    """Give a suspended deposit to a customer, once: to their wallet, or over what their tier may hold to what is kept.

    Raises what `check_attribution` raises, and why the account takes no money.
    """
    with acting_as_service():
        rows = SuspendedDeposit.objects.select_for_update(of=("self",)).select_related("payment", "gateway")
        deposit, account = rows.get(pk=deposit_id), Account.objects.get(pk=account_id)
        check_attribution(deposit=deposit, account=account)
        posting, state = _credit(deposit, account)
        deposit.state, deposit.account, deposit.resolved_posting_id = _State.ATTRIBUTED, account, posting.id
        deposit.resolved_by, deposit.resolved_at, deposit.note = by, at, reason[:500]
        deposit.save(
            update_fields=["state", "account", "resolved_posting_id", "resolved_by", "resolved_at", "note"]
        )
        payment = _payment_of(deposit, account, posting.id, state, at=at)
        audit.record(
            action="wallet.deposit.attributed",
            target=deposit,
            account=str(account.pk),
            amount=deposit.amount,
            reason=reason,
        )
        _tell(payment, state)
        return deposit


def close_cases(deposit: SuspendedDeposit) -> None:
    """The cases of a deposit are done with it."""
    kinds = (Case.Kind.UNMAPPED_DEPOSIT, Case.Kind.UNKNOWN_REFERENCE, deposit.why)
    Case.objects.filter(reference=deposit.reference, kind__in=kinds).update(state=Case.State.CLOSED)


def _credit(deposit: SuspendedDeposit, account: Account) -> tuple[Posting, str]:
    """Post from suspense to the wallet, or over the tier's limits to what is kept; say which state that is."""
    source = system_account(SUSPENSE, deposit.currency_code)
    words = f"{deposit.gateway_id} {deposit.reference}"

    def give(target: UUID) -> Posting:
        lines = [Line("DEPOSIT", source, target, deposit.amount)]
        return post(posting_id=new_posting_id(), lines=lines, description=words)

    try:
        return give(account.pk), Payment.State.SUCCEEDED
    except (BalanceCapExceeded, DailyReceivingLimitExceeded):
        assert account.owner_id is not None
        kept = open_wallet(owner_id=account.owner_id, currency=account.currency_id, kind=Account.Kind.HELD)
        return give(kept), Payment.State.HELD


def _payment_of(
    deposit: SuspendedDeposit, account: Account, posting: UUID, state: str, *, at: datetime
) -> Payment:
    """The payment as its customer sees it: that which was looked into, or a new one where nobody had asked for it.

    The posting by which it came in stays with the suspended deposit.
    """
    payment = deposit.payment or Payment(
        account=account,
        gateway=deposit.gateway,
        reference=deposit.reference,
        currency_id=deposit.currency_code,
        method=Payment.Method.TRANSFER,
        expires_at=at,
    )
    payment.posting_id, payment.state, payment.settled_at = posting, state, at
    payment.amount, payment.fee, payment.next_check_at = deposit.amount, deposit.fee, None
    payment.save()
    if deposit.payment is None:
        deposit.payment = payment
        deposit.save(update_fields=["payment"])
    close_cases(deposit)
    return payment


def _tell(payment: Payment, state: str) -> None:
    facts = {"payment": str(payment.pk), "amount": payment.amount, "currency": payment.currency_id}
    event = f"deposit.{state.lower()}"
    assert payment.account.owner_id is not None
    accounts.notify(notices=[Notification(user_id=payment.account.owner_id, event=event, data=facts)])
