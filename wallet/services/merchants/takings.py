"""What becomes of a card's payment to a merchant: told by `settlement`, under the payment's row lock.

So a deposit and a sale go one road. What differs is here: which account gets it, which lines stand beside it, and who
is told. `sold_by` is None for a deposit.
"""

from datetime import datetime

from django.db.models import Q, Sum

from accounts import audit
from wallet import merchant_events, merchant_mails
from wallet.fees import FeeQuote
from wallet.models import MerchantPayment, MerchantRefund, Payment, PaymentLink, Refund
from wallet.services.fees import fee_lines
from wallet.services.merchants.applying import tell_owners
from wallet.services.posting import Line

KIND = "MERCHANT_PAYMENT"
State = MerchantPayment.State
# How a payment's state reads on what was sold by it; one that is still open says nothing new.
_FOLLOWS: dict[str, str] = {
    Payment.State.REVIEW: State.REVIEW,
    Payment.State.FAILED: State.FAILED,
    Payment.State.EXPIRED: State.EXPIRED,
}


def sold_by(payment: Payment) -> MerchantPayment | None:
    """Return what a payment is for, locked with its link; nothing where it is a customer's deposit.

    Ask before posting: whoever pays from a wallet locks the link first, and the accounts after it.
    """
    if payment.account.owner_id is not None:
        return None
    rows = MerchantPayment.objects.select_for_update(of=("self", "link"), no_key=True)
    return rows.select_related("merchant__organization", "link").filter(payment=payment).first()


def paid_elsewhere(payment: Payment) -> bool:
    """Whether a payment went to the merchant's own gateway: its money is none of our books."""
    return MerchantPayment.objects.filter(payment=payment, at_own_gateway=True).exists()


def fees_of(sold: MerchantPayment) -> list[Line]:
    """What the merchant pays us for a payment, exactly as it was quoted: lines of the payment's own posting."""
    return fee_lines(
        quote=FeeQuote.from_data(sold.quote), payer=sold.merchant.account_id, currency=sold.currency_id
    )


def follow(payment: Payment, *, at: datetime) -> None:
    """Say of what was sold what became of the payment for it."""
    sold = sold_by(payment)
    if sold is None:
        return
    if payment.state == Payment.State.SUCCEEDED:
        sold.posting_id = payment.posting_id
        note_paid(sold, at=at)
    elif payment.state in _FOLLOWS and sold.state != _FOLLOWS[payment.state]:
        sold.state = _FOLLOWS[payment.state]
        sold.save(update_fields=["state"])
        audit.record(action=f"wallet.merchant_payment.{sold.state.lower()}", target=sold)
        if sold.state != State.REVIEW:
            merchant_events.payment_changed(sold, "failed")


def note_paid(sold: MerchantPayment, *, at: datetime) -> None:
    """Say that a payment is made, use up a link that is paid once, and tell whom it concerns. The link is locked."""
    if sold.is_paid:
        return
    link = sold.link
    sold.is_extra = link.state == PaymentLink.State.USED
    sold.state, sold.paid_at = State.PAID, at
    sold.save(update_fields=["state", "paid_at", "is_extra", "posting_id"])
    if link.single_use and not sold.is_extra:
        link.state = PaymentLink.State.USED
        link.save(update_fields=["state"])
        merchant_events.link_changed(link)
    audit.record(
        action="wallet.merchant_payment.paid",
        target=sold,
        amount=sold.amount,
        fee=sold.fee,
        at_own_gateway=sold.at_own_gateway,
    )
    merchant_events.payment_changed(sold, "paid")
    facts = {"payment": str(sold.pk), "amount": sold.amount, "currency": sold.currency_id}
    tell_owners(sold.merchant, "merchant.paid", title=link.title, **facts)
    if sold.payer_email:
        merchant_mails.receipt(sold)


def follow_refund(refund: Refund) -> None:
    """Say of what was sold what becomes of a refund of its charge, whoever asked for that: we, staff, or the gateway.

    Lock what was sold (`sold_by`) before the accounts that the refund moves money of.
    """
    sold = sold_by(refund.payment) if refund.payment else None
    if sold is None:
        return
    facts = {
        "organization_id": sold.organization_id,
        "payment": sold,
        "posting_id": refund.pk,
        "amount": refund.amount,
        "state": refund.state,
        "created_at": refund.created_at,
    }
    made, is_new = MerchantRefund.objects.get_or_create(refund=refund, defaults=facts)
    if not is_new and made.state != refund.state:
        made.state = refund.state
        made.save(update_fields=["state"])
    count_refunds(sold)
    if refund.state == Refund.State.SUCCEEDED:
        merchant_events.payment_changed(sold, "refunded")
    elif refund.state == Refund.State.FAILED:
        merchant_events.payment_changed(sold, "refund_failed")
        back = {"payment": str(sold.pk), "amount": refund.amount, "currency": sold.currency_id}
        tell_owners(sold.merchant, "merchant.refund_failed", title=sold.link.title, **back)


def count_refunds(sold: MerchantPayment) -> None:
    """Write how much of a payment was given back or is on its way, and what it is called for what was. It is locked."""
    sums = sold.refunds.aggregate(
        going=Sum("amount", filter=~Q(state=Refund.State.FAILED), default=0),
        gone=Sum("amount", filter=Q(state=Refund.State.SUCCEEDED), default=0),
    )
    sold.refunded = min(sums["going"], sold.amount)
    sold.state = State.PARTLY_REFUNDED if sums["gone"] else State.PAID
    if sums["gone"] >= sold.amount:
        sold.state = State.REFUNDED
    sold.save(update_fields=["refunded", "state"])
