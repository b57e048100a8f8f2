"""Measures of help for a loan, by two people: other days, another rate, interest into principal, a pause."""

from datetime import date
from decimal import Decimal, InvalidOperation
from uuid import UUID

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.approvals import Described, Payload
from credit.models import Loan
from credit.refusals import NotPossible
from credit.services import measures
from credit.services.approved.deeds import Deed, action_of
from credit.services.holding import Held

RESCHEDULE, RE_AGE, RATE = "credit.reschedule", "credit.re_age", "credit.change_rate"
CAPITALISE, PAUSE = "credit.capitalise", "credit.pause"


def _first_due(payload: Payload) -> date | None:
    return date.fromisoformat(payload["first_due"]) if payload["first_due"] else None


def _reschedule(held: Held, payload: Payload, _posting: UUID) -> object:
    return measures.reschedule(
        held, count=payload["count"], first_due=_first_due(payload), reason=payload["words"]
    )


def _re_age(held: Held, payload: Payload, _posting: UUID) -> object:
    return measures.re_age(
        held, count=payload["count"], first_due=_first_due(payload), reason=payload["words"]
    )


def _new_days(_loan: Loan, payload: Payload) -> Described:
    first = _first_due(payload)
    return [
        (_("Instalments from now on"), str(payload["count"])),
        (_("The first is due"), date_format(first, "j F Y") if first else _("as before")),
    ]


def _change_rate(held: Held, payload: Payload, _posting: UUID) -> object:
    try:
        rate = Decimal(payload["rate"])
    except InvalidOperation as error:
        raise NotPossible(why="the rate is no number") from error
    return measures.change_rate(
        held, rate=rate, keeps_instalment=payload["keeps_instalment"], reason=payload["words"]
    )


def _new_rate(loan: Loan, payload: Payload) -> Described:
    keeps = payload["keeps_instalment"]
    return [
        (_("Rate agreed at first"), f"{loan.terms['rate']} %"),
        (_("Rate from today on"), f"{payload['rate']} %"),
        (
            _("What changes"),
            _("how many instalments there are") if keeps else _("how large each instalment is"),
        ),
    ]


def _capitalise(held: Held, payload: Payload, _posting: UUID) -> object:
    return measures.capitalise(held, reason=payload["words"])


def _pause(held: Held, payload: Payload, _posting: UUID) -> object:
    return measures.pause(held, until=date.fromisoformat(payload["until"]), reason=payload["words"])


def _until(_loan: Loan, payload: Payload) -> Described:
    return [(_("It ends by itself on"), date_format(date.fromisoformat(payload["until"]), "j F Y"))]


ACTIONS = tuple(
    action_of(deed)
    for deed in (
        Deed(RESCHEDULE, gettext_lazy("Loan: new due days"), _reschedule, _new_days),
        Deed(RE_AGE, gettext_lazy("Loan: ask anew for what is overdue"), _re_age, _new_days),
        Deed(RATE, gettext_lazy("Loan: another rate"), _change_rate, _new_rate),
        Deed(
            CAPITALISE,
            gettext_lazy("Loan: unpaid interest becomes principal"),
            _capitalise,
            lambda _loan, _payload: [],
        ),
        Deed(PAUSE, gettext_lazy("Loan: being late does not count for a time"), _pause, _until),
    )
)
