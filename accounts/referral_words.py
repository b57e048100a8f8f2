"""What customers are told of their referrals: their notices, and why one came to nothing."""

from collections.abc import Mapping
from typing import Any

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts import notice_kinds, notice_words
from accounts.models import Channel
from accounts.models.referrals import RULES, Reason
from accounts.notice_kinds import Kind
from accounts.notice_words import Said

REFERRALS = "REFERRALS"
Words = str | Promise

# By what `Referral.told` says.
WHY: dict[str, Words] = {
    Reason.TOO_LATE: _("What the programme asks was not done in time."),
    Reason.REPLACED: _("They joined by another invitation."),
    Reason.BUDGET_SPENT: _("The programme's money was spent before it was their turn."),
    Reason.CAP_REACHED: _("You have earned the most that one person can under this programme."),
    Reason.ACCOUNT_CLOSED: _("An account was closed before the bonus could be paid."),
    Reason.MONEY_REVERSED: _("The money that counted for it was taken back."),
    RULES: _("It does not fit the programme's rules. Ask us, if you think that is wrong."),
}
_TITLES: dict[str, tuple[Words, Words, str]] = {
    "referral.joined": (
        _("%(name)s joined by your invitation"),
        _("Somebody joined by your invitation"),
        "user-plus",
    ),
    "referral.qualified": (
        _("%(name)s did what your bonus asks for"),
        _("A bonus is on its way to you"),
        "user-check",
    ),
    "referral.refused": (
        _("No bonus for inviting %(name)s"),
        _("A bonus for an invitation was not paid"),
        "user-x",
    ),
}
_PAID = _("A bonus arrived in your account")
_NO_WELCOME = _("Your welcome bonus could not be paid")
_NO_BONUS = _("A bonus for an invitation was not paid")
_TAKEN = _("A bonus was taken back")


def register() -> None:
    notice_kinds.register(
        Kind(
            REFERRALS,
            _("Invitations"),
            _("Who joins by your link, and the bonuses for it."),
            "gift",
            ("referral.",),
            frozenset({Channel.IN_APP, Channel.EMAIL}),
        )
    )
    notice_words.register(_said, *_TITLES, "referral.paid", "referral.taken_back")


def _said(event: str, data: Mapping[str, Any]) -> Said:
    href = reverse("referrals")
    if event in ("referral.paid", "referral.taken_back"):
        paid = event == "referral.paid"
        return Said(
            title=_PAID if paid else _TAKEN,
            icon="gift" if paid else "undo-2",
            href=href,
            outside=_PAID if paid else _TAKEN,
            amount=data["amount"] if paid else -data["amount"],
            currency=data["currency"],
            direction="in" if paid else "out",
            note="" if paid else str(WHY[Reason.MONEY_REVERSED]),
        )
    title, outside, icon = _TITLES[event]
    note = str(WHY[data["told"]]) if data.get("told") else ""
    if event == "referral.refused" and "name" not in data:
        title = outside = _NO_WELCOME if data.get("own") else _NO_BONUS
        return Said(title, icon, href, outside, note=note)
    return Said(title % data, icon, href, outside, note=note)
