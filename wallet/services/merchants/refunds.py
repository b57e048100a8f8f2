"""Giving a customer back what they paid, in parts or whole, never more than was paid. Our fee stays ours.

To a wallet the money goes at once, in a posting. To a card it goes through the gateway: it is set aside on the
merchant's account, `order_refund` orders it, and `takings.follow_refund` hears what became of it.
"""

from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from accounts import audit
from accounts.models import User
from core.actors import acting_as_service
from core.errors import DomainError
from wallet import merchant_events
from wallet.models import Account, MerchantPayment, MerchantRefund, Payment, Refund
from wallet.services.accounts import open_wallet
from wallet.services.merchants import takings
from wallet.services.merchants.applying import managing
from wallet.services.posting import Line, post
from wallet.services.refunds import RefundIdReused, left_to_refund, request_refund

KIND = "REFUND"


class RefundNotPossible(DomainError):
    """`data["refundable"]` says how much of the payment may still be given back."""

    code = "merchant_refund_not_possible"
    kind = "conflict"
    message = _("This cannot be paid back: it is more than what is left of the payment.")
    public = ("refundable",)


def refund(
    *,
    sold: MerchantPayment,
    by: User | None,
    posting_id: UUID,
    amount: int,
    at: datetime,
    reason: str = "",
) -> MerchantRefund:
    """Give back `amount` (minor units) of what a customer paid, once per posting id.

    One to a card is HELD afterwards: have it ordered once this is committed. An owner or administrator may, and the
    organisation's own program (`by` is None then). Raises RoleNotEnough, RefundNotPossible, RefundIdReused,
    RefundUnderWay while the gateway has not taken the last one yet, InsufficientFunds where the merchant has less, or
    another LedgerRefusal.
    """
    with acting_as_service():
        if by is not None:
            managing(merchant=sold.merchant, by=by)
        sold = _locked(sold)
        found = MerchantRefund.objects.filter(posting_id=posting_id).first()
        if found is not None:
            if (found.payment_id, found.amount) != (sold.pk, amount):
                raise RefundIdReused
            return found
        refundable = _refundable(sold)
        if not 0 < amount <= refundable:
            raise RefundNotPossible(refundable=refundable)
        made = MerchantRefund(
            organization_id=sold.organization_id,
            payment=sold,
            posting_id=posting_id,
            amount=amount,
            reason=reason,
            made_by=by,
            created_at=at,
        )
        if sold.payment is None:
            _to_wallet(sold, made)
        else:
            _to_card(sold.payment, made)
        audit.record(
            action="wallet.merchant_payment.refunded",
            target=sold,
            amount=amount,
            refund=str(made.pk),
            reason=reason,
        )
    return made


def _locked(sold: MerchantPayment) -> MerchantPayment:
    """What was sold, its card's payment first: so does whoever settles that."""
    if sold.payment_id is not None:
        Payment.objects.select_for_update(of=("self",)).get(pk=sold.payment_id)
    rows = MerchantPayment.objects.select_for_update(of=("self",), no_key=True)
    return rows.select_related("merchant__organization", "link", "payment").get(pk=sold.pk)


def _refundable(sold: MerchantPayment) -> int:
    """What is left of it; of a card's payment also less what staff are having paid back."""
    if sold.payment is None or not sold.refundable:
        return sold.refundable
    return min(sold.refundable, left_to_refund(sold.payment))


def _to_wallet(sold: MerchantPayment, made: MerchantRefund) -> None:
    assert sold.payer_id is not None
    made.save(force_insert=True)
    wallet = open_wallet(owner_id=sold.payer_id, currency=sold.currency_id, kind=Account.Kind.WALLET)
    lines = [Line(KIND, sold.merchant.account_id, wallet, made.amount)]
    post(posting_id=made.posting_id, lines=lines, description=sold.link.title)
    takings.count_refunds(sold)
    merchant_events.payment_changed(sold, "refunded")


def _to_card(payment: Payment, made: MerchantRefund) -> None:
    """Set aside, under the id that was chosen for it. The row stands first, so that whoever follows it finds it."""
    made.refund_id, made.state = made.posting_id, Refund.State.HELD
    made.save(force_insert=True)
    request_refund(
        payment=payment,
        amount=made.amount,
        reason=made.reason,
        at=made.created_at,
        by=made.made_by,
        note=made.payment.link.title,
        refund_id=made.posting_id,
    )
