"""The steps of an application: what each asks, what may be answered, and what is missing. Pure.

Amounts are minor units (kobo). What may not be answered is said by field, in words for whoever typed it.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from credit.models import Application
from credit.released import ALWAYS, BY_NAME

LEAST, MOST = 1_000_00, 100_000_000_00
LONGEST = 60
LONGEST_TEXT = 300
MOST_A_MONTH = 1_000_000_000_00
EARLIEST = date(1950, 1, 1)
Purpose, Employment = Application.Purpose, Application.Employment
WORKS = (Employment.EMPLOYED, Employment.SELF_EMPLOYED, Employment.BUSINESS_OWNER)
Errors = dict[str, str | Promise]


@dataclass(frozen=True)
class Step:
    slug: str
    title: str | Promise
    text: str | Promise
    icon: str
    fields: tuple[str, ...]


STEPS = (
    Step(
        "loan",
        _("The loan you want"),
        _("How much, for how long, and what for"),
        "banknote",
        ("amount", "count", "purpose", "purpose_text", "refinances"),
    ),
    Step(
        "work",
        _("Your work"),
        _("What you do, and since when"),
        "briefcase",
        ("employment", "employed_since"),
    ),
    Step(
        "month",
        _("Your month"),
        _("What comes in, what goes out, what you pay on other loans"),
        "calculator",
        ("income", "expenses", "debts"),
    ),
    Step(
        "lenders",
        _("What lenders see"),
        _("You choose; your name is never shown"),
        "eye",
        ("released", "pools"),
    ),
)
BY_SLUG = {step.slug: step for step in STEPS}


def errors_in(slug: str, facts: Mapping[str, Any], *, on: date) -> Errors:
    """Return what may not be answered so, by field; nothing where all may. Raises KeyError for no step."""
    return _CHECKS[slug](facts, on)


def settled(slug: str, facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return a step's answers as they are kept: what no longer applies is left empty."""
    kept = dict(facts)
    if slug == "loan":
        kept["purpose_text"] = (kept["purpose_text"] or "").strip()
        if kept["purpose"] != Purpose.REFINANCE:
            kept["refinances"] = None
    if slug == "work" and kept["employment"] not in WORKS:
        kept["employed_since"] = None
    if slug == "lenders":
        kept["released"] = [name for name in BY_NAME if name in ALWAYS or name in kept["released"]]
        kept["pools"] = bool(kept["pools"])
    return kept


def is_answered(slug: str, application: Application, *, on: date) -> bool:
    """Whether a step has answers that may be sent."""
    facts = {name: getattr(application, name) for name in BY_SLUG[slug].fields}
    return not errors_in(slug, facts, on=on)


def missing(application: Application, *, on: date) -> list[Step]:
    """Return the steps that have no answers yet, or none that may be sent."""
    return [step for step in STEPS if not is_answered(step.slug, application, on=on)]


def _loan(facts: Mapping[str, Any], on: date) -> Errors:
    errors: Errors = {}
    amount, count, purpose = facts.get("amount"), facts.get("count"), facts.get("purpose")
    if amount is None or not LEAST <= amount <= MOST:
        errors["amount"] = _("Enter an amount from ₦1,000 to ₦100,000,000.")
    if count is None or not 1 <= count <= LONGEST:
        errors["count"] = _("Enter a number of months from 1 to 60.")
    if purpose not in Purpose.values:
        errors["purpose"] = _("Choose what the loan is for.")
    text = (facts.get("purpose_text") or "").strip()
    if len(text) > LONGEST_TEXT or (purpose == Purpose.OTHER and not text):
        errors["purpose_text"] = _("Say what it is for, in at most 300 characters.")
    return errors


def _work(facts: Mapping[str, Any], on: date) -> Errors:
    errors: Errors = {}
    since = facts.get("employed_since")
    if facts.get("employment") not in Employment.values:
        errors["employment"] = _("Choose what describes your work.")
    elif facts["employment"] in WORKS:
        if since is None:
            errors["employed_since"] = _("Enter since when you do this work.")
        elif not EARLIEST <= since <= on:
            errors["employed_since"] = _("Enter a day that is over, after 1949.")
    return errors


def _month(facts: Mapping[str, Any], on: date) -> Errors:
    said = {
        "income": _("Enter what comes in a month; 0 if nothing does."),
        "expenses": _("Enter what you spend a month, rent and food included."),
        "debts": _("Enter what you pay on other loans a month; 0 if you have none."),
    }
    return {
        name: words
        for name, words in said.items()
        if facts.get(name) is None or not 0 <= facts[name] <= MOST_A_MONTH
    }


def _lenders(facts: Mapping[str, Any], on: date) -> Errors:
    released: Collection[str] = facts.get("released") or ()
    if not released or not set(released) <= BY_NAME.keys():
        return {"released": _("Choose what lenders may see.")}
    return {}


_CHECKS = {"loan": _loan, "work": _work, "month": _month, "lenders": _lenders}
