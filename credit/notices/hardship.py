"""What a borrower in difficulty is told: what became of what they asked for, and what was changed about the loan."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts import notice_words
from accounts import services as accounts
from accounts.models import Notification
from accounts.notice_words import Said
from credit.models import DelinquencyPause, HardshipRequest, Loan, LoanTransaction

Words = str | Promise

# Title, what may be read by others, icon, the page it leads to.
_WORDS: dict[str, tuple[Words, Words, str, str]] = {
    "loan.help_granted": (
        _("We can help with loan %(number)s"),
        _("An answer about a loan of yours"),
        "life-buoy",
        "loan_help",
    ),
    "loan.help_refused": (
        _("We have answered what you asked about loan %(number)s"),
        _("An answer about a loan of yours"),
        "life-buoy",
        "loan_help",
    ),
    "loan.schedule_changed": (
        _("Loan %(number)s has a new schedule"),
        _("A loan of yours has a new schedule"),
        "calendar-sync",
        "loan_help",
    ),
    "loan.paused": (
        _("Loan %(number)s is paused until %(day)s"),
        _("A loan of yours is paused"),
        "pause",
        "loan_help",
    ),
    "loan.charge_waived": (
        _("A late charge on loan %(number)s was waived"),
        _("A charge on a loan of yours was waived"),
        "undo-2",
        "loan_proof",
    ),
    "loan.payment_taken_back": (
        _("Your payment of %(day)s on loan %(number)s was taken back. It is owed again."),
        _("A payment on a loan of yours was taken back"),
        "circle-alert",
        "loan_proof",
    ),
    "loan.given_up": (
        _("Loan %(number)s was written off. You still owe it, and can pay what you are able to."),
        _("Something changed about a loan of yours"),
        "circle-alert",
        "loan_help",
    ),
    "loan.taken_up": (
        _("Loan %(number)s goes on as before: writing it off was undone"),
        _("Something changed about a loan of yours"),
        "circle-alert",
        "loan_help",
    ),
    "loan.recovered": (
        _("Your payment on loan %(number)s came in"),
        _("A payment on a loan came in"),
        "check",
        "loan_help",
    ),
}


def register() -> None:
    notice_words.register(_said, *_WORDS)


def answered(request: HardshipRequest) -> None:
    """Tell whoever asked for help what became of it, in the running transaction."""
    granted = request.state == HardshipRequest.State.GRANTED
    _tell(request.loan, "loan.help_granted" if granted else "loan.help_refused", note=request.answer)


def schedule_changed(loan: Loan) -> None:
    _tell(loan, "loan.schedule_changed")


def paused(loan: Loan, pause: DelinquencyPause) -> None:
    _tell(loan, "loan.paused", day=pause.until.isoformat())


def charge_waived(loan: Loan, row: LoanTransaction) -> None:
    _tell(loan, "loan.charge_waived", amount=row.amount)


def payment_taken_back(loan: Loan, row: LoanTransaction, *, day: date) -> None:
    _tell(loan, "loan.payment_taken_back", amount=row.amount, direction="in", day=day.isoformat())


def given_up(loan: Loan) -> None:
    _tell(loan, "loan.given_up")


def taken_up(loan: Loan) -> None:
    _tell(loan, "loan.taken_up")


def recovered(loan: Loan, row: LoanTransaction) -> None:
    _tell(loan, "loan.recovered", amount=row.amount, direction="out")


def _tell(loan: Loan, event: str, **facts: Any) -> None:
    data = {"loan": str(loan.pk), "number": loan.number, "currency": loan.currency_id, **facts}
    accounts.notify(notices=[Notification(user_id=loan.user_id, event=event, data=data)])


def _said(event: str, data: Mapping[str, Any]) -> Said:
    title, outside, icon, page = _WORDS[event]
    day = date_format(date.fromisoformat(data["day"]), "j F Y") if "day" in data else ""
    return Said(
        title=title % {**data, "day": day},
        icon=icon,
        href=reverse(page, args=[data["loan"]]),
        outside=outside,
        note=data.get("note", ""),
        amount=data.get("amount"),
        currency=data["currency"],
        direction=data.get("direction", ""),
    )
