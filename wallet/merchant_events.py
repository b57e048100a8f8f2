"""What a merchant's programs are told. No name and no address of whoever paid: the API tells who may ask."""

from typing import Any
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from accounts.event_types import EventType, declare, topic_of
from core.api.ids import encode
from realtime import services as realtime
from wallet.models import Merchant, MerchantPayment, PaymentLink, SettlementRun

MERCHANT, LINK, PAYMENT, REFUND = "mer", "pln", "mpy", "mrf"
_LINK = "pln_01bXeVJ2pTfyGNuObTnVLg"
_PAYMENT = {
    "merchant_payment": "mpy_01bXeVFsjJrkCWVZkY9mJE",
    "payment_link": _LINK,
    "method": "CARD",
    "state": "PAID",
    "amount": 250000,
    "fee": 14781,
    "net": 235219,
    "refunded": 0,
    "currency": "NGN",
}

declare(
    EventType(
        "merchant.changed",
        _("Staff let the organisation be paid (ACTIVE), or stopped it (SUSPENDED)."),
        {"merchant": "mer_01bXeVFsjJrkCWVZkY9mJE", "state": "ACTIVE"},
    ),
    EventType(
        "payment_link.changed",
        _("A payment link was made, paused, opened again, or used up."),
        {"payment_link": _LINK, "state": "ACTIVE"},
    ),
    EventType("merchant_payment.paid", _("Somebody paid the organisation."), _PAYMENT),
    EventType(
        "merchant_payment.failed",
        _("A payment that had begun came to nothing. It may still be paid, and is then told as paid."),
        {**_PAYMENT, "state": "FAILED"},
    ),
    EventType(
        "merchant_payment.refunded",
        _("A payment was given back, in part or whole."),
        {**_PAYMENT, "state": "PARTLY_REFUNDED", "refunded": 50000},
    ),
    EventType(
        "merchant_payment.refund_failed",
        _("What was to go back to a card could not: it is in the organisation's balance again."),
        _PAYMENT,
    ),
    EventType(
        "settlement.parked",
        _(
            "The balance was not sent to the bank today, as it is each day: `code` says why. Tomorrow tries anew."
        ),
        {"merchant": "mer_01bXeVFsjJrkCWVZkY9mJE", "day": "2026-01-31", "code": "account_frozen"},
    ),
)


def merchant_decided(merchant: Merchant) -> None:
    facts = {"merchant": encode(MERCHANT, merchant.pk), "state": merchant.state}
    _tell(merchant.organization_id, "merchant.changed", facts)


def link_changed(link: PaymentLink) -> None:
    facts = {"payment_link": encode(LINK, link.pk), "state": link.state}
    _tell(link.organization_id, "payment_link.changed", facts)


def payment_changed(sold: MerchantPayment, event: str) -> None:
    """`event` is the last word of its name: paid, failed, refunded, refund_failed."""
    facts = {
        "merchant_payment": encode(PAYMENT, sold.pk),
        "payment_link": encode(LINK, sold.link_id),
        "method": sold.method,
        "state": sold.state,
        "amount": sold.amount,
        "fee": sold.fee,
        "net": sold.net,
        "refunded": sold.refunded,
        "currency": sold.currency_id,
    }
    _tell(sold.organization_id, f"merchant_payment.{event}", facts)


def settlement_parked(run: SettlementRun) -> None:
    facts = {"merchant": encode(MERCHANT, run.merchant_id), "day": str(run.due_date), "code": run.code}
    _tell(run.organization_id, "settlement.parked", facts)


def _tell(organization_id: UUID, event: str, facts: dict[str, Any]) -> None:
    realtime.publish(topic=topic_of(organization_id), event=event, payload=facts)
