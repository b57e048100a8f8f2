"""What a borrower is told of payments on a loan, and of its end."""

from collections.abc import Mapping
from typing import Any

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts import notice_words
from accounts import services as accounts
from accounts.models import Notification
from accounts.notice_words import Said
from credit.models import Loan, LoanTransaction
from credit.states import State

_WORDS: dict[str, tuple[str | Promise, str | Promise, str]] = {
    "loan.repaid": (_("Your payment on loan %(number)s came in"), _("A payment on a loan came in"), "check"),
    "loan.closed": (
        _("Loan %(number)s is paid off. Your letter is ready on its page."),
        _("A loan of yours is paid off"),
        "circle-check",
    ),
    "loan.overpaid": (
        _("You paid too much on loan %(number)s. We pay it back to where it came from."),
        _("You paid too much on a loan"),
        "circle-alert",
    ),
    "loan.refunded": (
        _("What you paid too much on loan %(number)s is back in your wallet"),
        _("Money came back from a loan"),
        "undo-2",
    ),
    "loan.refinanced": (
        _("Loan %(number)s is paid off by your new loan"),
        _("A loan of yours was replaced by a new one"),
        "refresh-cw",
    ),
}
_OF_STATE = {
    State.CLOSED_MET: "loan.closed",
    State.OVERPAID: "loan.overpaid",
    State.CLOSED_REFINANCED: "loan.refinanced",
}


def register() -> None:
    notice_words.register(_said, *_WORDS)


def paid(loan: Loan, row: LoanTransaction, *, state: State) -> None:
    """Tell the borrower, in the running transaction, of a payment and of what it led to."""
    tell(loan, _OF_STATE.get(state, "loan.repaid"), amount=row.amount, out=True)


def tell(loan: Loan, event: str, *, amount: int, out: bool = False) -> None:
    data = {
        "loan": str(loan.pk),
        "number": loan.number,
        "currency": loan.currency_id,
        "amount": amount,
        "direction": "out" if out else "in",
    }
    accounts.notify(notices=[Notification(user_id=loan.user_id, event=event, data=data)])


def _said(event: str, data: Mapping[str, Any]) -> Said:
    title, outside, icon = _WORDS[event]
    return Said(
        title=title % data,
        icon=icon,
        href=reverse("loan", args=[data["loan"]]),
        outside=outside,
        amount=data["amount"],
        currency=data["currency"],
        direction=data["direction"],
    )
