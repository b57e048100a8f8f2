"""The plans of the demo world. Invented, and of the kind that Nigerian savings apps offer. Development only."""

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from psycopg.types.range import Range

from accounts.models import Approval, User
from core.ids import uuid7
from savings.models import PlanRate, PlanTerms, SavingsPlan

NAIRA = 100
KIND = SavingsPlan.Kind
SOURCE = "Invented for the demo world"
# Withheld of all interest.
TAX = 10
Amounts = list[tuple[int, str]]
# A rate table: from which length in days, and from which balance in naira on, what percent a year.
Table = list[tuple[int, Amounts]]
FLEXIBLE_BEFORE: Table = [(0, [(0, "8"), (100_000, "9"), (1_000_000, "10")])]
FLEXIBLE: Table = [(0, [(0, "8.5"), (100_000, "10"), (1_000_000, "11.5")])]
TARGET: Table = [(0, [(0, "11")])]
FIXED: Table = [(30, [(0, "13")]), (90, [(0, "15")]), (180, [(0, "17")]), (365, [(0, "19.5")])]
UP_FRONT: Table = [(30, [(0, "11.5")]), (90, [(0, "13.5")]), (180, [(0, "15")]), (365, [(0, "17")])]
GROUP: Table = [(0, [(0, "10.5")])]


def make_plans(*, on: date) -> dict[str, SavingsPlan]:
    """Make the plans with their terms, in force since a year before a day, and return them by their codes."""
    year, month = on - timedelta(days=365), on - timedelta(days=30)
    flexible = _plan(
        "flexible",
        KIND.FLEXIBLE,
        "Flexible",
        "Save when you like and take out when you must. Interest each day.",
    )
    easy = {"paid": "DAY", "capitalised": "DAY", "free_withdrawals": 4, "withdrawal_fee": Decimal(1)}
    _terms(flexible, year, FLEXIBLE_BEFORE, minimum=100 * NAIRA, method="MARGINAL", **easy)
    _terms(flexible, month, FLEXIBLE, minimum=100 * NAIRA, method="MARGINAL", **easy)
    target = _plan(
        "target",
        KIND.TARGET,
        "Target",
        "An amount and a day: school fees, rent, a trip. Interest each month.",
    )
    _terms(
        target,
        year,
        TARGET,
        minimum=500 * NAIRA,
        shortest=30,
        longest=730,
        free_withdrawals=0,
        withdrawal_fee=Decimal("2.5"),
        penalty="SHARE",
        penalty_percent=Decimal(1),
    )
    fixed = _plan(
        "fixed", KIND.FIXED, "Fixed", "Locked for 30 to 365 days. The longer, the more; paid at the end."
    )
    locked: dict[str, Any] = {
        "minimum": 10_000 * NAIRA,
        "maximum": 20_000_000 * NAIRA,
        "shortest": 30,
        "longest": 365,
        "paid": "END",
        "penalty": "LOWER_RATE",
        "penalty_percent": Decimal(6),
    }
    _terms(fixed, year, FIXED, **locked)
    up_front = _plan(
        "fixed-up-front",
        KIND.FIXED,
        "Fixed, interest at once",
        "Locked, and its interest is in your wallet on the first day.",
    )
    _terms(up_front, year, UP_FRONT, up_front=True, **locked)
    group = _plan(
        "group", KIND.GROUP, "Together", "One goal with friends or family, each in a saving of their own."
    )
    _terms(
        group,
        year,
        GROUP,
        minimum=500 * NAIRA,
        shortest=30,
        longest=365,
        free_withdrawals=1,
        withdrawal_fee=Decimal("2.5"),
        penalty="SHARE",
        penalty_percent=Decimal(1),
    )
    return {plan.code: plan for plan in (flexible, target, fixed, up_front, group)}


def _plan(code: str, kind: str, name: str, summary: str) -> SavingsPlan:
    return SavingsPlan.objects.create(code=code, kind=kind, currency_id="NGN", name=name, summary=summary)


def _terms(plan: SavingsPlan, since: date, table: Table, **facts: Any) -> None:
    """A version of a plan's terms with its rates; a fixed one has a row of them for each length."""
    with transaction.atomic():
        facts["approval"] = _agreed(plan, since)
        terms = PlanTerms.objects.create(plan=plan, from_date=since, tax=Decimal(TAX), source=SOURCE, **facts)
        lengths = [length for length, _amounts in table]
        for (length, amounts), until in zip(table, [*lengths[1:], None], strict=True):
            PlanRate.objects.bulk_create(_rates(terms, Range(length, until), amounts))


def _agreed(plan: SavingsPlan, since: date) -> Approval:
    """Terms are made by two people: on the day before, one proposed them and another agreed."""
    maker, checker = (User.objects.filter(role=role).earliest("pk") for role in ("ADMIN", "AGENT"))
    day = datetime.combine(since - timedelta(days=1), time(10))
    proposed, agreed = (timezone.make_aware(day + timedelta(hours=hours)) for hours in (0, 4))
    approval = Approval.objects.create(
        action="savings.plan_terms",
        target=f"savings plan: {plan.code}",
        payload={},
        payload_hash=uuid7().hex,
        approvals_needed=1,
        reason="For the demo world",
        maker=maker,
        made_at=proposed,
        expires_at=proposed + timedelta(days=3),
    )
    said = {"checker": checker, "checked_at": agreed, "decided_by": checker, "decided_at": agreed}
    told = [[str(_("Plan")), plan.name], [str(_("In force from")), since.isoformat()]]
    Approval.objects.filter(pk=approval.pk).update(state=Approval.State.APPLIED, description=told, **said)
    approval.refresh_from_db()
    return approval


def _rates(terms: PlanTerms, term: Range[int], amounts: Amounts) -> list[PlanRate]:
    floors = [naira * NAIRA for naira, _rate in amounts]
    rates, below = [], Decimal(0)
    for floor, ceiling, (_naira, percent) in zip(floors, [*floors[1:], None], amounts, strict=True):
        rate = Decimal(percent)
        base = below if terms.method == PlanTerms.Method.MARGINAL else floor * rate
        rates.append(PlanRate(terms=terms, term=term, amount=Range(floor, ceiling), rate=rate, base=base))
        below += ((ceiling or 0) - floor) * rate
    return rates
