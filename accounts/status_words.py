"""Why a customer is restricted, in words: what staff choose from, and what the customer reads.

What the customer reads may say less than the reason: of a suspicion or a sanctions list not a word is told, and what is
told instead is what everybody whose account is looked into is told, to the letter.
"""

from dataclasses import dataclass
from datetime import datetime

from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import Customer

S = Customer.Status
Words = str | Promise


@dataclass(frozen=True)
class Reason:
    """A reason, and `shown`: the code of the one that the customer reads. Staff choose those that are `by_staff`."""

    label: Words
    shown: str
    by_staff: bool = True


REASONS: dict[str, Reason] = {
    "REVIEW": Reason(_("We are looking into the account"), "REVIEW"),
    "FRAUD_SUSPECTED": Reason(_("Suspicion of fraud (the customer is not told)"), "REVIEW"),
    "DOCUMENTS": Reason(_("Documents are missing or out of date"), "DOCUMENTS"),
    "AUTHORITY": Reason(_("Order of a court or an authority"), "AUTHORITY"),
    "CUSTOMER_ASKED": Reason(_("The customer asked for it"), "CUSTOMER_ASKED"),
    "SCREENING": Reason(_("A sanctions list (the customer is not told)"), "REVIEW", by_staff=False),
    "IDENTITY_MISSING": Reason(
        _("No BVN or NIN after the days of grace"), "IDENTITY_MISSING", by_staff=False
    ),
    "REPORTED": Reason(_("Its owner reported that something was not them"), "REPORTED", by_staff=False),
}
LIFTED: dict[str, Reason] = {
    "SETTLED": Reason(_("What was looked into is settled"), "SETTLED"),
    "MISTAKE": Reason(_("It was a mistake"), "MISTAKE"),
    "CUSTOMER_ASKED": Reason(_("The customer asked for it"), "CUSTOMER_ASKED"),
    "OWNER_PROVEN": Reason(_("The customer proved who they are"), "SETTLED"),
    "OVER": Reason(_("Its time is over"), "OVER", by_staff=False),
    "IDENTITY_GIVEN": Reason(
        _("A number was confirmed, or an application approved"), "SETTLED", by_staff=False
    ),
    "CLEARED": Reason(_("Every screening hit was cleared"), "SETTLED", by_staff=False),
    "RECOVERED": Reason(_("Its owner came back"), "RECOVERED", by_staff=False),
    "CLOSED": Reason(_("Its owner closed the account"), "CLOSED", by_staff=False),
}

_TITLES: dict[str, Words] = {
    S.ACTIVE: _("Your account works as usual again"),
    S.NO_DEBIT: _("You cannot send money for now"),
    S.NO_CREDIT: _("You cannot receive money for now"),
    S.FROZEN: _("Your account is frozen"),
    S.LOCKED: _("Your money is locked"),
    S.CLOSED: _("Your account is closed"),
}
_MEANS: dict[str, Words] = {
    S.ACTIVE: _("You can send and receive money."),
    S.NO_DEBIT: _("Nothing leaves your account. You can log in, see everything, and receive money."),
    S.NO_CREDIT: _(
        "Nobody can send you money, and you cannot add any. You can log in, and send what you have."
    ),
    S.FROZEN: _(
        "Nothing leaves your account, and nothing comes in; a deposit that is on its way is kept aside for you. You "
        "can log in again."
    ),
    S.LOCKED: _("Nothing leaves your account; money that is on its way to you still arrives."),
    S.CLOSED: _("Nobody can log in to it."),
}
_WHY: dict[str, Words] = {
    "REVIEW": _(
        "We are looking into something about your account. That happens now and then, and takes a few days."
    ),
    "DOCUMENTS": _("Documents that we need from you are missing or out of date."),
    "AUTHORITY": _("A court or an authority ordered it, and we must follow."),
    "CUSTOMER_ASKED": _("You asked us to."),
    "IDENTITY_MISSING": _("We still need your BVN or NIN: the Central Bank requires one for every account."),
    "REPORTED": _("You told us that something was not you."),
    "SETTLED": _("What we looked into is settled."),
    "MISTAKE": _("We restricted it by mistake, and are sorry."),
    "OVER": _("The time that was set is over."),
    "RECOVERED": _("You unlocked it."),
    "CLOSED": _("You closed it."),
}
_DO: dict[str, Words] = {
    "REVIEW": _("You need do nothing. If you have a question, write to us."),
    "DOCUMENTS": _("Send us what we ask for, and we lift this as soon as we have looked at it."),
    "AUTHORITY": _("If you have a question, write to us."),
    "CUSTOMER_ASKED": _("If you did not, write to us at once."),
    "IDENTITY_MISSING": _("Give us one of them. This is lifted by itself as soon as it is confirmed."),
    "REPORTED": _("Choose a new password by the link we mailed you, log in with it, and unlock your money."),
}
# Where what is to be done is done.
_WHERE: dict[str, str] = {"IDENTITY_MISSING": "kyc", "DOCUMENTS": "kyc", "REPORTED": "security"}


@dataclass(frozen=True)
class Told:
    """What a customer reads of their status: what it is, what it means, why, and what to do."""

    title: str
    means: str
    why: str
    do: str
    until: str
    href: str

    @property
    def text(self) -> str:
        return " ".join(part for part in (self.means, self.why, self.do, self.until) if part)


def shown(reason_code: str) -> str:
    """Return the code of the reason as the customer may know it."""
    found = REASONS.get(reason_code) or LIFTED.get(reason_code)
    return found.shown if found else ""


def label(reason_code: str) -> Words:
    """Return the reason as staff read it."""
    found = REASONS.get(reason_code) or LIFTED.get(reason_code)
    return found.label if found else reason_code


def told(*, status: str, reason_shown: str, until: datetime | None) -> Told:
    """Return what a customer reads of a status, by the reason as they may know it."""
    ends = ""
    if until is not None:
        day = date_format(timezone.localtime(until), "j F Y, H:i")
        ends = gettext("It ends by itself on %(day)s.") % {"day": day}
    return Told(
        title=str(_TITLES[status]),
        means=str(_MEANS[status]),
        why=str(_WHY.get(reason_shown, "")),
        do=str(_DO.get(reason_shown, "")),
        until=ends,
        href=_page(_WHERE.get(reason_shown, "")),
    )


def title(status: str) -> Words:
    return _TITLES[status]


def _page(name: str) -> str:
    try:
        return reverse(name) if name else ""
    except NoReverseMatch:
        return ""
