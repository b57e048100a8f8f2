"""Money in. A payment is stored before the gateway is asked, and settled by its answer when we ask.

Nothing is held while a gateway is called: `open_checkout` and `check_payment` store, call, and store again.
Whatever dies in between leaves a payment whose `next_check_at` is set, and `take_due_payment` brings it back.
How a payment turns into money, once, is in `settlement`.
"""

import time
from contextlib import suppress
from datetime import datetime, timedelta
from math import ceil
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from accounts import audit
from core.actors import acting_as_service
from core.errors import DomainError
from core.ids import uuid7
from core.outbound import require_no_transaction
from wallet.gateways.base import (
    Charge,
    ChargeNotFound,
    DuplicateReference,
    GatewayRefused,
    GatewayUnavailable,
)
from wallet.models import Account, Payment, PaymentGateway
from wallet.refusals import (
    AccountClosed,
    AccountFrozen,
    AccountNoCredit,
    CustomerClosed,
    CustomerFrozen,
    CustomerLocked,
    CustomerNoCredit,
    LedgerRefusal,
)
from wallet.services.breaker import CircuitOpen
from wallet.services.gateways import NoGateway, adapter_of, new_reference
from wallet.services.routing import checkouts_of, gateway_for
from wallet.services.settlement import CHECKS, SETTLED, settle

SMALLEST, LARGEST = 5_000, 1_000_000_000  # kobo: what the gateway takes in one payment
OPEN_FOR = CHECKS[-1]
# When to ask again if no answer came, be it that the worker died or that the gateway was down.
RETRY = timedelta(minutes=5)
MOST_CHECKS = 2**15 - 1
# Each payment is asked about for days: nobody may keep the gateway, and those who ask it, busy with theirs.
STARTS, WITHIN = 20, timedelta(hours=1)
# A merchant's account is paid into by everybody.
MERCHANT_STARTS = 1_000

_UNABLE: dict[str, type[LedgerRefusal]] = {
    Account.State.NO_CREDIT: AccountNoCredit,
    Account.State.FROZEN: AccountFrozen,
    Account.State.CLOSED: AccountClosed,
}
_BARRED: dict[str, type[LedgerRefusal]] = {
    Account.OwnerState.LOCKED: CustomerLocked,
    Account.OwnerState.FROZEN: CustomerFrozen,
    Account.OwnerState.CLOSED: CustomerClosed,
}


class DepositTooSmall(DomainError):
    code = "deposit_too_small"
    message = _("The smallest amount you can add is ₦50.")


class DepositTooLarge(DomainError):
    code = "deposit_too_large"
    message = _("The largest amount you can add at once is ₦10,000,000.")


class DepositOver(DomainError):
    code = "deposit_over"
    kind = "conflict"
    message = _("This payment is over. Please start a new one.")


class PaymentIdReused(DomainError):
    code = "payment_id_reused"
    kind = "conflict"
    message = _("This payment was already started with other details.")


class TooManyPayments(DomainError):
    """`data["retry_after"]` says in how many seconds another may be started."""

    code = "too_many_payments"
    kind = "limited"
    message = _("You have started many payments in a short time. Please finish one, or try again in an hour.")
    public = ("retry_after",)


def start_deposit(
    *,
    account: Account,
    amount: int,
    email: str,
    callback_url: str,
    at: datetime,
    payment_id: UUID | None = None,
) -> Payment:
    """Store a payment of `amount` kobo, then open the gateway's checkout for it.

    Raises what `create_payment` and `open_checkout` raise.
    """
    payment = create_payment(account=account, amount=amount, at=at, payment_id=payment_id)
    return open_checkout(payment=payment, email=email, callback_url=callback_url, at=at)


def create_payment(
    *,
    account: Account,
    amount: int,
    at: datetime,
    payment_id: UUID | None = None,
    method: str = Payment.Method.CHECKOUT,
    gateway: PaymentGateway | None = None,
) -> Payment:
    """Store what is wanted, before anyone outside hears of it; a repeat under the same id returns the first.

    Without a `gateway` it is the best one for its currency and amount.

    Raises DepositTooSmall, DepositTooLarge, NoGateway, PaymentIdReused; AccountClosed, AccountFrozen,
    AccountNoCredit for an account that could not take the money, CustomerLocked, CustomerFrozen, CustomerClosed,
    CustomerNoCredit for an owner who may not add any, TooManyPayments. What the tier forbids is taken, and held.
    """
    if amount < SMALLEST:
        raise DepositTooSmall
    if amount > LARGEST:
        raise DepositTooLarge
    if account.state in _UNABLE:
        raise _UNABLE[account.state](account=str(account.pk))
    with acting_as_service():
        _refuse_by_standing(account)
        if payment_id is None or not Payment.objects.filter(pk=payment_id).exists():
            _refuse_too_many(account, at=at)
        gateway = gateway or gateway_for(account.currency_id, amount)
        facts = {
            "account": account,
            "currency_id": account.currency_id,
            "amount": amount,
            "gateway": gateway,
            "method": method,
            "reference": new_reference(gateway),
            "expires_at": at + OPEN_FOR,
            "next_check_at": at + CHECKS[0],
        }
        payment, is_new = Payment.objects.get_or_create(pk=payment_id or uuid7(), defaults=facts)
        if is_new:
            audit.record(action="wallet.deposit.started", target=payment, amount=amount)
        elif (payment.account_id, payment.amount, payment.method) != (account.pk, amount, method):
            raise PaymentIdReused
    return payment


def _refuse_by_standing(account: Account) -> None:
    """Raise why the account's owner may not add money; one from whom nothing goes out may."""
    state = Account.objects.values_list("owner_state", flat=True).get(pk=account.pk)
    if state == Account.OwnerState.NO_CREDIT:
        raise CustomerNoCredit(_("Nothing can be added to your account at the moment. Write to our support."))
    if state in _BARRED:
        raise _BARRED[state]


def _refuse_too_many(account: Account, *, at: datetime) -> None:
    """Raise TooManyPayments when as many as may be were started on this account in the last hour."""
    newest = Payment.objects.filter(account=account).order_by("-id").values_list("created_at", flat=True)
    most = MERCHANT_STARTS if account.kind == Account.Kind.MERCHANT else STARTS
    first = next(iter(newest[most - 1 : most]), None)
    if first is not None and first > at - WITHIN:
        raise TooManyPayments(retry_after=ceil((first + WITHIN - at).total_seconds()))


def open_checkout(*, payment: Payment, email: str, callback_url: str, at: datetime) -> Payment:
    """Have the gateway open its page for a stored payment; one that has its page is returned as it is.

    Where the gateway is left alone because it does not answer, the payment goes to the next one. Calls outside.
    Raises DepositOver; GatewayRefused (the payment is then FAILED); GatewayUnavailable (it stays open: ask again).
    """
    with acting_as_service():
        payment = Payment.objects.select_related("gateway").get(pk=payment.pk)
    if payment.checkout_url:
        return payment
    if payment.method != Payment.Method.CHECKOUT or not payment.is_open or at >= payment.expires_at:
        raise DepositOver
    for _round in range(3):
        try:
            payment = _open(payment, email=email, callback_url=callback_url)
        except DuplicateReference:
            pass
        except CircuitOpen:
            payment = _elsewhere(payment)
            if payment.checkout_url:
                return payment
            continue
        payment = _await_page(payment)
        if payment.checkout_url:
            return payment
        # An earlier try got through and its answer was lost, and with it the page: nobody can pay there.
        payment = _change(payment, reference=new_reference(payment.gateway))
    raise GatewayUnavailable(reason="no_page")


def _open(payment: Payment, *, email: str, callback_url: str) -> Payment:
    require_no_transaction()
    try:
        checkout = checkouts_of(payment.gateway).start_checkout(
            reference=payment.reference,
            amount=payment.amount,
            currency=payment.currency_id,
            email=email,
            callback_url=callback_url,
            metadata={"payment": str(payment.pk)},
        )
    except DuplicateReference:
        raise
    except GatewayRefused as error:
        reason = str(error.data.get("said") or error)[:200]
        _change(payment, state=Payment.State.FAILED, reason=reason, next_check_at=None)
        raise
    return _change(payment, state=Payment.State.PENDING, checkout_url=checkout.url)


def _elsewhere(payment: Payment) -> Payment:
    """Send a payment to the next gateway, of which the first was asked nothing now; a merchant's own has no next.

    Had it been asked before, its page was never stored, so nobody can pay there. Raises CircuitOpen for want of one.
    """
    with acting_as_service():
        try:
            if not payment.gateway.active:
                raise NoGateway
            gateway = gateway_for(payment.currency_id, payment.amount, besides=payment.gateway_id)
        except NoGateway as error:
            raise CircuitOpen(reason="circuit_open") from error
    return _change(payment, gateway=gateway, reference=new_reference(gateway))


def _change(payment: Payment, **fields: object) -> Payment:
    """Change a payment that has no page yet, and return it as it now stands.

    A twin of this request may have been faster. Only one page is ever stored, and only a stored one is shown,
    so money can come under no other reference than the payment's own.
    """
    with acting_as_service():
        same = Payment.objects.filter(pk=payment.pk, reference=payment.reference)
        changed = same.filter(state=Payment.State.INTENT).update(**fields)
        if changed and "state" in fields:
            audit.record(action=f"wallet.deposit.{str(fields['state']).lower()}", target=payment)
        return Payment.objects.select_related("gateway").get(pk=payment.pk)


def _await_page(payment: Payment) -> Payment:
    """Return the payment with its page, giving a twin of this request a second to store the one it has."""
    for _again in range(10):
        if payment.checkout_url:
            break
        time.sleep(0.1)
        with acting_as_service():
            payment = Payment.objects.select_related("gateway").get(pk=payment.pk)
    return payment


def check_payment(*, payment_id: UUID, at: datetime) -> Payment:
    """Ask the gateway what became of a payment, and settle it accordingly. Calls outside; safe at any time.

    Raises GatewayUnavailable, GatewayRefused: the outcome is as unknown as before, and the next check is set.
    """
    with acting_as_service():
        payments = Payment.objects.select_for_update(of=("self",)).select_related("gateway")
        payment = payments.get(pk=payment_id)
        if payment.state in SETTLED:
            return payment
        _put_off(payment, at=at)
    require_no_transaction()
    charge: Charge | None = None
    with suppress(ChargeNotFound):
        charge = adapter_of(payment.gateway).find_charge(reference=payment.reference)
    return settle(payment_id=payment_id, charge=charge, at=at)


def take_due_payment(*, at: datetime) -> UUID | None:
    """Pick the payment most overdue for a check, and put it off, so that no other worker asks as well."""
    with acting_as_service():
        due = Payment.objects.due(at).select_for_update(skip_locked=True).order_by("next_check_at")
        payment = due.first()
        if payment is None:
            return None
        _put_off(payment, at=at)
        return payment.pk


def _put_off(payment: Payment, *, at: datetime) -> None:
    payment.next_check_at = at + RETRY
    payment.checks = min(payment.checks + 1, MOST_CHECKS)
    payment.save(update_fields=["next_check_at", "checks"])
