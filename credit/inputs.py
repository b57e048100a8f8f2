"""The closed list of what a score may be made of: each input's words, where it comes from, and nothing beside.

A card may ask for these and for no other; what is banned (`credit/card_rules.py`) can never be among them.
"""

from dataclasses import dataclass
from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Source(StrEnum):
    """Who says so: the applicant, our own books, what a loan here was, a credit bureau."""

    DECLARED = "declared"
    IDENTITY = "identity"
    WALLET = "wallet"
    SAVINGS = "savings"
    LOANS = "loans"
    BUREAU = "bureau"


@dataclass(frozen=True)
class Known:
    """One input: `unit` is that of its number; a text has none."""

    name: str
    label: str | Promise
    source: Source
    unit: str = ""


INPUTS: tuple[Known, ...] = (
    Known("pay_to_income", _("Repayments out of income"), Source.DECLARED, "%"),
    Known("expenses_to_income", _("Living costs out of income"), Source.DECLARED, "%"),
    Known("employment", _("Work"), Source.DECLARED),
    Known("months_employed", _("Months in this work"), Source.DECLARED),
    Known("age", _("Age"), Source.IDENTITY),
    Known("months_here", _("Months as a customer"), Source.WALLET),
    Known("inflow_to_income", _("Money coming into the wallet against income"), Source.WALLET, "%"),
    Known("savings_to_amount", _("Savings against the amount asked for"), Source.SAVINGS, "%"),
    Known("late_days_here", _("Days late at worst on loans here"), Source.LOANS),
    Known("arrears_here", _("Days behind on a loan here"), Source.LOANS),
    Known("repaid_here", _("Loans here that were paid off"), Source.LOANS),
    Known("lost_here", _("Loans here that were never paid back"), Source.LOANS),
    Known("bureau_standing", _("Standing at the credit bureaux"), Source.BUREAU),
    Known("bureau_late_days", _("Days late at worst elsewhere"), Source.BUREAU),
    Known("bureau_months", _("Months since the first loan on file"), Source.BUREAU),
    Known("inquiries", _("Loans asked for elsewhere in 6 months"), Source.BUREAU),
)
NAMES = frozenset(one.name for one in INPUTS)
OF_BUREAUX = frozenset(one.name for one in INPUTS if one.source is Source.BUREAU)
LABELS = {one.name: one.label for one in INPUTS}
