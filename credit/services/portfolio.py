"""How all loans do together: principal by how late it is, months of payout compared, stages, who is offered a loan.

Reads only, each figure for all in one statement. Amounts are minor units (kobo), shares percent. Needs the service.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Count, Max, Q, QuerySet, Sum
from django.db.models.functions import TruncMonth
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from credit.models import Application, Bid, LoanDay, LoanModification, LoanRoll, loan_day_id

DAY = timedelta(days=1)
STAGES = (1, 2, 3)
# Groups of fewer applications say nothing, and could show one person's refusal.
LEAST = 10
# A group that is approved less than so many percent as often as the best one is looked at.
LEAST_RATIO = 80
HUNDRED = Decimal(100)


@dataclass(frozen=True)
class OfDay:
    """What stood in one bucket, or one stage, when a day closed."""

    loans: int = 0
    principal: int = 0
    overdue: int = 0
    allowance: int = 0

    @property
    def coverage(self) -> Decimal | None:
        """How much of the principal the allowance covers."""
        return share(self.allowance, self.principal)


@dataclass(frozen=True)
class Vintage:
    """The loans that were paid out in one month; `late[n]` is how many were more than 30 days late by n + 1 months
    since their payout, as far as each of them has lived."""

    month: date
    loans: int
    lent: int
    late: tuple[int, ...]

    def shares(self) -> list[Decimal]:
        return [HUNDRED * many / self.loans for many in self.late]


@dataclass(frozen=True)
class Impact:
    """How often one group was approved, and how that compares with the best group of its kind."""

    group: str
    asked: int
    approved: int
    best: tuple[int, int]  # approved and asked of the best group

    @property
    def rate(self) -> Decimal:
        return HUNDRED * self.approved / self.asked

    @property
    def ratio(self) -> Decimal | None:
        approved, asked = self.best
        return share(self.approved * asked, self.asked * approved)

    @property
    def is_low(self) -> bool:
        return self.ratio is not None and self.ratio < LEAST_RATIO


@dataclass(frozen=True)
class Compared:
    """One who decides and one kind of groups: those large enough to show, and how many are not."""

    who: str
    kind: str
    groups: list[Impact]
    hidden: int


@dataclass(frozen=True)
class Modified:
    """Measures agreed in a month that changed what is to be paid, and what they came to for the lenders."""

    month: date
    measures: int
    gains: int
    losses: int

    @property
    def net(self) -> int:
        return self.gains + self.losses


def share(part: int, whole: int) -> Decimal | None:
    return HUNDRED * part / whole if whole else None


def last_closed() -> date | None:
    """Return the last day that was closed for all loans."""
    closed = LoanRoll.objects.filter(finished_at__isnull=False)
    last: date | None = closed.aggregate(last=Max("day"))["last"]
    return last


def by_bucket(days: Sequence[date]) -> dict[tuple[date, str], OfDay]:
    return _of_days(days, "bucket")


def by_stage(day: date) -> dict[int, OfDay]:
    return {stage: found for (_day, stage), found in _of_days([day], "stage").items()}


def _of_days(days: Sequence[date], name: str) -> dict[tuple[date, Any], OfDay]:
    if not days:
        return {}
    rows = LoanDay.objects.filter(_on(days)).values_list("day", name)
    told = rows.annotate(Count("pk"), Sum("principal"), Sum("overdue"), Sum("allowance"))
    return {(day, key): OfDay(*figures) for day, key, *figures in told}


def _on(days: Iterable[date]) -> Q:
    """A day is a range of ids, so that only its own partition is read."""
    found = Q()
    for day in days:
        found |= Q(pk__gte=loan_day_id(UUID(int=0), day), pk__lt=loan_day_id(UUID(int=0), day + DAY))
    return found


def vintages(*, since: date, last: date, months: int) -> list[Vintage]:
    """Return the months of payout from `since` on, the oldest first. A loan that was given back at once is in none."""
    with connection.cursor() as cursor:
        cursor.execute(_VINTAGES, {"since": since})
        rows = cursor.fetchall()
    found: dict[date, dict[int | None, tuple[int, int]]] = {}
    for month, late_in, loans, lent in rows:
        found.setdefault(month, {})[late_in] = (loans, int(lent))
    return [_vintage(month, parts, last, months) for month, parts in sorted(found.items())]


_VINTAGES = """
with late as (
    select b.loan_id, min(b.day) as day from credit_bucketchange b
    join credit_loan l on l.application_id = b.loan_id
    where l.opened_on >= %(since)s and b.now in ('DAYS_31_60', 'DAYS_61_90', 'DAYS_OVER_90')
    group by b.loan_id
)
select date_trunc('month', l.opened_on)::date,
    (extract(year from age(late.day, l.opened_on)) * 12 + extract(month from age(late.day, l.opened_on)))::int + 1,
    count(*), sum(l.amount)
from credit_loan l
join credit_application a on a.id = l.application_id and a.state not in ('CANCELLED', 'SIGNED')
left join late on late.loan_id = l.application_id
where l.opened_on >= %(since)s
group by 1, 2
"""


def _vintage(month: date, parts: dict[int | None, tuple[int, int]], last: date, months: int) -> Vintage:
    lived = sum(month_after(month, 1 + n) - DAY <= last for n in range(1, months + 1))
    late = [
        sum(loans for late_in, (loans, _lent) in parts.items() if late_in is not None and late_in <= n)
        for n in range(1, lived + 1)
    ]
    return Vintage(
        month,
        sum(loans for loans, _lent in parts.values()),
        sum(lent for _loans, lent in parts.values()),
        tuple(late),
    )


def modifications(*, since: date) -> list[Modified]:
    """Return what measures came to at the original effective rates, month by month, the newest first."""
    rows = LoanModification.objects.filter(on__gte=since).annotate(month=TruncMonth("on")).values("month")
    told = rows.annotate(
        measures=Count("transaction", distinct=True),
        gains=Sum("gain", filter=Q(gain__gt=0), default=0),
        losses=Sum("gain", filter=Q(gain__lt=0), default=0),
    )
    return [Modified(**row) for row in told.order_by("-month")]


def month_after(month: date, many: int) -> date:
    """Return the first day of the month so many months after one; before it, below zero."""
    years, rest = divmod(month.year * 12 + month.month - 1 + many, 12)
    return date(years, rest + 1, 1)


# The groups that may be compared: what an applicant said of their work, and how well we know them. What must not decide
# is not held (`credit/inputs.py`), and so cannot be compared.
EMPLOYMENT, TIER = "employment", "tier"
GROUPS = {EMPLOYMENT: _("Work"), TIER: _("KYC tier")}
Counts = dict[tuple[str, object], tuple[int, int]]  # kind and group: approved, asked


def impact(*, first: date, until: date) -> list[Compared]:
    """Compare groups of those who sent an application from `first` on, before `until`.

    First by our own scorecard, which approves what it lists, then by each lender that offered anything, of what was
    listed. Tiers are those of now.
    """
    asked = _sent(first, until).values_list("employment", "user__customer__tier")
    ours: Counts = {}
    listed: Counts = {}
    for employment, tier, many, passed in asked.annotate(
        many=Count("pk"), passed=Count("pk", Q(listings__gt=0))
    ):
        _add(ours, employment, tier, passed, many)
        _add(listed, employment, tier, 0, passed)
    offered: dict[tuple[str, UUID], Counts] = {}
    bids = Bid.objects.filter(application__in=_sent(first, until)).values_list(
        "provider__display_name", "provider", "application__employment", "application__user__customer__tier"
    )
    for name, key, employment, tier, many in bids.annotate(Count("application", distinct=True)):
        counts = offered.setdefault((name, key), dict(listed))
        _add(counts, employment, tier, many, 0)
    found = [*_compared(str(_("Our scorecard")), ours)]
    for (name, _key), counts in sorted(offered.items()):
        found += _compared(name, counts)
    return found


def _sent(first: date, until: date) -> QuerySet[Application]:
    return Application.objects.filter(submitted_at__gte=_begin_of(first), submitted_at__lt=_begin_of(until))


def _begin_of(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))


def _add(counts: Counts, employment: str, tier: int | None, approved: int, asked: int) -> None:
    for key in ((EMPLOYMENT, employment), (TIER, tier)):
        was = counts.get(key, (0, 0))
        counts[key] = (was[0] + approved, was[1] + asked)


def _compared(who: str, counts: Counts) -> Iterable[Compared]:
    for kind, label in GROUPS.items():
        groups = {group: figures for (of, group), figures in counts.items() if of == kind and figures[1]}
        shown = {group: figures for group, figures in groups.items() if figures[1] >= LEAST}
        best = max(shown.values(), key=lambda figures: Decimal(figures[0]) / figures[1], default=(0, 0))
        rows = [
            Impact(named(kind, group), asked, approved, best) for group, (approved, asked) in shown.items()
        ]
        rows.sort(key=lambda row: (-row.rate, row.group))
        yield Compared(who, str(label), rows, len(groups) - len(shown))


def named(kind: str, group: object) -> str:
    if kind == EMPLOYMENT and group:
        return str(Application.Employment(str(group)).label)
    if kind == TIER and group:
        return str(_("Tier %(tier)s")) % {"tier": group}
    return str(_("Not known"))
