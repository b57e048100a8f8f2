"""What people are told of their money: two kinds of notices, and their words."""

from collections.abc import Mapping
from typing import Any

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts import notice_kinds, notice_words
from accounts.models import Channel
from accounts.notice_kinds import Kind
from accounts.notice_words import Said
from core.templatetags.money import money

MONEY_IN, MONEY_OUT = "MONEY_IN", "MONEY_OUT"
_ALERTS = frozenset({Channel.IN_APP, Channel.EMAIL, Channel.PUSH})

_DEPOSITS: dict[str, tuple[str | Promise, str]] = {
    "deposit.succeeded": (_("Money was added to your account"), "landmark"),
    "deposit.held": (_("Money is kept for you until your tier is raised"), "lock"),
    "deposit.released": (_("Money that was kept for you is in your balance now"), "lock-open"),
    "deposit.review": (_("We are looking into a payment of yours"), "search-check"),
}

_CLAIMS: dict[str, tuple[str | Promise, str]] = {
    "refund.succeeded": (_("Money was paid back to your card or account"), "undo-2"),
    "refund.needs_attention": (_("A refund of yours needs a bank account"), "landmark"),
    "refund.failed": (_("A refund did not go through: the money is in your balance again"), "undo-2"),
    "dispute.opened": (
        _("A payment is disputed: some of your money is set aside until it is decided"),
        "scale",
    ),
    "dispute.won": (_("A disputed payment was decided for you: the money is free again"), "scale"),
    "dispute.lost": (_("A disputed payment went back to the payer"), "scale"),
}
_NUMBERS: dict[str, tuple[str | Promise, str]] = {
    "deposit.turned_back": (
        _("A bank turned back a transfer to your account number: no money came"),
        "undo-2",
    ),
    "account_number.opened": (_("Your account number is ready"), "landmark"),
    "account_number.failed": (_("The bank could not give you an account number"), "landmark"),
}


_WITHDRAWALS: dict[str, tuple[str | Promise, str | Promise, str]] = {
    "withdrawal.succeeded": (
        _("Your withdrawal to %(bank)s was sent"),
        _("A withdrawal was sent"),
        "landmark",
    ),
    "withdrawal.failed": (
        _("Your withdrawal to %(bank)s was not sent"),
        _("A withdrawal was not sent"),
        "circle-x",
    ),
    "withdrawal.returned": (
        _("Your withdrawal to %(bank)s came back"),
        _("A withdrawal came back"),
        "undo-2",
    ),
}
_BANK_ACCOUNTS: dict[str, tuple[str | Promise, str]] = {
    "bank_account.added": (_("A bank account was added: %(bank)s •••• %(last_four)s"), "landmark"),
    "bank_account.removed": (_("A bank account was removed: %(bank)s •••• %(last_four)s"), "landmark"),
}
_SCHEDULED: dict[str, tuple[str | Promise, str | Promise]] = {
    "scheduled.failed": (
        _("Your scheduled transfer to %(name)s was not sent"),
        _("A scheduled transfer was not sent"),
    ),
    "scheduled.waiting": (
        _("There is not enough money for your scheduled transfer to %(name)s. We try again."),
        _("A scheduled transfer waits for money"),
    ),
}


def register() -> None:
    notice_kinds.register(
        Kind(
            MONEY_IN,
            _("Money in"),
            _("Money that people send you, and money that you add."),
            "arrow-down-left",
            ("transfer.received", "deposit.", "account_number."),
            _ALERTS,
        ),
        Kind(
            MONEY_OUT,
            _("Money out"),
            _("Whatever leaves your account."),
            "arrow-up-right",
            (
                *("transfer.sent", "transfer.resumable", "withdrawal.", "bank_account.", "scheduled."),
                *("bulk.", "refund.", "dispute."),
            ),
            _ALERTS,
        ),
    )
    notice_words.register(_transfer, "transfer.sent", "transfer.received")
    notice_words.register(_deposit, *_DEPOSITS)
    notice_words.register(_claim, *_CLAIMS)
    notice_words.register(_number, *_NUMBERS)
    notice_words.register(_resumable, "transfer.resumable")
    notice_words.register(_withdrawal, *_WITHDRAWALS)
    notice_words.register(_bank_account, *_BANK_ACCOUNTS)
    notice_words.register(_scheduled, *_SCHEDULED)
    notice_words.register(_bulk, "bulk.done", "bulk.waiting")


def _deposit(event: str, data: Mapping[str, Any]) -> Said:
    title, icon = _DEPOSITS[event]
    return Said(
        title=title,
        icon=icon,
        href=reverse("transaction", args=[data["transaction"]])
        if event == "deposit.released"
        else reverse("payment", args=[data["payment"]]),
        outside=title,
        amount=data["amount"],
        currency=data["currency"],
        direction="in" if event in ("deposit.succeeded", "deposit.released") else "",
    )


def _claim(event: str, data: Mapping[str, Any]) -> Said:
    title, icon = _CLAIMS[event]
    page = "refund" if event.startswith("refund.") else "dispute"
    moved = event in ("refund.succeeded", "dispute.lost") and data["amount"]
    return Said(
        title=title,
        icon=icon,
        href=reverse(page, args=[data[page]]),
        outside=title,
        amount=-data["amount"] if moved else data["amount"],
        currency=data["currency"],
        direction="out" if moved else "",
    )


def _number(event: str, data: Mapping[str, Any]) -> Said:
    title, icon = _NUMBERS[event]
    return Said(title=title, icon=icon, href=reverse("add_money"), outside=title)


def _resumable(event: str, data: Mapping[str, Any]) -> Said:
    """No amount as money moved: nothing did."""
    words = {"amount": money(data["amount"], data["currency"]), "name": data.get("name") or _("Someone")}
    return Said(
        title=_("You can now send %(amount)s to %(name)s") % words,
        icon="send",
        href=reverse("limits"),
        outside=_("A transfer that waited can be sent now"),
    )


def _transfer(event: str, data: Mapping[str, Any]) -> Said:
    received = event == "transfer.received"
    name = data.get("name") or _("Someone")
    return Said(
        title=(_("%(name)s sent you money") if received else _("You sent money to %(name)s"))
        % {"name": name},
        icon="arrow-down-left" if received else "arrow-up-right",
        href=reverse("transaction", args=[data["transaction"]]),
        outside=_("Money arrived in your account") if received else _("Money left your account"),
        note=data.get("note", ""),
        amount=data["amount"] if received else -data["amount"],
        currency=data["currency"],
        direction="in" if received else "out",
    )


def _withdrawal(event: str, data: Mapping[str, Any]) -> Said:
    title, outside, icon = _WITHDRAWALS[event]
    moved = {"withdrawal.succeeded": "out", "withdrawal.returned": "in"}.get(event, "")
    return Said(
        title=title % {"bank": data["bank"]},
        icon=icon,
        href=reverse("withdrawal", args=[data["withdrawal"]]),
        outside=outside,
        amount=-data["amount"] if moved == "out" else data["amount"],
        currency=data["currency"],
        direction=moved,
    )


def _bank_account(event: str, data: Mapping[str, Any]) -> Said:
    title, icon = _BANK_ACCOUNTS[event]
    slug = data.get("slug")
    return Said(
        title=title % {"bank": data["bank"], "last_four": data["last_four"]},
        icon=icon,
        href=reverse("merchant_banks", args=[slug]) if slug else reverse("bank_accounts"),
        note=data.get("organization", ""),
        outside=_("Your bank accounts changed"),
    )


def _scheduled(event: str, data: Mapping[str, Any]) -> Said:
    title, outside = _SCHEDULED[event]
    return Said(
        title=title % {"name": data["name"]},
        icon="calendar-x",
        href=reverse("schedule", args=[data["schedule"]]),
        outside=outside,
        note=str(data.get("reason", "")),
        amount=data["amount"],
        currency=data["currency"],
    )


def _bulk(event: str, data: Mapping[str, Any]) -> Said:
    """A file is done, or waits for whoever reads this; an organisation's lies at its desk."""
    href = reverse("bulk_payout", args=[data["bulk"]])
    if "slug" in data:
        href = reverse("merchant_file", args=[data["slug"], data["bulk"]])
    if event == "bulk.waiting":
        return Said(
            title=_("The file %(name)s waits for your approval") % {"name": data["name"]},
            icon="file-search",
            href=href,
            outside=_("A file of payouts waits for your approval"),
            amount=data["amount"],
            currency=data["currency"],
            direction="out",
        )
    return Said(
        title=_("Your file %(name)s is done") % {"name": data["name"]},
        icon="file-check",
        href=href,
        outside=_("A file of payouts is done"),
    )
