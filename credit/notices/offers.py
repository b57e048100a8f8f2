"""What borrowers and lenders are told of offers."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts import notice_words
from accounts import services as accounts
from accounts.models import Membership, Notification
from accounts.notice_words import Said
from credit.models import Application, Bid

# The title, what may be read on a locked screen, the icon.
_BORROWERS: dict[str, tuple[str | Promise, str | Promise, str]] = {
    "loan.offered": (
        _("A lender has made you an offer. Compare, and choose when you like."),
        _("There is an offer for your application"),
        "hand-coins",
    ),
    "loan.listing_expired": (
        _("Your application has expired: no offer was chosen in time. You may apply again."),
        _("Your application has expired"),
        "clock",
    ),
}
_LENDERS: dict[str, tuple[str | Promise, str | Promise, str]] = {
    "loan.offer_chosen": (
        _("Your offer was chosen. Please sign within three working days."),
        _("An offer of yours was chosen"),
        "circle-check",
    ),
    "loan.offer_not_chosen": (
        _("Your offer was not chosen. What it set aside is free again."),
        _("An offer of yours was not chosen"),
        "circle-x",
    ),
}


def register() -> None:
    notice_words.register(_borrower, *_BORROWERS)
    notice_words.register(_lender, *_LENDERS)


def offered(application: Application) -> None:
    """Tell an applicant, in the running transaction, that there is something to choose from."""
    tell_applicants([application], "loan.offered")


def tell_applicants(applications: Iterable[Application], event: str) -> None:
    accounts.notify(
        notices=[
            Notification(user_id=one.user_id, event=event, data={"application": str(one.pk)})
            for one in applications
        ]
    )


def tell_lenders(bids: Iterable[Bid], event: str) -> None:
    """Tell those who manage the lenders of these offers, in the running transaction."""
    bids = list(bids)
    managers = Membership.objects.filter(
        organization__in=[bid.provider.organization_id for bid in bids], role__in=Membership.MANAGERS
    ).select_related("organization")
    by_organization: dict[Any, list[Membership]] = {}
    for member in managers:
        by_organization.setdefault(member.organization_id, []).append(member)
    accounts.notify(
        notices=[
            Notification(
                user_id=member.user_id,
                event=event,
                data={
                    "bid": str(bid.pk),
                    "slug": member.organization.slug,
                    "amount": bid.amount,
                    "currency": bid.application.currency_id,
                },
            )
            for bid in bids
            for member in by_organization.get(bid.provider.organization_id, ())
        ]
    )


def _borrower(event: str, data: Mapping[str, Any]) -> Said:
    title, outside, icon = _BORROWERS[event]
    return Said(
        title=title,
        icon=icon,
        href=reverse("loan_offers", args=[data["application"]]),
        outside=outside,
    )


def _lender(event: str, data: Mapping[str, Any]) -> Said:
    title, outside, icon = _LENDERS[event]
    return Said(
        title=title,
        icon=icon,
        href=reverse("lending_bids", args=[data["slug"]]),
        outside=outside,
        amount=data["amount"],
        currency=data["currency"],
    )
