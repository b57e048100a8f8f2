"""The words for what happens to money, in the customer's language."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core.templatetags.money import money
from wallet.fees import CHARGES, Band, Tariff
from wallet.models import Payment

Words = str | Promise

KINDS: dict[str, Words] = {
    "DEPOSIT": _("Money added"),
    "TRANSFER": _("Transfer"),
    "REVERSAL": _("Reversal"),
    "ADJUSTMENT": _("Correction"),
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
    "VAT": _("Passed on to the state"),
    "STAMP_DUTY": _("Passed on to the state"),
}


def prices(tariff: Tariff, currency: str) -> list[str]:
    """What a tariff charges, a line for each band that costs something: "Stamp duty: ₦50 from ₦10,000"."""
    bands = sorted(tariff.bands, key=lambda band: (CHARGES.index(band.charge), band.from_amount))
    return [
        gettext("%(charge)s: %(price)s") % {"charge": kind(band.charge), "price": price(band, currency)}
        for band in bands
        if band.flat or band.rate or band.minimum
    ]


def price(band: Band, currency: str) -> str:
    """What a band costs, and for what: "1.5% + ₦100 from ₦2,500, at most ₦2,000"."""
    parts = [f"{(band.rate * 100).normalize():f}%"] if band.rate else []
    if band.flat or not parts:
        parts.append(money(band.flat, currency))
    text = " + ".join(parts)
    if band.from_amount > 1:
        text = gettext("%(price)s from %(amount)s") % {
            "price": text,
            "amount": money(band.from_amount, currency),
        }
    if band.minimum:
        text = gettext("%(price)s, at least %(amount)s") % {
            "price": text,
            "amount": money(band.minimum, currency),
        }
    if band.maximum is not None:
        text = gettext("%(price)s, at most %(amount)s") % {
            "price": text,
            "amount": money(band.maximum, currency),
        }
    return text


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
