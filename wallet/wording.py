"""The words for what happens to money, in the customer's language."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core.templatetags.money import money
from wallet.fees import CHARGES, Band, Tariff
from wallet.models import Dispute, Payment, Refund

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
    "MERCHANT_PAYMENT": _("Payment"),
    "REFUND": _("Refund"),
    "SETTLEMENT": _("From your organisation"),
    "FEE": _("Fee"),
    "VAT": _("VAT on the fee"),
    "STAMP_DUTY": _("Stamp duty"),
    "LEVY": _("Levy"),
    "CHARGEBACK": _("Taken back by the payer’s bank"),
    "SAVING": _("Saved"),
    "UNSAVING": _("From your savings"),
    "SAVING_FEE": _("Fee for taking savings out"),
    "SAVING_PENALTY": _("Penalty for ending early"),
    "INTEREST": _("Interest"),
    "WITHHOLDING_TAX": _("Tax withheld"),
    "INTEREST_BACK": _("Interest taken back"),
    "TAX_BACK": _("Tax given back"),
    "LOAN_PAYOUT": _("Loan paid out"),
    "LOAN_PRINCIPAL": _("Loan repaid"),
    "LOAN_INTEREST": _("Interest on a loan"),
    "LOAN_FEE": _("Fee of a loan"),
    "LOAN_PENALTY": _("Late charge of a loan"),
    "LOAN_OVERPAID": _("Paid too much on a loan"),
    "LOAN_REFUND": _("Loan payment given back"),
    "LOAN_RECOVERY": _("Paid on a loan that was written off"),
    "LOAN_COMMISSION": _("Our commission"),
    "ORDER": _("Bought"),
    "SALE": _("Sold"),
    "LENDER_FUNDING": _("Put in to lend"),
    "LENDER_WITHDRAWAL": _("Taken out of lending"),
}
# Between a wallet and savings of the same person: neither earned nor spent.
OWN_MONEY = frozenset({"SAVING", "UNSAVING"})
# Movements of savings: what their saving is called stands with them.
SAVINGS = OWN_MONEY | {
    *("SAVING_FEE", "SAVING_PENALTY", "INTEREST", "WITHHOLDING_TAX", "INTEREST_BACK", "TAX_BACK"),
}
# What money is set aside for, by the reason its hold gives.
HOLDS: dict[str, Words] = {
    "refund": _("On its way back to the card or account it came from"),
    "order": _("For something you are buying"),
    "dispute": _("Disputed: the payer’s bank asks for it back"),
}
KIND_NOTES: dict[str, Words] = {
    "DEPOSIT": _("By card or bank"),
    "WITHDRAWAL": _("To your bank"),
    "RETURN": _("Sent back by the bank"),
    "VAT": _("Passed on to the state"),
    "STAMP_DUTY": _("Passed on to the state"),
    "WITHHOLDING_TAX": _("Passed on to the state"),
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


def hold(reason: str) -> Words:
    """Return why money is set aside; what staff or another part wrote stands as it is."""
    return HOLDS.get(reason, reason or _("On hold"))


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


@dataclass(frozen=True)
class ClaimWords:
    """What to tell a customer about money that goes back: a badge's tone and label, and a sentence."""

    tone: str
    label: Words
    text: Words


_ON_ITS_WAY = ClaimWords(
    "pending",
    _("On its way"),
    _("It goes back to the card or account it came from. Banks take up to ten working days."),
)
REFUNDS: dict[str, ClaimWords] = {
    Refund.State.ASKED: ClaimWords(
        "pending",
        _("Being looked at"),
        _(
            "It is set aside. Since it is a larger amount, we look at it before it goes; we tell you the outcome."
        ),
    ),
    Refund.State.HELD: _ON_ITS_WAY,
    Refund.State.UNKNOWN: ClaimWords(
        "pending", _("We are checking"), _("The payment company has not answered yet. We keep asking.")
    ),
    Refund.State.PENDING: _ON_ITS_WAY,
    Refund.State.NEEDS_ATTENTION: ClaimWords(
        "pending",
        _("Needs a bank account"),
        _("The card or account it came from takes no money back. Choose a bank account of yours instead."),
    ),
    Refund.State.SUCCEEDED: ClaimWords(
        "success", _("Paid back"), _("It is with the bank of the card or account it came from.")
    ),
    Refund.State.FAILED: ClaimWords(
        "neutral", _("Not paid back"), _("It could not be paid back, so it is in your balance again.")
    ),
}
ELSEWHERE: dict[str, ClaimWords] = {
    Refund.State.NEEDS_ATTENTION: ClaimWords(
        "pending", _("We are checking"), _("We are passing your account on to the payment company.")
    ),
    Refund.State.PENDING: ClaimWords("pending", _("On its way"), _("It goes to the bank account you chose.")),
    Refund.State.SUCCEEDED: ClaimWords("success", _("Paid back"), _("It is with the bank you chose.")),
}
DISPUTES: dict[str, ClaimWords] = {
    Dispute.State.OPEN: ClaimWords(
        "pending",
        _("Being decided"),
        _(
            "Whoever paid this has told their bank that they do not know the payment. Until the bank decides, the "
            "money stays yours but cannot be used. If you know the payment, write to us: we pass on what you tell us."
        ),
    ),
    Dispute.State.WON: ClaimWords(
        "success", _("Decided for you"), _("The payment stands, and all of the money is free again.")
    ),
    Dispute.State.LOST: ClaimWords(
        "neutral",
        _("Given back to the payer"),
        _("The bank decided for the payer. What was set aside went back to them."),
    ),
}


def refund(state: str, *, elsewhere: bool = False) -> ClaimWords:
    """Return the words for a refund; `elsewhere` is one that goes to a bank account which its customer chose."""
    return (ELSEWHERE if elsewhere else REFUNDS).get(state) or REFUNDS[state]


def dispute(state: str) -> ClaimWords:
    return DISPUTES[state]
