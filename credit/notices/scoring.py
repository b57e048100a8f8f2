"""What an applicant is told of how their application was decided."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts import notice_words
from accounts import services as accounts
from accounts.models import Notification
from accounts.notice_words import Said
from credit.models import Application

_REFUSED: dict[str, str | Promise] = {
    "DECLINED": _("Your loan application was declined"),
    "INCOMPLETE": _("Your loan application ended: something was missing"),
    "LENDER": _("The lender decided not to go on with your loan"),
}
_PLAIN: dict[str, tuple[str | Promise, str]] = {
    "loan.question": (_("We need to know more for your loan application"), "circle-help"),
    "loan.listed": (_("Your loan application is open to lenders"), "store"),
    "loan.review_upheld": (_("We looked again: your loan application goes on"), "circle-check"),
    "loan.review_confirmed": (_("We looked again: the decision on your loan stands"), "circle-alert"),
    "loan.dispute_marked": (_("We marked a bureau's entry as disputed for you"), "file-text"),
    "loan.dispute_settled": (_("We looked at the bureau's entry that you dispute"), "file-text"),
}


def register() -> None:
    notice_words.register(_refused, "loan.refused")
    notice_words.register(_plain, *_PLAIN)


def tell(application: Application, event: str, **facts: Any) -> None:
    """Tell an applicant, in the running transaction."""
    data = {"application": str(application.pk), **facts}
    accounts.notify(notices=[Notification(user_id=application.user_id, event=event, data=data)])


def refusal_in_words(data: Mapping[str, Any]) -> str:
    """Return the reasons, the score, whose reports counted, and what one may do about it."""
    said = [*(f"{reason}." for reason in data["reasons"])]
    if data.get("score") is not None:
        words = gettext("Your score was %(score)d on %(day)s; scores lie between %(lowest)d and %(highest)d.")
        said.append(words % {**data, "day": _day(data["scored_on"])})
        if data["factors"]:
            said.append(
                gettext("What weighed most against it: %(factors)s.")
                % {"factors": "; ".join(data["factors"])}
            )
    if data["bureaux"]:
        words = gettext(
            "Reports of %(bureaux)s counted; they did not make this decision. You may ask them for a free report until "
            "%(day)s, and dispute what is wrong in it."
        )
        said.append(words % {"bureaux": ", ".join(data["bureaux"]), "day": _day(data["free_report_until"])})
    if data["kind"] == "DECLINED":
        said.append(gettext("You may ask for a person to look at it again."))
    return " ".join(said)


def _refused(_event: str, data: Mapping[str, Any]) -> Said:
    title = _REFUSED[data["kind"]]
    return Said(
        title=title,
        icon="circle-alert",
        href=reverse("loan_decision", args=[data["application"]]),
        outside=title,
        note=refusal_in_words(data),
    )


def _plain(event: str, data: Mapping[str, Any]) -> Said:
    title, icon = _PLAIN[event]
    return Said(
        title=title,
        icon=icon,
        href=reverse("loan_application", args=[data["application"]]),
        outside=title,
        note=data.get("note", ""),
    )


def _day(text: str) -> str:
    return date_format(date.fromisoformat(text), "j F Y")
