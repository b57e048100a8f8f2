"""An application as a list of tasks: what is done, what is missing, what comes next. Pure."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from credit import application_rules as rules
from credit.consents import NEEDED
from credit.models import Application
from wallet.services import Limits

CONSENTS, IDENTITY = "consents", "identity"


@dataclass(frozen=True)
class Task:
    slug: str
    title: str | Promise
    text: str | Promise
    icon: str
    is_done: bool


def tasks_of(application: Application, *, given: Collection[str], limits: Limits, on: date) -> list[Task]:
    """Return all that is to be done before it can be sent. `given` are the kinds of consents that stand."""
    steps = [
        Task(step.slug, step.title, step.text, step.icon, rules.is_answered(step.slug, application, on=on))
        for step in rules.STEPS
    ]
    return [
        *steps,
        Task(
            CONSENTS,
            _("What you agree to"),
            _("In plain words; you can take each back"),
            "file-check",
            all(kind in given for kind in NEEDED),
        ),
        Task(
            IDENTITY,
            _("Who you are"),
            _("Your wallet must be able to hold the loan"),
            "id-card",
            takes(limits, application.amount),
        ),
    ]


def takes(limits: Limits, amount: int | None) -> bool:
    """Whether somebody is known well enough for so much (minor units): their wallet could hold it."""
    return limits.tier >= 1 and (limits.balance_cap is None or (amount or 0) <= limits.balance_cap)
