"""The words for what happens to money, in the customer's language."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import Notification
from wallet.models import Payment

Words = str | Promise

KINDS: dict[str, Words] = {
    "DEPOSIT": _("Money added"),
    "TRANSFER": _("Transfer"),
    "REVERSAL": _("Reversal"),
}
KIND_NOTES: dict[str, Words] = {"DEPOSIT": _("By card or bank")}


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
            "This is more than an account of your tier may hold. The money is yours and safe; "
            "it moves to your balance when your tier is raised."
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
class Notice:
    """A notification in words: `amount` in minor units, `direction` as the customer sees it."""

    title: Words
    icon: str
    href: str
    at: datetime
    is_unread: bool
    note: str = ""
    amount: int | None = None
    currency: str = ""
    direction: str = ""


_DEPOSITS: dict[str, tuple[Words, str]] = {
    "deposit.succeeded": (_("Money was added to your account"), "landmark"),
    "deposit.held": (_("Money is kept for you until your tier is raised"), "lock"),
    "deposit.review": (_("We are looking into a payment of yours"), "search-check"),
}

_SECURITY: dict[str, tuple[Words, str]] = {
    "security.reported": (_("Your account was locked because you asked for it"), "lock"),
    "security.frozen": (_("Our staff locked your money"), "lock"),
    "security.unfrozen": (_("Our staff unlocked your money"), "lock-open"),
    "security.sessions_ended": (_("Our staff logged you out everywhere"), "log-out"),
    "security.factor_reset_asked": (
        _("Our staff were asked to take off your second step"),
        "shield-alert",
    ),
    "security.factors_reset": (_("Our staff took off your second step"), "shield-off"),
}


_ORGANIZATIONS: dict[str, Words] = {
    "organization.joined": _("%(name)s joined %(organization)s"),
    "organization.left": _("%(name)s left %(organization)s"),
    "organization.role_changed": _("Your role in %(organization)s has changed"),
    "organization.removed": _("You no longer belong to %(organization)s"),
    "webhook.disabled": _("A webhook endpoint of %(organization)s is disabled: %(url)s"),
}


def notice(notification: Notification) -> Notice:
    """Put a notification into words. One of an unknown kind still gets a line."""
    event, data = notification.event, notification.data
    at, unread = notification.created_at, notification.read_at is None
    if event in ("transfer.sent", "transfer.received"):
        return _transfer(event == "transfer.received", data, at, unread)
    if event in _DEPOSITS:
        title, icon = _DEPOSITS[event]
        href = reverse("payment", args=[data["payment"]])
        direction = "in" if event == "deposit.succeeded" else ""
        return Notice(title, icon, href, at, unread, "", data["amount"], data["currency"], direction)
    if event in _ORGANIZATIONS:
        gone = event == "organization.removed"
        href = reverse("organizations") if gone else reverse("organization", args=[data["slug"]])
        return Notice(_ORGANIZATIONS[event] % data, "building-2", href, at, unread)
    if event in _SECURITY:
        title, icon = _SECURITY[event]
        return Notice(title, icon, reverse("security_history"), at, unread)
    return Notice(_("There is news about your account"), "bell", reverse("home"), at, unread)


def _transfer(received: bool, data: dict[str, Any], at: datetime, unread: bool) -> Notice:
    name = data.get("name") or _("Someone")
    return Notice(
        title=(_("%(name)s sent you money") if received else _("You sent money to %(name)s"))
        % {"name": name},
        icon="arrow-down-left" if received else "arrow-up-right",
        href=reverse("transaction", args=[data["transaction"]]),
        at=at,
        is_unread=unread,
        note=data.get("note", ""),
        amount=data["amount"] if received else -data["amount"],
        currency=data["currency"],
        direction="in" if received else "out",
    )
