"""Giving a customer back what they paid, in parts or whole, never more than was paid. Our fee stays ours."""

from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from accounts import audit
from accounts.models import User
from core.actors import acting_as_service
from core.errors import DomainError
from wallet import merchant_events
from wallet.models import Account, MerchantPayment, MerchantRefund
from wallet.services.accounts import open_wallet
from wallet.services.merchants.applying import managing
from wallet.services.posting import Line, post

KIND = "REFUND"
State = MerchantPayment.State


class RefundNotPossible(DomainError):
    """`data["refundable"]` says how much of the payment may still be given back."""

    code = "merchant_refund_not_possible"
    kind = "conflict"
    message = _("This cannot be paid back: it is more than what is left of the payment.")
    public = ("refundable",)


class RefundByCard(DomainError):
    code = "merchant_refund_by_card"
    kind = "conflict"
    message = _(
        "A payment by card goes back through the payment company. Write to our support to have that done."
    )


def refund(
    *,
    sold: MerchantPayment,
    by: User | None,
    posting_id: UUID,
    amount: int,
    at: datetime,
    reason: str = "",
) -> MerchantRefund:
    """Give back `amount` (minor units) of what a customer paid from their wallet, once per posting id.

    An owner or administrator may, and the organisation's own program (`by` is None then). Raises RoleNotEnough,
    RefundByCard, RefundNotPossible, InsufficientFunds where the merchant has less, or another LedgerRefusal.
    """
    with acting_as_service():
        if by is not None:
            managing(merchant=sold.merchant, by=by)
        rows = MerchantPayment.objects.select_for_update(of=("self",), no_key=True)
        sold = rows.select_related("merchant__organization", "link").get(pk=sold.pk)
        found = MerchantRefund.objects.filter(posting_id=posting_id, payment=sold).first()
        if found is not None:
            return found
        if sold.method == MerchantPayment.Method.CARD:
            raise RefundByCard
        if not 0 < amount <= sold.refundable or sold.payer_id is None:
            raise RefundNotPossible(refundable=sold.refundable)
        made = MerchantRefund.objects.create(
            organization_id=sold.organization_id,
            payment=sold,
            posting_id=posting_id,
            amount=amount,
            reason=reason,
            made_by=by,
            created_at=at,
        )
        wallet = open_wallet(owner_id=sold.payer_id, currency=sold.currency_id, kind=Account.Kind.WALLET)
        lines = [Line(KIND, sold.merchant.account_id, wallet, amount)]
        post(posting_id=posting_id, lines=lines, description=sold.link.title)
        sold.refunded += amount
        sold.state = State.REFUNDED if sold.refunded == sold.amount else State.PARTLY_REFUNDED
        sold.save(update_fields=["refunded", "state"])
        audit.record(
            action="wallet.merchant_payment.refunded",
            target=sold,
            amount=amount,
            refund=str(made.pk),
            reason=reason,
        )
        merchant_events.payment_changed(sold, "refunded")
    return made
