"""What is told of a contract: that it waits to be signed, that money came or could not come, that it ended."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts import notice_words
from accounts import services as accounts
from accounts.models import Notification
from accounts.notice_words import Said
from accounts.services import organizations
from credit.models import Application, Contract
from credit.payout_words import why_waiting

Words = tuple[str | Promise, str | Promise, str]

_BORROWERS: dict[str, Words] = {
    "loan.signed": (
        _("Your loan agreement is signed. The money is on its way to your wallet."),
        _("A loan agreement of yours is signed"),
        "file-check",
    ),
    "loan.ready": (
        _("Your loan agreement is signed. Ask for the money when you need it: all of it, or a part."),
        _("A loan agreement of yours is signed"),
        "file-check",
    ),
    "loan.undrawn_back": (
        _("The time to ask for the rest of your loan is over. It stays at what was paid out to you."),
        _("The rest of a loan is no longer set aside"),
        "calendar-x",
    ),
    "loan.paid_out": (_("Your loan is in your wallet"), _("A loan was paid out"), "hand-coins"),
    "loan.payout_waits": (
        _("Your loan could not be paid into your wallet yet. We go on trying."),
        _("A loan could not be paid out yet"),
        "circle-alert",
    ),
    "loan.payout_stopped": (
        _("Your loan could not be paid out. Nothing is owed; our support is looking into it."),
        _("A loan could not be paid out"),
        "circle-alert",
    ),
    "loan.check_failed": (
        _("%(lender)s did not go on after its last check. Your application is open to lenders again."),
        _("Your loan application is open to lenders again"),
        "refresh-cw",
    ),
    "loan.signing_over": (
        _("The agreement was not signed by everybody in time. Nothing was paid out, and nothing is owed."),
        _("A loan agreement was not signed in time"),
        "calendar-x",
    ),
    "loan.cancelled": (_("Your loan is cancelled. Nothing is owed."), _("A loan was cancelled"), "undo-2"),
    "loan.payout_undone": (
        _("The payout of your loan was taken back today. Nothing is owed."),
        _("The payout of a loan was taken back"),
        "undo-2",
    ),
    "loan.contract_ended": (
        _("Your loan agreement has ended before it was paid out. Nothing is owed."),
        _("A loan agreement has ended"),
        "circle-x",
    ),
}
_LENDERS: dict[str, Words] = {
    "loan.to_sign": (
        _("A borrower has signed: check the file and sign, or say why not"),
        _("A loan agreement waits for your signature"),
        "pen-line",
    ),
    "loan.lent": (_("A loan of yours was paid out"), _("A loan was paid out"), "hand-coins"),
    "loan.undrawn": (
        _("The borrower did not ask for the rest of a loan in time. What you had set aside is free again."),
        _("The rest of a loan was not asked for"),
        "calendar-x",
    ),
    "loan.not_lent": (
        _("A loan agreement has ended. What you had set aside is free again."),
        _("A loan agreement has ended"),
        "undo-2",
    ),
}


def register() -> None:
    notice_words.register(_borrower, *_BORROWERS)
    notice_words.register(_lender, *_LENDERS)


def tell_borrower(application: Application, event: str, **facts: Any) -> None:
    """Tell whoever borrows, in the running transaction. Amounts are minor units (kobo)."""
    data = {"application": str(application.pk), "currency": application.currency_id, **facts}
    accounts.notify(notices=[Notification(user_id=application.user_id, event=event, data=data)])


def tell_lenders(
    contract: Contract, event: str, *, amounts: Mapping[UUID, int] | None = None, **facts: Any
) -> None:
    """Tell the owners of each lender that carries a share, in the running transaction.

    `amounts` are minor units by share, where what is told of is not all of it.
    """
    shares = contract.shares.select_related("provider__organization").order_by("pk")
    notices = [
        Notification(
            user_id=person,
            event=event,
            data={
                "contract": str(contract.pk),
                "slug": share.provider.organization.slug,
                "currency": contract.application.currency_id,
                "amount": share.amount if amounts is None else amounts.get(share.pk, 0),
                **facts,
            },
        )
        for share in shares
        for person in organizations.owners_of(share.provider.organization)
    ]
    accounts.notify(notices=notices)


def _borrower(event: str, data: Mapping[str, Any]) -> Said:
    title, outside, icon = _BORROWERS[event]
    return Said(
        title=title % data,
        icon=icon,
        href=reverse("loan_sign", args=[data["application"]]),
        outside=outside,
        note=str(why_waiting(data["code"])) if "code" in data else data.get("reason", ""),
        amount=data.get("amount"),
        currency=data["currency"],
        direction={"loan.paid_out": "in", "loan.payout_undone": "out"}.get(event, ""),
    )


def _lender(event: str, data: Mapping[str, Any]) -> Said:
    title, outside, icon = _LENDERS[event]
    return Said(
        title=title,
        icon=icon,
        href=reverse("lending_sign", args=[data["slug"], data["contract"]]),
        outside=outside,
        amount=data["amount"],
        currency=data["currency"],
    )
