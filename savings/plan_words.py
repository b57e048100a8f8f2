"""A plan's terms in the words that staff read: proposals, lists and the page of all rules say the same."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import groupby
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _

from core.templatetags.money import money
from savings.interest import Rate
from savings.models import PlanTerms, SavingsPlan

NOTHING = "–"


def plain(number: Decimal) -> str:
    """A number without exponent and without zeros at its end."""
    return f"{number.normalize():f}"


def percent(number: Decimal) -> str:
    return f"{plain(number)}%"


def table(cells: Sequence[Rate], *, kind: str, currency: str = "NGN") -> str:
    """Rates in one line: "8.5%; 10% from ₦100,000.00", and by term where there are several."""
    ordered = sorted(cells, key=lambda cell: (cell.term, cell.floor))
    rows = [(term, list(row)) for term, row in groupby(ordered, key=lambda cell: cell.term)]
    said = []
    for term, row in rows:
        bands = "; ".join(
            percent(cell.rate)
            if cell.floor == 0
            else _("%(rate)s from %(amount)s")
            % {"rate": percent(cell.rate), "amount": money(cell.floor, currency)}
            for cell in row
        )
        by_term = kind != SavingsPlan.Kind.FLEXIBLE and (len(rows) > 1 or term)
        said.append(_("from %(days)s days: %(bands)s") % {"days": term, "bands": bands} if by_term else bands)
    return " / ".join(said)


def facts(terms: Any, *, kind: str, currency: str = "NGN") -> list[tuple[str | Promise, str]]:
    """What terms say beside their rates: those of a plan, or those that somebody wishes for."""
    ends = kind != SavingsPlan.Kind.FLEXIBLE
    said: list[tuple[str | Promise, str]] = [
        (_("Rate of the balance"), str(PlanTerms.Method(terms.method).label)),
        (_("A year"), str(PlanTerms.DayCount(terms.day_count).label)),
        (_("Earns interest itself"), str(PlanTerms.Every(terms.capitalised).label)),
        (_("Paid"), _("On the first day") if terms.up_front else str(PlanTerms.Every(terms.paid).label)),
        (_("Rounded"), str(PlanTerms.Rounding(terms.rounding).label)),
        (_("Tax withheld"), percent(terms.tax)),
        (_("At least at a time"), money(terms.minimum, currency)),
        (_("At most in all"), NOTHING if terms.maximum is None else money(terms.maximum, currency)),
        (_("Counts from the next day after"), f"{terms.cut_off:%H:%M}" if terms.cut_off else NOTHING),
    ]
    if kind != SavingsPlan.Kind.FIXED:
        said.append((_("Free withdrawals a month"), _free(terms)))
    if ends:
        said.append((_("Runs for"), _length(terms)))
        said.append((_("Broken early"), _penalty(terms)))
    return said


def _free(terms: Any) -> str:
    if terms.free_withdrawals is None:
        return _("all")
    return _("%(many)s, then %(fee)s of the amount") % {
        "many": terms.free_withdrawals,
        "fee": percent(terms.withdrawal_fee),
    }


def _length(terms: Any) -> str:
    if terms.shortest is None:
        return _("any time")
    return _("%(shortest)s to %(longest)s days") % {"shortest": terms.shortest, "longest": terms.longest}


def _penalty(terms: Any) -> str:
    label = str(PlanTerms.Penalty(terms.penalty).label)
    return f"{label}: {percent(terms.penalty_percent)}" if terms.penalty_percent else label


def lines(terms: PlanTerms) -> Iterator[tuple[str, str, str]]:
    """The rate table as rows: for how many days, on which balance, what it pays."""
    currency = terms.plan.currency_id
    for rate in sorted(terms.rates.all(), key=lambda rate: (rate.term.lower, rate.amount.lower)):
        days = (
            f"{rate.term.lower}+" if rate.term.upper is None else f"{rate.term.lower}–{rate.term.upper - 1}"
        )
        least = money(rate.amount.lower, currency)
        most = (
            _("and above")
            if rate.amount.upper is None
            else _("to below %s") % money(rate.amount.upper, currency)
        )
        yield days, f"{least} {most}", percent(rate.rate)
