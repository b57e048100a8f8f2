"""What borrowers are told day by day: an instalment is due or late, it was charged for, it could not be taken."""

from collections.abc import Iterable, Mapping
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
from core.templatetags.money import money
from credit.models import Collection, Loan, Reminder
from credit.standing import Row

Kind = Reminder.Kind
REMINDERS = {
    Kind.SOON: "loan.due_soon",
    Kind.TODAY: "loan.due_today",
    Kind.LATE: "loan.late",
    Kind.LATE_WEEK: "loan.late_week",
    Kind.LATE_MONTH: "loan.late_month",
}
CHARGED, NOT_TAKEN = "loan.late_charge", "loan.not_collected"
HELP = _("If you cannot pay, tell us: there is help before it costs you more.")
# Event: what is said, what is said where others read along, icon, note.
_WORDS: dict[str, tuple[str | Promise, str | Promise, str, str | Promise]] = {
    "loan.due_soon": (
        _("%(money)s of your loan %(number)s is due on %(day)s"),
        _("An instalment of your loan is due soon"),
        "calendar",
        "",
    ),
    "loan.due_today": (
        _("%(money)s of your loan %(number)s is due today"),
        _("An instalment of your loan is due today"),
        "calendar",
        "",
    ),
    "loan.late": (
        _("%(money)s of your loan %(number)s was due on %(day)s"),
        _("An instalment of your loan is late"),
        "circle-alert",
        HELP,
    ),
    "loan.late_week": (
        _("%(money)s of your loan %(number)s has been due for a week"),
        _("An instalment of your loan is a week late"),
        "circle-alert",
        HELP,
    ),
    "loan.late_month": (
        _("%(money)s of your loan %(number)s has been due for a month"),
        _("An instalment of your loan is a month late"),
        "circle-alert",
        HELP,
    ),
    CHARGED: (
        _("A late charge of %(money)s for the instalment of %(day)s"),
        _("There is a late charge on your loan"),
        "circle-alert",
        HELP,
    ),
    NOT_TAKEN: (
        _("Not all of the instalment of %(day)s could be taken: %(money)s is due"),
        _("An instalment of your loan could not be taken"),
        "circle-alert",
        HELP,
    ),
}


def register() -> None:
    notice_words.register(_said, *_WORDS)


def charged(charges: Iterable[tuple[Loan, Row, int]]) -> None:
    """Tell of late charges (kobo) for rows, in the running transaction."""
    accounts.notify(
        notices=[_notice(loan, CHARGED, amount=amount, day=row.due) for loan, row, amount in charges]
    )


def not_collected(collection: Collection, *, due: int) -> None:
    """Tell that so much (kobo) could not be taken and is still due."""
    accounts.notify(notices=[_notice(collection.loan, NOT_TAKEN, amount=due, day=collection.due_date)])


def reminded(reminders: Mapping[Reminder, int]) -> None:
    """Tell of instalments, each with what is due of it (kobo)."""
    accounts.notify(
        notices=[
            _notice(one.loan, REMINDERS[Kind(one.kind)], amount=amount, day=one.due_date)
            for one, amount in reminders.items()
        ]
    )


def _notice(loan: Loan, event: str, *, amount: int, day: date) -> Notification:
    data = {
        "loan": str(loan.pk),
        "number": loan.number,
        "currency": loan.currency_id,
        "due": amount,
        "day": day.isoformat(),
    }
    return Notification(user_id=loan.user_id, event=event, data=data)


def _said(event: str, data: Mapping[str, Any]) -> Said:
    title, outside, icon, note = _WORDS[event]
    words = {
        "money": money(data["due"], data["currency"]),
        "number": data["number"],
        "day": date_format(date.fromisoformat(data["day"]), "j F"),
    }
    return Said(
        title=str(title) % words,
        icon=icon,
        href=reverse("loan", args=[data["loan"]]),
        outside=outside,
        note=str(note),
    )
