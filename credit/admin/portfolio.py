"""The portfolio, for staff: how late principal is, months of payout compared, stages, and who is offered a loan.

Each table can be taken as CSV. Nobody's name is on it.
"""

from collections.abc import Callable, Iterator
from datetime import date, timedelta

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from core.staff import list_of
from credit.admin import portfolio_charts as charts
from credit.admin.tables import Mark, Money, Percent, Table, csv_of
from credit.models import Bucket, Loan, Position
from credit.services import portfolio
from credit.services.portfolio import LEAST, LEAST_RATIO, OfDay, month_after

NAME = "credit_loan_portfolio"
PERIODS, MONTHS, COHORTS, DRAWN, QUARTERS = 12, 12, 12, 6, 4
DAY = timedelta(days=1)


def show(request: HttpRequest) -> HttpResponse:
    """The page, or with `csv` one of its tables. Raises PermissionDenied, Http404."""
    if request.method not in ("GET", "HEAD") or not request.user.has_perm("credit.view_loan"):  # type: ignore[union-attr]
        raise PermissionDenied
    last = portfolio.last_closed()
    quarters = quarters_until(timezone.localdate())
    quarter = _asked(request.GET.get("quarter", ""), quarters)
    tables: dict[str, Callable[[], Table]] = {
        "buckets": lambda: buckets(last),
        "vintages": lambda: vintages(last),
        "stages": lambda: stages(last),
        "modifications": modifications,
        "impact": lambda: impact(quarter),
    }
    wanted = request.GET.get("csv", "")
    if wanted:
        if wanted not in tables:
            raise Http404
        name = f"portfolio-{wanted}-{last or timezone.localdate()}"
        return csv_of(request, tables[wanted](), name=name, action="credit.portfolio.exported")
    context = {
        **admin.site.each_context(request),
        "title": _("Portfolio"),
        "day": last,
        "tables": [make() for make in tables.values()],
        "quarters": [(label_of(one), code_of(one), one == quarter) for one in quarters],
        "quarter": code_of(quarter),
        "here": reverse(f"admin:{NAME}"),
        "parked": Position.objects.filter(parked_at__isnull=False).count(),
        "parked_url": list_of(Loan, position__parked_at__isnull="False"),
    }
    return render(request, "admin/credit/portfolio.html", context)


def buckets(last: date | None) -> Table:
    days = list(_ends(last)) if last else []
    found = portfolio.by_bucket(days)
    stand = {day: [found.get((day, bucket), OfDay()) for bucket in Bucket] for day in days}
    labels = [str(bucket.label) for bucket in Bucket]
    return Table(
        "buckets",
        _("Principal by how late it is"),
        _(
            "At the end of each month, and of the last day closed. What was charged off or written off is not in it."
        ),
        [_("End of"), _("Loans"), *labels, _("All")],
        [
            [
                day,
                sum(one.loans for one in row),
                *(Money(one.principal) for one in row),
                Money(sum(one.principal for one in row)),
            ]
            for day, row in reversed(stand.items())
        ],
        charts.stacked(
            [(date_format(day, "M"), [one.principal for one in row]) for day, row in stand.items()]
        ),
        list(enumerate(labels, start=1)),
    )


def vintages(last: date | None) -> Table:
    since = month_after(last.replace(day=1), 1 - COHORTS) if last else None
    found = portfolio.vintages(since=since, last=last, months=MONTHS) if last and since else []
    drawn = [(date_format(one.month, "M Y"), one.shares()) for one in found if one.late][-DRAWN:]
    return Table(
        "vintages",
        _("Loans that were ever more than 30 days late, by month of payout"),
        _(
            "By so many months since their payout, in percent of the loans. A month is shown once all have lived it."
        ),
        [_("Paid out in"), _("Loans"), _("Lent"), *range(1, MONTHS + 1)],
        [
            [
                date_format(one.month, "M Y"),
                one.loans,
                Money(one.lent),
                *(Percent(each) for each in one.shares()),
                *[Percent(None)] * (MONTHS - len(one.late)),
            ]
            for one in reversed(found)
        ],
        charts.lines(drawn, steps=MONTHS),
        [(place, label) for place, (label, _shares) in enumerate(drawn, start=1)],
    )


def stages(last: date | None) -> Table:
    found = portfolio.by_stage(last) if last else {}
    rows = [(str(stage), found.get(stage, OfDay())) for stage in portfolio.STAGES] if found else []
    if rows:
        names = ("loans", "principal", "overdue", "allowance")
        rows.append(
            (
                _now("All"),
                OfDay(**{name: sum(getattr(one, name) for _stage, one in rows) for name in names}),
            )
        )
    return Table(
        "stages",
        _("Stages, and the loss to expect"),
        _("Coverage is how much of the principal the allowance is."),
        [_("Stage"), _("Loans"), _("Principal"), _("Overdue"), _("Allowance"), _("Coverage")],
        [
            [
                stage,
                one.loans,
                Money(one.principal),
                Money(one.overdue),
                Money(one.allowance),
                Percent(one.coverage),
            ]
            for stage, one in rows
        ],
    )


def modifications() -> Table:
    since = month_after(timezone.localdate().replace(day=1), 1 - MONTHS)
    return Table(
        "modifications",
        _("Changes of what was agreed, for the lenders"),
        _(
            "What was to come, discounted at the loan’s original effective rate, before and after the change: a gain,"
            " or below zero a loss, of the lenders (IFRS 9, 5.4.3). It is in no books of ours."
        ),
        [_("Month"), _("Measures"), _("Gains"), _("Losses"), _("Net")],
        [
            [
                date_format(one.month, "M Y"),
                one.measures,
                *(Money(one.gains), Money(one.losses), Money(one.net)),
            ]
            for one in portfolio.modifications(since=since)
        ],
    )


def impact(quarter: date) -> Table:
    found = portfolio.impact(first=quarter, until=month_after(quarter, 3))
    note = _now(
        "Applications sent in the quarter. Our scorecard approves by listing; a lender, by an offer for what was"
        " listed. A group approved less than %(ratio)d%% as often as the best of its kind is marked. Groups of fewer"
        " than %(least)d are not shown, nor compared."
    ) % {"ratio": LEAST_RATIO, "least": LEAST}
    return Table(
        "impact",
        _now("Who is approved, %(quarter)s") % {"quarter": label_of(quarter)},
        note,
        [
            *(_("By whom"), _("Compared by"), _("Group"), _("Applications"), _("Approved")),
            *(_("Approval rate"), _("Of the best group’s"), _("Mark")),
        ],
        [
            [
                *(each.who, each.kind, row.group, row.asked, row.approved, Percent(row.rate)),
                *(Percent(row.ratio, row.is_low), Mark(_now("Low")) if row.is_low else ""),
            ]
            for each in found
            for row in each.groups
        ],
    )


def _ends(last: date) -> Iterator[date]:
    """The ends of the last months, the oldest first, and the last day itself."""
    first = last.replace(day=1)
    yield from (month_after(first, 1 - back) - DAY for back in range(PERIODS - 1, 0, -1))
    yield last


def quarters_until(today: date) -> list[date]:
    """The first days of the last quarters, the one that runs first."""
    now = date(today.year, today.month - (today.month - 1) % 3, 1)
    return [month_after(now, -3 * back) for back in range(QUARTERS)]


def code_of(quarter: date) -> str:
    return f"{quarter.year}-{(quarter.month + 2) // 3}"


def label_of(quarter: date) -> str:
    return f"Q{(quarter.month + 2) // 3} {quarter.year}"


def _asked(code: str, quarters: list[date]) -> date:
    return next((one for one in quarters if code_of(one) == code), quarters[0])
