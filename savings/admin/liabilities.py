"""What is owed to savers by product: as of the last day that was closed, over the last periods, and in the ledger."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import Max
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from core.staff import amount, anchor, link, link_to_row, list_of, page_of
from savings.admin import liability_charts as charts
from savings.models import PlanDay, Position, SavingsPlan, UserSavings
from savings.services import liabilities
from wallet.admin.reconciliation_charts import bars

PERIODS = 12
MONTHS, WEEKS = "months", "weeks"
DAY = timedelta(days=1)
NOUGHT = PlanDay(savings=0, saved=0, owed=0)
Days = dict[tuple[Any, date], PlanDay]


@dataclass(frozen=True)
class Line:
    """One period of one plan, ready to be read."""

    label: str
    savings: int
    saved: Any
    owed: Any


@dataclass(frozen=True)
class Product:
    plan: SavingsPlan
    address: str
    chart: charts.Chart
    lines: list[Line]


def page(*, by: str, compares: bool, on: date) -> dict[str, Any]:
    """Return what the page shows. It reads the noted days of its periods; the savings themselves only to compare."""
    last = PlanDay.objects.aggregate(last=Max("day"))["last"]
    step = WEEKS if by == WEEKS else MONTHS
    ends = list(periods(last, by=step)) if last else []
    plans = list(SavingsPlan.objects.order_by("name", "pk"))
    noted: Days = {(row.plan_id, row.day): row for row in PlanDay.objects.filter(day__in=ends)}
    used = [plan for plan in plans if any((plan.pk, day) in noted for day in ends)]
    return {
        "title": _("What is owed to savers"),
        "day": last,
        "by": step,
        "plans": _now(used, noted, last) if last else [],
        "now": _now_chart(used, noted, last) if last else None,
        "products": list(_products(used, noted, ends, step)),
        "parked": Position.objects.filter(parked_at__isnull=False).count(),
        "parked_url": list_of(UserSavings, position__parked_at__isnull="False"),
        "here": reverse("admin:savings_savingsplan_liabilities"),
        "compared": list(_compared(plans)) if compares else None,
        "differing": _differing() if compares else [],
    }


def periods(last: date, *, by: str) -> Iterable[date]:
    """The last days of so many months or weeks, the oldest first; of the one that runs, its last noted day."""
    found = [last]
    end = last
    while len(found) < PERIODS:
        end = end.replace(day=1) - DAY if by == MONTHS else end - (end.weekday() + 1) * DAY
        found.append(end)
    return reversed(found)


def _now(plans: list[SavingsPlan], noted: Days, day: date) -> list[tuple[Any, ...]]:
    rows = [(plan, noted.get((plan.pk, day), NOUGHT)) for plan in plans]
    shown: list[tuple[Any, ...]] = [
        (link(plan), row.savings, amount(row.saved, plan.currency_id), _owed(row, plan)) for plan, row in rows
    ]
    total = PlanDay(
        savings=sum(row.savings for _plan, row in rows),
        saved=sum(row.saved for _plan, row in rows),
        owed=sum(row.owed for _plan, row in rows),
    )
    if rows:
        plan = rows[0][0]
        shown.append((_("All"), total.savings, amount(total.saved, plan.currency_id), _owed(total, plan)))
    return shown


def _now_chart(plans: list[SavingsPlan], noted: Days, day: date) -> Any:
    values = [(plan.name, noted.get((plan.pk, day), NOUGHT).saved) for plan in plans]
    return bars([(name, saved, saved, "accent") for name, saved in values])


def _products(plans: list[SavingsPlan], noted: Days, ends: list[date], by: str) -> Iterable[Product]:
    most = max((row.saved for row in noted.values()), default=0)
    form = "M Y" if by == MONTHS else "j M Y"
    short = "M" if by == MONTHS else "j/n"
    for plan in plans:
        rows = [(day, noted.get((plan.pk, day), NOUGHT)) for day in ends]
        chart = charts.columns([(date_format(day, short), row.saved) for day, row in rows], most=most)
        lines = [
            Line(
                date_format(day, form),
                row.savings,
                amount(row.saved, plan.currency_id),
                _owed(row, plan),
            )
            for day, row in reversed(rows)
        ]
        yield Product(plan, page_of(SavingsPlan, plan.pk), chart, lines)


def _owed(row: PlanDay, plan: SavingsPlan) -> Any:
    return amount(int(row.owed), plan.currency_id)


def _compared(plans: list[SavingsPlan]) -> Iterable[tuple[Any, ...]]:
    known = {plan.pk: plan for plan in plans}
    for held in liabilities.held_against_ledger():
        plan = known[held.plan_id]
        yield (
            anchor(page_of(SavingsPlan, plan.pk), plan.name),
            held.savings,
            amount(held.positions, plan.currency_id),
            amount(held.to_come, plan.currency_id, sign=True),
            amount(held.ledger, plan.currency_id),
            amount(held.difference, plan.currency_id, sign=True),
            held.differing,
        )


def _differing() -> list[tuple[Any, ...]]:
    return [
        (link_to_row(UserSavings, key), amount(due, "NGN"), amount(ledger, "NGN"))
        for key, due, ledger in liabilities.differing()
    ]
