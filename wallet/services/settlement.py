"""How the gateway's word on a payment becomes money: under the payment's row lock, once."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from accounts import audit
from accounts import services as accounts
from accounts.models import Notification
from core.actors import acting_as_service
from core.ids import posting_id
from wallet.gateways.base import Charge
from wallet.gateways.capabilities import ChargesCards
from wallet.models import Account, Case, MerchantPayment, Payment
from wallet.refusals import (
    AccountClosed,
    AccountFrozen,
    AccountNoCredit,
    BalanceCapExceeded,
    CustomerNoCredit,
    DailyReceivingLimitExceeded,
    PostingIdOutOfRange,
)
from wallet.services.accounts import open_wallet, system_account
from wallet.services.cards import index_of
from wallet.services.gateways import adapter_of, clearing_of
from wallet.services.merchants import takings
from wallet.services.posting import Line, post
from wallet.services.referral_bonuses import deposited
from wallet.services.rounding import rounding_lines
from wallet.services.suspense import SUSPENSE, suspend

FEES = "GATEWAY_FEES"
SETTLED = Payment.SETTLED_STATES
# A failed card sends no webhook: we ask so long after the start, and at the last of these it expires.
CHECKS = (
    *(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60)),
    *(timedelta(days=days) for days in (1, 2, 3)),
)
# A saved card is charged within a minute of its order, or never.
NEVER_ORDERED = timedelta(minutes=15)


def settle(*, payment_id: UUID, charge: Charge | None, at: datetime) -> Payment:
    """Book what the gateway says of a payment (None: it knows no charge); one that is settled stays as it is.

    A declined, abandoned or expired payment may still be paid under its reference, and is then credited.
    """
    with acting_as_service():
        payment = Payment.objects.select_for_update().get(pk=payment_id)
        if payment.state in SETTLED:
            return payment
        if charge is None or charge.state != "SUCCEEDED":
            return _not_paid(payment, charge, at=at)
        if charge.currency != payment.currency_id:
            return _suspend(payment, Case.Kind.WRONG_CURRENCY, charge, charge.amount, at=at)
        if charge.requested_amount != payment.amount or charge.amount < payment.amount:
            return _suspend(payment, Case.Kind.WRONG_AMOUNT, charge, charge.amount, at=at)
        sold = takings.sold_by(payment)
        try:
            state = _sell(payment, sold, charge) if sold else _take_in(payment, charge)
        except (AccountClosed, AccountFrozen, AccountNoCredit, CustomerNoCredit):
            return _suspend(payment, Case.Kind.LATE_PAYMENT, charge, payment.amount, at=at)
        return _settled(payment, state, charge, at=at)


def _take_in(payment: Payment, charge: Charge) -> str:
    """To the wallet, or over what the tier may hold or receive to the held account. Raises when it takes nothing."""
    try:
        _post(payment, payment.account_id, payment.amount, charge)
        return Payment.State.SUCCEEDED
    except (BalanceCapExceeded, DailyReceivingLimitExceeded):
        owner_id = payment.account.owner_id
        if owner_id is None:
            raise
        held = open_wallet(owner_id=owner_id, currency=payment.currency_id, kind=Account.Kind.HELD)
        _post(payment, held, payment.amount, charge)
        return Payment.State.HELD


def _sell(payment: Payment, sold: MerchantPayment, charge: Charge) -> str:
    """To the merchant's account, with our fee; at the merchant's own gateway the money is where it belongs already."""
    if not sold.at_own_gateway:
        more = takings.fees_of(sold)
        _post(payment, payment.account_id, payment.amount, charge, kind=takings.KIND, more=more)
    return Payment.State.SUCCEEDED


def _suspend(payment: Payment, kind: str, charge: Charge, amount: int, *, at: datetime) -> Payment:
    """Keep the money aside, if we keep its currency, and leave it to staff; the customer is told so."""
    accounts_there = Account.objects.filter(code=SUSPENSE, currency=charge.currency, owner=None)
    sold = takings.sold_by(payment)
    came_to_us = sold is None or not sold.at_own_gateway
    if is_posted := amount > 0 and came_to_us and accounts_there.exists():
        _post(payment, system_account(SUSPENSE, charge.currency), amount, charge)
    _open_case(payment, kind, charge)
    if came_to_us:
        suspend(
            gateway=payment.gateway,
            charge=charge,
            amount=amount,
            why=kind,
            posting_id=payment.posting_id,
            is_posted=is_posted,
            payment=payment,
            at=at,
        )
    return _settled(payment, Payment.State.REVIEW, charge, at=at)


def _post(
    payment: Payment,
    target: UUID,
    amount: int,
    charge: Charge,
    *,
    kind: str = "DEPOSIT",
    more: Sequence[Line] = (),
) -> None:
    """What came in and the fee the gateway kept of it, so that clearing shows what the gateway owes us, and `more`.

    What came above `amount` and the fee goes to suspense, with a case.
    """
    clearing = clearing_of(payment.gateway, charge.currency)
    lines = [Line(kind, clearing, target, amount), *more]
    kept = amount - charge.amount + (charge.fee or 0)
    if kept > 0:
        lines.append(Line("GATEWAY_FEE", system_account(FEES, charge.currency), clearing, kept))
    elif kept < 0:
        lines.append(Line("SURPLUS", clearing, system_account(SUSPENSE, charge.currency), -kept))
    lines += rounding_lines(dust=charge.dust, clearing=clearing, currency=charge.currency)
    description = f"{payment.gateway_id} {payment.reference}"
    try:
        post(posting_id=payment.posting_id, lines=lines, description=description)
    except PostingIdOutOfRange:
        # Paid weeks after it was started. The row's lock and state still let this happen once only.
        payment.posting_id = posting_id()
        payment.save(update_fields=["posting_id"])
        post(posting_id=payment.posting_id, lines=lines, description=description)
    if kept < 0:
        _open_case(payment, Case.Kind.WRONG_AMOUNT, charge)


def _open_case(payment: Payment, kind: str, charge: Charge) -> None:
    facts = {
        "asked": payment.amount,
        "asked_currency": payment.currency_id,
        "requested": charge.requested_amount,
        "paid": charge.amount,
        "paid_currency": charge.currency,
        "fee": charge.fee,
        "gateway_id": charge.gateway_id,
    }
    case, is_new = Case.objects.get_or_create(
        kind=kind, reference=payment.reference, defaults={"payment": payment, "data": facts}
    )
    if is_new:
        audit.record(action="wallet.case.opened", target=case, kind=kind, payment=str(payment.pk))


def _settled(payment: Payment, state: str, charge: Charge, *, at: datetime) -> Payment:
    payment.state, payment.settled_at = state, at
    payment.fee = charge.fee if charge.currency == payment.currency_id else None
    payment.next_check_at, payment.reason = None, ""
    payment.card_index = index_of(charge)
    payment.card_offered = state == Payment.State.SUCCEEDED and _may_be_kept(payment, charge)
    payment.gateway_charge = charge.gateway_id
    payment.save(
        update_fields=[
            *("state", "fee", "settled_at", "next_check_at", "reason"),
            *("card_index", "card_offered", "gateway_charge"),
        ]
    )
    audit.record(action=f"wallet.deposit.{state.lower()}", target=payment, amount=payment.amount)
    facts = {"payment": str(payment.pk), "amount": payment.amount, "currency": payment.currency_id}
    if payment.account.owner_id:
        if state == Payment.State.SUCCEEDED:
            deposited(payment, at=at)
        notice = Notification(user_id=payment.account.owner_id, event=f"deposit.{state.lower()}", data=facts)
        accounts.notify(notices=[notice])
    takings.follow(payment, at=at)
    return payment


def _may_be_kept(payment: Payment, charge: Charge) -> bool:
    """Whether its customer may be asked to keep the card that paid."""
    if payment.method != Payment.Method.CHECKOUT or payment.account.owner_id is None:
        return False
    adapter = adapter_of(payment.gateway)
    found = adapter.authorization_of(charge) if isinstance(adapter, ChargesCards) else None
    return found is not None and found.reusable


def _not_paid(payment: Payment, charge: Charge | None, *, at: datetime) -> Payment:
    """Set when to ask next; past its time an open payment expires, which a late success still overrides."""
    before = payment.state
    if charge and charge.state in ("FAILED", "REVERSED"):
        payment.state, payment.reason = Payment.State.FAILED, charge.state.lower()
    elif _was_never_ordered(payment, charge, at=at):
        payment.state, payment.reason = Payment.State.FAILED, "not_ordered"
    elif payment.is_open and at >= payment.expires_at:
        payment.state = Payment.State.EXPIRED
    started = payment.expires_at - CHECKS[-1]
    payment.next_check_at = min((started + wait for wait in CHECKS if started + wait > at), default=None)
    payment.save(update_fields=["state", "reason", "next_check_at"])
    if payment.state != before:
        audit.record(action=f"wallet.deposit.{payment.state.lower()}", target=payment, amount=payment.amount)
        takings.follow(payment, at=at)
    return payment


def _was_never_ordered(payment: Payment, charge: Charge | None, *, at: datetime) -> bool:
    """Whether the order to charge a saved card got lost with who was to give it."""
    late = payment.created_at + NEVER_ORDERED <= at
    return charge is None and late and payment.is_open and payment.method == Payment.Method.CARD
