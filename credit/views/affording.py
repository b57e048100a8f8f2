"""What an application would cost a month at most, and whether its month carries that."""

from dataclasses import dataclass
from datetime import date

from credit import comparing
from credit.affordability import Affordability, Help, Month, Verdict, what_would_help
from credit.application_rules import LONGEST
from credit.models import Application


@dataclass(frozen=True)
class Affording:
    """`payment` is the largest instalment of the dearest loan here that would fit; None where nobody lends it."""

    payment: int | None
    found: Affordability | None = None
    help: Help | None = None

    @property
    def is_too_much(self) -> bool:
        return self.found is not None and self.found.verdict is Verdict.TOO_MUCH

    @property
    def is_tight(self) -> bool:
        return self.found is not None and self.found.verdict is Verdict.TIGHT


def affording_of(application: Application, *, on: date) -> Affording | None:
    """Return it once the loan and the month are answered; None before that."""
    amount, count = application.amount, application.count
    income, expenses, debts = application.income, application.expenses, application.debts
    if amount is None or count is None or income is None or expenses is None or debts is None:
        return None
    offered = comparing.on_offer(on)
    month = Month(income, expenses, debts)

    def payment(amount: int, count: int) -> int | None:
        return comparing.dearest_payment(offered, amount, count, on)

    due = payment(amount, count)
    if due is None:
        return Affording(None)
    found = Affordability(month, due)
    if found.verdict is Verdict.FITS:
        return Affording(due, found)
    helps = what_would_help(month, amount=amount, count=count, longest=LONGEST, payment=payment)
    return Affording(due, found, helps)
