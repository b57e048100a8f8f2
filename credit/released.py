"""What a borrower may release to lenders: a closed list, and the file that a lender sees, which holds no more.

Never on it: who somebody is, where they live, and what nobody may decide by.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from credit.models import Application, CreditScore


@dataclass(frozen=True)
class Released:
    """One detail. `always`: without it nobody could offer, so it goes with every application."""

    name: str
    label: str | Promise
    always: bool = False
    is_money: bool = False


FIELDS = (
    Released("amount", _("How much you want to borrow"), always=True, is_money=True),
    Released("count", _("In how many monthly instalments"), always=True),
    Released("purpose", _("What it is for"), always=True),
    Released("purpose_text", _("What you wrote about it")),
    Released("employment", _("What work you do")),
    Released("employed_since", _("Since when")),
    Released("income", _("What comes in a month"), is_money=True),
    Released("expenses", _("What you spend a month"), is_money=True),
    Released("debts", _("What you pay on other loans a month"), is_money=True),
    Released("score", _("Your Alajo score")),
)
BY_NAME = {field.name: field for field in FIELDS}
ALWAYS = tuple(field.name for field in FIELDS if field.always)
CHOSEN = tuple(field.name for field in FIELDS if not field.always)


def released_file(application: Application) -> dict[str, Any]:
    """Return what lenders may see of an application, and nothing else: names of FIELDS to values.

    Amounts are minor units (kobo). Whether any lender may see it now, `Application.objects.on_the_market()` says.
    """
    return released_files([application])[application.pk]


def released_files(applications: Iterable[Application]) -> dict[UUID, dict[str, Any]]:
    """Return the file of each application by its id, in one query however many they are."""
    found = list(applications)
    scores = _scores([one.pk for one in found if "score" in one.released])
    return {one.pk: _file(one, scores.get(one.pk)) for one in found}


def _file(application: Application, score: int | None) -> dict[str, Any]:
    names = [field.name for field in FIELDS if field.always or field.name in application.released]
    return {name: score if name == "score" else getattr(application, name) for name in names}


def _scores(ids: list[UUID]) -> dict[UUID, int]:
    """The latest score of each."""
    if not ids:
        return {}
    latest = CreditScore.objects.filter(application__in=ids).order_by("application", "-pk")
    return dict(latest.distinct("application").values_list("application_id", "score"))
