"""Money in. A payment is stored before the gateway is asked, and settled by what the gateway says when we ask it.

`start_deposit` and `check_payment` call outside and hold no transaction meanwhile; `settle` is the one place where a
payment turns into money, under its row's lock, once.
"""

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts import audit
from accounts import services as accounts
from accounts.models import Notification
from core.actors import acting_as_service
from core.errors import DomainError
from core.ids import base62, posting_id
from wallet.gateways.base import Charge, ChargeNotFound, GatewayRefused, GatewayUnavailable
from wallet.models import Account, Case, Payment
from wallet.refusals import (
    AccountClosed,
    AccountFrozen,
    AccountNoCredit,
    BalanceCapExceeded,
    PostingIdOutOfRange,
)
from wallet.services.accounts import open_wallet, system_account
from wallet.services.gateways import adapter_of, gateway_for
from wallet.services.posting import Line, post

CLEARING, SUSPENSE, FEES = "PAYSTACK_CLEARING", "SUSPENSE", "GATEWAY_FEES"
SMALLEST, LARGEST = 5_000, 1_000_000_000  # kobo: what the gateway takes in one payment
OPEN_FOR = timedelta(hours=72)
# A failed card sends no webhook: we ask after these waits, then daily until the payment expires.
WAITS = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=15), timedelta(hours=1))
DAILY = timedelta(days=1)
SETTLED = Payment.SETTLED_STATES


class DepositTooSmall(DomainError):
    code = "deposit_too_small"
    message = _("The smallest amount you can add is ₦50.")


class DepositTooLarge(DomainError):
    code = "deposit_too_large"
    message = _("The largest amount you can add at once is ₦10,000,000.")


def start_deposit(*, account: Account, amount: int, email: str, callback_url: str, at: datetime) -> Payment:
    """Store a payment of `amount` kobo, then open the gateway's checkout for it; see `open_checkout`.

    Raises DepositTooSmall, DepositTooLarge, NoGateway, GatewayRefused, GatewayUnavailable.
    """
    payment = create_payment(account=account, amount=amount, at=at)
    return open_checkout(payment=payment, email=email, callback_url=callback_url, at=at)


def create_payment(*, account: Account, amount: int, at: datetime) -> Payment:
    """Store what is wanted, before anyone outside hears of it. Raises DepositTooSmall, DepositTooLarge, NoGateway."""
    if amount < SMALLEST:
        raise DepositTooSmall
    if amount > LARGEST:
        raise DepositTooLarge
    with acting_as_service():
        payment = Payment(account=account, gateway=gateway_for(account.currency_id), amount=amount)
        payment.currency_id = account.currency_id
        payment.reference = f"alj-{base62(payment.id)}"
        payment.expires_at, payment.next_check_at = at + OPEN_FOR, at + WAITS[0]
        payment.save(force_insert=True)
        audit.record(action="wallet.deposit.started", target=payment, amount=amount)
    return payment


def open_checkout(*, payment: Payment, email: str, callback_url: str, at: datetime) -> Payment:
    """Have the gateway open its page for a stored payment; one that has its page already is returned as it is.

    Calls outside. Raises GatewayRefused (the payment is then FAILED), GatewayUnavailable (it stays open: ask again).
    """
    if payment.checkout_url:
        return payment
    with acting_as_service():
        adapter = adapter_of(payment.gateway)
    try:
        checkout = adapter.start_checkout(
            reference=payment.reference,
            amount=payment.amount,
            currency=payment.currency_id,
            email=email,
            callback_url=callback_url,
            metadata={"payment": str(payment.id)},
        )
    except GatewayRefused as error:
        with acting_as_service():
            payment.state, payment.reason = Payment.State.FAILED, str(error.data.get("said", error))[:200]
            payment.save(update_fields=["state", "reason"])
        raise
    with acting_as_service():
        payment.checkout_url = checkout.url
        Payment.objects.filter(pk=payment.pk).update(checkout_url=checkout.url)
        Payment.objects.filter(pk=payment.pk, state=Payment.State.INTENT).update(state=Payment.State.PENDING)
        payment.refresh_from_db()
    return payment


def check_payment(*, payment_id: UUID, at: datetime) -> Payment:
    """Ask the gateway what became of a payment, and settle it accordingly. Calls outside.

    Raises GatewayUnavailable: the outcome is then as unknown as before, and the next check is set.
    """
    with acting_as_service():
        payment = Payment.objects.select_related("gateway").get(pk=payment_id)
        if payment.state in SETTLED:
            return payment
        adapter = adapter_of(payment.gateway)
    try:
        charge = adapter.find_charge(reference=payment.reference)
    except (ChargeNotFound, GatewayUnavailable) as error:
        with acting_as_service():
            _not_yet(Payment.objects.select_for_update().get(pk=payment_id), at=at)
        if isinstance(error, GatewayUnavailable):
            raise
        return _reload(payment_id)
    return settle(payment_id=payment_id, charge=charge, at=at)


def _reload(payment_id: UUID) -> Payment:
    with acting_as_service():
        return Payment.objects.get(pk=payment_id)


def settle(*, payment_id: UUID, charge: Charge, at: datetime) -> Payment:
    """Turn what the gateway says into money, once. A declined or abandoned payment may still be paid later."""
    with acting_as_service(), transaction.atomic():
        payment = Payment.objects.select_for_update().get(pk=payment_id)
        if payment.state in SETTLED:
            return payment
        if charge.state != "SUCCEEDED":
            return _not_paid(payment, charge, at=at)
        if charge.currency != payment.currency_id:
            return _review(payment, Case.Kind.WRONG_CURRENCY, charge, at=at)
        if charge.requested_amount != payment.amount or charge.amount < payment.amount:
            _post(payment, system_account(SUSPENSE, payment.currency_id), charge.amount, charge)
            return _review(payment, Case.Kind.WRONG_AMOUNT, charge, at=at)
        return _credit(payment, charge, at=at)


def _credit(payment: Payment, charge: Charge, *, at: datetime) -> Payment:
    """To the wallet; over the tier's cap to the customer's held account; to suspense where neither may take it."""
    try:
        _post(payment, payment.account_id, payment.amount, charge)
        return _settled(payment, Payment.State.SUCCEEDED, charge, at=at)
    except BalanceCapExceeded:
        held = open_wallet(
            owner_id=payment.account.owner_id, currency=payment.currency_id, kind=Account.Kind.HELD
        )
        _post(payment, held, payment.amount, charge)
        return _settled(payment, Payment.State.HELD, charge, at=at)
    except (AccountClosed, AccountFrozen, AccountNoCredit):
        _post(payment, system_account(SUSPENSE, payment.currency_id), payment.amount, charge)
        return _review(payment, Case.Kind.LATE_PAYMENT, charge, at=at)


def _post(payment: Payment, target: UUID, amount: int, charge: Charge) -> None:
    """The deposit, and in the same posting the fee that the gateway kept of it, so that clearing shows what it owes us."""
    clearing = system_account(CLEARING, payment.currency_id)
    lines = [Line("DEPOSIT", clearing, target, amount)]
    kept = amount - (charge.amount - (charge.fee or 0))
    if kept > 0:
        lines.append(Line("GATEWAY_FEE", system_account(FEES, payment.currency_id), clearing, kept))
    elif kept < 0:
        lines.append(Line("SURPLUS", clearing, system_account(SUSPENSE, payment.currency_id), -kept))
    description = f"{payment.gateway_id} {payment.reference}"
    try:
        post(posting_id=payment.posting_id, lines=lines, description=description)
    except PostingIdOutOfRange:
        # Paid weeks after it was started. The row's lock and state still let this happen once only.
        payment.posting_id = posting_id()
        payment.save(update_fields=["posting_id"])
        post(posting_id=payment.posting_id, lines=lines, description=description)


def _settled(payment: Payment, state: str, charge: Charge, *, at: datetime) -> Payment:
    payment.state, payment.fee, payment.settled_at = state, charge.fee, at
    payment.next_check_at, payment.reason = None, ""
    payment.save(update_fields=["state", "fee", "settled_at", "next_check_at", "reason"])
    audit.record(action=f"wallet.deposit.{state.lower()}", target=payment, amount=payment.amount)
    facts = {"payment": str(payment.id), "amount": payment.amount, "currency": payment.currency_id}
    accounts.notify(
        notices=[Notification(user_id=payment.account.owner_id, event=f"deposit.{state.lower()}", data=facts)]
    )
    return payment


def _review(payment: Payment, kind: str, charge: Charge, *, at: datetime) -> Payment:
    """Leave it to staff: the customer is told that we look into it, and gets no credit for now."""
    Case.objects.get_or_create(
        kind=kind,
        reference=payment.reference,
        defaults={
            "payment": payment,
            "data": {
                "asked": payment.amount,
                "asked_currency": payment.currency_id,
                "paid": charge.amount,
                "paid_currency": charge.currency,
            },
        },
    )
    return _settled(payment, Payment.State.REVIEW, charge, at=at)


def _not_paid(payment: Payment, charge: Charge, *, at: datetime) -> Payment:
    if charge.state in ("FAILED", "REVERSED"):
        payment.state, payment.reason = Payment.State.FAILED, charge.state.lower()
        payment.save(update_fields=["state", "reason"])
    return _not_yet(payment, at=at)


def _not_yet(payment: Payment, *, at: datetime) -> Payment:
    """Set when to ask next; past its time an open payment is expired, which a late success still overrides."""
    payment.checks += 1
    wait = WAITS[payment.checks] if payment.checks < len(WAITS) else DAILY
    payment.next_check_at = at + wait
    if at >= payment.expires_at:
        payment.next_check_at = None
        if payment.is_open:
            payment.state = Payment.State.EXPIRED
    payment.save(update_fields=["checks", "next_check_at", "state"])
    return payment
