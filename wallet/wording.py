"""The words for what happens to money, in the customer's language."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from wallet.models import Payment, Payout

Words = str | Promise

KINDS: dict[str, Words] = {
    "DEPOSIT": _("Money added"),
    "TRANSFER": _("Transfer"),
    "REVERSAL": _("Reversal"),
    "RELEASE": _("Kept money released"),
    "BONUS": _("Invitation bonus"),
    "WITHDRAWAL": _("Withdrawal"),
    "RETURN": _("Withdrawal that came back"),
    "FEE": _("Fee"),
    "VAT": _("VAT on the fee"),
    "STAMP_DUTY": _("Stamp duty"),
    "LEVY": _("Levy"),
}
KIND_NOTES: dict[str, Words] = {
    "DEPOSIT": _("By card or bank"),
    "WITHDRAWAL": _("To your bank"),
    "RETURN": _("Sent back by the bank"),
}


def kind(code: str) -> Words:
    return KINDS.get(code, _("Account movement"))


def kinds_named(text: str) -> list[str]:
    """Return the kinds whose name holds `text`, so that a search for "added" finds deposits."""
    return [code for code, words in KINDS.items() if text.lower() in str(words).lower()]


@dataclass(frozen=True)
class PaymentWords:
    """A payment's state: a badge's tone, an icon, and what to tell its customer."""

    tone: str
    icon: str
    label: Words
    title: Words
    text: Words


_WAITING = PaymentWords(
    "pending",
    "hourglass",
    _("Waiting"),
    _("Waiting for your payment"),
    _("If you have paid, there is nothing more to do: this page changes when it is confirmed."),
)
PAYMENTS: dict[str, PaymentWords] = {
    Payment.State.INTENT: _WAITING,
    Payment.State.PENDING: _WAITING,
    Payment.State.SUCCEEDED: PaymentWords(
        "success",
        "circle-check",
        _("Received"),
        _("Money received"),
        _("It is in your balance and ready to use."),
    ),
    Payment.State.FAILED: PaymentWords(
        "error",
        "circle-x",
        _("Declined"),
        _("The payment was declined"),
        _("The bank or card said no, and nothing was added. Try again, with the same card or another."),
    ),
    Payment.State.HELD: PaymentWords(
        "info",
        "lock",
        _("Kept for you"),
        _("Received, and kept for you"),
        _(
            "This is more than an account of your tier may hold or receive. The money is yours and safe; "
            "it moves to your balance by itself when your tier is raised."
        ),
    ),
    Payment.State.REVIEW: PaymentWords(
        "info",
        "search-check",
        _("Being looked into"),
        _("We are looking into this payment"),
        _(
            "What the payment company reported differs from what was asked for, so a person looks at it. "
            "There is nothing you need to do; we will tell you the outcome."
        ),
    ),
    Payment.State.EXPIRED: PaymentWords(
        "neutral",
        "clock",
        _("Expired"),
        _("This payment has expired"),
        _("Nobody paid in time, so it was closed. You can start a new one whenever you like."),
    ),
}


def payment(state: str) -> PaymentWords:
    return PAYMENTS[state]


_CHECKING = PaymentWords(
    "pending",
    "search-check",
    _("Checking"),
    _("We are checking"),
    _(
        "The bank has not answered yet, so we do not know whether the money was sent. It is set aside and cannot be "
        "lost: either it arrives, or it is in your account again. Do not send it a second time: this page changes by "
        "itself."
    ),
)
PAYOUTS: dict[str, PaymentWords] = {
    Payout.State.HELD: PaymentWords(
        "pending",
        "hourglass",
        _("Being sent"),
        _("We are sending it"),
        _("The money is set aside and goes to your bank in a moment. This page changes by itself."),
    ),
    Payout.State.UNKNOWN: _CHECKING,
    Payout.State.SENT: PaymentWords(
        "pending",
        "hourglass",
        _("On its way"),
        _("On its way to your bank"),
        _("Most banks have it within minutes. We tell you when it has arrived; this page changes by itself."),
    ),
    Payout.State.SUCCEEDED: PaymentWords(
        "success",
        "circle-check",
        _("Sent"),
        _("Sent"),
        _("It was paid into your bank account."),
    ),
    Payout.State.FAILED: PaymentWords(
        "error",
        "circle-x",
        _("Not sent"),
        _("Not sent"),
        _(
            "Nothing left your account, and nothing was charged. You can use the money again, or try once more."
        ),
    ),
    Payout.State.RETURNED: PaymentWords(
        "info",
        "undo-2",
        _("Came back"),
        _("The bank sent it back"),
        _("The whole amount is in your account again, and so is what you paid for sending it."),
    ),
}


def payout(state: str) -> PaymentWords:
    return PAYOUTS[state]
