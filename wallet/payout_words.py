"""The words for what becomes of a withdrawal: not sent, being checked, or sent, and never two of them."""

from django.utils.translation import gettext_lazy as _

from wallet.models import Payout
from wallet.wording import PaymentWords

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
