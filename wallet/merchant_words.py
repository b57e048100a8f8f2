"""The words for what happens to a payment of a merchant: for whoever pays, and for the merchant."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts import notice_kinds, notice_words
from accounts.models import Channel
from accounts.notice_kinds import Kind
from accounts.notice_words import Said
from wallet.models import Merchant, MerchantPayment, PaymentLink, Refund, SettlementRun

Words = str | Promise
State = MerchantPayment.State
MERCHANT = "MERCHANT"


@dataclass(frozen=True)
class PayerWords:
    """A payment's state as whoever paid reads it."""

    tone: str
    icon: str
    title: Words
    text: Words


_PAID = PayerWords(
    "success", "circle-check", _("Paid"), _("Thank you. You can close this page; the payment is complete.")
)
PAYER: dict[str, PayerWords] = {
    State.INTENT: PayerWords(
        "pending",
        "hourglass",
        _("Waiting for your payment"),
        _("If you have paid, there is nothing more to do: this page changes when it is confirmed."),
    ),
    State.PAID: _PAID,
    State.PARTLY_REFUNDED: PayerWords(
        "info", "undo-2", _("Partly paid back"), _("A part of this payment was given back to you.")
    ),
    State.REFUNDED: PayerWords("info", "undo-2", _("Paid back"), _("This payment was given back to you.")),
    State.REVIEW: PayerWords(
        "info",
        "search-check",
        _("Being looked into"),
        _("The payment company reported something else than was asked for, so a person looks at it."),
    ),
    State.FAILED: PayerWords(
        "error",
        "circle-x",
        _("The payment was declined"),
        _("The bank or card said no, and nothing was taken. Try again, with the same card or another."),
    ),
    State.EXPIRED: PayerWords(
        "neutral", "clock", _("This payment has expired"), _("Nobody paid in time, so it was closed.")
    ),
}
# Badges: a tone and a label.
TONES: dict[str, str] = {
    State.INTENT: "pending",
    State.PAID: "success",
    State.PARTLY_REFUNDED: "info",
    State.REFUNDED: "info",
    State.REVIEW: "info",
    State.FAILED: "error",
    State.EXPIRED: "neutral",
}
REFUND_TONES: dict[str, str] = {
    Refund.State.ASKED: "pending",
    Refund.State.HELD: "pending",
    Refund.State.UNKNOWN: "pending",
    Refund.State.PENDING: "pending",
    Refund.State.NEEDS_ATTENTION: "info",
    Refund.State.SUCCEEDED: "success",
    Refund.State.FAILED: "error",
}
LINK_TONES: dict[str, str] = {
    PaymentLink.State.ACTIVE: "success",
    PaymentLink.State.PAUSED: "pending",
    PaymentLink.State.USED: "info",
    "EXPIRED": "neutral",
}
MERCHANT_TONES: dict[str, str] = {
    Merchant.State.APPLIED: "pending",
    Merchant.State.ACTIVE: "success",
    Merchant.State.SUSPENDED: "error",
}
RUN_TONES: dict[str, str] = {
    SettlementRun.State.DUE: "pending",
    SettlementRun.State.SENT: "success",
    SettlementRun.State.LEFT: "neutral",
    SettlementRun.State.PARKED: "error",
}
CLOSED: dict[str, tuple[Words, Words]] = {
    "MERCHANT": (
        _("This page takes no payments at the moment"),
        _("Whoever sent you the link cannot be paid just now. Nothing was taken from you."),
    ),
    "PAUSED": (
        _("This payment link is paused"),
        _("Ask whoever sent it to open it again."),
    ),
    "EXPIRED": (
        _("This payment link has ended"),
        _("Ask whoever sent it for a new one."),
    ),
    "USED": (
        _("This was paid already"),
        _("The link worked once, and somebody paid it. Nothing more is to be done."),
    ),
}
_NOTICES: dict[str, tuple[Words, str]] = {
    "merchant.activated": (_("%(merchant)s can take payments now"), "store"),
    "merchant.suspended": (_("Payments to %(merchant)s are stopped"), "circle-pause"),
    "merchant.paid": (_("Somebody paid %(merchant)s"), "store"),
    "merchant.refund_failed": (_("%(merchant)s: a card could not be paid back"), "circle-x"),
    "merchant.settlement_succeeded": (_("%(merchant)s: money was sent to your bank"), "landmark"),
    "merchant.settlement_failed": (_("%(merchant)s: money was not sent to your bank"), "circle-x"),
    "merchant.settlement_returned": (_("%(merchant)s: your bank sent money back"), "undo-2"),
    "merchant.line_failed": (_("%(merchant)s: a payment of a file was not sent"), "circle-x"),
    "merchant.line_returned": (_("%(merchant)s: a payment of a file came back"), "undo-2"),
    "merchant.settlement_parked": (
        _("%(merchant)s: today’s money was not sent to your bank"),
        "circle-pause",
    ),
    "merchant.settles_daily": (_("%(merchant)s: your balance goes to your bank each day"), "calendar-clock"),
    "merchant.settles_by_hand": (_("%(merchant)s: your balance stays until you send it"), "calendar-clock"),
}

# Where a notice is read by others over the shoulder.
_OUTSIDE: dict[str, Words] = {
    "merchant.paid": _("Your organisation was paid"),
    "merchant.refund_failed": _("A payment could not be paid back"),
    "merchant.settlement_succeeded": _("Your organisation’s money was sent"),
    "merchant.settlement_failed": _("Your organisation’s money was not sent"),
    "merchant.settlement_returned": _("Your organisation’s money came back"),
    "merchant.line_failed": _("A payment of your organisation was not sent"),
    "merchant.line_returned": _("A payment of your organisation came back"),
    "merchant.settlement_parked": _("Your organisation’s money was not sent"),
    "merchant.settles_daily": _("How your organisation is paid has changed"),
    "merchant.settles_by_hand": _("How your organisation is paid has changed"),
}
_DAILY = ("merchant.settlement_parked", "merchant.settles_daily", "merchant.settles_by_hand")


def register() -> None:
    notice_kinds.register(
        Kind(
            MERCHANT,
            _("Payments to your organisations"),
            _("When somebody pays, and whether you can be paid."),
            "store",
            ("merchant.",),
            frozenset({Channel.IN_APP}),
        )
    )
    notice_words.register(_said, *_NOTICES)


def _said(event: str, data: Mapping[str, Any]) -> Said:
    title, icon = _NOTICES[event]
    words = {"merchant": data.get("merchant") or _("Your organisation")}
    slug = data["slug"]
    if "amount" not in data:
        return Said(
            title=title % words,
            icon=icon,
            href=reverse("merchant_daily" if event in _DAILY else "merchant", args=[slug]),
            outside=_OUTSIDE.get(event) or title % words,
            note=data.get("title", ""),
        )
    pages = {"payout": "merchant_settlement", "bulk": "merchant_file", "payment": "merchant_payment"}
    what = next(name for name in pages if name in data)
    return Said(
        title=title % words,
        icon=icon,
        href=reverse(pages[what], args=[slug, data[what]]),
        outside=_OUTSIDE[event],
        note=data.get("title", ""),
        amount=data["amount"],
        currency=data["currency"],
        direction="out" if event == "merchant.settlement_succeeded" else "in",
    )
