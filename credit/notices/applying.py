"""What somebody is told of an application they sent."""

from collections.abc import Mapping
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from accounts import notice_words
from accounts import services as accounts
from accounts.models import Notification
from accounts.notice_words import Said
from credit.models import Application

SUBMITTED = "loan.submitted"


def register() -> None:
    notice_words.register(_submitted, SUBMITTED)


def submitted(application: Application) -> None:
    """Tell a borrower that their application is here, in the running transaction."""
    data = {"application": str(application.pk)}
    notice = Notification(user_id=application.user_id, event=SUBMITTED, data=data)
    accounts.notify(notices=[notice])


def _submitted(event: str, data: Mapping[str, Any]) -> Said:
    return Said(
        title=_("We have your loan application"),
        icon="hand-coins",
        href=reverse("loan_application", args=[data["application"]]),
        outside=_("We have your application"),
        note=_("We look at it now. Its page says where it stands; you can withdraw it there at no cost."),
    )
