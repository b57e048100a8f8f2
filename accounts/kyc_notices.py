"""What customers are told about their identity and limits, and its words. Mails hold no detail."""

from collections.abc import Mapping
from typing import Any

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts import notice_kinds, notice_words
from accounts.models import Channel
from accounts.notice_kinds import Kind
from accounts.notice_words import Said

KYC = "KYC"
_WORDS: dict[str, tuple[str | Promise, str | Promise, str]] = {
    "kyc.submitted": (
        _("We have your application for tier %(tier)s and look at it now"),
        _("We have your application"),
        "hourglass",
    ),
    "kyc.more_needed": (
        _("We need something more for your application for tier %(tier)s"),
        _("We need something more for your application"),
        "file-question-mark",
    ),
    "kyc.approved": (_("You are on tier %(tier)s now"), _("Your application was approved"), "badge-check"),
    "kyc.rejected": (
        _("Your application for tier %(tier)s was not approved"),
        _("Your application was decided"),
        "circle-x",
    ),
    "kyc.expiring": (
        _("Your application for tier %(tier)s ends in a week if you do not go on with it"),
        _("Your application ends in a week if you do not go on with it"),
        "clock-alert",
    ),
    "kyc.expired": (
        _("Your application for tier %(tier)s ended because it was not finished"),
        _("Your application ended because it was not finished"),
        "clock",
    ),
}


def register() -> None:
    notice_kinds.register(
        Kind(
            KYC,
            _("Identity and limits"),
            _("How far your application for a higher tier is, and what it still needs."),
            "badge-check",
            ("kyc.",),
            frozenset({Channel.IN_APP, Channel.EMAIL, Channel.PUSH}),
        )
    )
    notice_words.register(_said, *_WORDS)


def _said(event: str, data: Mapping[str, Any]) -> Said:
    title, outside, icon = _WORDS[event]
    return Said(title % {"tier": data["tier"]}, icon, reverse("kyc"), outside)
